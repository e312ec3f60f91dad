//! A retry that may do something twice, made harmless: by leaving the request out of what is retried, or by a key that is the same for each try.
//!
//! Here lives what a client is told, for TypeScript and JavaScript; the key is [`key`]'s, for Rust, too. Invariant: what is retried afterwards was
//! retried before, and a key is sent only to who reads one.

use portolan_grammars::facts::{Expr, ExprId, Imported, Language, SourceFacts, TextRange};

use super::imports::without_unused;
use super::option::literal;
use super::{Context, Edit, Level, Plan, Refactor, Refusal};
use crate::chart::{Call, CallIndex};
use crate::resolve::link::{OutboundCall, Retries, RetryDecl};
use crate::resolve::value::CallRef;
use crate::rules::Finding;
use crate::rules::retries::{self, Tried};
use crate::rules::unsafe_retry::{KEY, RULE};

mod key;

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// What to check where something is not retried any more, and where a key is sent.
const ONCE: &str = "Some requests are sent once and fail at once: check that whoever asks for them can deal with that";
const KEPT: &str = "Check that who answers keeps the key with what it did, and answers a second request as it did the first";
/// axios-retry's own choice of what may come twice.
const SPARING: &str = "isNetworkOrIdempotentRequestError";

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let snapshot = context.snapshot;
    let is_it = |call: &&Call| call.place == finding.place && finding.services.first() == Some(&call.from);
    let at = snapshot.chart.calls.iter().position(|call| is_it(&call)).filter(|_| finding.message.ends_with(KEY))?;
    let call = &snapshot.chart.calls[at];
    let tried = retries::of_call(snapshot, CallIndex(at as u32))?;
    let is_rust = snapshot.files.source(tried.place.file)?.language == Language::Rust;
    let sent = snapshot.outbound(call).next()?;
    let method = call.method.as_deref()?;
    let mut retries = snapshot.links.iter().flatten().flat_map(|link| &link.retries);
    let declared = retries.find(|it| snapshot.files.called_at(it.site) == Some(tried.place));
    let declared = declared.filter(|it| !matches!(it.of, Retries::Work(..)));
    // What clients of Rust retry is said by types.
    if is_rust && (declared.is_some() || sent.retry.is_some()) {
        return None;
    }
    let (title, check, edit) = match declared {
        Some(declared) => ("Retry only requests that may come twice".to_owned(), ONCE, spare(context, declared)),
        None if sent.retry.is_some() => (format!("Leave {method} out of what is retried"), ONCE, leave_out(context, sent, method)),
        None => ("Send a key that is the same for each try".to_owned(), KEPT, key::send(context, call, sent, &tried)),
    };
    Some(Plan { title, level: Level::Assisted(check), edit })
}

/// Lets axios-retry choose for itself.
fn spare(context: &Context<'_>, declared: &RetryDecl) -> Result<Edit, Refusal> {
    let source = context.source(declared.site.file)?;
    let facts = source.facts;
    let call = facts.call(declared.site.call);
    let given = call.args.get(1).map(|argument| literal(facts, call, argument.value));
    let condition = given.and_then(|options| field(facts, options, "retryCondition")).ok_or_else(elsewhere)?;
    let from = |import: &&portolan_grammars::facts::Import| import.source == "axios-retry" && !import.type_only;
    let named = |import: &&portolan_grammars::facts::Import| matches!(&import.imported, Imported::Named(name) if name == SPARING);
    let sparing = match (facts.imports.iter().filter(from).find(named), facts.expr(call.callee)) {
        (Some(import), _) => import.local.to_string(),
        (None, Expr::Name(retry)) => format!("{retry}.{SPARING}"),
        _ => return Err(elsewhere()),
    };
    let mut edit = Edit::default();
    let condition = facts.expr_range(condition);
    without_unused(&source, condition, &sparing, &mut edit);
    edit.replace(source.file, condition, sparing);
    Ok(edit)
}

/// Takes a method out of the list of those whose requests are retried.
fn leave_out(context: &Context<'_>, sent: &OutboundCall, method: &str) -> Result<Edit, Refusal> {
    let lists = |call: CallRef| {
        let facts = context.snapshot.files.source(call.file)?;
        let call = facts.call(call.call);
        let options = call.args.iter().map(|argument| literal(facts, call, argument.value));
        options.into_iter().find_map(|options| field(facts, field(facts, options, "retry")?, "methods"))
    };
    let (at, list) = [Some(sent.leaf), sent.client].into_iter().flatten().find_map(|at| Some((at, lists(at)?))).ok_or_else(elsewhere)?;
    let source = context.source(at.file)?;
    let facts = source.facts;
    let Expr::Array(methods) = facts.expr(list) else { return Err(elsewhere()) };
    let is_it = |value: &&ExprId| matches!(facts.expr(**value), Expr::Str(text) if text.eq_ignore_ascii_case(method));
    let number = methods.iter().position(|value| is_it(&value)).ok_or_else(elsewhere)?;
    let own = facts.expr_range(methods[number]);
    // The comma before it goes, too, or else the one behind it.
    let range = match (number.checked_sub(1), methods.get(number + 1)) {
        (Some(before), _) => TextRange { start: facts.expr_range(methods[before]).end, end: own.end },
        (None, Some(next)) => TextRange { start: own.start, end: facts.expr_range(*next).start },
        (None, None) => own,
    };
    let mut edit = Edit::default();
    edit.replace(source.file, range, "");
    Ok(edit)
}

/// The value of an object's key.
fn field(facts: &SourceFacts, object: ExprId, key: &str) -> Option<ExprId> {
    let Expr::Object(object) = facts.expr(object) else { return None };
    object.field(key)
}

fn elsewhere() -> Refusal {
    Refusal::new("what is retried is said elsewhere")
}
