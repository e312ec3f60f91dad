pub struct Prices {
    base: String,
}

impl Prices {
    pub fn new() -> Self {
        let base = "http://prices:8080".to_owned();
        Self { base }
    }

    pub async fn find(&self, http: &reqwest::Client, id: u64) -> reqwest::Result<String> {
        let url = format!("{}/prices/{id}", self.base);
        http.get(url).send().await?.text().await
    }
}
