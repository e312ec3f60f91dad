use serde::Deserialize;

#[derive(Deserialize)]
pub struct Item {
    pub sku: String,
    pub left: u32,
}

#[derive(Clone)]
pub struct Stock {
    http: reqwest::Client,
    base: String,
}

impl Stock {
    pub fn from_env() -> Self {
        let base = std::env::var("STOCK_URL").expect("STOCK_URL");
        let http = reqwest::Client::new();
        Self { http, base }
    }

    pub async fn item(&self, sku: &str) -> reqwest::Result<Item> {
        let url = format!("{}/stock/{sku}", self.base);
        self.http.get(url).send().await?.json().await
    }
}
