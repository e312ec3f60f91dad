//! YAML as a small tree with places, shared by the formats written in it.
//!
//! What the keys mean is not known here. Aliases and merge keys are resolved. Invariants: ranges are in bytes of the text handed in, a quoted
//! scalar's range leaves its quotes out, and what comes from an anchor keeps the anchor's places; depth and size of a tree are bounded even
//! where aliases multiply it.

mod build;
mod flow;
mod templates;

use std::rc::Rc;

use super::mend;
use super::tree::{Tree, TreeValue};
use crate::facts::{Problem, Spanned, Symbol, TextRange};

pub(super) use templates::Templates;

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// What it is.
    pub(super) value: Value,
    /// What a scalar's tag says that it is, as it is written: `!Ref`.
    pub(super) tag: Option<Symbol>,
    /// Where it is written.
    pub(super) range: TextRange,
    /// Number of nodes in it, aliases counted as often as they are used.
    size: usize,
    /// Levels of nodes in it.
    height: usize,
}

/// What a [`Node`] is. Shared, so that an alias costs nothing.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Nothing, or `null`.
    Null,
    /// A string, number or boolean, as text.
    Scalar(Symbol),
    /// A list.
    Sequence(Rc<Vec<Node>>),
    /// A map, in order; where a key is repeated, the first is found.
    Mapping(Rc<Vec<Entry>>),
}

/// An entry of a map.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its key; only scalars are kept.
    pub(super) key: Spanned<Symbol>,
    /// Its value.
    pub(super) value: Node,
    /// From the key to the end of the value as written there.
    pub(super) range: TextRange,
}

impl Node {
    /// The value under `key`, if this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key.value == key).map(|entry| &entry.value)
    }
    /// The value under a path of keys.
    pub(super) fn at(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<Symbol> {
        match &self.value {
            Value::Scalar(text) => Some(text.clone()),
            _ => None,
        }
    }
    /// The text of a scalar and its place.
    pub(super) fn spanned(&self) -> Option<Spanned<Symbol>> {
        self.text().map(|text| Spanned::new(text, self.range))
    }
    /// The elements of a list; none of anything else.
    pub(super) fn items(&self) -> &[Node] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }
    /// The elements of the list under `key`, which may be missing.
    pub(super) fn list(&self, key: &str) -> &[Node] {
        self.get(key).map_or(&[], Node::items)
    }
    /// The entries of a map; none of anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }
    /// The scalars of a list, or the scalar alone.
    pub(super) fn scalars(&self) -> Vec<Spanned<Symbol>> {
        match &self.value {
            Value::Scalar(_) => self.spanned().into_iter().collect(),
            _ => self.items().iter().filter_map(Node::spanned).collect(),
        }
    }
    /// The same as plain data.
    pub(super) fn tree(&self) -> Tree {
        let value = match &self.value {
            Value::Null => TreeValue::Null,
            Value::Scalar(text) => TreeValue::Scalar(text.clone()),
            Value::Sequence(items) => TreeValue::List(items.iter().map(Node::tree).collect()),
            Value::Mapping(entries) => TreeValue::Map(entries.iter().map(|entry| (entry.key.value.clone(), entry.value.tree())).collect()),
        };
        Tree { value, range: self.range }
    }
    /// Whether this is nothing.
    pub(super) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }
}

/// No more problems of a file than this are told.
const MOST_PROBLEMS: usize = 16;

/// Reads the documents of a text. A document with an error gives what can be read of it; `label` names the format in problems.
pub(super) fn read(text: &str, label: &str, templates: Templates) -> (Vec<Node>, Vec<Problem>) {
    let masked = templates::mask(text, templates);
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    for (start, end) in document_ranges(&masked.text) {
        let part = &masked.text[start..end];
        let (nodes, fault) = build::build(part, start, &masked);
        let (nodes, fault) = match fault {
            None => (nodes, None),
            Some(_) => read_broken(part, start, &masked),
        };
        documents.extend(nodes);
        if let Some(mut fault) = fault.filter(|_| problems.len() < MOST_PROBLEMS) {
            fault.at += start;
            problems.push(fault.problem(label, text));
        }
    }
    (documents, problems)
}

