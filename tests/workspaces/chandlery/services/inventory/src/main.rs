mod pricing;
mod routes;
mod stock;

use std::env;
use std::sync::Arc;

use sqlx::postgres::PgPoolOptions;

use crate::pricing::PricingClient;
use crate::stock::Stock;

/// What every handler can reach.
pub struct AppState {
    pub stock: Stock,
    pub pricing: PricingClient,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _guard = init_tracing_opentelemetry::tracing_subscriber_ext::init_subscribers()?;

    let pool = PgPoolOptions::new().max_connections(8).connect(&env::var("DATABASE_URL")?).await?;
    let pricing = PricingClient::new(env::var("PRICING_URL")?);
    let state = Arc::new(AppState { stock: Stock::new(pool), pricing });

    let listener = tokio::net::TcpListener::bind("0.0.0.0:4300").await?;
    axum::serve(listener, routes::router(state)).await?;
    Ok(())
}
