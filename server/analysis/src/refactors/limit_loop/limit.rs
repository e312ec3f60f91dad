//! By what so many rounds run at a time: the library that the package has for it, or a function that is written beside the file.
//!
//! Invariant: a library is used only where the file can load it as it loads others.

use portolan_grammars::facts::{FunctionKind, Imported, TextRange};

use super::super::beside::Beside;
use super::super::imports::{self, Style, argument_comma, statement_end};
use super::super::mirror::{Parts, rewritten};
use super::super::option::width;
use super::super::packages::{major, npm};
use super::super::{Context, Edit, Refusal, Source};
use super::AT_A_TIME;
use super::rounds::{Rounds, Waits};

/// A library, and the first version that CommonJS cannot load.
struct Library {
    module: &'static str,
    name: &'static str,
    modules_only: u32,
}

const P_MAP: Library = Library { module: "p-map", name: "pMap", modules_only: 5 };
const P_LIMIT: Library = Library { module: "p-limit", name: "pLimit", modules_only: 4 };

/// What p-limit's limit is called.
const LIMIT: &str = "limit";
/// The module that is written, and its function.
const MODULE: &str = "batches";
const FUNCTION: &str = "inBatches";

/// Lets so many rounds run at a time.
pub(super) fn write(context: &Context<'_>, source: &Source<'_>, rounds: &Rounds, edit: &mut Edit) -> Result<(), Refusal> {
    let layout = Layout::of(source, rounds)?;
    if usable(context, source, &P_MAP)
        && let Ok(name) = library(context, source, &P_MAP, edit)
    {
        let options = format!("{{ concurrency: {AT_A_TIME} }}");
        let work = layout.work(Function::Given);
        layout.put(&name, &[rounds.over.clone(), work, options], edit);
        return Ok(());
    }
    let statement = source.tree().and_then(|tree| tree.statement_around(rounds.range));
    let statement =
        statement.filter(|statement| is_in_same_function(source, *statement, rounds.range) && source.is_free_in(LIMIT, rounds.function));
    if let Some(statement) = statement.filter(|_| usable(context, source, &P_LIMIT))
        && let Ok(name) = library(context, source, &P_LIMIT, edit)
    {
        let start = rounds.gathered.as_ref().map_or(statement.start, |gathered| gathered.bound.start);
        let (newline, indent, end) = (source.newline(), source.indent_at(start), statement_end(source));
        edit.insert(source.file, start, format!("const {LIMIT} = {name}({AT_A_TIME}){end}{newline}{indent}"));
        layout.put_limited(edit);
        return Ok(());
    }
    let typescript = format!("{TYPESCRIPT}{ROUNDS}");
    let javascript = format!("{JAVASCRIPT}{ROUNDS}");
    let batches = Beside { module: MODULE, function: FUNCTION, typescript: &typescript, javascript: &javascript };
    let name = batches.called(context, source, edit)?;
    layout.put(&name, &[rounds.list.clone(), AT_A_TIME.to_string(), layout.work(Function::Async)], edit);
    Ok(())
}

/// Whether a file can load a library that its package has.
fn usable(context: &Context<'_>, source: &Source<'_>, library: &Library) -> bool {
    let Some(manifest) = npm(context.snapshot, source.file) else { return false };
    if !imports::depends_on(context, source, library.module) {
        return false;
    }
    let loads_all = major(context.snapshot, source.file, library.module).is_some_and(|major| major < library.modules_only);
    let is_module = imports::style(context, source) == Style::Import && (manifest.is_module || source.path.extension() == Some("mjs"));
    loads_all || is_module
}

/// What a file calls a library, which it loads from now on.
fn library(context: &Context<'_>, source: &Source<'_>, library: &Library, edit: &mut Edit) -> Result<String, Refusal> {
    let is_it = |imported: &Imported| matches!(imported, Imported::Default | Imported::Require);
    if let Some(import) = source.facts.imports.iter().find(|it| it.source == library.module && is_it(&it.imported) && !it.type_only) {
        return Ok(import.local.to_string());
    }
    if source.declares(library.name) {
        return Err(Refusal::new(format!("the name {} means something else in {}", library.name, source.name())));
    }
    let import = imports::statement(context, source, library.name, library.module);
    imports::add(source, source.text.len() as u32, Some(import), None, edit);
    Ok(library.name.to_owned())
}

