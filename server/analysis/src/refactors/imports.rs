//! Names that an edit of an ECMAScript file needs from elsewhere, imported in the way the file imports.
//!
//! Invariant: a name that the file has from that module already keeps the name it has there, and none that it has otherwise is taken.

use std::cmp::Ordering;

use portolan_grammars::facts::{FunctionId, Import, Imported, Language, TextRange};

use super::packages::npm;
use super::{Context, Edit, Refusal, Source};
use crate::workspace::modules::Specifier;

/// What a file calls some names of a module.
pub(super) struct Names {
    /// In the order in which they were asked for.
    pub(super) called: Vec<String>,
    /// The statement that imports those it did not have, where no list of the file could be made longer.
    pub(super) statement: Option<String>,
}

/// Makes names of a module of a package, or of the workspace, available. A list of names that the file imports already is made longer by `edit`.
pub(super) fn import(context: &Context<'_>, source: &Source<'_>, module: &str, names: &[&str], edit: &mut Edit) -> Result<Names, Refusal> {
    let loads = |import: &&Import| import.source == module && is_own(import) && !import.type_only;
    let loaded: Vec<&Import> = source.facts.imports.iter().filter(loads).collect();
    let namespace = loaded.iter().find(|import| matches!(import.imported, Imported::Namespace | Imported::Require));
    let (mut missing, mut called) = (Vec::new(), Vec::new());
    for name in names {
        let named = loaded.iter().find(|import| matches!(&import.imported, Imported::Named(other) if other == name));
        called.push(match (named, namespace) {
            (Some(import), _) => import.local.to_string(),
            (None, Some(import)) => format!("{}.{name}", import.local),
            (None, None) if source.declares(name) => {
                return Err(Refusal::new(format!("the name {name} means something else in {}", source.name())));
            }
            (None, None) => {
                missing.push(*name);
                (*name).to_owned()
            }
        });
    }
    if missing.is_empty() {
        return Ok(Names { called, statement: None });
    }
    let own = matches!(context.snapshot.workspace.modules.specifier(source.file, module), Specifier::File(_));
    let is_of_node = module.starts_with("node:") || module == "crypto";
    if !own && !is_of_node && !depends_on(context, source, module) {
        return Err(Refusal::new(format!("{module} is no dependency of its package")));
    }
    if let Some(last) = loaded.iter().rev().find(|import| matches!(import.imported, Imported::Named(_))) {
        let longer: String = missing.iter().map(|name| format!(", {name}")).collect();
        edit.insert(source.file, last.range.end, longer);
        return Ok(Names { called, statement: None });
    }
    let statement = statement(context, source, &format!("{{ {} }}", missing.join(", ")), module);
    Ok(Names { called, statement: Some(statement) })
}

/// A statement that takes a name, or names in braces, from a module.
pub(super) fn statement(context: &Context<'_>, source: &Source<'_>, names: &str, module: &str) -> String {
    let (quote, end) = (quote_of_imports(source), statement_end(source));
    match style(context, source) {
        Style::Import => format!("import {names} from {quote}{module}{quote}{end}"),
        Style::Require => format!("const {names} = require({quote}{module}{quote}){end}"),
    }
}

/// A text with two spaces a level, double quotes and semicolons, in the style of a file.
pub(super) fn in_style(source: &Source<'_>, text: &str) -> String {
    let text = text.replace("  ", "\t").replace('\t', &source.indent_unit());
    let text = text.replace('"', &quote(source).to_string());
    let text = if statement_end(source).is_empty() { text.replace(";\n", "\n") } else { text };
    text.replace('\n', source.newline())
}

/// Adds an import behind those of the file that stand before `before`, and a constant behind them all.
pub(super) fn add(source: &Source<'_>, before: u32, import: Option<String>, constant: Option<String>, edit: &mut Edit) {
    let newline = source.newline();
    match end_of_imports(source, before) {
        Some(end) => {
            let import = import.map(|import| format!("{newline}{import}"));
            let constant = constant.map(|constant| format!("{newline}{newline}{constant}"));
            edit.insert(source.file, end, [import, constant].into_iter().flatten().collect::<String>());
        }
        None => {
            let lines: String = [import, constant].into_iter().flatten().map(|line| format!("{line}{newline}{newline}")).collect();
            edit.insert(source.file, top(source), lines);
        }
    }
}

