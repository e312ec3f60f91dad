//! Definitions of macros: an arm that takes values is read as a function, whose body stands where it is written.
//!
//! What deliberately does not live here: expansion. What an arm makes of repetitions, of items and of names that it is given is not known.
//! Invariant: a macro is a function at most once, by the arm that takes the most.

use super::kinds::{Field, Kind};
use super::tokens::{Token, TokenKind, is, split, tokenize};
use super::walk::{Child, List, Lower};
use crate::facts::{Function, Symbol, TextRange};

/// What an arm may take that is a value, or says which.
const VALUES: [&str; 5] = ["expr", "expr_2021", "ident", "literal", "path"];

/// A parameter of an arm: `$limits`, with the mark, as its body names it.
struct Taken {
    name: Symbol,
    range: TextRange,
}

impl<'t> Lower<'t, '_, '_> {
    /// `macro_rules! m { ($a:expr, $b:expr) => { … } }`.
    pub(super) fn macro_definition(&mut self, node: Child<'t>, attributes: List) {
        let attributes = self.attributes(attributes);
        let list = self.open(node.node);
        let mut best: Option<(Vec<Taken>, Child<'t>)> = None;
        for at in list.start..list.end {
            let arm = self.nodes[at];
            if arm.kind != Kind::MacroRule {
                continue;
            }
            let inner = self.open(arm.node);
            if let (Some(left), Some(right)) = (self.find(inner, Field::Left), self.find(inner, Field::Right))
                && let Some(taken) = taken(self.out.text, self.range(left))
                && best.as_ref().is_none_or(|(known, _)| taken.len() > known.len())
            {
                best = Some((taken, right));
            }
            self.close(inner);
        }
        if let (Some(name), Some((taken, body))) = (self.find(list, Field::Name), best) {
            let (name, name_range) = (self.symbol(name), self.range(name));
            let function = Function { name, attributes, name_range, ..self.blank_function(self.range(node)) };
            let (id, outer) = self.enter_function(function, None, self.range(body));
            self.out.container = None;
            for one in taken {
                self.add_param(one.name, None, Vec::new(), one.range, id);
            }
            let range = self.range(body);
            if let Some(end) = self.piece_statements(range.start as usize..range.end as usize, true) {
                self.returned(end, id);
            }
            self.leave_function(outer);
        }
        self.close(list);
    }
}

/// What an arm takes, if that is values alone, one after the other.
fn taken(text: &str, pattern: TextRange) -> Option<Vec<Taken>> {
    let tokens = tokenize(text, pattern.start as usize, pattern.end as usize);
    let close = tokens.first().filter(|open| open.kind == TokenKind::Open)?.close;
    let inner = without_comma(tokens.get(1..close)?);
    let mut taken = Vec::new();
    for (start, end) in split(text, &tokens, 1, 1 + inner.len(), b',') {
        match &tokens[start..end] {
            [mark, name, colon, kind] if mark.mark == b'$' && colon.mark == b':' && VALUES.iter().any(|value| is(text, *kind, value)) => {
                let range = TextRange::new(mark.start, name.end);
                taken.push(Taken { name: Symbol::new(text.get(mark.start..name.end)?), range });
            }
            _ => return None,
        }
    }
    Some(taken)
}

/// What stands before `$(,)?`, a comma that may follow.
fn without_comma(tokens: &[Token]) -> &[Token] {
    match tokens {
        [before @ .., mark, open, comma, _, _] if mark.mark == b'$' && open.mark == b'(' && comma.mark == b',' => before,
        _ => tokens,
    }
}
