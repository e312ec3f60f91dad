mod invoices;

use futures::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use rdkafka::ClientConfig;
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use serde::Deserialize;
use sqlx::PgPool;

use crate::invoices::Order;

#[derive(Deserialize)]
struct Refund {
    account: String,
    cents: i64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let pool = PgPool::connect(&std::env::var("DATABASE_URL")?).await?;
    tokio::spawn(bill_orders(pool.clone()));
    pay_back(&pool).await
}

/// Bills what is ordered.
async fn bill_orders(pool: PgPool) -> anyhow::Result<()> {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", std::env::var("KAFKA")?)
        .create()?;
    consumer.subscribe(&["order.placed"])?;
    loop {
        let message = consumer.recv().await?;
        let order: Order = serde_json::from_slice(message.payload().unwrap_or_default())?;
        invoices::bill(&pool, &order).await?;
        consumer.commit_message(&message, CommitMode::Async)?;
    }
}

/// Pays back what is refunded.
async fn pay_back(pool: &PgPool) -> anyhow::Result<()> {
    let connection =
        Connection::connect(&std::env::var("AMQP_URL")?, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let mut deliveries = channel
        .basic_consume(
            "refunds",
            "till",
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    while let Some(delivery) = deliveries.next().await {
        let delivery = delivery?;
        let refund: Refund = serde_json::from_slice(&delivery.data)?;
        sqlx::query("INSERT INTO refunds (account, cents) VALUES ($1, $2)")
            .bind(&refund.account)
            .bind(refund.cents)
            .execute(pool)
            .await?;
        sqlx::query("UPDATE accounts SET cents = cents + $1 WHERE name = $2")
            .bind(refund.cents)
            .bind(&refund.account)
            .execute(pool)
            .await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}
