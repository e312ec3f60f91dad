//! What the handler of messages is given, as it is reached from a place in it.
//!
//! Invariant: a name means at the place what the handler was given.

use portolan_grammars::facts::{Call, Expr, ExprId, FunctionId, Param, SourceFacts, TextRange};

use super::{Edit, Refusal, Source};
use crate::resolve::evaluate::around;
use crate::resolve::link::{MessageDecl, MessageLeaf};
use crate::{FunctionRef, Snapshot};

/// The library's call that hands messages to a function.
pub(super) fn leaf(snapshot: &Snapshot, handler: FunctionRef) -> Option<&MessageLeaf> {
    consumer(snapshot, |message| message.handler == Some(handler))
}

/// The library's call by which a function gets messages itself.
pub(super) fn own_leaf(snapshot: &Snapshot, function: FunctionRef) -> Option<&MessageLeaf> {
    consumer(snapshot, |message| message.function == function)
}

fn consumer(snapshot: &Snapshot, is_meant: impl Fn(&MessageDecl) -> bool) -> Option<&MessageLeaf> {
    let messages = snapshot.links.iter().flatten().flat_map(|link| &link.messages);
    messages.filter(|message| message.consumes && is_meant(message)).flat_map(|message| &message.leaves).next()
}

/// What a handler is given.
pub(super) struct Given<'s> {
    pub(super) facts: &'s SourceFacts,
    pub(super) handler: FunctionId,
    /// The parameter that it is given with.
    pub(super) argument: usize,
    /// Whether it may be nothing.
    pub(super) optional: bool,
}

impl Given<'_> {
    /// How a call within the handler reaches what lies behind dotted keys: `message.headers`; nothing where the handler does not take it.
    pub(super) fn reached(&self, source: &Source<'_>, key: &str, call: &Call) -> Result<Option<String>, Refusal> {
        let facts = self.facts;
        let Some(param) = self.param() else { return Ok(None) };
        let keys: Vec<&str> = key.split('.').collect();
        let bound = facts.bindings.iter().filter(|binding| param.range.contains(binding.range)).filter_map(|binding| {
            let path = self.path(binding.value?, keys.len())?;
            let starts = path.len() <= keys.len() && path.iter().zip(&keys).all(|(one, other)| one == other);
            starts.then_some((binding.name.as_str(), path.len()))
        });
        let (root, taken) = match param.name.as_str() {
            "" => match bound.max_by_key(|(_, taken)| *taken) {
                Some(found) => found,
                None => return Ok(None),
            },
            name => (name, 0),
        };
        self.means_the_same(root, param.range, call)?;
        let path: String = keys[taken..].iter().map(|key| format!(".{key}")).collect();
        let may_lack = self.optional && taken == 0 && !self.is_checked(source, root, call);
        Ok(Some(format!("{root}{}{path}", if may_lack { "?" } else { "" })))
    }

    /// The same, where the handler's pattern takes the first key along if it did not.
    pub(super) fn taken(&self, source: &Source<'_>, key: &str, call: &Call, edit: &mut Edit) -> Result<String, Refusal> {
        if let Some(reached) = self.reached(source, key, call)? {
            return Ok(reached);
        }
        let missing = || Refusal::new(format!("its handler does not take the message's `{key}`"));
        let param = self.param().filter(|param| source.slice(param.range).starts_with('{')).ok_or_else(missing)?;
        let first = key.split('.').next().unwrap_or(key);
        if Source::has_word(source.slice(self.facts.function(self.handler).range), first) {
            return Err(missing());
        }
        edit.insert(source.file, param.range.start + 1, format!(" {first},"));
        Ok(key.to_owned())
    }

    fn param(&self) -> Option<&Param> {
        self.facts.function(self.handler).params.get(self.argument).filter(|param| !param.rest)
    }

    /// The keys by which a pattern takes something out of the parameter.
    fn path(&self, value: ExprId, most: usize) -> Option<Vec<&str>> {
        let (mut keys, mut at) = (Vec::new(), value);
        loop {
            match self.facts.expr(at) {
                Expr::Param { function, index } => {
                    keys.reverse();
                    return (*function == self.handler && *index as usize == self.argument).then_some(keys);
                }
                Expr::Member { object, name } if keys.len() < most => {
                    keys.push(name.as_str());
                    at = *object;
                }
                _ => return None,
            }
        }
    }

    /// Refuses a name that may be something else where a call stands.
    fn means_the_same(&self, root: &str, declared: TextRange, call: &Call) -> Result<(), Refusal> {
        let facts = self.facts;
        let inner = || around(facts, call.function).take_while(|function| *function != self.handler);
        let param = inner().any(|function| facts.function(function).params.iter().any(|param| param.name == root));
        let own = |function: FunctionId| function == self.handler || inner().any(|inner| inner == function);
        let bound = facts.bindings.iter().any(|it| it.name == root && own(it.function) && !declared.contains(it.range));
        let whole = facts.function(self.handler).range;
        let is_it =
            |target: ExprId| matches!(facts.expr(target), Expr::Name(name) if name == root) && whole.contains(facts.expr_range(target));
        if param || bound || facts.assignments.iter().any(|assignment| is_it(assignment.target)) {
            return Err(Refusal::new(format!("`{root}` may be something else where its span is opened")));
        }
        Ok(())
    }

    /// Whether the handler has seen to it that there is a message, before a call of its own.
    fn is_checked(&self, source: &Source<'_>, name: &str, call: &Call) -> bool {
        let before = source.slice(TextRange { start: self.facts.function(self.handler).range.start, end: call.range.start });
        let tests = ["if (!{})", "if ({})", "{} === null", "{} == null", "{} !== null", "{} != null"];
        call.function == self.handler && tests.iter().any(|test| before.contains(&test.replace("{}", name)))
    }
}
