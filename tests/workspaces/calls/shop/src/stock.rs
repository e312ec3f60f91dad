use std::time::Duration;

pub async fn take(http: &reqwest::Client) -> reqwest::Result<()> {
    let taken = http.post("http://stock:8080/taken").send().await?;
    taken.error_for_status().map(|_| ())
}

pub async fn note(http: reqwest::Client, id: u64) -> reqwest::Result<()> {
    let url = format!("http://stock:8080/notes/{id}");
    http.post(url).send().await?.error_for_status().map(|_| ())
}

pub async fn find(http: &reqwest::Client, id: u64) -> reqwest::Result<String> {
    let base = "http://stock:8080";
    let url = format!("{base}/items/{}", id);
    http.get(url).send().await?.text().await
}

pub fn remove(id: u64) -> reqwest::Result<()> {
    let http = reqwest::blocking::Client::builder()
        .timeout(Duration::from_secs(5))
        .build()?;
    let base = String::from("http://stock:8080");
    let gone = http.delete(base + "/items/" + &id.to_string()).send()?;
    gone.error_for_status().map(|_| ())
}
