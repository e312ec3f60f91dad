//! Deadlines of rpcs: which calls of generated clients are made without one, and which files may give them one in some other place.
//!
//! A generated client is an object of no library's type, so what it was told is not followed: whatever speaks of deadlines, time-outs or
//! interceptors beside it may limit it. Invariants: a stream has no deadline; where something may set one, a call counts as limited.

use portolan_grammars::catalog::{Family, Names};
use portolan_grammars::facts::{Entry, Expr, SourceFacts, Symbol};

use super::limits::following;
use super::link::{Linker, Request, Unlimited};
use super::rpc::is_rpc_method;
use super::spans::Walk;
use super::value::CallRef;

/// Parts of names by which code speaks of limits, and of what may set one for each call.
const WORDS: [&str; 3] = ["deadline", "timeout", "interceptor"];
/// Names that have such a part and say nothing of calls.
const OTHERS: [&str; 2] = ["setTimeout", "clearTimeout"];

impl<'w> Linker<'w> {
    /// The call that would have to set a deadline for an rpc: itself, where nothing about it does.
    pub(super) fn unlimited_rpc(&self, walk: &Walk<'w>, site: CallRef, service: &Symbol, method: &Symbol) -> Option<Unlimited> {
        let answers_once = self.evaluator.cx.contracts.unary.get(service).is_some_and(|unary| unary.contains(method));
        if !answers_once || walk.facts.generated || self.link.limited.binary_search(&site.call).is_ok() {
            return None;
        }
        let call = walk.facts.call(site.call);
        // `client.getCart.bind(client)` is given the rest where it is called.
        let asks = matches!(walk.facts.expr(call.callee), Expr::Member { name, .. } if is_rpc_method(method, name));
        // Behind the request stand options and metadata, either of which may say it; who is called back does not.
        let told = call.args.iter().skip(1).any(|argument| !says_nothing(walk.facts.expr(argument.value)));
        let spread = call.args.iter().any(|argument| argument.spread);
        let piped = following(walk.facts, site.call, &Names::One("pipe".into())).is_some();
        (asks && !told && !spread && !piped).then(|| Unlimited { call: site, library: Symbol::default(), option: None })
    }

    /// Whether a file may give rpcs a deadline in a way that is not followed: it has to do with them, and speaks of limits.
    pub(super) fn may_limit_rpcs(&self, walk: &Walk<'w>) -> bool {
        if self.evaluator.cx.contracts.unary.is_empty() {
            return false;
        }
        let asks = || self.link.calls.iter().any(|call| matches!(call.request, Request::Rpc { .. }));
        let imports = || {
            let mut clients = self.evaluator.cx.catalog.rpc_clients(walk.family);
            clients.any(|(library, _)| self.evaluator.imports_library(walk.facts, library))
        };
        (walk.family == Family::Rust || asks() || imports()) && speaks_of_limits(walk.facts)
    }
}

/// Whether an argument is who is called back, or options without one that would limit the call.
fn says_nothing(argument: &Expr) -> bool {
    match argument {
        Expr::Closure(_) => true,
        Expr::Object(object) => object.entries.iter().all(|entry| match entry {
            Entry::Field { name, .. } => !is_word(name) && name != "signal",
            _ => false,
        }),
        _ => false,
    }
}

fn speaks_of_limits(facts: &SourceFacts) -> bool {
    facts.imports.iter().any(|import| is_word(&import.source) || is_word(&import.local))
        || facts.exprs.iter().any(|expression| match &expression.kind {
            Expr::Str(name) | Expr::Name(name) | Expr::Member { name, .. } => is_word(name),
            Expr::Path(path) => path.iter().any(|name| is_word(name)),
            Expr::Object(object) => object.entries.iter().any(|entry| matches!(entry, Entry::Field { name, .. } if is_word(name))),
            _ => false,
        })
}

fn is_word(name: &str) -> bool {
    let has = |word: &str| name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    !OTHERS.contains(&name) && WORDS.iter().any(|word| has(word))
}
