//! Messages with excerpts of the source, as compilers show them: a sentence, the place it is about, and the places that belong to it.
//!
//! Invariant: messages appear in the order they are given, and equal messages over equal texts make equal output.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use camino::Utf8Path;
use portolan_analysis::{FileId, Place, Snapshot};

use super::texts::{Texts, boundary};

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

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something is wrong.
    Error,
    /// Something is wrong, or will be.
    Warning,
    /// Something is so.
    Note,
    /// Something may be.
    Hint,
    /// Something is explained.
    Plain,
}

/// A sentence about a place.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// What it is.
    pub tone: Tone,
    /// The name of what says it.
    pub id: Option<&'a str>,
    /// The sentence.
    pub title: &'a str,
    /// The place.
    pub place: Place,
    /// Words at the place.
    pub label: Option<&'a str>,
    /// Further places with words.
    pub related: Vec<(Place, &'a str)>,
    /// Further sentences.
    pub notes: Vec<&'a str>,
}

/// All messages, one after the other, with excerpts of the files below `root`.
pub fn render(root: &Path, snapshot: &Snapshot, messages: &[Message<'_>], style: Style) -> String {
    let renderer = if style.colours { Renderer::styled().decor_style(DecorStyle::Unicode) } else { Renderer::plain() };
    let renderer = renderer.term_width(style.width);
    let texts = Texts::read(root, snapshot, messages.iter().flat_map(places));
    let mut out = String::new();
    for message in messages {
        out.push_str(&renderer.render(&[group(snapshot, &texts, message)]));
        out.push_str("\n\n");
    }
    out
}

/// The places of a message, its own first.
fn places(message: &Message<'_>) -> impl Iterator<Item = Place> {
    std::iter::once(message.place).chain(message.related.iter().map(|(place, _)| *place))
}

fn group<'a>(snapshot: &'a Snapshot, texts: &'a Texts<'a>, message: &'a Message<'a>) -> Group<'a> {
    let level = match message.tone {
        Tone::Error => Level::ERROR,
        Tone::Warning => Level::WARNING,
        Tone::Note => Level::NOTE,
        Tone::Hint => Level::INFO.with_name("hint"),
        Tone::Plain => Level::INFO.with_name("why"),
    };
    let title = level.primary_title(message.title);
    let mut group = Group::with_title(match message.id {
        Some(id) => title.id(id),
        None => title,
    });
    let mut files: Vec<FileId> = Vec::new();
    for place in places(message) {
        if !files.contains(&place.file) {
            files.push(place.file);
        }
    }
    for file in files {
        let path = snapshot.files.path(file);
        let text = texts.text(file);
        let related = message.related.iter().filter(|(place, _)| place.file == file);
        if text.is_empty() {
            let lines = std::iter::once(message.place).filter(|place| place.file == file).chain(related.map(|(place, _)| *place));
            for place in lines {
                group = group.element(origin(snapshot, path, place));
            }
            continue;
        }
        let mut snippet = Snippet::source(text).path(path.as_str()).fold(true);
        if message.place.file == file {
            let primary = AnnotationKind::Primary.span(excerpt(text, message.place));
            snippet = snippet.annotation(match message.label {
                Some(label) => primary.label(label),
                None => primary,
            });
        }
        for (place, words) in related {
            snippet = snippet.annotation(AnnotationKind::Context.span(excerpt(text, *place)).label(*words));
        }
        group = group.element(snippet);
    }
    for note in &message.notes {
        group = group.element(Level::NOTE.no_name().message(*note));
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
