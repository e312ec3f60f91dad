use std::time::Duration;

pub async fn ping(base: &str) -> reqwest::Result<String> {
    let url = format!("{base}/orders");
    tokio::time::sleep(Duration::from_millis(1)).await;
    reqwest::get(url).await?.text().await
}

pub async fn pay(base: &str, token: &str) -> reqwest::Result<()> {
    let url = format!("{base}/orders/pay");
    let request = reqwest::Client::new().post(url).bearer_auth(token);
    request.send().await?.error_for_status()?;
    Ok(())
}