/// Whether no function begins between a statement and a part of it.
fn is_in_same_function(source: &Source<'_>, statement: TextRange, part: TextRange) -> bool {
    let between = |range: TextRange| statement.contains(range) && range.contains(part) && range != part;
    !source.facts.functions.iter().any(|function| function.kind != FunctionKind::Module && between(function.range))
}

/// As what kind of function something is done.
#[derive(PartialEq)]
enum Function {
    /// Of the element, as it was.
    Given,
    /// Of the element, and one that makes a promise in any case.
    Async,
    /// Of nothing, as it was.
    Bare,
}

/// How the rounds are laid out, and how they are to be.
struct Layout<'s, 'a> {
    source: &'s Source<'a>,
    rounds: &'s Rounds,
    /// What the lines of the body begin with now.
    own: &'s str,
    /// What the line begins with that all of it begins on.
    indent: &'s str,
}

impl<'s, 'a> Layout<'s, 'a> {
    fn of(source: &'s Source<'a>, rounds: &'s Rounds) -> Result<Self, Refusal> {
        let literals = source.tree().map(portolan_grammars::languages::Tree::multiline_literals).unwrap_or_default();
        if literals.iter().any(|literal| rounds.range.contains(*literal)) {
            return Err(Refusal::new("its lines cannot be moved as they are"));
        }
        Ok(Self { source, rounds, own: source.indent_at(rounds.body.start), indent: source.indent_at(rounds.range.start) })
    }

    /// What is done for each element, as a function whose further lines stand where those of all of it do.
    fn work(&self, function: Function) -> String {
        let (source, rounds) = (self.source, self.rounds);
        let params = if function == Function::Bare { "()" } else { rounds.params.as_str() };
        let mut parts: Parts = Vec::new();
        // Of rounds that may add nothing, each adds a list.
        let (open, close) = if self.adds_lists() { ("[", "]") } else { ("", "") };
        if let Some(gathered) = &rounds.gathered {
            let added = format!("return {open}{}{close}{}", source.slice(gathered.value), statement_end(source));
            parts.push((gathered.push, added));
        }
        parts.extend(rounds.skips.iter().map(|skip| (*skip, if self.adds_lists() { "return []" } else { "return" }.to_owned())));
        let body = rewritten(source, rounds.body, &parts);
        let body = if rounds.gathered.is_none() && rounds.waits == Waits::ForEach && !body.starts_with('{') {
            let (newline, unit) = (source.newline(), source.indent_unit());
            format!("{{{newline}{}{unit}{body}{newline}{}}}", self.own, self.own)
        } else {
            body
        };
        let word = if rounds.is_async || function == Function::Async { "async " } else { "" };
        format!("{word}{params} => {}", self.shifted(&body, ""))
    }

    /// Whether what a round gives back is a list of what it adds.
    fn adds_lists(&self) -> bool {
        self.rounds.gathered.is_some() && !self.rounds.skips.is_empty()
    }

    /// A text with its further lines at the depth of all of it, and `deeper`.
    fn shifted(&self, text: &str, deeper: &str) -> String {
        let mut lines = text.split('\n');
        let first = lines.next().unwrap_or_default().to_owned();
        lines.fold(first, |mut all, line| {
            all.push('\n');
            match line.strip_prefix(self.own) {
                Some(rest) if !line.trim().is_empty() => all.push_str(&format!("{}{deeper}{rest}", self.indent)),
                _ => all.push_str(line),
            }
            all
        })
    }

    /// Lines further in.
    fn deeper(&self, text: &str, levels: usize) -> String {
        let unit = self.source.indent_unit().repeat(levels);
        let further = |(at, line): (usize, &str)| if at == 0 || line.trim().is_empty() { line.to_owned() } else { format!("{unit}{line}") };
        text.split('\n').enumerate().map(further).collect::<Vec<_>>().join("\n")
    }

    /// Puts a call in place of the loop, which waits for it where the loop did.
    fn put(&self, callee: &str, args: &[String], edit: &mut Edit) {
        let (newline, unit) = (self.source.newline(), self.source.indent_unit());
        let call = format!("{callee}({})", args.join(", "));
        let others = &args[..args.len() - 1];
        let hugs = !others.iter().any(|argument| argument.contains('\n'));
        if hugs && self.first_line(&call) <= width(self.source) {
            self.replace(&call, edit);
            return;
        }
        let comma = argument_comma(self.source);
        let args: Vec<String> = args.iter().map(|argument| format!("{newline}{}{unit}{}", self.indent, self.deeper(argument, 1))).collect();
        let args = args.join(",");
        self.replace(&format!("{callee}({args}{comma}{newline}{})", self.indent), edit);
    }

