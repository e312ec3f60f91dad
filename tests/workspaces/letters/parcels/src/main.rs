use futures::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let amqp = std::env::var("AMQP_URL")?;
    let connection = Connection::connect(&amqp, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let queue = channel
        .queue_declare(
            "parcels",
            QueueDeclareOptions {
                durable: true,
                ..Default::default()
            },
            FieldTable::default(),
        )
        .await?;
    println!("{} parcels wait", queue.message_count());
    let mut parcels = channel
        .basic_consume(
            "parcels",
            "packer",
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    while let Some(parcel) = parcels.next().await {
        let parcel = parcel?;
        if parcel.data.is_empty() {
            parcel.nack(BasicNackOptions::default()).await?;
        } else {
            parcel.ack(BasicAckOptions::default()).await?;
        }
    }
    Ok(())
}
