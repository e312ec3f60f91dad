//! A loop of Rust that asks, as one that makes the questions, and a stream that asks so many of them at a time, in their order.
//!
//! The questions are kept in a list of their own: a closure in their place would be one for each lifetime, which a future that moves between threads
//! may not keep. Invariant: what a question takes along is its own element, or something that any number of questions can have.

use portolan_grammars::facts::{Binding, Call, Expr, FunctionId, FunctionKind, Import, Param, TextRange};
use portolan_grammars::languages::{EachLoop, Statement, Tree};

use super::super::chain::laid_out;
use super::super::changes::is_changing;
use super::super::held::{self, Held};
use super::super::packages::library;
use super::super::source::{RUST_WIDTH, is_part_of_name};
use super::super::stretch::indent;
use super::super::uses::add_use;
use super::super::{Context, Edit, Refusal, Source};
use super::AT_A_TIME;
use super::proof::{self, Round, skips};
use crate::rules::Finding;

/// Crates that have streams which run so many futures at a time.
const CRATES: [&str; 2] = ["futures", "futures_util"];
/// What makes it so, and what gathers results that may be failures.
const TRAITS: [&str; 2] = ["StreamExt", "TryStreamExt"];
/// Macros that make a text of what they are given.
const TEXTS: [&str; 12] = ["format", "print", "println", "eprintln", "write", "trace", "debug", "info", "warn", "error", "anyhow", "bail"];
/// Names for the list of questions, in the order in which they are tried.
const LISTS: [&str; 2] = ["asked", "questions"];
/// What is seen to be done with a list that does not change it.
const READING: [&str; 9] = ["iter", "len", "is_empty", "first", "last", "get", "into_iter", "join", "contains"];

pub(super) fn edit(context: &Context<'_>, finding: &Finding, source: &Source<'_>, call: &Call) -> Result<Edit, Refusal> {
    let facts = source.facts;
    let tree = source.tree().filter(|tree| tree.macro_around(call.range.start).is_none());
    let tree = tree.ok_or_else(|| Refusal::new("the call stands in a macro"))?;
    let function = facts.function(call.function);
    if !function.is_async || !matches!(function.kind, FunctionKind::Function | FunctionKind::Method) {
        return Err(Refusal::new("the loop is not in an async function of its own"));
    }
    let each = tree.each_loop(call.range.start).filter(|each| function.range.contains(each.range));
    let each = each.ok_or_else(|| Refusal::new("what goes over the elements is no `for`"))?;
    let gathered = Gathered::by(source, tree, &each)?;
    let push = gathered.as_ref().map(|gathered| gathered.push);
    proof::holds(context, finding, source, call, &Round { all: each.range, body: each.body, push })?;
    let skips = skips(source, each.range)?;
    let questions = Questions { context, source, tree, call, each, gathered, skips };
    questions.write()
}

/// The list that rounds are gathered in, begun above the loop and added to at the end of each.
struct Gathered {
    /// The statement that begins it.
    begun: TextRange,
    name: String,
    /// Its type, as it is written or as far as it is seen.
    ty: String,
    /// All of the last statement of a round.
    push: TextRange,
    /// What is added, one after the other.
    added: TextRange,
    /// Whether that is a key and a value.
    pairs: bool,
}

impl Gathered {
    /// What the rounds of a loop add to, where each ends with that and nothing else is in it yet.
    fn by(source: &Source<'_>, tree: &Tree, each: &EachLoop) -> Result<Option<Self>, Refusal> {
        let facts = source.facts;
        let Some(push) = tree.statements_in(each.body).pop() else { return Ok(None) };
        let text = source.slice(push).trim_end_matches(';');
        let Some((name, method)) = text.split_once('(').and_then(|(callee, _)| callee.trim().split_once('.')) else { return Ok(None) };
        let adds = facts.calls.iter().find(|call| push.contains(call.range) && source.slice(call.range) == text);
        let Some(adds) = adds.filter(|_| matches!(method, "push" | "insert")) else { return Ok(None) };
        let (start, inner) = (push.start + 1 + text.find('(').unwrap_or_default() as u32, text.strip_suffix(')').unwrap_or(text));
        let inner = &inner[(start - push.start) as usize..];
        let added = inner.trim().trim_end_matches(',');
        let start = start + (inner.len() - inner.trim_start().len()) as u32;
        let added = TextRange { start, end: start + added.len() as u32 };
        Self::begun(source, tree, each, (name, method), push, added, adds.args.len() == 2)
    }

