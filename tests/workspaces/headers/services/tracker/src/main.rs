mod telemetry;

use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::message::BorrowedMessage;
use rdkafka::{ClientConfig, Message};
use tracing::Instrument as _;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    telemetry::start();
    let client = async_nats::connect(std::env::var("NATS_URL")?).await?;
    count(&client, "1").await?;
    let mut settings = ClientConfig::new();
    settings
        .set("bootstrap.servers", std::env::var("KAFKA_SERVERS")?)
        .set("group.id", "tracker");
    tokio::spawn(announce(settings.create()?));
    follow(settings.create()?).await
}

/// A span with a name of its own.
async fn announce(consumer: StreamConsumer) -> anyhow::Result<()> {
    consumer.subscribe(&["orders.packed"])?;
    loop {
        let message = consumer.recv().await?;
        let span = tracing::info_span!("announce", offset = message.offset());
        async {
            telemetry::say("announce");
            println!("{}", message.payload().map_or(0, <[u8]>::len));
        }
        .instrument(span)
        .await;
        consumer.commit_message(&message, CommitMode::Async)?;
    }
}

async fn follow(consumer: StreamConsumer) -> anyhow::Result<()> {
    consumer.subscribe(&["orders.shipped"])?;
    loop {
        match consumer.recv().await {
            Err(error) => tracing::warn!(%error, "nothing came"),
            Ok(message) => {
                track(message).await?;
            }
        }
    }
}

#[tracing::instrument(skip_all)]
async fn track(message: BorrowedMessage<'_>) -> anyhow::Result<()> {
    telemetry::say("track");
    anyhow::ensure!(message.payload().is_some(), "which order?");
    Ok(())
}

#[tracing::instrument(skip_all)]
async fn count(client: &async_nats::Client, order: &str) -> anyhow::Result<()> {
    telemetry::say("count");
    let order = order.to_owned();
    client.publish("orders.counted", order.into()).await?;
    Ok(())
}
