//! From the parser's events to a tree. Invariant: [`MOST_NODES`] and [`DEEPEST`] hold for every tree, counted as if aliases were copies.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::templates::Masked;
use super::{Entry, Node, Value};
use crate::facts::{Spanned, Symbol, TextRange};
use crate::manifests::mend::Fault;

/// The largest tree that is built.
const MOST_NODES: usize = 200_000;
/// The deepest tree that is built; what lies deeper reads as nothing.
const DEEPEST: usize = 64;

/// Builds the documents of `part`, which begins at byte `base` of the whole text. On an error, what came before it is returned.
pub(super) fn build(part: &str, base: usize, masked: &Masked<'_>) -> (Vec<Node>, Option<Fault>) {
    let mut builder = Builder {
        part,
        base,
        masked,
        offsets: (!part.is_ascii()).then(|| part.char_indices().map(|(at, _)| at).collect()),
        frames: Vec::new(),
        skipped: 0,
        anchors: FxHashMap::default(),
        nodes: 0,
        documents: Vec::new(),
        fault: None,
    };
    for event in Parser::new_from_str(part) {
        match event {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => {
                let at = builder.byte(error.marker().index());
                builder.fault = Some(Fault { at, message: error.info().trim_end_matches('.').to_owned() });
                while !builder.frames.is_empty() {
                    builder.close(base + at);
                }
                return (builder.documents, builder.fault);
            }
        }
    }
    (builder.documents, builder.fault)
}

struct Builder<'t> {
    part: &'t str,
    base: usize,
    masked: &'t Masked<'t>,
    /// Byte offsets of characters, as the parser counts those; none if all are single bytes.
    offsets: Option<Vec<usize>>,
    frames: Vec<Frame>,
    /// How many containers too deep to keep are open.
    skipped: usize,
    anchors: FxHashMap<usize, Node>,
    nodes: usize,
    documents: Vec<Node>,
    fault: Option<Fault>,
}