/// Reads a document that has an error, or what only the parser takes for one.
fn read_broken(part: &str, start: usize, masked: &templates::Masked<'_>) -> (Vec<Node>, Option<mend::Fault>) {
    let (_, (nodes, fault)) = flow::with_joined_lines(part, flow::Lines::All, |text| build::build(text, start, masked));
    if fault.is_none() {
        return (nodes, None);
    }
    let (joined, (nodes, fault)) = flow::with_joined_lines(part, flow::Lines::Closing, |text| build::build(text, start, masked));
    if fault.is_none() {
        return (nodes, None);
    }
    let (mended, fault) = mend::read(&joined, |text| {
        let (nodes, fault) = build::build(text, start, masked);
        fault.map_or(Ok(nodes), Err)
    });
    (mended.unwrap_or(nodes), fault)
}

/// The documents between lines that begin with `---`, so that an error in one leaves the others alone. Directives stay with their document.
fn document_ranges(text: &str) -> Vec<(usize, usize)> {
    let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut ranges = Vec::new();
    let (mut start, mut at, mut has_content) = (first, first, false);
    for line in text[first..].split_inclusive('\n') {
        let is_marker = line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        if is_marker && has_content {
            ranges.push((start, at));
            (start, has_content) = (at, false);
        }
        let line = if is_marker { &line[3..] } else { line };
        has_content |= !line.trim().is_empty() && !line.trim_start().starts_with('#') && !line.starts_with('%');
        at += line.len() + if is_marker { 3 } else { 0 };
    }
    if has_content {
        ranges.push((start, at));
    }
    ranges
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn one(text: &str) -> Node {
        let (mut documents, problems) = read(text, "YAML", Templates::Keep);
        assert!(problems.is_empty(), "{problems:?}");
        documents.remove(0)
    }

    fn slice(text: &str, range: TextRange) -> &str {
        &text[range.start as usize..range.end as usize]
    }

    #[test]
    fn places_are_bytes_of_the_text() {
        let text = "\u{feff}# größe\r\nüber: 'zwölf'\r\nb: \"x\"   # c\r\nplain: é ü  # d\nlist:\n  - äh\n  - {k: ö}\n\nlast: 1\n";
        let node = one(text);
        for (key, value) in [("über", "zwölf"), ("b", "x"), ("plain", "é ü"), ("last", "1")] {
            let node = node.get(key).unwrap();
            assert_eq!((slice(text, node.range), node.text().unwrap().as_str()), (value, value));
        }
        let entries = node.entries();
        assert_eq!(slice(text, entries[0].key.range), "über");
        assert_eq!(slice(text, entries[3].range), "list:\n  - äh\n  - {k: ö}");
        assert_eq!(slice(text, node.get("list").unwrap().items()[1].range), "{k: ö}");
    }

    #[test]
    fn aliases_and_merge_keys_are_resolved() {
        let text = "base: &b {x: 1, y: &y 2}\nmore: &m\n  z: 3\none:\n  <<: *b\n  x: 9\ntwo:\n  <<: [*b, *m]\n  w: *y\n";
        let node = one(text);
        let get = |path: &[&str]| node.at(path).and_then(Node::text).unwrap_or_default();
        assert_eq!((get(&["one", "x"]).as_str(), get(&["one", "y"]).as_str()), ("9", "2"));
        assert_eq!((get(&["two", "z"]).as_str(), get(&["two", "w"]).as_str()), ("3", "2"));
        assert_eq!(node.get("one").unwrap().entries().len(), 2);
        assert_eq!(slice(text, node.at(&["two", "z"]).unwrap().range), "3");
    }

    #[test]
    fn aliases_cannot_explode() {
        let mut text = "a0: &a0 [x, x]\n".to_owned();
        for level in 1..60 {
            text.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1));
        }
        let (documents, problems) = read(&text, "YAML", Templates::Keep);
        assert_eq!((documents.len(), problems.len()), (1, 1));
        let mut text = "a0: &a0 [x]\n".to_owned();
        for level in 1..30_000 {
            text.push_str(&format!("a{level}: &a{level} [[[*a{}]]]\n", level - 1));
        }
        assert_eq!(read(&text, "YAML", Templates::Keep).1.len(), 1);
    }

    #[test]
    fn documents_are_apart() {
        let text = "%YAML 1.2\n---\na: 1\n---\nb: [\n--- \nc: 3\n...\n---\n# nothing\n---\nd: 4";
        let (documents, problems) = read(text, "YAML", Templates::Keep);
        let keys: Vec<_> = documents.iter().flat_map(|node| node.entries()).map(|entry| entry.key.value.as_str()).collect();
        assert_eq!(keys, ["a", "c", "d"]);
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn a_broken_line_costs_only_itself() {
        for broken in ["  ima", "  image: \"x", "   bad: - y: z", "  - item", "  a: b: c", "  @x", "\tx: 1", "  {a", "  %x: [1"] {
            let text = format!("one:\n  image: a\n  port: 1\n{broken}\ntwo:\n  image: b\n  port: 2\n");
            let (documents, problems) = read(&text, "YAML", Templates::Keep);
            assert_eq!(documents.len(), 1, "{broken}");
            assert_eq!(documents[0].at(&["two", "port"]).and_then(Node::text).as_deref(), Some("2"), "{broken}: {problems:?}");
            assert_eq!(documents[0].at(&["one", "image"]).and_then(Node::text).as_deref(), Some("a"), "{broken}");
            assert_eq!(problems.len(), 1, "{broken}");
        }
    }

    #[test]
    fn brackets_may_close_where_their_key_begins() {
        let text = "a:\n  é: [\"x\", # c\n\n    # d\n  ]\n  c: [\n  y,\n  'z'\n  ]\nd: {\n  \"e\": \"f\"\n}\ng: 1\n";
        let node = one(text);
        assert_eq!(node.at(&["a", "é"]).unwrap().items().len(), 1);
        assert_eq!(slice(text, node.at(&["a", "c"]).unwrap().items()[1].range), "z");
        assert_eq!(slice(text, node.get("g").unwrap().range), "1");
        let text = "a:\n  b: [\"x\"\n  ]\n  c: d: e\n  f: [\"x\"\n  ]\nk: 2\n";
        let (documents, problems) = read(text, "YAML", Templates::Keep);
        assert_eq!((documents[0].get("k").is_some(), problems.len()), (true, 1));
    }

    #[test]
    fn templates_are_blanked_in_place() {
        let text = "{{- if .x }}\nkind: {{ .Kind }}\nname: pre-{{ include \"n\" . }}-{{ .é }}\nlabels:\n  {{- include \"l\" . | nindent 4 }}\nimage: \"{{ .a }}:{{ .b | default \"1\" }}\" # {{ no }}\n{{- end }}\nc: {{ if .a }}x{{ else }}{{ end }}\nd: 1\n";
        let (documents, problems) = read(text, "YAML", Templates::Placeholder);
        assert!(problems.is_empty(), "{problems:?}");
        let get = |key: &str| documents[0].get(key).unwrap();
        assert_eq!(get("kind").text().unwrap(), "TEMPLATE");
        assert_eq!(get("name").text().unwrap(), "pre-TEMPLATE-TEMPLATE");
        assert_eq!(get("image").text().unwrap(), "TEMPLATE:TEMPLATE");
        assert!(get("labels").is_null());
        assert_eq!(slice(text, get("d").range), "1");
        assert_eq!(slice(text, get("kind").range), "{{ .Kind }}");
        let (documents, _) = read("{% if x %}\na: \"{{.Name}}-{{ b }}\"\n{% endif %}\n", "YAML", Templates::Keep);
        assert_eq!(documents[0].get("a").unwrap().text().unwrap(), "{{.Name}}-{{ b }}");
    }

    #[test]
    fn survives_anything() {
        for text in
            ["", "\u{feff}", "\t", "&a *a", "*x", "- - -", "? a\n: b", "!!x y", "{{", "a: |\n  é\n", "---", "--- |\n x", "a: *b\nc: 1"]
        {
            read(text, "YAML", Templates::Placeholder);
        }
        for deep in ["- ".repeat(20_000), "[".repeat(20_000), "{a: ".repeat(20_000), "{{".repeat(20_000)] {
            read(&deep, "YAML", Templates::Placeholder);
        }
        let steps: String = (0..400).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        read(&steps, "YAML", Templates::Keep);
    }
}