    /// Puts `Promise.all` with a limit around what is done for each in place of the loop.
    fn put_limited(&self, edit: &mut Edit) {
        let (newline, unit) = (self.source.newline(), self.source.indent_unit());
        let (over, params, work) = (&self.rounds.list, &self.rounds.params, self.work(Function::Bare));
        let call = format!("Promise.all({over}.map({params} => {LIMIT}({work})))");
        if !work.contains('\n') && self.first_line(&call) <= width(self.source) {
            self.replace(&call, edit);
            return;
        }
        let (one, two) = (format!("{newline}{}{unit}", self.indent), format!("{newline}{}{unit}{unit}", self.indent));
        let comma = argument_comma(self.source);
        let line = format!("{over}.map({params} => {LIMIT}({work})){comma}");
        if !work.contains('\n') && line.len() + one.len() <= width(self.source) {
            self.replace(&format!("Promise.all({one}{line}{newline}{})", self.indent), edit);
            return;
        }
        let work = self.deeper(&work, 2);
        let text = format!("Promise.all({one}{over}.map({params} =>{two}{LIMIT}({work}){comma}{one}){comma}{newline}{})", self.indent);
        self.replace(&text, edit);
    }

    /// How long the first line gets with a call in the loop's place.
    fn first_line(&self, call: &str) -> usize {
        let (before, after) = self.around();
        let line = format!("{before}{call}{after}");
        line.lines().next().map_or(0, str::len) + self.column()
    }

    /// What stands before and behind a call that takes the loop's place.
    fn around(&self) -> (String, String) {
        let end = statement_end(self.source);
        match (self.rounds.waits, &self.rounds.gathered) {
            (Waits::ForAll, _) => (String::new(), String::new()),
            (Waits::ForEach, None) => ("await ".to_owned(), end.to_owned()),
            (Waits::ForEach, Some(gathered)) if self.adds_lists() => {
                (format!("{}(await ", self.source.slice(gathered.bound)), format!(").flat(){end}"))
            }
            (Waits::ForEach, Some(gathered)) => (format!("{}await ", self.source.slice(gathered.bound)), end.to_owned()),
        }
    }

    /// How much of its line stands before it.
    fn column(&self) -> usize {
        let start = self.replaced().start;
        start as usize - self.source.line_start(start)
    }

    fn replaced(&self) -> TextRange {
        let range = self.rounds.range;
        TextRange { start: self.rounds.gathered.as_ref().map_or(range.start, |gathered| gathered.bound.start), end: range.end }
    }

    /// Puts a call there; brackets around one of several lines have lines of their own.
    fn replace(&self, call: &str, edit: &mut Edit) {
        let (before, after) = self.around();
        let text = match before.strip_suffix("await ") {
            Some(open) if self.adds_lists() && call.contains('\n') => {
                let (newline, unit, indent) = (self.source.newline(), self.source.indent_unit(), self.indent);
                format!("{open}{newline}{indent}{unit}await {}{newline}{indent}{after}", self.deeper(call, 1))
            }
            _ => format!("{before}{call}{after}"),
        };
        edit.replace(self.source.file, self.replaced(), text);
    }
}

const TYPESCRIPT: &str = r#"/** Does some work for each item, and for so many of them at a time. */
export async function inBatches<T, R>(
  items: readonly T[],
  size: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
"#;

const JAVASCRIPT: &str = r#"/**
 * Does some work for each item, and for so many of them at a time.
 *
 * @template T, R
 * @param {readonly T[]} items
 * @param {number} size
 * @param {(item: T, index: number) => Promise<R>} work
 * @returns {Promise<R[]>}
 */
export async function inBatches(items, size, work) {
  /** @type {R[]} */
  const results = [];
"#;

/// What both go on with.
const ROUNDS: &str = r"  for (let start = 0; start < items.length; start += size) {
    const batch = items.slice(start, start + size);
    const working = batch.map((item, index) => work(item, start + index));
    results.push(...(await Promise.all(working)));
  }
  return results;
}
";
