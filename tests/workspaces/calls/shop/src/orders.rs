use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use tracing::info;

use crate::stock;

#[tracing::instrument(skip_all)]
pub async fn create(State(http): State<reqwest::Client>) -> StatusCode {
    let again = http.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        info!(
            "from the
  stock"
        );
        stock::take(&again).await
    });
    StatusCode::ACCEPTED
}

#[tracing::instrument(skip_all)]
pub async fn note(State(http): State<reqwest::Client>, Path(id): Path<u64>) -> StatusCode {
    tokio::spawn(stock::note(http, id));
    StatusCode::ACCEPTED
}

#[tracing::instrument(skip_all)]
pub async fn remove(Path(id): Path<u64>) -> StatusCode {
    let removed = tokio::task::spawn_blocking(move || {
        stock::remove(id)?;
        reqwest::Result::Ok(id)
    });
    match removed.await {
        Ok(Ok(_)) => StatusCode::NO_CONTENT,
        _ => StatusCode::BAD_GATEWAY,
    }
}
