//! What a handler does for a message, as statements that become a transaction's.
//!
//! Invariant: it is done once for a message, and nothing behind it needs what it finds.

use portolan_grammars::facts::{Call, Expr, SourceFacts, TextRange};

use super::super::stretch::Stretch;
use super::super::way::Way;
use super::super::{Refusal, Source};

/// Names of methods that tell a broker that a message is handled.
const SETTLING: [&str; 6] = ["ack", "nack", "reject", "ackAll", "commitOffsets", "resolveOffset"];

/// What a handler does for a message.
pub(super) struct Work<'s, 'a> {
    pub(super) stretch: Stretch<'s, 'a>,
    /// Whether it is all of an arrow that has no block.
    pub(super) whole: bool,
    /// Whether it hands out what it waits for.
    pub(super) returns: bool,
}

/// What the handler does, from the first of the calls to the last.
pub(super) fn of<'s, 'a>(way: &Way<'a>, source: &'s Source<'a>) -> Result<Work<'s, 'a>, Refusal>
where
    's: 'a,
{
    let facts = source.facts;
    let handler = facts.function(way.from.function);
    let several = || Refusal::new("the rows are written in several branches");
    let ids = way.calls.get(&way.from).ok_or_else(several)?;
    let calls: Vec<&Call> = ids.iter().map(|id| facts.call(*id)).collect();
    let tree = source.tree().ok_or_else(several)?;
    if calls.iter().any(|call| call.function != way.from.function) {
        return Err(Refusal::new("the row is written in a function of the handler"));
    }
    let body = facts.region(handler.body).range;
    let own = |range: TextRange| Stretch { source, function: way.from.function, pool: way.pool, range };
    let is_own = |call: &Call| calls.iter().any(|own| own.range == call.range);
    // Once for a message, not for each of what it has.
    let anchors: Vec<TextRange> = calls.iter().map(|call| outermost_loop(facts, call).unwrap_or(call.range)).collect();
    let mut around = anchors[0];
    let found = loop {
        let statements = tree.statements_around(around);
        let holding = |range: &TextRange| statements.iter().position(|statement| statement.contains(*range));
        let Some(at) = holding(&around).filter(|at| handler.range.contains(statements[*at])) else { break None };
        if let Some(positions) = anchors.iter().map(holding).collect::<Option<Vec<usize>>>() {
            let (first, last) = (positions.iter().min().copied().unwrap_or(at), positions.iter().max().copied().unwrap_or(at));
            break Some(TextRange { start: statements[first].start, end: statements[last].end });
        }
        let outer = facts.regions.iter().filter(|region| region.function == way.from.function && region.range != around);
        let outer = outer.filter(|region| region.range.contains(statements[at]) && region.range != statements[at]);
        let smallest = outer.map(|region| region.range).min_by_key(|range| range.end - range.start);
        match smallest.filter(|range| *range != body) {
            Some(range) => around = range,
            None => break None,
        }
    };
    let Some(range) = found else {
        let [call] = calls[..] else { return Err(several()) };
        let text = source.slice(body);
        let is_all = text.strip_prefix("await ").unwrap_or(text) == source.slice(call.range);
        if is_all && !body.contains(handler.range) {
            return Ok(Work { stretch: own(body), whole: true, returns: false });
        }
        return Err(several());
    };
    let returns = source.slice(range).starts_with("return ");
    let inner = if returns { TextRange { start: range.start + "return ".len() as u32, end: range.end } } else { range };
    own(inner).is_of_one_piece(is_own)?;
    let waits = |call: &&Call| call.awaited || returns && source.slice(inner).trim_end_matches(';') == source.slice(call.range);
    if !calls.iter().all(waits) {
        return Err(Refusal::new("nobody waits for what writes the row"));
    }
    let settles = |call: &&Call| {
        let told = matches!(facts.expr(call.callee), Expr::Member { name, .. } if SETTLING.contains(&name.as_str()));
        range.contains(call.range) && told
    };
    if facts.calls.iter().any(|call| settles(&call)) {
        return Err(Refusal::new("the broker is told in between that the message is handled"));
    }
    let stretch = own(range);
    match stretch.handed_out()?.first() {
        Some(name) => Err(Refusal::new(format!("`{name}` is used behind it, which a second delivery would not have"))),
        None => Ok(Work { stretch, whole: false, returns }),
    }
}

/// The outermost loop of its function around a call.
fn outermost_loop(facts: &SourceFacts, call: &Call) -> Option<TextRange> {
    let loops = facts.regions.iter().filter(|region| region.function == call.function && region.kind.is_loop());
    loops.map(|region| region.range).filter(|range| range.contains(call.range)).max_by_key(|range| range.end - range.start)
}
