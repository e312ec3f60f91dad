pub async fn publish<E: serde::Serialize>(
    nats: &async_nats::Client,
    subject: &'static str,
    event: &E,
) -> anyhow::Result<()> {
    nats.publish(subject, serde_json::to_vec(event)?.into())
        .await?;
    Ok(())
}
