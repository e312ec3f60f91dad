//! Findings as text for a terminal: message, excerpt of the source, and the places that belong to it.
//!
//! Invariant: findings appear in the order they are given, and equal findings over equal texts make equal output.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use camino::Utf8Path;
use portolan_analysis::rules::{Finding, Severity};
use portolan_analysis::{FileId, Place, Snapshot};
use rustc_hash::FxHashMap;

use crate::load::read_disk;

/// A range that is longer than this is shown by its first line.
const LONG_EXCERPT: usize = 5;

/// How the text is to look.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// With terminal colours.
    pub colours: bool,
    /// Columns of a line.
    pub width: usize,
}

/// All findings, one after the other, with excerpts of the files below `root`.
pub fn render(root: &Path, snapshot: &Snapshot, findings: &[Finding], style: Style) -> String {
    let renderer = if style.colours { Renderer::styled().decor_style(DecorStyle::Unicode) } else { Renderer::plain() };
    let renderer = renderer.term_width(style.width);
    let mut texts: FxHashMap<FileId, String> = FxHashMap::default();
    for place in findings.iter().flat_map(places) {
        texts.entry(place.file).or_insert_with(|| {
            // A file that went away since shows no excerpt.
            read_disk(&root.join(snapshot.files.path(place.file))).map(|text| text.text).unwrap_or_default()
        });
    }
    let mut out = String::new();
    for finding in findings {
        out.push_str(&renderer.render(&[group(snapshot, &texts, finding)]));
        out.push_str("\n\n");
    }
    out
}

/// The places of a finding, its own first.
fn places(finding: &Finding) -> impl Iterator<Item = Place> {
    std::iter::once(finding.place).chain(finding.related.iter().map(|(place, _)| *place))
}

fn group<'a>(snapshot: &'a Snapshot, texts: &'a FxHashMap<FileId, String>, finding: &'a Finding) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Information => Level::NOTE,
        Severity::Hint => Level::INFO.with_name("hint"),
    };
    let mut group = Group::with_title(level.primary_title(finding.message.as_str()).id(finding.rule));
    let mut files: Vec<FileId> = Vec::new();
    for place in places(finding) {
        if !files.contains(&place.file) {
            files.push(place.file);
        }
    }
    for file in files {
        let path = snapshot.files.path(file);
        let text = texts.get(&file).map(String::as_str).unwrap_or_default();
        let related = finding.related.iter().filter(|(place, _)| place.file == file);
        if text.is_empty() {
            let lines = std::iter::once(finding.place).filter(|place| place.file == file).chain(related.map(|(place, _)| *place));
            for place in lines {
                group = group.element(origin(snapshot, path, place));
            }
            continue;
        }
        let mut snippet = Snippet::source(text).path(path.as_str()).fold(true);
        if finding.place.file == file {
            snippet = snippet.annotation(AnnotationKind::Primary.span(excerpt(text, finding.place)));
        }
        for (place, words) in related {
            snippet = snippet.annotation(AnnotationKind::Context.span(excerpt(text, *place)).label(words.as_str()));
        }
        group = group.element(snippet);
    }
    group
}

fn origin<'a>(snapshot: &Snapshot, path: &'a Utf8Path, place: Place) -> Origin<'a> {
    Origin::path(path.as_str()).line(snapshot.files.line(place) as usize)
}

/// The bytes of `text` to underline for a place: within the text, on character boundaries, not too many lines.
fn excerpt(text: &str, place: Place) -> Range<usize> {
    let start = boundary(text, place.range.start, false);
    let end = boundary(text, place.range.end, true).max(start);
    let range = &text[start..end];
    if range.lines().count() > LONG_EXCERPT {
        let first = range.lines().next().unwrap_or_default();
        return start..start + first.len();
    }
    start..end
}

/// The nearest boundary between characters, before or (`up`) behind an offset.
fn boundary(text: &str, offset: u32, up: bool) -> usize {
    let mut at = (offset as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at = if up { at + 1 } else { at - 1 };
    }
    at
}

/// One line on what was found, where, and what is not known: `3 warnings, 2 notes in 5 services; 12 calls unresolved (see portolan chart)`.
pub fn summary(snapshot: &Snapshot) -> String {
    let count = |severity| snapshot.findings.iter().filter(|finding| finding.severity == severity).count();
    let found: Vec<String> = [
        (Severity::Error, "error", "errors"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Information, "note", "notes"),
        (Severity::Hint, "hint", "hints"),
    ]
    .into_iter()
    .map(|(severity, one, many)| (count(severity), one, many))
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, many)| counted(count, one, many))
    .collect();
    let found = if found.is_empty() { "no findings".to_owned() } else { found.join(", ") };
    let services = snapshot.chart.services.iter().filter(|service| !service.third_party).count();
    let mut line = format!("{found} in {}", counted(services, "service", "services"));
    let unresolved = snapshot.chart.unresolved.len();
    if unresolved > 0 {
        line.push_str(&format!("; {} unresolved (see portolan chart)", counted(unresolved, "call", "calls")));
    }
    line
}

/// `1 call`, `2 calls`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use portolan_analysis::World;
    use portolan_grammars::catalog::Catalog;
    use portolan_grammars::facts::{Language, TextRange};
    use portolan_grammars::{FileKind, read};

    use super::*;

    #[test]
    fn excerpts_of_two_files_and_of_one_that_is_gone() {
        let texts = [("a.rs", "let é = \"🦀\";\nlet b = 2;\n"), ("b.rs", "fn f() {}\n"), ("gone.rs", "x\ny\n")];
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::new(Catalog::builtin());
        for (path, text) in texts {
            world.set(path.into(), Arc::new(read(Utf8Path::new(path), text, FileKind::Source(Language::Rust))));
            if path != "gone.rs" {
                std::fs::write(folder.path().join(path), text).unwrap();
            }
        }
        let snapshot = world.snapshot();
        let place =
            |path: &str, start, end| Place { file: snapshot.files.id(Utf8Path::new(path)).unwrap(), range: TextRange::new(start, end) };
        let finding = Finding {
            rule: "some-rule",
            severity: Severity::Information,
            message: "a waits for b".to_owned(),
            // Ends within the crab.
            place: place("a.rs", 4, 12),
            related: vec![(place("b.rs", 3, 4), "answers".to_owned()), (place("gone.rs", 2, 900), "was".to_owned())],
            identity: "some-rule".into(),
            services: Vec::new(),
        };
        let text = render(folder.path(), &snapshot, &[finding], Style { colours: false, width: 100 });
        for part in ["note[some-rule]: a waits for b", "a.rs:1:5", "let é = \"🦀\";", "b.rs:1:4", "answers", "gone.rs:2"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert_eq!(summary(&snapshot), "no findings in 0 services");
    }
}
