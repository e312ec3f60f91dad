//! A source file to be edited: its facts and the very text they were read from.
//!
//! Invariant: there is no source whose text says something else than its facts.

use camino::Utf8Path;
use portolan_grammars::facts::{FunctionId, Language, SourceFacts, TextRange};
use portolan_grammars::languages::{self, Tree};

use super::{Refusal, Texts};
use crate::{FileId, Snapshot};

/// How long a line of Rust may get: rustfmt's default.
pub(super) const RUST_WIDTH: usize = 100;

/// A source file, ready for an edit.
pub(super) struct Source<'a> {
    pub(super) file: FileId,
    pub(super) path: &'a Utf8Path,
    pub(super) facts: &'a SourceFacts,
    pub(super) text: String,
    tree: Option<Tree>,
}

impl<'a> Source<'a> {
    /// Reads a file; refuses one that nobody should edit, or whose text is not the one the snapshot knows.
    pub(super) fn read(snapshot: &'a Snapshot, texts: &dyn Texts, file: FileId) -> Result<Self, Refusal> {
        let path = snapshot.files.path(file);
        let name = path.file_name().unwrap_or(path.as_str());
        let kind = languages::language_of(path);
        let (Some(facts), Some(kind)) = (snapshot.files.source(file), kind) else {
            return Err(Refusal::new(format!("{name} is not source code")));
        };
        if facts.generated {
            return Err(Refusal::new(format!("{name} is generated")));
        }
        let text = texts.text(path).map_err(|why| Refusal::new(format!("{name} {why}")))?;
        let (read, tree) = languages::read(path, &text, kind, None);
        if read != *facts {
            return Err(Refusal::new(format!("{name} was changed meanwhile")));
        }
        Ok(Self { file, path, facts, text, tree })
    }

    /// The file's name.
    pub(super) fn name(&self) -> &'a str {
        self.path.file_name().unwrap_or(self.path.as_str())
    }

    /// The syntax tree of the text.
    pub(super) fn tree(&self) -> Option<&Tree> {
        self.tree.as_ref()
    }

    /// The text of a range.
    pub(super) fn slice(&self, range: TextRange) -> &str {
        self.text.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The white space that the line of a byte begins with.
    pub(super) fn indent_at(&self, offset: u32) -> &str {
        let start = self.line_start(offset);
        let line = &self.text[start..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// Where the line of a byte begins.
    pub(super) fn line_start(&self, offset: u32) -> usize {
        self.text[..offset as usize].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The line of a byte.
    pub(super) fn line_of(&self, offset: u32) -> &str {
        self.text[self.line_start(offset)..].lines().next().unwrap_or_default()
    }

    /// What one level of indentation is: a tab, or the smallest step by which a line goes further in than the one before.
    pub(super) fn indent_unit(&self) -> String {
        let usual = if self.facts.language == Language::Rust { 4 } else { 2 };
        let mut counts = [0_usize; 9];
        let (mut tabs, mut before) = (0_usize, 0);
        for line in self.text.lines().filter(|line| !line.trim().is_empty()) {
            if line.starts_with('\t') {
                tabs += 1;
                continue;
            }
            let depth = line.len() - line.trim_start_matches(' ').len();
            // A comment's ` *` is no step.
            if let Some(step @ 2..=8) = depth.checked_sub(before) {
                counts[step] += 1;
            }
            before = depth;
        }
        if tabs > counts.iter().sum() {
            return "\t".to_owned();
        }
        let commonest = (2..=8).max_by_key(|step| (counts[*step], std::cmp::Reverse(*step))).filter(|step| counts[*step] > 0);
        " ".repeat(commonest.unwrap_or(usual))
    }

    /// How lines end.
    pub(super) fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// Whether a name stands anywhere in a text as a word of its own, be it code or not.
    pub(super) fn has_word(text: &str, word: &str) -> bool {
        Self::words(text, word).next().is_some()
    }

    /// Where a name stands in a text as a word of its own.
    pub(super) fn words<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
        let is_own = move |at: &usize| !text[..*at].ends_with(is_part_of_name) && !text[at + word.len()..].starts_with(is_part_of_name);
        text.match_indices(word).map(|(at, _)| at).filter(is_own)
    }

    /// How many a `?` of Rust stands at the end of a value, or behind it.
    pub(super) fn tried(&self, value: TextRange) -> usize {
        let own = self.slice(value);
        let mut rest = self.text.get(value.end as usize..).unwrap_or_default().trim_start();
        let mut tried = own.len() - own.trim_end_matches('?').len();
        loop {
            if let Some(behind) = rest.strip_prefix(".await") {
                rest = behind.trim_start();
            } else if let Some(behind) = rest.strip_prefix('?') {
                (rest, tried) = (behind, tried + 1);
            } else {
                return tried;
            }
        }
    }

    /// Whether the file gives a name a meaning, anywhere in it.
    pub(super) fn declares(&self, name: &str) -> bool {
        let facts = self.facts;
        facts.imports.iter().any(|import| import.local == name)
            || facts.bindings.iter().any(|binding| binding.name == name)
            || facts.types.iter().any(|ty| ty.name == name || ty.type_params.iter().any(|param| param == name))
            || facts.functions.iter().any(|function| function.name == name || function.params.iter().any(|param| param.name == name))
    }

    /// Whether a name means nothing in a function: nowhere in it is it a word, and nothing of all of the file is called so.
    pub(super) fn is_free_in(&self, name: &str, function: FunctionId) -> bool {
        let facts = self.facts;
        let of_file = facts.bindings.iter().any(|it| it.name == name && it.function == FunctionId::MODULE)
            || facts.functions.iter().any(|it| it.name == name && it.parent == FunctionId::MODULE)
            || facts.imports.iter().any(|import| import.local == name);
        !of_file && function != FunctionId::MODULE && !Self::has_word(self.slice(facts.function(function).range), name)
    }

    /// A range with `levels` more indentation; lines within literals stay as they are.
    pub(super) fn indented(&self, range: TextRange, levels: usize) -> String {
        let literals = self.tree.as_ref().map(Tree::multiline_literals).unwrap_or_default();
        let more = self.indent_unit().repeat(levels);
        let mut result = String::new();
        let mut offset = range.start;
        for (number, line) in self.slice(range).split_inclusive('\n').enumerate() {
            let within = literals.iter().any(|literal| literal.start < offset && offset < literal.end);
            if number > 0 && !within && !line.trim().is_empty() {
                result.push_str(&more);
            }
            result.push_str(line);
            offset += line.len() as u32;
        }
        result
    }
}

/// Whether a letter may be part of a name.
pub(super) fn is_part_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}
