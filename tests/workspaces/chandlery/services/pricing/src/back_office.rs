use actix_web::{HttpResponse, Responder, get, put, web};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct PriceList {
    version: i64,
}

#[get("/price-lists/{name}")]
pub async fn price_list(_name: web::Path<String>) -> impl Responder {
    web::Json(PriceList { version: 7 })
}

#[put("/price-lists/{name}")]
pub async fn replace_price_list(name: web::Path<String>, list: web::Json<PriceList>) -> impl Responder {
    tracing::info!(%name, version = list.version, "price list replaced");
    HttpResponse::NoContent()
}
