//! Events of Kafka.

use std::time::Duration;

use rdkafka::producer::{FutureProducer, FutureRecord};
use serde::Serialize;

pub async fn send<T>(producer: &FutureProducer, key: i64, topic: &str, event: T) -> Result<(), Lost>
where
    T: Serialize,
{
    let payload = serde_json::to_vec(&event).map_err(|_| Lost)?;
    let key = key.to_string();
    let record = FutureRecord::to(topic).key(&key).payload(&payload);
    let sent = producer.send(record, Duration::from_secs(5)).await;
    sent.map(|_| ()).map_err(|_| Lost)
}

#[derive(Debug)]
pub struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an event was not sent")
    }
}

impl std::error::Error for Lost {}
