use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::prices::Prices;
use crate::stock;

pub struct Failure;

impl From<reqwest::Error> for Failure {
    fn from(_: reqwest::Error) -> Self {
        Self
    }
}

impl axum::response::IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        StatusCode::BAD_GATEWAY.into_response()
    }
}

#[axum::debug_handler]
#[tracing::instrument(skip_all)]
pub async fn find(
    State(http): State<reqwest::Client>,
    Path(id): Path<u64>,
) -> Result<String, Failure> {
    let item = stock::find(&http, id).await?;
    // In cents.
    let price: String = Prices::new().find(&http, id).await?;
    Ok(format!("{item}: {price}"))
}
