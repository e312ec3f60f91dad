mod bus;
mod drawers;
mod sales;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::post;

#[derive(Clone)]
pub struct App {
    pub http: reqwest::Client,
    pub nats: async_nats::Client,
    pub ledger: String,
}

pub struct AppError(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for AppError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        self.0.to_string().into_response()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let app = App {
        http: reqwest::Client::new(),
        nats: async_nats::connect(std::env::var("NATS_URL")?).await?,
        ledger: std::env::var("LEDGER_URL")?,
    };
    let router = Router::new()
        .route("/drawers/open", post(drawers::open_drawer))
        .route("/sales", post(sales::create_sale))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    axum::serve(listener, router).await?;
    Ok(())
}
