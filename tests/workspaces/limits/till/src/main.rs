mod bare;

use reqwest::Client;

struct Orders {
    http: Client,
    base: String,
}

impl Orders {
    fn new(base: String) -> Self {
        Self {
            http: Client::new(),
            base,
        }
    }

    async fn list(&self) -> reqwest::Result<String> {
        self.http
            .get(format!("{}/orders", self.base))
            .send()
            .await?
            .text()
            .await
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = std::env::var("ORDERS_URL")?;
    Orders::new(base.clone()).list().await?;
    bare::ping(&base).await?;
    bare::pay(&base, "token").await?;
    let http = reqwest::Client::builder().user_agent("till").build()?;
    http.post(format!("{base}/orders")).send().await?;
    Ok(())
}
