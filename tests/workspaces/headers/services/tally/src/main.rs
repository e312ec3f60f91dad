mod telemetry;

use futures::StreamExt;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    telemetry::start();
    tally(async_nats::connect(std::env::var("NATS_URL")?).await?).await
}

async fn tally(client: async_nats::Client) -> anyhow::Result<()> {
    let mut orders = client.subscribe("orders.counted").await?;
    while let Some(message) = orders.next().await {
        add(message.payload.len()).await;
    }
    Ok(())
}

#[tracing::instrument(skip_all)]
async fn add(orders: usize) {
    telemetry::say("add");
    println!("{orders}");
}
