//! The same for reqwest, whose client is given the limit of each try: what is sent by it once is sent by a method of the crate's own.
//!
//! Invariant: a request is built as it was, and one that cannot be copied is sent once.

use portolan_grammars::facts::{CallId, TextRange};

use super::super::chain::Chain;
use super::super::packages::library;
use super::super::template::filled;
use super::super::uses::add_use;
use super::super::{Context, Edit, Refusal, Source, add_timeout, modules};
use crate::resolve::value::CallRef;
use crate::rules::no_timeout::Waiting;

/// The library.
pub(super) const LIBRARY: &str = "reqwest";
/// Libraries by which a crate has its own way to try again.
const OTHERS: [&str; 2] = ["reqwest-middleware", "reqwest-retry"];
/// The module that is written, its trait, and its method.
const MODULE: &str = "retry";
const TRAIT: &str = "SendWithRetry";
const METHOD: &str = "send_with_retry";
/// Methods of the client by which nothing is sent that may not come twice.
const VERBS: [&str; 4] = ["get", "head", "put", "delete"];
/// What it stands in place of.
const SEND: &str = "send";

/// Gives the client a limit, and has those requests sent again that may come twice.
pub(super) fn edit(context: &Context<'_>, waiting: &Waiting, seconds: usize, may_come_twice: &[CallRef]) -> Result<Edit, Refusal> {
    let mut edit = Edit::default();
    for unlimited in &waiting.calls {
        add_timeout::rust(&context.source(unlimited.call.file)?, unlimited, seconds, &mut edit)?;
    }
    let mut files: Vec<_> = may_come_twice.iter().map(|leaf| leaf.file).collect();
    files.sort_unstable();
    files.dedup();
    for file in files {
        let source = context.source(file)?;
        is_possible(context, &source)?;
        let root = modules::root(context, &source)?;
        modules::make(context, &root, MODULE, &filled(TEXT, &[("DURATION", DURATION), ("SLEEP", SLEEP)]), &mut edit)?;
        for leaf in may_come_twice.iter().filter(|leaf| leaf.file == file) {
            send_again(&source, leaf.call, &mut edit)?;
        }
        add_use(&source, &format!("crate::{MODULE}::{TRAIT} as _"), &mut edit)?;
    }
    Ok(edit)
}

/// Refuses a crate that has another way, or nothing to wait by.
fn is_possible(context: &Context<'_>, source: &Source<'_>) -> Result<(), Refusal> {
    let has = |name: &str| library(context.snapshot, source.file, name).is_some();
    if let Some(other) = OTHERS.into_iter().find(|other| has(other)) {
        return Err(Refusal::new(format!("its crate has {other}, by which requests are tried again")));
    }
    match [LIBRARY, "tokio"].into_iter().find(|needed| !has(needed)) {
        Some(missing) => Err(Refusal::new(format!("{missing} is no dependency of this crate"))),
        None => Ok(()),
    }
}

/// Has a request sent by the crate's method.
fn send_again(source: &Source<'_>, leaf: CallId, edit: &mut Edit) -> Result<(), Refusal> {
    let facts = source.facts;
    let unclear = || Refusal::new("where the request is sent is not plain to see");
    if !VERBS.contains(&source.slice(facts.call(leaf).name_range)) {
        return Err(Refusal::new("by which method it is sent is decided elsewhere"));
    }
    let mut chain = Chain::with_receiver(source, leaf).ok_or_else(unclear)?;
    if source.tree().is_some_and(|tree| tree.macro_around(facts.call(leaf).range.start).is_some()) {
        return Err(unclear());
    }
    let at = chain.links.iter().position(|link| link.strip_suffix("?").unwrap_or(link) == format!("{SEND}()")).ok_or_else(unclear)?;
    if chain.links.get(at + 1).is_none_or(|link| link.trim_end_matches('?') != "await") {
        return Err(unclear());
    }
    chain.links[at] = format!("{METHOD}()");
    let text = source.slice(chain.range);
    if text.contains('\n') {
        // Its lines stay as they are.
        let [word] = Source::words(text, SEND).filter(|at| text[at + SEND.len()..].starts_with("()")).collect::<Vec<_>>()[..] else {
            return Err(unclear());
        };
        let start = chain.range.start + word as u32;
        edit.replace(source.file, TextRange { start, end: start + SEND.len() as u32 }, METHOD);
    } else {
        edit.replace(source.file, chain.range, chain.text(source));
    }
    Ok(())
}

const DURATION: &str = "std::time::Duration";
/// What waits; the client has its crate turned on.
const SLEEP: &str = "tokio::time::sleep";

const TEXT: &str = r#"//! Requests that may come twice, sent again where they fail.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use DURATION;

use reqwest::{RequestBuilder, Response, Result};

/// How often a request is sent at most.
const TRIES: u32 = 3;

/// As `send`; what nobody answers, or somebody by a status of 500 or more, is sent again.
pub trait SendWithRetry {
    fn send_with_retry(self) -> impl Future<Output = Result<Response>> + Send;
}

impl SendWithRetry for RequestBuilder {
    async fn send_with_retry(self) -> Result<Response> {
        for tries in 1..TRIES {
            // What is sent bit by bit cannot be sent again.
            let Some(copy) = self.try_clone() else { break };
            match copy.send().await {
                Ok(response) if !response.status().is_server_error() => return Ok(response),
                Err(error) if error.is_builder() || error.is_redirect() => return Err(error),
                _ => SLEEP(pause(tries)).await,
            }
        }
        self.send().await
    }
}

/// Longer each time, and by a random share, so that not all who wait come back at once.
fn pause(tries: u32) -> Duration {
    let share = RandomState::new().hash_one(tries) % 100;
    Duration::from_millis(100 * 2_u64.pow(tries) * (100 + share) / 200)
}
"#;
