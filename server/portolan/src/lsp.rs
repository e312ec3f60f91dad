//! The language server: the only place that names the protocol's library.
//!
//! Notifications become changes, in order ([`in_order`]); one thread applies them and publishes views ([`world_thread`]); requests are
//! answered from a view ([`answer`](mod@answer)); diagnostics follow by themselves ([`publish`]). Invariant: within, positions are bytes; they become
//! the editor's lines and characters in [`to_proto`] and [`from_proto`] alone.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tower_lsp::{LspService, Server};
use tracing_subscriber::EnvFilter;

mod actions;
mod answer;
mod backend;
mod capabilities;
mod diagnostics;
mod documents;
mod editor;
mod editor_settings;
mod framing;
mod from_proto;
mod handlers;
mod in_order;
mod lenient;
mod marks;
mod progress;
mod publish;
mod refresh;
mod session;
mod status;
mod symbols;
mod to_proto;
mod trace;
mod uri;
mod world_thread;

/// How many requests may be under way at once. More would keep the server from hearing what comes after them, and all of them may wait for the
/// first view; what they compute is computed elsewhere, so many cost nothing.
const CONCURRENCY: usize = 512;

/// How much may be read ahead of the server.
const PIPE_BYTES: usize = 64 << 10;

/// How long answers that are under way may still take once the editor said `exit`.
const FAREWELL: Duration = Duration::from_millis(500);

/// How a server's life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The editor asked it to shut down first.
    Orderly,
    /// The editor said `exit`, or was gone, without that.
    Abruptly,
}

/// Serves one editor until it says `exit` or closes `input`. Must run within a tokio runtime with timers.
pub async fn serve<I, O>(input: I, output: O) -> Ended
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let shut_down = Arc::new(AtomicBool::new(false));
    let exit = Arc::new(Notify::new());
    let (service, socket) = {
        let shut_down = shut_down.clone();
        LspService::build(move |client| backend::Backend::new(client, shut_down))
            .custom_method("portolan/chart", backend::Backend::chart)
            .custom_method("portolan/trace", backend::Backend::trace)
            .finish()
    };
    let service = in_order::InOrder::new(service, exit.clone());
    let (checked, to_check) = tokio::io::duplex(PIPE_BYTES);
    let server = Server::new(checked, output, socket).concurrency_level(CONCURRENCY).serve(service);
    tokio::select! {
        () = server => {}
        () = async {
            framing::forward(input, to_check).await;
            // The server ends by itself once it has read everything.
            std::future::pending().await
        } => {}
        () = async {
            exit.notified().await;
            tokio::time::sleep(FAREWELL).await;
        } => {}
    }
    if shut_down.load(Ordering::SeqCst) { Ended::Orderly } else { Ended::Abruptly }
}

/// Serves the editor that started this process, over standard input and output. What is logged goes to stderr; the variable `PORTOLAN_LOG`
/// says how much: `debug`, `portolan=trace`, …
pub fn serve_stdio() -> std::io::Result<ExitCode> {
    let filter = EnvFilter::try_from_env("PORTOLAN_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // Fails only where a test has set a subscriber already, which is as good.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).try_init();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build()?;
    let ended = runtime.block_on(serve(tokio::io::stdin(), tokio::io::stdout()));
    // A read of stdin cannot be taken back: do not wait for it.
    runtime.shutdown_background();
    Ok(match ended {
        Ended::Orderly => ExitCode::SUCCESS,
        Ended::Abruptly => ExitCode::FAILURE,
    })
}
