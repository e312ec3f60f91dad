mod items;
mod orders;
mod prices;
mod stock;

use std::time::Duration;

use axum::Router;
use axum::routing::{delete, get, post};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::prelude::*;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let tracer = SdkTracerProvider::default().tracer("shop");
    tracing_subscriber::registry()
        .with(tracing_opentelemetry::layer().with_tracer(tracer))
        .init();
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(5))
        .build()?;
    let app = Router::new()
        .route("/orders", post(orders::create))
        .route("/orders/{id}", delete(orders::remove))
        .route("/orders/{id}/notes", post(orders::note))
        .route("/items/{id}", get(items::find))
        .with_state(http);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
