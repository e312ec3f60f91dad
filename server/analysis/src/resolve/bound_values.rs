//! Values that are bound to a statement: `query("SELECT pg_notify($1, $2)").bind(CHANNEL)`, `client.query("…", [channel, text])`.
//!
//! What deliberately does not live here: what statements say. Invariant: only values that stand in the same expression as the statement are bound to
//! it.

use portolan_grammars::facts::{CallId, Expr, SourceFacts};

use super::evaluate::Evaluator;
use super::value::{CallRef, Value};

/// Links of a chain of calls that are followed from a value to the statement.
const MAX_LINKS: u32 = 24;

impl Evaluator<'_> {
    /// The value that is bound to a place of the statement which a call has, counted from zero.
    pub(super) fn bound_value(&mut self, site: CallRef, at: usize) -> Option<Value> {
        let (facts, index) = self.file(site.file)?;
        if facts.language.is_ecmascript() {
            let values = facts.call(site.call).args.iter().find_map(|argument| match facts.expr(argument.value) {
                Expr::Array(values) => Some(values),
                _ => None,
            })?;
            return Some(self.eval(site.file, *values.get(at)?));
        }
        let binds = index.calls.get("bind").into_iter().flatten().copied();
        let mut own: Vec<(u32, CallId)> =
            binds.filter_map(|bind| Some((links_behind(facts, bind, site.call)?, bind))).filter(|(links, _)| *links > 0).collect();
        own.sort();
        let (_, bind) = own.get(at)?;
        Some(self.eval(site.file, facts.call(*bind).args.first()?.value))
    }
}

/// How many links of a chain a call stands behind another.
fn links_behind(facts: &SourceFacts, mut call: CallId, first: CallId) -> Option<u32> {
    for links in 0..MAX_LINKS {
        if call == first {
            return Some(links);
        }
        let Expr::Member { object, .. } = facts.expr(facts.call(call).callee) else { return None };
        let Expr::Call(before) = facts.expr(*object) else { return None };
        call = *before;
    }
    None
}