    fn begun(
        source: &Source<'_>,
        tree: &Tree,
        each: &EachLoop,
        (name, method): (&str, &str),
        push: TextRange,
        added: TextRange,
        pairs: bool,
    ) -> Result<Option<Self>, Refusal> {
        let elsewhere = || Refusal::new(format!("`{name}` is begun elsewhere"));
        let block = tree.block(each.range.start);
        let at = block.iter().position(|statement| statement.range.contains(each.range)).and_then(|at| at.checked_sub(1));
        let above: &Statement = at.map(|at| &block[at]).ok_or_else(elsewhere)?;
        let binds = above.binds.as_ref().filter(|binds| source.slice(binds.pattern) == name).ok_or_else(elsewhere)?;
        let value = source.slice(binds.value);
        let made = value.split_once("::new()").or_else(|| value.split_once("::with_capacity(")).map_or("", |(ty, _)| ty);
        let fits = match made.rsplit("::").next().unwrap_or_default() {
            "Vec" => method == "push",
            "HashMap" | "BTreeMap" => method == "insert" && pairs,
            "HashSet" | "BTreeSet" => method == "insert" && !pairs,
            _ => false,
        };
        let between = source.slice(TextRange { start: above.range.end, end: each.range.start });
        if !fits || !between.trim().is_empty() || !value.ends_with(')') {
            return Err(elsewhere());
        }
        let open = if pairs { format!("{made}<_, _>") } else { format!("{made}<_>") };
        let ty = binds.ty.map_or(open, |ty| source.slice(ty).to_owned());
        Ok(Some(Self { begun: above.range, name: name.to_owned(), ty, push, added, pairs }))
    }
}

/// A loop that is to make questions.
struct Questions<'s, 'a> {
    context: &'s Context<'a>,
    source: &'s Source<'a>,
    tree: &'s Tree,
    call: &'s Call,
    each: EachLoop,
    gathered: Option<Gathered>,
    /// Where it goes on with the next element.
    skips: Vec<TextRange>,
}

