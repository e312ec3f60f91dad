//! Requests that wait as long as it takes, each try given a time limit, and those tried again that may come twice: by `fetch` here, by `axios` and
//! by `reqwest` beside.
//!
//! What deliberately does not live here: clients of ECMAScript, and other libraries, which have a way of their own to say it. Invariant: what is no idempotent
//! request is sent once, as it was.

use rustc_hash::FxHashMap;

use super::add_timeout::{ecmascript, unlimited};
use super::beside::Beside;
use super::imports::depends_on;
use super::{Context, Edit, Level, Plan, Refactor, Refusal};
use crate::chart::Call;
use crate::resolve::value::CallRef;
use crate::rules::no_timeout::{RULE, Waiting};
use crate::rules::{Finding, retries};

mod axios;
mod reqwest;

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// What to check.
const CHECK: &str = "A request is made up to three times, and whoever asks for it waits so much longer: check that its own callers do, and that nothing else makes it again";
/// What a platform has of its own.
const LIBRARY: &str = "fetch";
/// What puts something else in its place.
const POLYFILLS: [&str; 4] = ["isomorphic-fetch", "cross-fetch", "whatwg-fetch", "isomorphic-unfetch"];
/// Methods that do no more when they come twice, as HTTP has it.
const IDEMPOTENT: [&str; 5] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];
/// The module that is written, and its function.
const MODULE: &str = "fetch-with-retry";
const FUNCTION: &str = "fetchWithRetry";

/// What waits before a request is made again.
const PAUSE: &str = r"    // Longer each time, and by a random share, so that not all who wait come back at once.
    const pause = 100 * 2 ** tries * (0.5 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, pause));
";

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let (waiting, seconds) = unlimited(context, finding)?;
    let is_of = |library: &str| waiting.calls.iter().all(|call| call.library == library && !waiting.is_client(call));
    let by_clients = waiting.calls.iter().all(|call| call.library == reqwest::LIBRARY && waiting.is_client(call));
    let may_come_twice = may_come_twice(context, waiting);
    if !(is_of(LIBRARY) || is_of(axios::LIBRARY) || by_clients) || may_come_twice.is_empty() {
        return None;
    }
    let what = if by_clients { "client" } else { "request" };
    let whom = match waiting.calls.len() {
        1 => format!("this {what}"),
        count => format!("these {count} {what}s"),
    };
    let title = format!("Try again what may come twice, and let {whom} wait for {seconds} s at most");
    let edit = match is_tried_once(context, waiting) {
        Err(refusal) => Err(refusal),
        Ok(()) if by_clients => reqwest::edit(context, waiting, seconds, &may_come_twice),
        Ok(()) if is_of(LIBRARY) => edit(context, waiting, seconds, &may_come_twice),
        Ok(()) => axios::edit(context, waiting, seconds, &may_come_twice),
    };
    Some(Plan { title, level: Level::Assisted(CHECK), edit })
}

/// Refuses calls that something tries again, and those that a transaction would stay open for.
fn is_tried_once(context: &Context<'_>, waiting: &Waiting) -> Result<(), Refusal> {
    let snapshot = context.snapshot;
    if let Some(tried) = waiting.waits.iter().find_map(|at| retries::of_call(snapshot, *at)) {
        return Err(Refusal::new(format!("it is tried again already, by {}", tried.by)));
    }
    if let Some(name) = waiting.waits.iter().find_map(|at| retries::named_around(snapshot, *at)) {
        return Err(Refusal::new(format!("`{name}` may try it again already")));
    }
    if waiting.is_in_transaction(snapshot) {
        return Err(Refusal::new("a transaction is open meanwhile, and would be for each try"));
    }
    Ok(())
}

