use reqwest::Client;
use sqlx::PgPool;

pub async fn place(cart: &str) -> anyhow::Result<()> {
    let pool = PgPool::connect(&std::env::var("DATABASE_URL")?).await?;
    let http = Client::new();
    let seats = format!("{}/seats/reserve", std::env::var("FLIGHT_URL")?);
    let answer = http.post(seats).body(cart.to_owned()).send().await?;
    answer.error_for_status()?;
    let charges = format!("{}/charges", std::env::var("PAYMENT_URL")?);
    let answer = http.post(charges).body(cart.to_owned()).send().await?;
    answer.error_for_status()?;
    sqlx::query("INSERT INTO orders (cart) VALUES ($1)")
        .bind(cart)
        .execute(&pool)
        .await?;
    Ok(())
}