impl Questions<'_, '_> {
    fn write(&self) -> Result<Edit, Refusal> {
        let (source, facts) = (self.source, self.source.facts);
        let function = facts.function(self.call.function);
        let fails = source.slice(self.each.body).contains('?');
        let error = if fails { held::error(source, function) } else { Some(String::new()) };
        let error = error.ok_or_else(|| Refusal::new("the function does not say what its error is"))?;
        let list = LISTS.into_iter().find(|list| !Source::has_word(source.slice(function.range), list));
        let list = list.ok_or_else(|| Refusal::new("the function has names for questions already"))?;
        let lent = self.taken_along()?;
        let mut edit = Edit::default();
        let stream = self.stream(fails, &mut edit)?;
        let (newline, unit) = (source.newline(), source.indent_unit());
        let (outer, inner) = (source.indent_at(self.each.range.start), source.indent_at(self.each.range.start).to_owned() + &unit);
        let head = source.slice(TextRange { start: self.each.range.start, end: self.each.body.start });
        let made = self.question(fails.then_some(&error), &lent, &mut edit);
        let lent: String = lent.iter().map(|name| format!("{inner}let {name} = &{name};{newline}")).collect();
        let start = self.gathered.as_ref().map_or(self.each.range.start, |gathered| gathered.begun.start);
        let bound = match &self.gathered {
            Some(gathered) => {
                let changes = if self.is_changed_later(gathered, function.range.end)? { "mut " } else { "" };
                format!("let {changes}{}: {} = ", gathered.name, gathered.ty)
            }
            None => String::new(),
        };
        let collect = match (fails, &self.gathered) {
            (true, Some(_)) => "try_collect()",
            (true, None) => "try_collect::<()>()",
            (false, Some(_)) => "collect()",
            (false, None) => "collect::<()>()",
        };
        let mut links = vec![format!("buffered({AT_A_TIME})"), collect.to_owned(), if fails { "await?" } else { "await" }.to_owned()];
        if self.may_add_nothing() {
            let kept = if fails { "try_filter_map(|added| async move { Ok(added) })" } else { "filter_map(|added| async move { added })" };
            links.insert(1, kept.to_owned());
        }
        let asks = laid_out(source, (start, outer.len() + bound.len()), &format!("{stream}({list})"), &links);
        // One expression stays on a line where it fits, as rustfmt has it.
        let line = format!("{inner}{list}.push(async move {{ {} }});", made.trim());
        let pushed = if made.trim().contains('\n') || line.chars().count() > RUST_WIDTH {
            format!("{inner}{list}.push(async move {{{made}{newline}{inner}}});")
        } else {
            line
        };
        let text = format!(
            "let mut {list} = Vec::new();{newline}{outer}{head}{{{newline}{lent}{pushed}{newline}{outer}}}{newline}{outer}{bound}{asks};"
        );
        let rest = &source.text[self.each.range.end as usize..];
        let end = self.each.range.end + u32::from(rest.starts_with(';'));
        edit.replace(source.file, TextRange { start, end }, text);
        Ok(edit)
    }

    /// What is done for each, one level further in, with what it adds as its result.
    fn question(&self, error: Option<&String>, lent: &[&str], edit: &mut Edit) -> String {
        let (source, tree) = (self.source, self.tree);
        let (newline, unit) = (source.newline(), source.indent_unit());
        let inside = TextRange { start: self.each.body.start + 1, end: self.each.body.end - 1 };
        let inside = TextRange { start: inside.start, end: inside.start + source.slice(inside).trim_end().len() as u32 };
        let (before, after) = match error {
            Some(error) => (format!("Ok::<_, {error}>("), ")".to_owned()),
            None => (String::new(), String::new()),
        };
        for skip in &self.skips {
            let nothing = match (&self.gathered, error) {
                (Some(_), _) => format!(" {before}None{after}"),
                (None, Some(_)) => format!(" {before}(){after}"),
                (None, None) => String::new(),
            };
            edit.replace(source.file, *skip, format!("return{nothing}"));
        }
        indent(source, inside, &unit, edit);
        for name in lent {
            for at in Source::words(source.slice(inside), name) {
                let (before, after) = source.slice(inside).split_at(at);
                let is_whole = !after[name.len()..].starts_with(['.', '[']) && before.ends_with('&') && !before.ends_with("&&");
                if is_whole {
                    let at = inside.start + at as u32;
                    edit.replace(source.file, TextRange { start: at - 1, end: at }, "");
                }
            }
        }
        match &self.gathered {
            Some(gathered) => {
                let (some, pair) = (self.may_add_nothing(), gathered.pairs);
                let open = format!("{}{}", if some { "Some(" } else { "" }, if pair { "(" } else { "" });
                let close = ")".repeat(usize::from(some) + usize::from(pair));
                edit.replace(source.file, TextRange { start: gathered.push.start, end: gathered.added.start }, format!("{before}{open}"));
                edit.replace(source.file, TextRange { start: gathered.added.end, end: gathered.push.end }, format!("{close}{after}"));
            }
            None if error.is_some() => {
                let last = tree.statements_in(self.each.body).pop().map_or("", |last| source.slice(last));
                let end = if last.ends_with([';', '}']) { "" } else { ";" };
                let own = source.indent_at(inside.end);
                edit.insert(source.file, inside.end, format!("{end}{newline}{own}{unit}{before}(){after}"));
            }
            None => {}
        }
        edit.take_within(source.file, inside, source.slice(inside))
    }

