//! Which code only certain features build: items, statements, fields, arms behind `#[cfg(feature = "…")]`, and arms of `if cfg!(feature = "…")`.
//!
//! They are found in the text first, as most files have none. What deliberately does not live here: what is built for tests alone, which the walk
//! leaves out, and what stands among the arguments of macros. Invariant: a stretch lies within the text.

use tree_sitter::{Node, Tree};

use super::attributes::NOT_SHIPPED;
use super::kinds::{GRAMMAR, Kind};
use super::literals;
use crate::facts::{FeatureGate, Predicate, Symbol, TextRange};

/// How deep predicates, and conditions around `cfg!`, are followed.
const MAX_NESTING: u32 = 16;

/// The stretches of a file that only certain features build, in order.
pub(super) fn gates(text: &str, tree: &Tree) -> Vec<FeatureGate> {
    let mut found = Vec::new();
    if !text.contains("feature") {
        return found;
    }
    for (at, word) in text.match_indices("cfg") {
        let behind = text[at + word.len()..].trim_start_matches('!').trim_start();
        if !behind.starts_with('(') {
            continue;
        }
        let Some(name) = tree.root_node().descendant_for_byte_range(at, at + word.len()) else { continue };
        let Some(around) = name.parent().filter(|_| name.byte_range() == (at..at + word.len())) else { continue };
        let needs = predicate(text, around);
        if !needs.asks_for_feature() {
            continue;
        }
        match GRAMMAR.kind(around.kind_id()).0 {
            Kind::MacroInvocation => arms(around, needs, &mut found),
            _ => found.extend(attributed(around).map(|range| FeatureGate { range, asked: range_of(around), needs })),
        }
    }
    found
}

fn range_of(node: Node<'_>) -> TextRange {
    TextRange::new(node.start_byte(), node.end_byte())
}

/// What the attribute that a node is the inside of stands at.
fn attributed(attribute: Node<'_>) -> Option<TextRange> {
    let item = attribute.parent()?;
    let around = item.parent()?;
    match (GRAMMAR.kind(item.kind_id()).0, around.kind()) {
        (Kind::InnerAttributeItem, _) | (Kind::AttributeItem, "match_arm" | "field_initializer" | "shorthand_field_initializer") => {
            Some(range_of(around))
        }
        (Kind::AttributeItem, _) => {
            let mut next = item.next_named_sibling()?;
            while matches!(GRAMMAR.kind(next.kind_id()).0, Kind::AttributeItem | Kind::LineComment | Kind::BlockComment) {
                next = next.next_named_sibling()?;
            }
            (next.kind() != "use_declaration").then(|| TextRange::new(item.start_byte(), next.end_byte()))
        }
        _ => None,
    }
}

/// Adds the arms of the `if` that a call of `cfg!` is part of the condition of.
fn arms(asked: Node<'_>, mut needs: Predicate, found: &mut Vec<FeatureGate>) {
    let mut inner = asked;
    for _ in 0..MAX_NESTING {
        let Some(outer) = inner.parent() else { return };
        let operator = outer.child_by_field_name("operator").map(|operator| operator.kind());
        match (outer.kind(), operator) {
            ("parenthesized_expression", _) => {}
            ("unary_expression", _) if outer.child(0).is_some_and(|operator| operator.kind() == "!") => {
                needs = Predicate::Not(Box::new(needs))
            }
            ("binary_expression", Some("&&")) => needs = Predicate::All(vec![needs, Predicate::Unknown]),
            ("binary_expression", Some("||")) => needs = Predicate::Any(vec![needs, Predicate::Unknown]),
            ("if_expression", _) if outer.child_by_field_name("condition") == Some(inner) => {
                let asked = range_of(asked);
                let arm = |field| outer.child_by_field_name(field).map(range_of);
                let otherwise =
                    arm("alternative").map(|range| FeatureGate { range, asked, needs: Predicate::Not(Box::new(needs.clone())) });
                found.extend(arm("consequence").map(|range| FeatureGate { range, asked, needs }));
                found.extend(otherwise);
                return;
            }
            _ => return,
        }
        inner = outer;
    }
}

/// What stands in the parentheses of `cfg(…)` or `cfg!(…)`.
fn predicate(text: &str, around: Node<'_>) -> Predicate {
    let mut cursor = around.walk();
    let list = around.children(&mut cursor).find(|child| child.kind() == "token_tree");
    let inside = list.and_then(|list| text.get(list.byte_range())?.strip_prefix('(')?.strip_suffix(')'));
    inside.map_or(Predicate::Unknown, |inside| parse(inside.trim().trim_end_matches(','), 0))
}

