use axum::{Router, extract::State, http::StatusCode, routing::post};
use reqwest::{Client, Response};

mod charges;

fn told<E>(answer: Result<Response, E>) -> StatusCode {
    answer.map_or(StatusCode::BAD_GATEWAY, |answer| answer.status())
}

async fn charge(State(http): State<Client>, cents: String) -> StatusCode {
    told(charges::charge(&http, &cents).await)
}

async fn charge_at_once(State(http): State<Client>, cents: String) -> StatusCode {
    told(charges::charge_at_once(&http, cents).await)
}

async fn insist(State(http): State<Client>, cents: String) -> StatusCode {
    told(charges::insist(http, &cents).await.ok_or(()))
}

#[tokio::main]
async fn main() {
    let app = Router::new()
        .route("/charge", post(charge))
        .route("/charge-at-once", post(charge_at_once))
        .route("/insist", post(insist))
        .with_state(Client::new());
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}"))
        .await
        .expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    axum::serve(listener, app).await.expect("a server");
}
