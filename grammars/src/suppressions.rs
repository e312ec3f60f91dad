//! Comments by which people accept findings: `// portolan: allow(rule) reason`.
//!
//! Here lives what such a comment says, which lines it is for, and where one more can stand. What deliberately does not: which rules there are,
//! and what they find. Invariant: a text without the word costs one search, and nothing outside of a comment is read as one.

use camino::Utf8Path;
use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::FileKind;
use crate::facts::{Spanned, Symbol, TextRange};
use crate::languages::Tree;
use crate::manifests::ManifestFormat;

/// What a comment that is meant for Portolan begins with.
const WORD: &str = "portolan:";
/// How a comment is written that is understood.
const FORM: &str = "write `portolan: allow(rule) reason`, or `allow-file(rule)` for all of the file";

/// A comment by which findings are accepted, or which was meant to be one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suppression {
    /// The rules whose findings it is about.
    pub rules: Vec<Spanned<Symbol>>,
    /// Why they are accepted; empty where that is not said.
    pub reason: Symbol,
    /// Where findings begin that it is about.
    pub covers: TextRange,
    /// Why it is not understood.
    pub problem: Option<Symbol>,
    /// The comment, or its part that speaks to Portolan.
    pub range: TextRange,
}

/// How a comment begins and ends.
#[derive(Debug, Clone, Copy)]
struct Syntax {
    open: &'static str,
    close: &'static str,
}

const SLASHES: Syntax = Syntax { open: "//", close: "" };
const BLOCK: Syntax = Syntax { open: "/*", close: "*/" };
const HASH: Syntax = Syntax { open: "#", close: "" };
const DASHES: Syntax = Syntax { open: "--", close: "" };
const MARKUP: Syntax = Syntax { open: "<!--", close: "-->" };

/// The comments of a file, the usual one first; none where there are no comments.
fn syntaxes(path: &Utf8Path, kind: FileKind) -> &'static [Syntax] {
    match kind {
        FileKind::Source(_) => &[SLASHES, BLOCK],
        FileKind::Component => &[SLASHES, BLOCK, MARKUP],
        FileKind::Manifest(ManifestFormat::Npm) => &[],
        FileKind::Manifest(ManifestFormat::TsConfig | ManifestFormat::Proto | ManifestFormat::Prisma | ManifestFormat::Go) => {
            &[SLASHES, BLOCK]
        }
        FileKind::Manifest(ManifestFormat::Arrows) => &[SLASHES, BLOCK, HASH],
        FileKind::Manifest(ManifestFormat::Sql) => &[DASHES, BLOCK],
        FileKind::Manifest(_) => match path.extension() {
            Some("json") => &[],
            Some("hcl") => &[HASH, SLASHES, BLOCK],
            Some("tpl") => &[HASH, BLOCK],
            _ => &[HASH],
        },
    }
}

/// Finds the comments of a file. `tree` is that of a source file's text.
pub(crate) fn read(path: &Utf8Path, text: &str, kind: FileKind, tree: Option<&Tree>) -> Vec<Suppression> {
    let places = memmem::find_iter(text.as_bytes(), WORD);
    places.filter_map(|at| comment(path, text, kind, tree, at)).collect()
}

/// The comment in which the word stands at a byte, if it is one and says more than a word.
fn comment(path: &Utf8Path, text: &str, kind: FileKind, tree: Option<&Tree>, at: usize) -> Option<Suppression> {
    let line = line_start(text, at);
    let before = text[line..at].trim_end();
    let syntax = syntaxes(path, kind).iter().find(|syntax| before.ends_with(syntax.open))?;
    let code = before.trim_end_matches(syntax.open);
    let open = line + code.len();
    let is_source = !matches!(kind, FileKind::Manifest(_)) && syntax.open != MARKUP.open;
    // In a manifest, a comment begins a line or stands behind white space.
    let is_comment = if is_source { tree?.is_comment(open) } else { code.is_empty() || code.ends_with([' ', '\t', '{', '-']) };
    if !is_comment {
        return None;
    }
    let rest = &text[at + WORD.len()..];
    let rest = &rest[..rest.find('\n').unwrap_or(rest.len())];
    let (said, behind) = match rest.find(syntax.close).filter(|_| !syntax.close.is_empty()) {
        Some(end) => (&rest[..end], &rest[end + syntax.close.len()..]),
        None => (rest, ""),
    };
    let directive = directive(said, at + WORD.len())?;
    let is_alone = [code, behind].iter().all(|side| side.trim_matches([' ', '\t', '\r', '{', '}', '-']).is_empty());
    let covers = match (directive.whole_file, is_alone) {
        (true, _) => TextRange { start: 0, end: u32::MAX },
        (false, true) => next_line(path, text, kind, tree, at).map(|start| covered(text, tree, start)).unwrap_or_default(),
        (false, false) => line_range(text, line),
    };
    let range = TextRange::new(open, at + WORD.len() + said.trim_end().len() + if behind.is_empty() { 0 } else { syntax.close.len() });
    Some(Suppression { rules: directive.rules, reason: directive.reason, covers, problem: directive.problem, range })
}

