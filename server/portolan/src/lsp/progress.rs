//! Shows the editor how far the first reading has come.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tower_lsp::Client;
use tower_lsp::ls_types::ProgressToken;

use super::session::Session;

/// A client that does not answer within this time shows no progress.
const ANSWER: Duration = Duration::from_secs(5);

/// How often the number of files read is told.
const STEP: Duration = Duration::from_millis(200);

/// Reports until the first view is there.
pub(super) async fn run(client: Client, session: Arc<Session>) {
    let token = ProgressToken::String("portolan/reading".to_owned());
    match tokio::time::timeout(ANSWER, client.create_work_done_progress(token.clone())).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return tracing::debug!("no progress is shown: {error}"),
        Err(_) => return tracing::debug!("no progress is shown: the editor does not answer"),
    }
    let progress = client.progress(token, "Charting services").with_percentage(0).begin().await;
    let mut views = session.views();
    let first = async move { views.wait_for(Option::is_some).await.is_ok() };
    let mut first = std::pin::pin!(first);
    let mut clock = tokio::time::interval(STEP);
    loop {
        tokio::select! {
            _ = &mut first => break,
            _ = clock.tick() => {
                let (done, total) = (session.reading.done.load(Ordering::Relaxed), session.reading.total.load(Ordering::Relaxed));
                if let Some(percent) = (done.min(total) * 100).checked_div(total) {
                    let percent = u32::try_from(percent).unwrap_or(100);
                    progress.report_with_message(format!("{done}/{total} files"), percent).await;
                }
            }
        }
    }
    progress.finish().await;
}
