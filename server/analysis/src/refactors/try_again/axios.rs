//! The same for axios, where its functions are called without a client: a function around the request makes it again.
//!
//! Invariant: the request is made as it was, but for its time limit, whoever makes it.

use portolan_grammars::facts::Call;

use super::super::add_timeout;
use super::super::beside::Beside;
use super::super::imports::argument_comma;
use super::super::option::width;
use super::super::{Context, Edit, Refusal, Source};
use super::PAUSE;
use crate::resolve::value::CallRef;
use crate::rules::no_timeout::Waiting;

/// The library.
pub(super) const LIBRARY: &str = "axios";
/// Libraries by which a package has its own way to try again.
const OTHERS: [&str; 2] = ["axios-retry", "retry-axios"];
/// The module that is written, and its function.
const MODULE: &str = "with-retry";
const FUNCTION: &str = "withRetry";

/// Gives each call a limit, and has those made again that may come twice.
pub(super) fn edit(context: &Context<'_>, waiting: &Waiting, seconds: usize, may_come_twice: &[CallRef]) -> Result<Edit, Refusal> {
    let mut edit = Edit::default();
    let Some(first) = waiting.calls.first() else { return Ok(edit) };
    let source = context.source(first.call.file)?;
    if let Some(other) = OTHERS.iter().find(|other| super::super::imports::depends_on(context, &source, other)) {
        return Err(Refusal::new(format!("its package has {other}, by which requests are tried again")));
    }
    let filled = |text: &str| text.replace("AGAIN", AGAIN).replace("TRANSIENT", TRANSIENT).replace("PAUSE", PAUSE);
    let (typescript, javascript) = (filled(TYPESCRIPT), filled(JAVASCRIPT));
    let helper = Beside { module: MODULE, function: FUNCTION, typescript: &typescript, javascript: &javascript };
    let called = helper.called(context, &source, &mut edit)?;
    for unlimited in &waiting.calls {
        add_timeout::ecmascript(context, &source, unlimited, seconds, &mut edit)?;
        if may_come_twice.contains(&unlimited.call) {
            wrap(&source, source.facts.call(unlimited.call.call), &called, &mut edit)?;
        }
    }
    Ok(edit)
}

/// Puts a function around a call, with what was to be changed in it.
fn wrap(source: &Source<'_>, call: &Call, called: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let literals = source.tree().map(portolan_grammars::languages::Tree::multiline_literals).unwrap_or_default();
    let waits = source.facts.calls.iter().any(|other| other.awaited && other.range != call.range && call.range.contains(other.range));
    if waits || literals.iter().any(|literal| call.range.contains(*literal)) {
        return Err(Refusal::new("what is sent cannot be moved as it is"));
    }
    let mut range = call.range;
    // Of `await axios.get<Order>(url)`, the syntax tree has what is waited for called.
    if let Some(rest) = source.slice(range).strip_prefix("await ") {
        range.start = range.end - rest.len() as u32;
    }
    let text = edit.take_within(source.file, range, source.slice(range));
    let (newline, indent, unit) = (source.newline(), source.indent_at(range.start), source.indent_unit());
    let start = range.start as usize - source.line_start(range.start);
    let rest = source.line_of(range.end).len() - (range.end as usize - source.line_start(range.end));
    let line = format!("{called}(() => {text})");
    let wrapped = if !text.contains('\n') && start + line.chars().count() + rest <= width(source) {
        line
    } else {
        let text = text.replace('\n', &format!("\n{unit}"));
        format!("{called}(() =>{newline}{indent}{unit}{text}{}{newline}{indent})", argument_comma(source))
    };
    edit.replace(source.file, range, wrapped);
    Ok(())
}

const TYPESCRIPT: &str = r#"/** How often a request is made at most. */
const TRIES = 3;

interface Failure {
  isAxiosError?: boolean;
  code?: string;
  response?: { status: number };
}

/** Makes a request that may come twice, again when nobody answers, or somebody by a status of 500 or more. */
export async function withRetry<T>(request: () => Promise<T>): Promise<T> {
AGAIN
function isTransient({ isAxiosError, code, response }: Failure) {
TRANSIENT"#;

const JAVASCRIPT: &str = r#"/** How often a request is made at most. */
const TRIES = 3;

/** @typedef {{ isAxiosError?: boolean, code?: string, response?: { status: number } }} Failure */

/**
 * Makes a request that may come twice, again when nobody answers, or somebody by a status of 500 or more.
 *
 * @template T
 * @param {() => Promise<T>} request
 * @returns {Promise<T>}
 */
export async function withRetry(request) {
AGAIN
/** @param {Failure} failure */
function isTransient({ isAxiosError, code, response }) {
TRANSIENT"#;

/// What either function does.
const AGAIN: &str = r"  for (let tries = 1; ; tries += 1) {
    try {
      return await request();
    } catch (error) {
      if (tries === TRIES || !isTransient(Object(error))) throw error;
    }
PAUSE  }
}
";
const TRANSIENT: &str = r#"  const isFailure = response === undefined || response.status >= 500;
  return isAxiosError === true && code !== "ERR_CANCELED" && isFailure;
}
"#;