/// The library's calls by which nothing is sent that may not come twice.
fn may_come_twice(context: &Context<'_>, waiting: &Waiting) -> Vec<CallRef> {
    let snapshot = context.snapshot;
    let is_idempotent = |call: &Call| call.method.as_ref().is_some_and(|method| IDEMPOTENT.contains(&method.as_str()));
    let mut sent: FxHashMap<CallRef, bool> = FxHashMap::default();
    for call in waiting.waits.iter().map(|at| snapshot.chart.call(*at)) {
        for outbound in snapshot.outbound(call) {
            *sent.entry(outbound.leaf).or_insert(true) &= is_idempotent(call);
        }
    }
    let mut leaves = waiting.leaves.clone();
    leaves.sort_unstable();
    leaves.dedup();
    leaves.retain(|leaf| sent.get(leaf) == Some(&true));
    leaves
}

fn edit(context: &Context<'_>, waiting: &Waiting, seconds: usize, may_come_twice: &[CallRef]) -> Result<Edit, Refusal> {
    let mut edit = Edit::default();
    let Some(first) = waiting.calls.first() else { return Ok(edit) };
    let source = context.source(first.call.file)?;
    if source.declares(LIBRARY) || POLYFILLS.iter().any(|polyfill| depends_on(context, &source, polyfill)) {
        return Err(Refusal::new(format!("its {LIBRARY} is not the platform's")));
    }
    let (typescript, javascript) = texts(seconds);
    let helper = Beside { module: MODULE, function: FUNCTION, typescript: &typescript, javascript: &javascript };
    let called = helper.called(context, &source, &mut edit)?;
    for unlimited in &waiting.calls {
        if !may_come_twice.contains(&unlimited.call) {
            ecmascript(context, &source, unlimited, seconds, &mut edit)?;
            continue;
        }
        let call = source.facts.call(unlimited.call.call);
        let callee = source.facts.expr_range(call.callee);
        if source.slice(callee) != LIBRARY {
            return Err(Refusal::new("it is not called by its own name"));
        }
        edit.replace(source.file, callee, called.as_str());
    }
    Ok(edit)
}

/// The module in TypeScript, and in JavaScript.
fn texts(seconds: usize) -> (String, String) {
    let methods = IDEMPOTENT.map(|method| format!("\"{method}\"")).join(", ");
    let head = HEAD.replace("SECONDS", &seconds.to_string()).replace("METHODS", &methods);
    let body = BODY.replace("PAUSE", PAUSE);
    let javascript = body.replace("(url: string | URL, init?: RequestInit)", "(url, init)");
    (format!("{head}{DOC}{body}"), format!("{head}{JSDOC}{javascript}"))
}

/// What both begin with.
const HEAD: &str = r#"/** Methods that do no more when they come twice. */
const IDEMPOTENT = [METHODS];
/** How often a request with one of them is made at most, and how long each try may take. */
const TRIES = 3;
const LIMIT_MS = SECONDS_000;

"#;

const DOC: &str = "/** As `fetch`; what fails, or is answered by a status of 500 or more, is tried again if it may come twice. */\n";

const JSDOC: &str = r#"/**
 * As `fetch`; what fails, or is answered by a status of 500 or more, is tried again if it may come twice.
 *
 * @param {string | URL} url
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
"#;

const BODY: &str = r#"export async function fetchWithRetry(url: string | URL, init?: RequestInit) {
  const method = init?.method?.toUpperCase() ?? "GET";
  const isStream = init?.body instanceof ReadableStream;
  const isIdempotent = IDEMPOTENT.includes(method) && !isStream;
  for (let tries = 1; ; tries += 1) {
    const isLast = !isIdempotent || tries === TRIES;
    const limit = AbortSignal.timeout(LIMIT_MS);
    try {
      const response = await fetch(url, {
        ...init,
        signal: init?.signal ? AbortSignal.any([init.signal, limit]) : limit,
      });
      if (isLast || response.status < 500) return response;
      await response.body?.cancel();
    } catch (error) {
      if (isLast || init?.signal?.aborted) throw error;
    }
PAUSE  }
}
"#;
