mod bus;
mod orders;

use axum::Router;
use axum::routing::post;
use lapin::Channel;
use sqlx::PgPool;

#[derive(Clone)]
pub struct App {
    pool: PgPool,
    channel: Channel,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let pool = PgPool::connect(&std::env::var("DATABASE_URL")?).await?;
    let channel = bus::connect(&std::env::var("AMQP_URL")?).await?;
    let app = Router::new()
        .route("/orders", post(orders::place))
        .with_state(App { pool, channel });
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("0.0.0.0:{port}")).await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, app).await?;
    Ok(())
}
