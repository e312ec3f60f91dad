//! What calls of the languages and of their standard libraries mean for texts: those that make, join or change them, and those that hand
//! through what they are given.
//!
//! What lives here: who answers for which form of call, and what both languages share. What deliberately does not: libraries, which the catalog
//! knows. Invariant: a method of the workspace's own wins over one here.

use portolan_grammars::facts::{Call, CallId, Expr, ExprId, SourceFacts};

use super::evaluate::Evaluator;
use super::value::{Change, Part, Pattern, Value, changed, concat};
use crate::FileId;

mod ecmascript;
mod rust;

/// A call and where it stands.
#[derive(Clone, Copy)]
struct Site<'w> {
    file: FileId,
    facts: &'w SourceFacts,
    call: &'w Call,
}

impl Site<'_> {
    fn argument(self, at: usize) -> Option<ExprId> {
        self.call.args.get(at).map(|argument| argument.value)
    }
}

impl<'w> Evaluator<'w> {
    /// Language and standard-library calls that matter for texts, and those that hand through what they are given.
    pub(super) fn builtin(&mut self, file: FileId, facts: &'w SourceFacts, id: CallId) -> Option<Value> {
        if let Some(text) = self.included(file, facts, id) {
            return Some(text);
        }
        let call = facts.call(id);
        let site = Site { file, facts, call };
        match (facts.expr(call.callee), facts.language.is_ecmascript()) {
            (Expr::Member { object, name }, true) => self.ecmascript_method(site, *object, name),
            (Expr::Member { object, name }, false) => self.rust_method(site, *object, name),
            (Expr::Name(name), true) => self.ecmascript_function(site, name),
            (Expr::Name(name), false) => self.rust_function(site, name),
            (Expr::Path(path), _) => self.rust_associated(site, path),
            _ => None,
        }
    }

    /// What a text is in which another is put in the place of one.
    fn with_replaced(&mut self, site: Site<'w>, text: ExprId) -> Option<Value> {
        let [text, from, to] = [text, site.argument(0)?, site.argument(1)?].map(|expr| self.eval(site.file, expr));
        replaced(text, &from, &to)
    }
}

/// A text with another put in the place of what stands in it. Of one that is only passed, what it is without is as good as known.
fn replaced(text: Value, from: &Value, to: &Value) -> Option<Value> {
    let Some(from) = from.literal().filter(|from| !from.is_empty()) else {
        return matches!(text, Value::Text(_) | Value::Param(..)).then_some(text);
    };
    match &text {
        Value::Text(pattern) => Some(replaced_in(pattern, &from, to)),
        Value::Param(..) => Some(text),
        _ => None,
    }
}

/// A text with another in the place of what stands between its holes.
fn replaced_in(pattern: &Pattern, from: &str, to: &Value) -> Value {
    let mut parts: Vec<Value> = Vec::new();
    for part in &pattern.parts {
        let Part::Text(text) = part else {
            parts.push(Value::pattern(Pattern::part(part.clone())));
            continue;
        };
        for (at, piece) in text.split(from).enumerate() {
            parts.extend((at > 0).then(|| to.clone()));
            parts.push(Value::text(piece));
        }
    }
    // Where it came from stays where it came from.
    parts.push(Value::pattern(Pattern { parts: Vec::new(), open: false, ..pattern.clone() }));
    let whole = concat(&parts);
    if pattern.open { whole.or_unknown() } else { whole }
}

/// A text in capital or small letters, where all of it is known or someone passes it; of any other, the letters say nothing.
fn in_letters(change: &Change, text: &Value) -> Value {
    Value::one_of(text.alternatives().iter().map(|one| match one {
        Value::Param(..) => changed(change, one),
        Value::Text(text) if text.literal().is_some() => changed(change, one),
        other => other.clone(),
    }))
}