/// A container that is not closed yet.
struct Frame {
    start: usize,
    anchor: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    /// Entries, and the key whose value is awaited; a key that is no scalar is `None` within.
    Mapping(Vec<Entry>, Option<Option<Spanned<Symbol>>>),
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) {
        let (start, end) = (self.base + self.byte(span.start.index()), self.base + self.byte(span.end.index()));
        match event {
            Event::SequenceStart(anchor, _) => self.open(start, anchor, Content::Sequence(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(start, anchor, Content::Mapping(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                if self.skipped > 1 {
                    self.skipped -= 1;
                } else {
                    self.skipped = 0;
                    self.close(end);
                }
            }
            Event::Scalar(..) | Event::Alias(_) if self.skipped > 0 => {}
            Event::Scalar(text, style, anchor, tag) => {
                let (mut node, end) = self.scalar(&text, style, start, end);
                node.tag = tag.map(|tag| tag.to_string().into());
                self.complete(node, anchor, end);
            }
            Event::Alias(anchor) => {
                let end = start + self.written(start, end).split([' ', '\t', '\r', '\n', ',', ']', '}']).next().map_or(0, str::len);
                let node = self.alias(anchor, start, end);
                self.complete(node, 0, end);
            }
            _ => {}
        }
    }

    fn open(&mut self, start: usize, anchor: usize, content: Content) {
        if self.skipped > 0 || self.frames.len() >= DEEPEST {
            // The first of them takes a frame, so that it is completed as the value it is.
            if self.skipped == 0 {
                self.frames.push(Frame { start, anchor: 0, content });
            }
            self.skipped += 1;
        } else {
            self.frames.push(Frame { start, anchor, content });
        }
    }

    fn close(&mut self, end: usize) {
        let Some(frame) = self.frames.pop() else { return };
        let is_flow = self.part.as_bytes().get(frame.start - self.base).is_some_and(|byte| matches!(byte, b'[' | b'{'));
        let closed = |last: Option<u32>| if is_flow { end } else { last.map_or(frame.start, |last| last as usize) };
        let (mut size, mut height) = (1, 0);
        let mut count = |node: &Node| {
            size += node.size;
            height = height.max(node.height);
        };
        let (value, range) = match frame.content {
            Content::Sequence(items) => {
                items.iter().for_each(&mut count);
                let range = TextRange::new(frame.start, closed(items.iter().map(|item| item.range.end).next_back()));
                (Value::Sequence(Rc::new(items)), range)
            }
            Content::Mapping(mut entries, key) => {
                if let Some(Some(key)) = key {
                    let range = key.range;
                    entries.push(Entry { key, value: null(range.end as usize), range });
                }
                let range = TextRange::new(frame.start, closed(entries.last().map(|entry| entry.range.end)));
                let entries = merge(entries);
                entries.iter().for_each(|entry| count(&entry.value));
                (Value::Mapping(Rc::new(entries)), range)
            }
        };
        // An element that came from an alias stands elsewhere, so it says nothing about the end.
        let range = if range.end < range.start { TextRange::new(frame.start, end.max(frame.start)) } else { range };
        let node = Node { value, tag: None, range, size, height: height + 1 };
        self.complete(node, frame.anchor, range.end as usize);
    }

    /// Hands a finished node to what it is in; `end` is where it ends as written there.
    fn complete(&mut self, node: Node, anchor: usize, end: usize) {
        self.nodes += 1;
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.frames.last_mut().map(|frame| &mut frame.content) {
            None => self.documents.push(node),
            Some(Content::Sequence(items)) => items.push(node),
            Some(Content::Mapping(entries, awaited)) => match awaited.take() {
                None => *awaited = Some(node.text().or(node.is_null().then(Symbol::default)).map(|text| Spanned::new(text, node.range))),
                Some(None) => {}
                Some(Some(key)) => {
                    let range = TextRange::new(key.range.start as usize, end.max(key.range.end as usize));
                    entries.push(Entry { key, value: node, range });
                }
            },
        }
    }

    /// A scalar and where it ends as written, quotes included. The parser's own end may lie behind spaces and a comment.
    fn scalar(&self, text: &str, style: ScalarStyle, start: usize, end: usize) -> (Node, usize) {
        if style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
            return (null(start), start + self.written(start, end).trim_end().len());
        }
        let written = self.written(start, end);
        let (range, end) = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let end = start + quoted_length(written.as_bytes());
                (TextRange::new(start + 1, end.max(start + 2) - 1), end)
            }
            _ => {
                let end = start + written.trim_end().len();
                (TextRange::new(start, end), end)
            }
        };
        (Node { value: Value::Scalar(self.masked.restore(text, start, end)), tag: None, range, size: 1, height: 1 }, end)
    }

    /// The part of the text between two offsets in the whole.
    fn written(&self, start: usize, end: usize) -> &str {
        self.part.get(start - self.base..end - self.base).unwrap_or_default()
    }

    /// The node an alias stands for, unless that would make the tree too large or too deep.
    fn alias(&mut self, anchor: usize, start: usize, end: usize) -> Node {
        let Some(node) = self.anchors.get(&anchor) else { return null(start) };
        if self.nodes + node.size > MOST_NODES || self.frames.len() + node.height > DEEPEST {
            let message = "aliases multiply this document beyond what is read".to_owned();
            self.fault.get_or_insert(Fault { at: start - self.base, message });
            return null(end);
        }
        self.nodes += node.size;
        node.clone()
    }

    /// The byte offset within the part of the character that the parser calls `index`.
    fn byte(&self, index: usize) -> usize {
        match &self.offsets {
            None => index.min(self.part.len()),
            Some(offsets) => offsets.get(index).copied().unwrap_or(self.part.len()),
        }
    }
}

/// The length of the quoted scalar at the start, with its quotes.
fn quoted_length(written: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = written.get(at) {
        at += match (byte, written[0], written.get(at + 1)) {
            (b'\\', b'"', _) | (b'\'', b'\'', Some(b'\'')) => 2,
            (quote, first, _) if *quote == first => return at + 1,
            _ => 1,
        };
    }
    written.len()
}

fn null(at: usize) -> Node {
    Node { value: Value::Null, tag: None, range: TextRange::new(at, at), size: 1, height: 1 }
}

/// Entries with those that `<<` brings in behind them; a key that is there already wins.
fn merge(entries: Vec<Entry>) -> Vec<Entry> {
    if !entries.iter().any(|entry| entry.key.value == "<<") {
        return entries;
    }
    let (merges, mut entries): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(|entry| entry.key.value == "<<");
    let mut known: FxHashSet<Symbol> = entries.iter().map(|entry| entry.key.value.clone()).collect();
    for merged in &merges {
        for source in std::iter::once(&merged.value).chain(merged.value.items()) {
            for entry in source.entries() {
                if known.insert(entry.key.value.clone()) {
                    entries.push(entry.clone());
                }
            }
        }
    }
    entries
}
