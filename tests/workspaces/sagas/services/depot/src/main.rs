use axum::{http::StatusCode, routing::post, Router};
use reqwest::{Client, Error};

async fn reserve_everything_for(parcel: String) -> Result<(), Error> {
    let http = Client::new();
    let charges = format!("{}/charges", std::env::var("PAYMENT_URL").expect("a URL"));
    http.post(charges).body(parcel.clone()).send().await?;
    let seats = format!(
        "{}/seats/reserve",
        std::env::var("FLIGHT_URL").expect("a URL")
    );
    http.post(seats).body(parcel).send().await?;
    Ok(())
}

async fn take(parcel: String) -> StatusCode {
    match reserve_everything_for(parcel).await {
        Ok(()) => StatusCode::CREATED,
        Err(_) => StatusCode::BAD_GATEWAY,
    }
}

#[tokio::main]
async fn main() {
    let app = Router::new().route("/parcels", post(take));
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080")
        .await
        .expect("a port");
    axum::serve(listener, app).await.expect("a server");
}
