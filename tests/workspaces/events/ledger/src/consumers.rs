use futures::StreamExt;

#[derive(serde::Deserialize)]
struct Opening {
    drawer: u32,
}

pub async fn consume_openings(nats: async_nats::Client) -> anyhow::Result<()> {
    let mut openings = nats.subscribe("drawer.opened").await?;
    while let Some(message) = openings.next().await {
        let opening: Opening = serde_json::from_slice(&message.payload)?;
        println!("drawer {}", opening.drawer);
    }
    Ok(())
}
