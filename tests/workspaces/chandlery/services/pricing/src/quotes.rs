use tonic::{Request, Response, Status};

pub mod proto {
    tonic::include_proto!("chandlery.pricing.v1");
}

use proto::pricing_server::Pricing;
use proto::{QuoteReply, QuoteRequest};

/// Cents for one of anything: the shop is young.
const FLAT_PRICE: i64 = 1_900;

pub struct Quotes;

#[tonic::async_trait]
impl Pricing for Quotes {
    #[tracing::instrument(skip_all)]
    async fn quote(&self, request: Request<QuoteRequest>) -> Result<Response<QuoteReply>, Status> {
        let total_cents = request.into_inner().lines.iter().map(|line| i64::from(line.quantity) * FLAT_PRICE).sum();
        Ok(Response::new(QuoteReply { total_cents, currency: "EUR".into() }))
    }
}
