use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{App, AppError, bus};

#[derive(Deserialize, Serialize)]
pub struct Opening {
    pub drawer: u32,
}

pub async fn open_drawer(
    State(app): State<App>,
    Json(opening): Json<Opening>,
) -> Result<StatusCode, AppError> {
    bus::publish(&app.nats, "drawer.opened", &opening).await?;
    Ok(StatusCode::ACCEPTED)
}
