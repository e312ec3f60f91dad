use stock::Stock;

mod stock;

#[tokio::main]
async fn main() {
    let stock = Stock::new();
    let answer = match std::env::args().nth(1).as_deref() {
        Some("shelf") => stock.shelf("tea").await,
        Some("fill") => stock.fill("tea", 1).await,
        Some("add") => stock.add("tea").await,
        _ => return,
    };
    match answer {
        Ok(status) => println!("{status}"),
        Err(error) if error.is_timeout() => println!("timeout"),
        Err(_) => println!("failed"),
    }
}
