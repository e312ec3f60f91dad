mod telemetry;

use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    telemetry::start();
    let amqp = std::env::var("AMQP_URL")?;
    let connection = Connection::connect(&amqp, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    place(&channel, "1").await?;
    settle(&channel, "1").await?;
    connection.close(200, "done").await?;
    Ok(())
}

/// Orders that are placed, by properties without anything.
#[tracing::instrument(skip_all)]
async fn place(channel: &Channel, order: &str) -> anyhow::Result<()> {
    telemetry::say("place");
    channel
        .basic_publish(
            "",
            "orders.placed",
            BasicPublishOptions::default(),
            order.as_bytes(),
            BasicProperties::default(),
        )
        .await?;
    Ok(())
}

/// Orders that are settled, by properties with something.
#[tracing::instrument(skip_all)]
async fn settle(channel: &Channel, order: &str) -> anyhow::Result<()> {
    telemetry::say("settle");
    let properties = BasicProperties::default().with_delivery_mode(2);
    channel
        .basic_publish(
            "",
            "orders.settled",
            BasicPublishOptions::default(),
            order.as_bytes(),
            properties,
        )
        .await?;
    Ok(())
}
