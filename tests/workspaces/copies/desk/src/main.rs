use axum::{Router, extract::State, routing::get};
use sqlx::PgPool;

async fn states(State(pool): State<PgPool>) -> String {
    let states: Vec<(String,)> = sqlx::query_as("SELECT state FROM orders ORDER BY id")
        .fetch_all(&pool)
        .await
        .unwrap_or_default();
    states.into_iter().map(|(state,)| state).collect()
}

#[tokio::main]
async fn main() {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL");
    let pool = PgPool::connect(&url).await.expect("a database");
    let app = Router::new().route("/states", get(states)).with_state(pool);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080")
        .await
        .expect("a port");
    axum::serve(listener, app).await.expect("a server");
}