    /// Whether there are rounds that add nothing to the list.
    fn may_add_nothing(&self) -> bool {
        self.gathered.is_some() && !self.skips.is_empty()
    }

    /// Names of the function's own that have to be lent to each question; refuses what cannot be had by several.
    fn taken_along(&self) -> Result<Vec<&str>, Refusal> {
        let source = self.source;
        if Source::has_word(source.slice(self.each.body), "self")
            && !held::only_reads_self(source, source.facts.function(self.call.function))
        {
            return Err(Refusal::new("`self` is not only read"));
        }
        let mut lent = Vec::new();
        for (name, held) in self.mentioned() {
            if held != Held::Shared && !lent.contains(&name) && self.is_lent(name, held)? {
                lent.push(name);
            }
        }
        Ok(lent)
    }

    /// The function's own names that a round mentions, other than the element's.
    fn mentioned(&self) -> Vec<(&str, Held)> {
        let (source, each) = (self.source, &self.each);
        let names = held::names(source, source.facts.function(self.call.function), each.range.start);
        let gathered = self.gathered.as_ref().map(|gathered| gathered.name.as_str());
        let of_element =
            |name: &str| source.facts.bindings.iter().any(|binding| binding.name == name && each.pattern.contains(binding.range));
        let code: Vec<&str> = self.tree.names_in(each.body).into_iter().map(|range| source.slice(range)).collect();
        let is_filled_in =
            |name: &str| [format!("{{{name}}}"), format!("{{{name}:")].iter().any(|hole| source.slice(each.body).contains(hole));
        let own = |name: &str| (code.contains(&name) || is_filled_in(name)) && gathered != Some(name) && !of_element(name);
        names.into_iter().filter(|(name, _)| own(name)).collect()
    }

    /// Whether a name has to be lent to each question. What a round gives away, the next one has again: it is copied. Otherwise it is only lent.
    fn is_lent(&self, name: &str, held: Held) -> Result<bool, Refusal> {
        let (source, tree, facts) = (self.source, self.tree, self.source.facts);
        let unknown = || Refusal::new(format!("whether several can have `{name}` at once is not known"));
        if self.is_exclusive(name) {
            return Err(unknown());
        }
        let uses: Vec<TextRange> = tree.names_in(self.each.body).into_iter().filter(|it| source.slice(*it) == name).collect();
        let (mut copied, mut unclear) = (false, false);
        for of in &uses {
            let (before, after) = (source.text[..of.start as usize].trim_end(), source.text[of.end as usize..].trim_start());
            let is_part = before.ends_with('&') || after.starts_with(['.', '[']);
            match tree.macro_around(of.start) {
                _ if before.ends_with("mut") => return Err(unknown()),
                _ if before.ends_with('*') => unclear = true,
                _ if is_part => {}
                Some(of) => unclear |= !is_text(source.slice(of)),
                None => {
                    let given = facts.calls.iter().flat_map(|call| &call.args).any(|argument| facts.expr_range(argument.value) == *of);
                    copied |= given;
                    unclear |= !given;
                }
            }
        }
        // What is lent to what is waited for is lent while others run, too.
        let within = |of: &TextRange| facts.calls.iter().any(|call| call.awaited && call.range.contains(*of));
        // What is given away where the function ends is not needed any more.
        let ends = ["bail!", "panic!", "ensure!", "exit("].iter().any(|ends| source.slice(self.each.body).contains(ends));
        match (copied, unclear) {
            (true, _) if !ends => Ok(false),
            (false, false) if held == Held::Owned || uses.iter().any(within) => Ok(true),
            _ => Err(unknown()),
        }
    }

