use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};

mod packing;
mod stock;

use packing::{Packing, Unit, counts, known, units};
use stock::{Item, Stock};

struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::BAD_GATEWAY, self.0.to_string()).into_response()
    }
}

type Skus = Json<Vec<String>>;

async fn missing(State(stock): State<Stock>, Json(skus): Skus) -> Result<Skus, Failure> {
    Ok(Json(Packing::new(stock, 0).missing(&skus).await?))
}

async fn count(State(stock): State<Stock>, Json(skus): Skus) -> Result<String, Failure> {
    known(&stock, &skus).await?;
    units(Packing::new(stock.clone(), 1), Unit(1), &skus).await?;
    Ok(counts(&stock, skus).await?.len().to_string())
}

async fn item_of(stock: &Stock, sku: &str) -> anyhow::Result<Item> {
    Ok(stock.item(sku).await?)
}

async fn shelves(State(stock): State<Stock>, Json(skus): Skus) -> Result<Skus, Failure> {
    let mut shelves = Vec::new();
    for sku in skus {
        let item = item_of(&stock, &sku).await?;
        shelves.push(item.sku);
    }
    shelves.reverse();
    Ok(Json(shelves))
}

async fn left(State(stock): State<Stock>, Json(skus): Skus) -> String {
    let mut left = Vec::new();
    for sku in &skus {
        left.push(stock.item(sku).await.map_or(0, |item| item.left));
    }
    left.iter().sum::<u32>().to_string()
}

async fn odd(State(stock): State<Stock>, Json(skus): Skus) -> Result<Skus, Failure> {
    let mut odd = Vec::new();
    for sku in &skus {
        if sku.ends_with(['0', '2', '4', '6', '8']) {
            continue;
        }
        let item = item_of(&stock, sku).await?;
        odd.push(item.sku);
    }
    Ok(Json(odd))
}

#[tokio::main]
async fn main() {
    let app = Router::new()
        .route("/missing", post(missing))
        .route("/count", post(count))
        .route("/shelves", post(shelves))
        .route("/left", post(left))
        .route("/odd", post(odd))
        .with_state(Stock::from_env());
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}"))
        .await
        .expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    axum::serve(listener, app).await.expect("a server");
}