#[derive(Default)]
struct Directive {
    rules: Vec<Spanned<Symbol>>,
    reason: Symbol,
    whole_file: bool,
    problem: Option<Symbol>,
}

/// What stands behind the word, at byte `at`: `allow(rule, rule) reason`. Prose that begins with the word says nothing.
fn directive(said: &str, at: usize) -> Option<Directive> {
    let trimmed = said.trim_start();
    let at = at + said.len() - trimmed.len();
    let verb = &trimmed[..trimmed.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').unwrap_or(trimmed.len())];
    let behind = &trimmed[verb.len()..];
    let known = matches!(verb, "allow" | "allow-file");
    if !known && (verb.is_empty() || !behind.starts_with('(')) {
        return None;
    }
    let wrong = |why: &str| Some(Directive { problem: Some(format!("{why}; {FORM}").into()), ..Directive::default() });
    if !known {
        return wrong(&format!("`{verb}` is not known"));
    }
    let Some(inner) = behind.trim_start().strip_prefix('(') else { return wrong("it names no rule") };
    let start = at + trimmed.len() - inner.len();
    let Some((names, reason)) = inner.split_once(')') else { return wrong("its `(` is not closed") };
    let mut rules = Vec::new();
    let mut offset = start;
    for name in names.split(',') {
        let bare = name.trim();
        let begin = offset + name.len() - name.trim_start().len();
        if !bare.is_empty() {
            rules.push(Spanned::new(Symbol::new(bare), TextRange::new(begin, begin + bare.len())));
        }
        offset += name.len() + 1;
    }
    if rules.is_empty() {
        return wrong("it names no rule");
    }
    let reason = reason.trim().trim_start_matches([':', '-', '–', '—']).trim();
    // What a code action leaves to be filled in.
    let reason = if reason == PLACEHOLDER { "" } else { reason };
    Some(Directive { rules, reason: reason.into(), whole_file: verb == "allow-file", problem: None })
}

/// What stands for a reason that is still to be written.
const PLACEHOLDER: &str = "<why>";

/// Where the first line below that of byte `at` begins that is neither empty nor a comment.
fn next_line(path: &Utf8Path, text: &str, kind: FileKind, tree: Option<&Tree>, at: usize) -> Option<usize> {
    let mut start = line_end(text, at);
    while start < text.len() {
        let line = text[start..line_end(text, start)].trim_start_matches(['{', ' ', '\t']).trim();
        let opens = syntaxes(path, kind).iter().any(|syntax| line.starts_with(syntax.open));
        // Comments go over several lines.
        if !line.is_empty() && !opens && !tree.is_some_and(|tree| tree.is_comment(first_letter(text, start))) {
            return Some(start);
        }
        start = line_end(text, start);
    }
    None
}

/// What a comment above a line is for: the line, and in source code the rest of the statement that begins there, up to its first body.
fn covered(text: &str, tree: Option<&Tree>, start: usize) -> TextRange {
    let mut covered = line_range(text, start);
    if let Some(head) = tree.and_then(|tree| tree.head_at(first_letter(text, start))) {
        covered.end = covered.end.max(head.end);
    }
    covered
}

/// A line that is put into a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insertion {
    /// Before which byte.
    pub offset: u32,
    /// The line, with its end.
    pub line: String,
}

/// The comment that accepts what a rule finds at a byte, above the statement or line of it; nothing where no comment can stand.
pub fn insertion(path: &Utf8Path, text: &str, kind: FileKind, tree: Option<&Tree>, offset: u32, rule: &str) -> Option<Insertion> {
    let at = (offset as usize).min(text.len());
    let syntax = match (kind, tree) {
        (FileKind::Source(_) | FileKind::Component, None) => return None,
        _ => syntaxes(path, kind).first()?,
    };
    let own = line_start(text, at);
    let statement = tree.and_then(|tree| {
        let mut line = own;
        // A statement that does not begin its line is part of one that does.
        for _ in 0..8 {
            let start = line_start(text, tree.statement_at(first_letter(text, line))?);
            if start == line {
                return Some(line);
            }
            line = start;
        }
        None
    });
    let fits =
        |line: &usize| covered(text, tree, *line).touches(offset) && tree.is_none_or(|tree| tree.takes_comment(first_letter(text, *line)));
    let line = statement.filter(fits).or(Some(own).filter(fits))?;
    let indent = &text[line..first_letter(text, line)];
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let close = if syntax.close.is_empty() { String::new() } else { format!(" {}", syntax.close) };
    let line_text = format!("{indent}{} {WORD} allow({rule}) {PLACEHOLDER}{close}{newline}", syntax.open);
    Some(Insertion { offset: line as u32, line: line_text })
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the line behind that of byte `at` begins.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

fn line_range(text: &str, start: usize) -> TextRange {
    TextRange::new(start, line_end(text, start))
}

/// The first byte of a line that is no white space.
fn first_letter(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    start + rest.find(|letter: char| !matches!(letter, ' ' | '\t' | '\u{feff}')).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests;
