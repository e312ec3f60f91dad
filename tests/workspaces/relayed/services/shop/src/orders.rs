use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::App;
use crate::bus;

#[derive(Serialize)]
struct OrderPlaced {
    id: i64,
    name: String,
}

/// What went wrong; the caller is told no more than that something did.
pub struct Failed(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        eprintln!("{:#}", self.0);
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// Takes an order, which is billed elsewhere.
pub async fn place(State(app): State<App>, name: String) -> Result<StatusCode, Failed> {
    let id: i64 = sqlx::query_scalar("INSERT INTO orders (name) VALUES ($1) RETURNING id")
        .bind(&name)
        .fetch_one(&app.pool)
        .await?;
    let placed = OrderPlaced { id, name };
    bus::publish(&app.channel, "orders.placed", &placed).await?;
    Ok(StatusCode::CREATED)
}