    /// Whether a name may stand for something that one alone may have: what is `mut`, or may be a reference that is.
    fn is_exclusive(&self, name: &str) -> bool {
        let (source, facts) = (self.source, self.source.facts);
        let function = facts.function(self.call.function);
        let is_lent_alone = |end: u32| source.text[end as usize..].trim_start_matches([':', ' ']).starts_with("&mut");
        let of_param = |param: &Param| {
            let around = facts.bindings.iter().any(|it| it.name == name && param.range.contains(it.range));
            let before = source.text[..param.range.start as usize].trim_end();
            let is_mut = before.ends_with("mut") || Source::has_word(source.slice(param.range), "mut") || is_lent_alone(param.range.end);
            (param.name == name || around) && is_mut
        };
        let is_owned = |binding: &Binding| {
            let value = binding.value.map_or("", |value| source.slice(facts.expr_range(value)));
            let path = value.split('(').next().unwrap_or_default();
            let is_made = path.rsplit("::").nth(1).is_some_and(|ty| ty.starts_with(char::is_uppercase)) && !path.contains("_mut");
            let is_text = matches!(binding.value.map(|it| facts.expr(it)), Some(Expr::Concat(_)));
            is_text || is_made || binding.ty.is_some() && !is_lent_alone(binding.range.end)
        };
        let is_param = |binding: &Binding| function.params.iter().any(|param| param.range.contains(binding.range));
        let own =
            |binding: &&Binding| binding.name == name && function.range.contains(binding.range) && !self.each.body.contains(binding.range);
        function.params.iter().any(of_param) || facts.bindings.iter().filter(own).any(|binding| !(is_param(binding) || is_owned(binding)))
    }

    /// Whether a list that is all there is changed behind the loop.
    fn is_changed_later(&self, gathered: &Gathered, end: u32) -> Result<bool, Refusal> {
        let name = gathered.name.as_str();
        let rest = self.source.slice(TextRange { start: self.each.range.end, end });
        let mut changed = false;
        for at in Source::words(rest, name) {
            let after = &rest[at + name.len()..];
            let method = after.trim_start().strip_prefix('.').unwrap_or_default();
            let method: String = method.chars().take_while(|letter| is_part_of_name(*letter)).collect();
            if rest[..at].ends_with("&mut ") || is_changing(&method) {
                changed = true;
            } else if !(method.is_empty() || READING.contains(&method.as_str())) {
                return Err(Refusal::new(format!("whether `{method}` changes `{name}` is not known")));
            }
        }
        Ok(changed)
    }

    /// How the file calls what makes a stream of a list; what else that needs is imported.
    fn stream(&self, fails: bool, edit: &mut Edit) -> Result<String, Refusal> {
        let (source, snapshot) = (self.source, self.context.snapshot);
        let own = CRATES.into_iter().find(|own| library(snapshot, source.file, &own.replace('_', "-")).is_some());
        let own = own.ok_or_else(|| Refusal::new("this crate has no streams: they are in futures"))?;
        let top = source.facts.imports.iter().filter(|import| import.function == FunctionId::MODULE && import.module.is_empty());
        let top: Vec<&Import> = top.collect();
        let from = |import: &Import| CRATES.iter().any(|own| import.source == *own || import.source.starts_with(&format!("{own}::")));
        if let Some(other) = top.iter().find(|import| TRAITS.contains(&import.local.as_str()) && !from(import)) {
            return Err(Refusal::new(format!("the name {} means something else in {}", other.local, source.name())));
        }
        let has = |name: &str| top.iter().any(|import| import.local == name && from(import));
        let wanted = if fails { &TRAITS[..] } else { &TRAITS[..1] };
        let missing: Vec<&str> = wanted.iter().filter(|name| !has(name)).copied().collect();
        match missing.as_slice() {
            [] => {}
            [one] => add_use(source, &format!("{own}::{one}"), edit)?,
            several => add_use(source, &format!("{own}::{{{}}}", several.join(", ")), edit)?,
        }
        Ok(if has("stream") { "stream::iter".to_owned() } else { format!("{own}::stream::iter") })
    }
}

/// Whether a macro makes a text of what it is given itself, and hands on nothing of it.
fn is_text(text: &str) -> bool {
    let (name, given) = text.split_once('!').unwrap_or((text, ""));
    given.matches('(').count() == 1 && TEXTS.contains(&name.rsplit("::").next().unwrap_or_default().trim())
}
