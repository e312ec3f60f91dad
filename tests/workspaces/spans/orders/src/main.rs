mod routes;

use axum::Router;
use axum::routing::{delete, put};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::prelude::*;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let tracer = SdkTracerProvider::default().tracer("orders");
    tracing_subscriber::registry()
        .with(tracing_opentelemetry::layer().with_tracer(tracer))
        .init();
    let app = Router::new()
        .route("/orders/{id}", put(routes::find))
        .route("/orders/{id}/lines/{line_id}", delete(routes::drop_line));
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
