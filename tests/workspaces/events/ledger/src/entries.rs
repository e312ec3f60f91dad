#[derive(serde::Deserialize)]
pub struct Entry {
    pub id: u32,
    pub cents: u64,
}

pub async fn record(entry: Entry) {
    println!("{}: {}", entry.id, entry.cents);
}
