use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_tracing_opentelemetry::middleware::OtelAxumLayer;
use serde::Deserialize;

use crate::AppState;
use crate::stock::Level;

#[derive(Deserialize)]
pub struct Reservation {
    pub lines: Vec<Line>,
}

#[derive(Deserialize)]
pub struct Line {
    pub sku: String,
    pub quantity: i32,
}

pub fn router(state: Arc<AppState>) -> Router {
    Router::new()
        .route("/stock/{sku}", get(show_stock))
        .route("/reservations", post(reserve))
        .layer(OtelAxumLayer::default())
        .route("/stocktakes", post(start_stocktake))
        .with_state(state)
}

async fn show_stock(State(state): State<Arc<AppState>>, Path(sku): Path<String>) -> Result<Json<Level>, StatusCode> {
    let level = state.stock.level(&sku).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    level.map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn reserve(State(state): State<Arc<AppState>>, Json(reservation): Json<Reservation>) -> Result<StatusCode, StatusCode> {
    state.stock.reserve(&reservation.lines, &state.pricing).await.map_err(|_| StatusCode::CONFLICT)?;
    Ok(StatusCode::CREATED)
}

async fn start_stocktake(State(state): State<Arc<AppState>>) -> StatusCode {
    tokio::spawn(async move {
        if let Err(error) = state.stock.recount().await {
            tracing::warn!(%error, "stocktake failed");
        }
    });
    StatusCode::ACCEPTED
}
