mod events;
mod parcels;

use axum::Router;
use axum::routing::post;
use rdkafka::ClientConfig;
use rdkafka::producer::FutureProducer;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

#[derive(Clone)]
pub struct Depot {
    pool: PgPool,
    producer: FutureProducer,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", std::env::var("KAFKA")?)
        .create()?;
    let pool = PgPoolOptions::new()
        .max_connections(4)
        .connect(&std::env::var("DATABASE_URL")?)
        .await?;
    let depot = Depot { pool, producer };
    let app = Router::new()
        .route("/parcels/{id}", post(parcels::shelve))
        .with_state(depot);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
