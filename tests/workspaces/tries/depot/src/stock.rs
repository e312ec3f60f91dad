use reqwest::{Client, Result, StatusCode};

/// What the stock is asked by.
pub struct Stock {
    http: Client,
    base: String,
}

impl Stock {
    pub fn new() -> Self {
        Self {
            http: Client::new(),
            base: std::env::var("STOCK_URL").expect("STOCK_URL"),
        }
    }

    pub async fn shelf(&self, name: &str) -> Result<StatusCode> {
        let url = format!("{}/shelves/{name}", self.base);
        let answer = self.http.get(url).send().await?.error_for_status()?;
        Ok(answer.status())
    }

    pub async fn fill(&self, name: &str, count: u32) -> Result<StatusCode> {
        let answer = self
            .http
            .put(format!("{}/shelves/{name}", self.base))
            .body(count.to_string())
            .send()
            .await?;
        Ok(answer.error_for_status()?.status())
    }

    pub async fn add(&self, name: &str) -> Result<StatusCode> {
        let url = format!("{}/shelves", self.base);
        let request = self.http.post(url).body(name.to_owned());
        Ok(request.send().await?.error_for_status()?.status())
    }
}
