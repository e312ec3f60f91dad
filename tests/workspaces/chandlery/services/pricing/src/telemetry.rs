use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::prelude::*;

pub fn init() -> anyhow::Result<()> {
    let exporter = SpanExporter::builder().with_tonic().build()?;
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("pricing"));
    tracing_subscriber::registry().with(layer).with(tracing_subscriber::EnvFilter::from_default_env()).try_init()?;
    Ok(())
}
