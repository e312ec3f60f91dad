//! A call moved out of a transaction: a question before its beginning, what changes something behind its end.
//!
//! The statement moves unchanged. What deliberately does not live here: messages, which want an outbox. Invariant: what the call is made with is the
//! same there, and whether it is made depends on nothing that it passes, but on whether the transaction succeeds.

use portolan_grammars::facts::{Call, Expr, Function, FunctionKind, Language, SourceFacts, TextRange};
use portolan_grammars::languages::Statement;

use super::changes::{assigned_in, changes};
use super::held::is_only_lent;
use super::{Context, Edit, Level, Plan, Refactor, Refusal, Source};
use crate::chart::Transaction;
use crate::rules::Finding;
use crate::rules::call_in_transaction::RULE;

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// Words by which rows are locked that a question may be about.
const LOCKS: [&str; 6] = ["for update", "for share", "forupdate", "forshare", "lock_", "pessimistic"];

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let snapshot = context.snapshot;
    let (begin, _) = finding.related.first()?;
    let within =
        |it: &&Transaction| it.place == *begin && it.region.file == finding.place.file && it.region.range.contains(finding.place.range);
    let transaction = snapshot.chart.transactions.iter().find(within)?;
    let from = *finding.services.first()?;
    let mut calls = snapshot.chart.calls.iter().filter(|call| call.place == finding.place && call.from == from);
    // What is behind a function of the house may be more than a call.
    let changes = calls.next().map(crate::chart::Call::changes)?;
    if calls.any(|call| call.changes() != changes) {
        return None;
    }
    let changes = changes?;
    let title = if changes { "Make this call once the transaction is committed" } else { "Make this call before the transaction begins" };
    let check = if changes {
        "The call is not made if the process ends right behind the commit: check that it can be made up for"
    } else {
        "The answer may be older than the rows that the transaction reads: check that nothing compares the two"
    };
    Some(Plan { title: title.to_owned(), level: Level::Assisted(check), edit: edit(context, finding, transaction, changes) })
}

fn edit(context: &Context<'_>, finding: &Finding, transaction: &Transaction, changes: bool) -> Result<Edit, Refusal> {
    let source = context.source(finding.place.file)?;
    let at = |range: TextRange| source.facts.calls.iter().find(|call| call.name_range == range || call.range == range);
    let (Some(call), Some(begin)) = (at(finding.place.range), at(transaction.place.range)) else {
        return Err(Refusal::new("where the transaction begins is not plain"));
    };
    if context.snapshot.index.is_detached(finding.place) {
        return Err(Refusal::new("nobody waits for the call"));
    }
    let scene = Scene::set(&source, transaction, call, begin)?;
    let mut edit = Edit::default();
    let target = if changes { scene.behind(transaction)? } else { scene.before()? };
    let (lines, text) = scene.moved(target.indent)?;
    edit.replace(source.file, lines, "");
    let (newline, indent) = (source.newline(), target.indent);
    let text = if target.is_behind { format!("{newline}{indent}{text}") } else { format!("{text}{newline}{indent}") };
    edit.insert(source.file, target.offset, text);
    Ok(edit)
}

/// Where a statement goes.
struct Spot<'s> {
    offset: u32,
    /// Behind the end of a line, or else before a statement.
    is_behind: bool,
    indent: &'s str,
}

/// A transaction and a call in it.
struct Scene<'s, 'a> {
    source: &'s Source<'a>,
    /// The statements beside that of the call.
    block: Vec<Statement>,
    /// The call's, as a position among them.
    at: usize,
    /// The statement with which the transaction begins, and those beside it.
    outer: Vec<Statement>,
    begin: usize,
    /// The function that runs within the transaction, where there is one.
    running: Option<&'a Function>,
}

