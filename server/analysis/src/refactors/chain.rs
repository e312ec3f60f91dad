//! A chain of method calls; of Rust, taken apart and put together as rustfmt does.
//!
//! Invariant: the links of a chain that are not touched keep their text.

use portolan_grammars::facts::{CallId, Expr, SourceFacts, TextRange};

use super::Source;
use super::source::{RUST_WIDTH, is_part_of_name};

/// How wide a chain may be on one line: rustfmt's default.
pub(super) const CHAIN: usize = 60;

/// `head.link().link().await?`.
pub(super) struct Chain {
    /// All of it.
    pub(super) range: TextRange,
    pub(super) head: String,
    /// Without the dots.
    pub(super) links: Vec<String>,
}

/// A call, the one that is called on its result, and so on.
pub(super) fn calls_from(facts: &SourceFacts, head: CallId) -> impl Iterator<Item = CallId> {
    let next = |before: &CallId| {
        let continues = |id: &CallId| match facts.expr(facts.call(*id).callee) {
            Expr::Member { object, .. } => matches!(facts.expr(*object), Expr::Call(of) if of == before),
            _ => false,
        };
        (before.0 + 1..facts.calls.len() as u32).map(CallId).find(continues)
    };
    std::iter::successors(Some(head), next)
}

impl Chain {
    /// The chain that begins with a call, as far as methods are called on it; nothing where that is no plain code.
    pub(super) fn around(source: &Source<'_>, head: CallId) -> Option<Self> {
        let facts = source.facts;
        let first = facts.call(head).range;
        let last = calls_from(facts, head).last().unwrap_or(head);
        let mut end = facts.call(last).range.end;
        loop {
            let rest = source.text.get(end as usize..)?;
            let space = rest.len() - rest.trim_start().len();
            let after = &rest[space..];
            if rest.starts_with('?') {
                end += 1;
            } else if after
                .strip_prefix(".await")
                .is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
            {
                end += (space + ".await".len()) as u32;
            } else {
                break;
            }
        }
        let range = TextRange { start: first.start, end };
        let mut links = Vec::new();
        let rest = source.text.get(first.end as usize..end as usize)?;
        let (mut depth, mut quoted, mut escaped) = (0_i32, false, false);
        for letter in rest.chars() {
            match letter {
                _ if quoted => {
                    quoted = letter != '"' || escaped;
                    escaped = letter == '\\' && !escaped;
                }
                '"' => quoted = true,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                '.' if depth == 0 => {
                    links.push(String::new());
                    continue;
                }
                _ => {}
            }
            match links.last_mut() {
                Some(link) => link.push(letter),
                None if letter.is_whitespace() || letter == '?' => {}
                None => return None,
            }
        }
        let mut head = source.slice(first).to_owned();
        if rest.starts_with('?') {
            head.push('?');
        }
        links.iter_mut().for_each(|link| *link = link.trim_end().to_owned());
        Some(Self { range, head, links })
    }

    /// The same, with what the call is called on: `pool` of `pool.begin().await`.
    pub(super) fn with_receiver(source: &Source<'_>, call: CallId) -> Option<Self> {
        let facts = source.facts;
        let mut chain = Self::around(source, call)?;
        let Expr::Member { object, .. } = facts.expr(facts.call(call).callee) else { return Some(chain) };
        let receiver = facts.expr_range(*object);
        let own = source.slice(TextRange { start: receiver.end, end: facts.call(call).range.end }).trim_start().strip_prefix('.')?;
        let asked = if chain.head.ends_with('?') { "?" } else { "" };
        // Each name of it may stand on a line of its own.
        let path: String = source.slice(receiver).split_whitespace().collect();
        if !path.chars().all(|letter| is_part_of_name(letter) || letter == '.') {
            return None;
        }
        let mut names = path.split('.').map(str::to_owned);
        chain.head = names.next()?;
        chain.range.start = receiver.start;
        chain.links = names.chain([format!("{own}{asked}")]).chain(chain.links).collect();
        Some(chain)
    }

    /// Which of the links is a call that the chain was made with.
    pub(super) fn position(&self, source: &Source<'_>, call: CallId) -> Option<usize> {
        let name = source.slice(source.facts.call(call).name_range);
        self.links.iter().position(|link| link.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
    }

    /// Puts a link behind a call that the chain was made with.
    pub(super) fn put_behind(&mut self, source: &Source<'_>, call: CallId, link: String) {
        let at = self.position(source, call).map_or(0, |at| at + 1);
        self.links.insert(at, link);
    }

    /// Puts links before those that are there.
    pub(super) fn prepend<const N: usize>(&mut self, links: [String; N]) {
        self.links.splice(0..0, links);
    }

    /// All of it: on one line where it fits, else one link a line, deeper than the line that it begins on.
    pub(super) fn text(&self, source: &Source<'_>) -> String {
        let before = self.range.start as usize - source.line_start(self.range.start);
        laid_out(source, (self.range.start, before), &self.head, &self.links)
    }
}

/// A chain on the line of a byte, behind so many letters of that line.
pub(super) fn laid_out(source: &Source<'_>, (at, before): (u32, usize), head: &str, links: &[impl AsRef<str>]) -> String {
    let line: String = std::iter::once(head.to_owned()).chain(links.iter().map(|link| format!(".{}", link.as_ref()))).collect();
    // One call alone may fill the line.
    let widest = if links.len() == 1 { RUST_WIDTH } else { CHAIN };
    if !line.contains('\n') && line.chars().count() <= widest && before + line.chars().count() < RUST_WIDTH {
        return line;
    }
    let indent = source.indent_at(at);
    broken(source, (indent, before == indent.len()), head, links)
}

/// A chain with a link a line, deeper than an indent. A short name at the beginning of a line keeps its first link beside it.
pub(super) fn broken(source: &Source<'_>, (indent, begins_line): (&str, bool), head: &str, links: &[impl AsRef<str>]) -> String {
    let (newline, unit) = (source.newline(), source.indent_unit());
    let is_joined = begins_line && head.chars().count() <= unit.chars().count();
    let mut text = head.to_owned();
    for (at, link) in links.iter().enumerate() {
        if at > 0 || !is_joined {
            text += &format!("{newline}{indent}{unit}");
        }
        text += &format!(".{}", link.as_ref());
    }
    text
}
