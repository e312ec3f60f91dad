use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use reqwest::{Client, Response};

fn at(path: &str) -> String {
    format!(
        "{}/{path}",
        std::env::var("PAYMENTS_URL").expect("PAYMENTS_URL")
    )
}

fn often() -> ConstantBuilder {
    ConstantBuilder::default().with_delay(Duration::from_millis(10))
}

pub async fn charge(http: &Client, cents: &str) -> reqwest::Result<Response> {
    let work = || async {
        http.post(at("charges"))
            .body(cents.to_owned())
            .send()
            .await?
            .error_for_status()
    };
    work.retry(often()).await
}

pub async fn charge_at_once(http: &Client, cents: String) -> reqwest::Result<Response> {
    (|| async {
        http.post(at("charges"))
            .body(cents.clone())
            .send()
            .await?
            .error_for_status()
    })
    .retry(often())
    .await
}

pub async fn insist(http: Client, cents: &str) -> Option<Response> {
    for attempt in 1..=3 {
        let answer = http.post(at("charges")).body(cents.to_owned()).send().await;
        match answer.and_then(Response::error_for_status) {
            Ok(answer) => return Some(answer),
            Err(_) => tokio::time::sleep(Duration::from_millis(10 * attempt)).await,
        }
    }
    None
}
