use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
#[error("there is no such order")]
pub struct Missing;

impl IntoResponse for Missing {
    fn into_response(self) -> Response {
        StatusCode::NOT_FOUND.into_response()
    }
}

/// An error that cannot be shown.
pub struct Opaque(anyhow::Error);

impl IntoResponse for Opaque {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

/// Finds an order.
#[axum::debug_handler]
pub async fn find(Path(id): Path<Uuid>) -> Result<String, Missing> {
    if id.is_nil() {
        return Err(Missing);
    }
    Ok(id.to_string())
}

pub async fn drop_line(Path((id, line_id)): Path<(Uuid, u32)>) -> Result<StatusCode, Opaque> {
    if id.is_nil() || line_id == 0 {
        return Err(Opaque(anyhow::anyhow!("no such line")));
    }
    Ok(StatusCode::NO_CONTENT)
}