/// How a file loads modules.
#[derive(PartialEq)]
pub(super) enum Style {
    /// `import { a } from 'b'`.
    Import,
    /// `const { a } = require('b')`.
    Require,
}

/// How a file does.
pub(super) fn style(context: &Context<'_>, source: &Source<'_>) -> Style {
    let is_module = source.text.lines().any(|line| line.starts_with("import ") || line.starts_with("export "));
    let requires = source.text.contains("require(");
    match (source.facts.language, source.path.extension()) {
        (_, Some("mjs" | "mts")) => Style::Import,
        (_, Some("cjs")) => Style::Require,
        _ if is_module => Style::Import,
        _ if requires => Style::Require,
        (Language::JavaScript, _) if !npm(context.snapshot, source.file).is_some_and(|manifest| manifest.is_module) => Style::Require,
        _ => Style::Import,
    }
}

/// Whether the file's package has a module's package among its dependencies.
pub(super) fn depends_on(context: &Context<'_>, source: &Source<'_>, module: &str) -> bool {
    npm(context.snapshot, source.file).is_some_and(|manifest| manifest.dependencies.iter().any(|(name, _)| name == module))
}

fn is_own(import: &Import) -> bool {
    import.function == FunctionId::MODULE && !import.reexport
}

/// Where the line of the last import before `before` ends.
fn end_of_imports(source: &Source<'_>, before: u32) -> Option<u32> {
    let imports = source.facts.imports.iter().filter(|import| is_own(import) && import.range.end <= before);
    let last = imports.map(|import| import.range.end).max()?;
    let rest = &source.text[last as usize..];
    let line = |at: usize| last + rest[at..].find(['\r', '\n']).unwrap_or(rest.len() - at) as u32 + at as u32;
    let mut quoted = None;
    for (at, letter) in rest.char_indices() {
        match (quoted, letter) {
            // The module's name is the statement's last word, but for a bracket or a semicolon.
            (Some(quote), _) if letter == quote => return Some(line(at)),
            (None, '\'' | '"') => quoted = Some(letter),
            // The range was that of the whole statement, and not of the last name of a list.
            (None, '\n' | ';') if rest[..at].trim().is_empty() && !rest[at..].trim_start().starts_with('}') => return Some(line(at)),
            _ => {}
        }
    }
    None
}

/// Where the first statement may stand: behind a line that names an interpreter, and behind directives.
fn top(source: &Source<'_>) -> u32 {
    let mut at = if source.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    loop {
        let line = source.text[at..].split_inclusive('\n').next().unwrap_or_default();
        let directive = line.trim_start().strip_prefix(['\'', '"']).is_some_and(|rest| rest.starts_with("use "));
        if !(line.starts_with("#!") || directive) {
            return at as u32;
        }
        at += line.len();
    }
}

/// The quotes that modules stand in, where imports have others than the rest of a file.
fn quote_of_imports(source: &Source<'_>) -> char {
    let ends = |quote: char| {
        let starts = [format!(" from {quote}"), format!("require({quote}")];
        source.text.lines().filter(|line| starts.iter().any(|start| line.contains(start))).count()
    };
    match ends('"').cmp(&ends('\'')) {
        Ordering::Greater => '"',
        Ordering::Less => '\'',
        Ordering::Equal => quote(source),
    }
}

/// The quotes that the file writes most.
pub(super) fn quote(source: &Source<'_>) -> char {
    if source.text.matches('"').count() > source.text.matches('\'').count() { '"' } else { '\'' }
}