fn parse(text: &str, depth: u32) -> Predicate {
    let text = text.trim();
    if let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.contains('(')) {
        let value = value.trim();
        let is_feature = name.trim() == "feature" && value.ends_with('"');
        return if is_feature { Predicate::Feature(Symbol::new(literals::string(value))) } else { Predicate::Unknown };
    }
    let Some((name, list)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else {
        return if NOT_SHIPPED.contains(&text) { Predicate::NotShipped } else { Predicate::Unknown };
    };
    if depth >= MAX_NESTING {
        return Predicate::Unknown;
    }
    let mut parts: Vec<Predicate> = split(list).map(|part| parse(part, depth + 1)).collect();
    match (name.trim(), parts.len()) {
        ("all", _) => Predicate::All(parts),
        ("any", _) => Predicate::Any(parts),
        ("not", 1) => Predicate::Not(Box::new(parts.remove(0))),
        _ => Predicate::Unknown,
    }
}

/// The parts of a list between commas that stand in no parentheses.
fn split(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    let between = move |character: char| {
        depth += i32::from(character == '(') - i32::from(character == ')');
        character == ',' && depth == 0
    };
    list.split(between).filter(|part| !part.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stretches of a text, each with what it asks.
    fn found(text: &str) -> Vec<(String, Predicate)> {
        let (facts, _) = super::super::read(text, None);
        let slice = |range: TextRange| text[range.start as usize..range.end as usize].to_owned();
        facts.features.into_iter().map(|gate| (slice(gate.range), gate.needs)).collect()
    }

    fn feature(name: &str) -> Predicate {
        Predicate::Feature(name.into())
    }

    #[test]
    fn what_an_attribute_stands_at_is_built_only_then() {
        let is_found = |text: &str, part: &str| assert_eq!(found(text), [(part.to_owned(), feature("a"))], "{text}");
        is_found("#[cfg(feature = \"a\")] /* é */ #[inline]\nfn f() {} fn g() {}", "#[cfg(feature = \"a\")] /* é */ #[inline]\nfn f() {}");
        is_found("fn f() { #[cfg(feature=\"a\")] g(); h(); }", "#[cfg(feature=\"a\")] g();");
        is_found("fn f() { #[cfg(feature = \"a\",)] { g() } h(); }", "#[cfg(feature = \"a\",)] { g() }");
        is_found("struct S { #[cfg(feature = \"a\")] x: u8, y: u8 }", "#[cfg(feature = \"a\")] x: u8");
        is_found("fn f() { S { #[cfg(feature = \"a\")] x: g(), y: 1 } }", "#[cfg(feature = \"a\")] x: g()");
        is_found("fn f() { match x { #[cfg(feature = \"a\")] X => g(), _ => {} } }", "#[cfg(feature = \"a\")] X => g(),");
        is_found("#[cfg(feature = \"a\")] mod m;", "#[cfg(feature = \"a\")] mod m;");
        is_found("#![cfg(feature = \"a\")] fn f() {}", "#![cfg(feature = \"a\")] fn f() {}");
    }

    #[test]
    fn arms_of_an_if_run_only_then() {
        let not = |of: Predicate| Predicate::Not(Box::new(of));
        let arms = found("fn f() { if cfg!(feature = \"a\") { g() } else { h() } }");
        assert_eq!(arms, [("{ g() }".to_owned(), feature("a")), ("else { h() }".to_owned(), not(feature("a")))]);
        let arms = found("fn f() { if !cfg!(feature = \"a\") && x { g() } }");
        assert_eq!(arms, [("{ g() }".to_owned(), Predicate::All(vec![not(feature("a")), Predicate::Unknown]))]);
    }

    #[test]
    fn predicates_are_taken_apart() {
        let all = found("#[cfg(all(unix, any(feature = \"a\", feature = \"b\"), not(feature = \"c\")))] fn f() {}");
        let any = Predicate::Any(vec![feature("a"), feature("b")]);
        assert_eq!(all[0].1, Predicate::All(vec![Predicate::Unknown, any, Predicate::Not(Box::new(feature("c")))]));
    }

    #[test]
    fn what_asks_for_no_feature_is_left_alone() {
        for text in [
            "#[cfg(unix)] fn f() { let feature = 1; }",
            "#[cfg_attr(feature = \"a\", derive(Debug))] struct S;",
            "#[cfg(feature = \"a\")] use a::b;",
            "// #[cfg(feature = \"a\")]\nfn f() { g(\"cfg(feature = \\\"a\\\")\") }",
            "fn f() { let x = cfg!(feature = \"a\"); }",
            "#[cfg(feature = \"a\")]",
            "#[cfg(feature",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn what_is_known_of_parts_decides_the_whole() {
        let is_on = |name: &str| match name {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        };
        let held = |text: &str| parse(text, 0).holds(&is_on);
        assert_eq!(held("any(test, feature = \"off\")"), Some(false));
        assert_eq!(held("any(unix, feature = \"on\")"), Some(true));
        assert_eq!(held("all(unix, feature = \"off\")"), Some(false));
        assert_eq!(held("all(unix, feature = \"on\")"), None);
        assert_eq!(held("not(any(feature = \"off\", feature = \"maybe\"))"), None);
        assert_eq!(held(&format!("{}feature = \"off\"{}", "not(".repeat(100), ")".repeat(100))), None);
    }
}
