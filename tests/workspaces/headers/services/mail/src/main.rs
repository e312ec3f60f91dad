mod telemetry;

use std::time::Duration;

use futures::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tracing::Instrument as _;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    telemetry::start();
    let amqp = std::env::var("AMQP_URL")?;
    let connection = Connection::connect(&amqp, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for queue in ["orders.placed", "orders.settled"] {
        channel
            .queue_declare(queue, QueueDeclareOptions::default(), FieldTable::default())
            .await?;
    }
    if let Ok(servers) = std::env::var("KAFKA_SERVERS") {
        let producer: FutureProducer = ClientConfig::new()
            .set("bootstrap.servers", servers)
            .create()?;
        pack(&producer, "1").await?;
        ship(&producer, "1").await?;
    }
    tokio::spawn(thank(channel.clone()));
    println!("ready");
    confirm(channel).await
}

/// A span around what is done for each.
async fn confirm(channel: Channel) -> anyhow::Result<()> {
    let mut deliveries = channel
        .basic_consume(
            "orders.placed",
            "confirm",
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    while let Some(delivery) = deliveries.next().await {
        let delivery = delivery?;
        async {
            telemetry::say("confirm");
            println!("{}", String::from_utf8_lossy(&delivery.data).len());
        }
        .instrument(tracing::info_span!("confirm"))
        .await;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}

/// A function with a span, which is waited for.
async fn thank(channel: Channel) -> anyhow::Result<()> {
    let mut deliveries = channel
        .basic_consume(
            "orders.settled",
            "thank",
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    while let Some(delivery) = deliveries.next().await {
        let delivery = delivery?;
        thank_for(&delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}

#[tracing::instrument(skip_all)]
async fn thank_for(order: &[u8]) -> anyhow::Result<()> {
    telemetry::say("thank");
    anyhow::ensure!(!order.is_empty(), "which order?");
    Ok(())
}

#[tracing::instrument(skip_all)]
async fn pack(producer: &FutureProducer, order: &str) -> anyhow::Result<()> {
    telemetry::say("pack");
    let record = FutureRecord::to("orders.packed").key(order).payload(order);
    producer
        .send(record, Duration::from_secs(5))
        .await
        .map_err(|(error, _)| error)?;
    Ok(())
}

#[tracing::instrument(skip_all)]
async fn ship(producer: &FutureProducer, order: &str) -> anyhow::Result<()> {
    telemetry::say("ship");
    producer
        .send(
            FutureRecord::to("orders.shipped").key(order).payload(order),
            Duration::from_secs(5),
        )
        .await
        .map_err(|(error, _)| error)?;
    Ok(())
}
