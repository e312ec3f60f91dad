mod consumers;
mod entries;

use axum::routing::post;
use axum::{Json, Router, http::StatusCode};

use crate::entries::Entry;

async fn add_entry(Json(entry): Json<Entry>) -> StatusCode {
    entries::record(entry).await;
    StatusCode::CREATED
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let nats = async_nats::connect(std::env::var("NATS_URL")?).await?;
    tokio::spawn(consumers::consume_openings(nats.clone()));
    let router = Router::new().route("/entries", post(add_entry));
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    axum::serve(listener, router).await?;
    Ok(())
}