/// What statements of the file end with: a semicolon, unless more of its lines could have one and have none.
pub(super) fn statement_end(source: &Source<'_>) -> &'static str {
    let lines = || source.text.lines().map(str::trim_end);
    let with = lines().filter(|line| line.ends_with(';')).count();
    let without = lines().filter(|line| line.ends_with([')', '\'', '"'])).count();
    if with >= without { ";" } else { "" }
}

/// What stands behind the last of arguments that are on lines of their own: a comma, unless the file has none there.
pub(super) fn argument_comma(source: &Source<'_>) -> &'static str {
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    let lasts = lines
        .windows(2)
        .filter(|pair| pair[1].starts_with(')') && !pair[0].is_empty() && !pair[0].ends_with(['(', ';', '}']))
        .map(|pair| pair[0]);
    let lasts: Vec<&str> = lasts.collect();
    if lasts.is_empty() || lasts.iter().any(|last| last.ends_with(',')) { "," } else { "" }
}

/// Takes imports out of a file that nothing but a range of it mentions, which goes.
pub(super) fn without_unused(source: &Source<'_>, gone: TextRange, new: &str, edit: &mut Edit) {
    let Some(tree) = source.tree() else { return };
    let names = tree.names_in(TextRange::new(0, source.text.len()));
    for import in source.facts.imports.iter().filter(|import| !import.reexport && !import.local.is_empty()) {
        let statement = tree.statement_around(import.range);
        let Some(statement) = statement.filter(|range| !range.contains(gone)) else { continue };
        let mut mentions = names.iter().filter(|name| source.slice(**name) == import.local && !statement.contains(**name)).peekable();
        let unused = mentions.peek().is_some() && mentions.all(|name| gone.contains(*name)) && !Source::has_word(new, &import.local);
        let touched = edit
            .changes
            .get(&source.file)
            .is_some_and(|changes| changes.iter().any(|change| statement.start < change.range.start && change.range.start < statement.end));
        if !unused || touched {
            continue;
        }
        let alone = source.facts.imports.iter().filter(|other| statement.contains(other.range)).count() == 1;
        let after = source.text.get(import.range.end as usize..statement.end as usize).unwrap_or_default();
        let before = source.text.get(statement.start as usize..import.range.start as usize).unwrap_or_default();
        if alone && let Some(text) = edit.take_insertion(source.file, statement.end) {
            // What is imported instead takes its line.
            edit.replace(source.file, statement, text.trim_start());
        } else if alone {
            let (above, below) = (&source.text[..statement.start as usize], &source.text[statement.end as usize..]);
            let newline = source.newline();
            let blank = newline.repeat(2);
            // Of a group of its own, one of the empty lines around it goes, too.
            let is_group = (above.is_empty() || above.ends_with(&blank)) && below.starts_with(&blank);
            let lines = if is_group {
                blank.len()
            } else if below.starts_with(newline) {
                newline.len()
            } else {
                0
            };
            edit.replace(source.file, TextRange { start: statement.start, end: statement.end + lines as u32 }, "");
        } else if source.facts.language == Language::Rust
            && let Some((braces, other)) = the_other(source, statement, import)
        {
            edit.replace(source.file, braces, other);
        } else if let Some(rest) = after.strip_prefix(',') {
            let gap = 1 + rest.len() - rest.trim_start().len();
            edit.replace(source.file, TextRange { start: import.range.start, end: import.range.end + gap as u32 }, "");
        } else if let (Some(default), Some(_)) = (only_of_braces(before), after.trim_start().strip_prefix('}')) {
            let close = after.len() - after.trim_start().len() + 1;
            let range = TextRange { start: statement.start + default as u32, end: import.range.end + close as u32 };
            edit.replace(source.file, range, "");
        } else if let Some(comma) = before.rfind(',').filter(|comma| before[comma + 1..].trim().is_empty()) {
            edit.replace(source.file, TextRange { start: statement.start + comma as u32, end: import.range.end }, "");
        }
    }
}

/// The braces around an import of Rust and one more, which needs none alone: `bus` of `use crate::{App, bus};`.
fn the_other<'s>(source: &'s Source<'_>, statement: TextRange, import: &Import) -> Option<(TextRange, &'s str)> {
    let text = source.slice(statement);
    let (open, close) = (text.find('{')?, text.rfind('}')?);
    let inner: Vec<&str> = text[open + 1..close].split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let own = source.slice(import.range);
    let other = match inner[..] {
        [one, two] if two == own => one,
        [one, two] if one == own => two,
        _ => return None,
    };
    let is_simple = other != "self" && !text[open + 1..close].contains(['{', '/']);
    let braces = TextRange { start: statement.start + open as u32, end: statement.start + close as u32 + 1 };
    is_simple.then_some((braces, other))
}

/// Where the default import before a brace ends: `import axios` of `import axios, { `.
fn only_of_braces(before: &str) -> Option<usize> {
    before.trim_end().strip_suffix('{')?.trim_end().strip_suffix(',').map(str::len)
}