impl<'s, 'a> Scene<'s, 'a> {
    fn set(source: &'s Source<'a>, transaction: &Transaction, call: &Call, begin: &Call) -> Result<Self, Refusal> {
        let facts: &'a SourceFacts = source.facts;
        let tree = source.tree().ok_or_else(|| Refusal::new("the file is not read"))?;
        let (block, outer) = (tree.block(call.range.start), tree.block(begin.range.start));
        let holds = |block: &[Statement], range: TextRange| block.iter().position(|statement| statement.range.contains(range));
        let (Some(at), Some(first)) = (holds(&block, call.range), holds(&outer, begin.range)) else {
            return Err(Refusal::new("the call stands in no block"));
        };
        let is_it = |function: &&Function| {
            function.kind == FunctionKind::Closure
                && (function.range == transaction.region.range || facts.region(function.body).range == transaction.region.range)
        };
        let running = facts.functions.iter().find(is_it).filter(|_| transaction.ends.is_empty());
        let here = match running {
            Some(function) => facts.function(call.function).range == function.range && call.region == function.body,
            None => block == outer && call.region == begin.region && call.function == begin.function,
        };
        if !here || tree.macro_around(call.range.start).is_some() {
            return Err(Refusal::new("something decides whether the call is made"));
        }
        if let Some(function) = running {
            // What fails within would be handled there.
            let rest = source.slice(TextRange { start: function.range.end, end: outer[first].range.end });
            let inside =
                |range: TextRange| outer[first].range.contains(range) && range.contains(begin.range) && range != outer[first].range;
            let decided = facts.regions.iter().any(|region| region.function == begin.function && inside(region.range));
            let waits = facts.function(begin.function).is_async || begin.function == portolan_grammars::facts::FunctionId::MODULE;
            if facts.language == Language::Rust
                || decided
                || !waits
                || !begin.awaited
                || rest.contains(".catch(")
                || rest.contains(".then(")
            {
                return Err(Refusal::new("something else is done with the transaction"));
            }
        }
        Ok(Self { source, block, at, outer, begin: first, running })
    }

    fn statement(&self) -> &Statement {
        &self.block[self.at]
    }

    /// From the beginning of the transaction up to the call.
    fn passed(&self) -> TextRange {
        let start = self.running.map_or(self.outer[self.begin].range.start, |function| function.range.start);
        TextRange { start, end: self.statement().range.start }
    }

