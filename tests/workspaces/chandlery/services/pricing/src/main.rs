mod back_office;
mod quotes;
mod telemetry;

use actix_web::{App, HttpServer};
use tonic::transport::Server;
use tracing_actix_web::TracingLogger;

use crate::quotes::Quotes;
use crate::quotes::proto::pricing_server::PricingServer;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    telemetry::init()?;

    let http = HttpServer::new(|| {
        App::new().wrap(TracingLogger::default()).service(back_office::price_list).service(back_office::replace_price_list)
    })
    .bind(("0.0.0.0", 4400))?
    .run();
    let grpc = Server::builder().add_service(PricingServer::new(Quotes)).serve("0.0.0.0:50051".parse()?);

    let (http, grpc) = tokio::join!(http, grpc);
    http?;
    grpc?;
    Ok(())
}
