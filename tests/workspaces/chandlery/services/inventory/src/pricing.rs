use serde::Deserialize;

#[derive(Deserialize)]
pub struct PriceList {
    pub version: i64,
}

pub struct PricingClient {
    base_url: String,
    http: reqwest::Client,
}

impl PricingClient {
    pub fn new(base_url: String) -> Self {
        Self { base_url, http: reqwest::Client::new() }
    }

    pub async fn price_list(&self, name: &str) -> reqwest::Result<PriceList> {
        let url = format!("{}/price-lists/{}", self.base_url, name);
        self.http.get(url).send().await?.error_for_status()?.json().await
    }
}
