//! LikeC4 and Structurizr: languages whose relations are arrows, `web -> orders "asks"`, between things that a line declares,
//! `orders = service "Orders"`.
//!
//! Read line by line, as a file that is half written must give what it has. Arrows without a left side are left out: what they start at is told by
//! the lines around them.

use super::{Model, ModelElement, ModelRelation};
use crate::facts::{Symbol, TextRange};
use crate::manifests::{Manifest, ManifestFacts};

pub(in crate::manifests) fn matches(name: &str) -> bool {
    [".c4", ".likec4", ".dsl"].iter().any(|end| name.ends_with(end))
}

pub(in crate::manifests) fn read(text: &str) -> ManifestFacts {
    let mut model = Model::default();
    // Other languages end in `.dsl`, too.
    if text.contains("model") && text.contains("->") {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            self::line(line, start, &mut model);
            start += line.len();
        }
    }
    ManifestFacts { manifest: Manifest::Model(model), problems: Vec::new() }
}

fn line(line: &str, start: usize, model: &mut Model) {
    let trimmed = line.trim_start();
    let at = start + line.len() - trimmed.len();
    let Some((first, rest)) = word(trimmed) else { return };
    if let Some(after) = arrow(rest) {
        if let Some((to, _)) = word(after) {
            let end = at + trimmed.len() - after.len() + to.len();
            model.relations.push(ModelRelation { from: last(first), to: last(to), range: TextRange::new(at, end) });
        }
        return;
    }
    // `id = kind "Name"`, or `kind id "Name"`.
    let is_assigned = rest.starts_with('=');
    let declared = match rest.strip_prefix('=').map(str::trim_start) {
        Some(rest) => word(rest).map(|(_, rest)| (first, rest)),
        None => word(rest),
    };
    let Some((id, rest)) = declared else { return };
    let name = quoted(rest).filter(|name| !name.is_empty());
    if name.is_some() || is_assigned {
        let names = std::iter::once(id).chain(name).map(Symbol::new).collect();
        model.elements.push(ModelElement { id: last(id), names, owner: None, range: TextRange::new(at, at + first.len()) });
    }
}

/// The name at the start, and what follows it without space.
fn word(text: &str) -> Option<(&str, &str)> {
    let is_arrow = |at: usize| text[at..].starts_with("->") || text[at..].starts_with("-[");
    let goes_on = |at: usize, character: char| match character {
        '-' => !is_arrow(at),
        '_' | '.' => true,
        _ => character.is_alphanumeric(),
    };
    let end = text.char_indices().find(|(at, character)| !goes_on(*at, *character)).map_or(text.len(), |(at, _)| at);
    (end > 0).then(|| (&text[..end], text[end..].trim_start()))
}

/// What follows an arrow: `->`, or `-[kind]->`.
fn arrow(text: &str) -> Option<&str> {
    let plain = text.strip_prefix("->");
    let of_kind = || text.strip_prefix("-[").and_then(|rest| rest.split_once("]->")).map(|(_, rest)| rest);
    plain.or_else(of_kind).map(str::trim_start)
}

fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    text[1..].split_once(quote).map(|(name, _)| name)
}

/// Things are called by the path to them, or by the end of it.
fn last(path: &str) -> Symbol {
    Symbol::new(path.rsplit('.').next().unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements, and relations with their text.
    fn read_model(text: &str) -> (Vec<String>, Vec<String>) {
        let Manifest::Model(model) = read(text).manifest else { return (Vec::new(), Vec::new()) };
        let written = |range: TextRange| &text[range.start as usize..range.end as usize];
        let relation = |relation: &ModelRelation| format!("{} {} {}", relation.from, relation.to, written(relation.range));
        let element = |element: &ModelElement| format!("{} {:?}", element.id, element.names);
        (model.elements.iter().map(element).collect(), model.relations.iter().map(relation).collect())
    }

    #[test]
    fn both_languages_declare_and_relate() {
        let likec4 = "model {\n  web = frontend 'Web shop'\n  service orders \"Orders\" {\n    -> other\n  }\n  cloud.web -[async]-> orders 'asks'\n  // web -> gone\n}\nviews { view index { include web -> orders\n } }\n";
        let (elements, relations) = read_model(likec4);
        assert_eq!(elements, ["web [\"web\", \"Web shop\"]", "orders [\"orders\", \"Orders\"]"]);
        assert_eq!(relations, ["web orders cloud.web -[async]-> orders"]);
        let (elements, relations) =
            read_model("workspace {\n  model {\n    a-b = softwareSystem \"A B\"\n    a-b->c \"x\" \"http\"\n  }\n}\n");
        assert_eq!(elements, ["a-b [\"a-b\", \"A B\"]"]);
        assert_eq!(relations, ["a-b c a-b->c"]);
    }

    #[test]
    fn other_languages_and_half_lines_give_nothing() {
        for text in ["pipelineJob('x') { parameters { } }", "model -> \n\"é -> ->\nx =", "model\n-[->\n->"] {
            assert_eq!(read_model(text), (Vec::new(), Vec::new()), "{text}");
        }
    }
}
