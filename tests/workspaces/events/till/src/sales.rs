use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{App, AppError};

#[derive(Deserialize, Serialize)]
pub struct Sale {
    pub id: u32,
    pub cents: u64,
}

pub async fn create_sale(
    State(state): State<App>,
    Json(sale): Json<Sale>,
) -> Result<StatusCode, AppError> {
    state
        .http
        .post(format!("{}/entries", state.ledger))
        .timeout(std::time::Duration::from_secs(5))
        .json(&sale)
        .send()
        .await?
        .error_for_status()?;
    Ok(StatusCode::CREATED)
}