    /// Before the beginning.
    fn before(&self) -> Result<Spot<'_>, Refusal> {
        let source = self.source;
        let statement = self.statement();
        let binds = statement.binds.as_ref().ok_or_else(|| Refusal::new("what becomes of the answer is not plain"))?;
        let passed = source.slice(self.passed());
        let lower = passed.to_lowercase();
        if LOCKS.iter().any(|lock| lower.contains(lock)) {
            return Err(Refusal::new("rows are locked before it is asked"));
        }
        self.is_made_without(self.passed(), "the transaction gives")?;
        self.is_left_alone(self.passed())?;
        let names = source.facts.bindings.iter().filter(|binding| binds.pattern.contains(binding.range)).map(|binding| &binding.name);
        for name in names {
            let around = self.running.map(|function| {
                let whole = source.facts.function(function.parent).range;
                let (before, behind) =
                    (TextRange { start: whole.start, end: function.range.start }, TextRange { start: function.range.end, end: whole.end });
                [before, behind].into_iter().any(|range| Source::has_word(source.slice(range), name))
            });
            if around.unwrap_or_else(|| Source::has_word(passed, name)) {
                return Err(Refusal::new(format!("the name {name} is taken where the call would stand")));
            }
        }
        let first = self.outer[self.begin].range.start;
        Ok(Spot { offset: first, is_behind: false, indent: source.indent_at(first) })
    }

    /// Behind the end.
    fn behind(&self, transaction: &Transaction) -> Result<Spot<'_>, Refusal> {
        let source = self.source;
        let text = source.slice(self.statement().range);
        let dropped = if source.facts.language == Language::Rust { text.ends_with(".await?;") } else { text.starts_with("await ") };
        if self.statement().binds.is_some() || !dropped {
            return Err(Refusal::new("what becomes of the answer is not plain"));
        }
        let leaves = |range: TextRange, words: &[&str]| words.iter().any(|word| Source::has_word(source.slice(range), word));
        let last = match self.running {
            Some(function) => {
                self.is_made_without(function.range, "the transaction has")?;
                self.is_left_alone(function.range)?;
                if leaves(TextRange { start: function.range.start, end: self.statement().range.start }, &["return"]) {
                    return Err(Refusal::new("something decides whether the call is made"));
                }
                let outer = &self.outer[self.begin];
                if source.slice(outer.range).starts_with("return") {
                    return Err(Refusal::new("nothing is done once the transaction is committed"));
                }
                outer.range
            }
            None => {
                let commits = |statement: &&Statement| {
                    let ends = transaction.ends.iter().filter(|end| statement.range.contains(end.range));
                    ends.into_iter().any(|end| source.slice(end.range).to_lowercase().contains("commit"))
                };
                let rest = &self.block[self.at + 1..];
                let end = rest.iter().find(commits).ok_or_else(|| Refusal::new("where the transaction is committed is not plain"))?;
                let between = TextRange { start: self.statement().range.end, end: end.range.end };
                if leaves(between, &["return", "break", "continue", "throw"]) {
                    return Err(Refusal::new("the transaction may end earlier"));
                }
                self.is_made_without(self.outer[self.begin].range, "the transaction is")?;
                self.is_left_alone(between)?;
                end.range
            }
        };
        let line = source.text[last.end as usize..].lines().next().map_or(0, str::len);
        Ok(Spot { offset: last.end + line as u32, is_behind: true, indent: source.indent_at(last.start) })
    }

    /// Refuses a call that is made with a name that a range gives a meaning.
    fn is_made_without(&self, range: TextRange, what: &str) -> Result<(), Refusal> {
        let facts = self.source.facts;
        let text = self.source.slice(self.statement().range);
        let own = self.statement().range;
        let bound = facts
            .bindings
            .iter()
            .filter(|binding| range.contains(binding.range) && !own.contains(binding.range))
            .map(|binding| &binding.name);
        let taken = self.running.into_iter().flat_map(|function| &function.params).map(|param| &param.name);
        let mut names = bound.chain(taken).filter(|name| !name.is_empty());
        match names.find(|name| Source::has_word(text, name)) {
            Some(name) => Err(Refusal::new(format!("the call is made with what {what}: {name}"))),
            None => Ok(()),
        }
    }

    /// Refuses a call that is made with what is changed, or given away, in a range.
    fn is_left_alone(&self, range: TextRange) -> Result<(), Refusal> {
        let (source, facts) = (self.source, self.source.facts);
        let (own, passed) = (source.slice(self.statement().range), source.slice(range));
        let refused = |name: &str| Err(Refusal::new(format!("`{name}` may be another one there")));
        for base in assigned_in(facts, range) {
            match base {
                Expr::Name(name) if !Source::has_word(own, name) => {}
                Expr::Name(name) => return refused(name),
                _ if own.contains("this.") || own.contains("self.") => return refused("this"),
                _ => {}
            }
        }
        let names = facts.bindings.iter().map(|it| &it.name).chain(facts.functions.iter().flat_map(|it| &it.params).map(|it| &it.name));
        for name in names.filter(|name| !name.is_empty() && Source::has_word(own, name)) {
            let moved = facts.language == Language::Rust && !(is_only_lent(own, name) && is_only_lent(passed, name));
            if changes(passed, name) || moved && Source::has_word(passed, name) {
                return refused(name);
            }
        }
        Ok(())
    }

    /// The lines of the statement, comments right above it among them, and their text for another place.
    fn moved(&self, indent: &str) -> Result<(TextRange, String), Refusal> {
        let source = self.source;
        let range = self.statement().range;
        let mut start = source.line_start(range.start);
        let own = source.indent_at(range.start);
        let rest = source.text[range.end as usize..].lines().next().unwrap_or_default();
        let alone =
            source.text[start..range.start as usize].trim().is_empty() && (rest.trim().is_empty() || rest.trim_start().starts_with("//"));
        let lines = source.tree().map(portolan_grammars::languages::Tree::multiline_literals).unwrap_or_default();
        if !alone || own != indent && lines.iter().any(|literal| range.contains(*literal)) {
            return Err(Refusal::new("its lines cannot be moved as they are"));
        }
        while let Some(above) = source.text[..start].strip_suffix('\n').map(|text| text.rfind('\n').map_or(0, |newline| newline + 1)) {
            if !source.text[above..start].trim_start().starts_with("//") {
                break;
            }
            start = above;
        }
        let end = range.end as usize + rest.len();
        let text = source.text[start..end].trim_start();
        let lines: Vec<String> =
            text.lines().map(|line| line.strip_prefix(own).map_or_else(|| line.to_owned(), |line| format!("{indent}{line}"))).collect();
        let text = lines.join(source.newline());
        let newline = source.text[end..].find('\n').map_or(0, |newline| newline + 1);
        Ok((TextRange::new(start, end + newline), text.trim_start().to_owned()))
    }
}
