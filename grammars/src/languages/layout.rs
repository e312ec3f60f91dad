//! What an edit must know of a text beyond its facts: which lines begin within a literal, so that their white space is part of what the program
//! says, and where statements and comments begin.

use tree_sitter::Node;

use super::Tree;
use super::nodes::{is_literal, range};
use crate::facts::TextRange;

impl Tree {
    /// Whether a comment stands at a byte.
    pub(crate) fn is_comment(&self, offset: usize) -> bool {
        self.around(offset).any(|node| node.kind().contains("comment"))
    }

    /// Whether a comment may stand on a line of its own before the byte: not within a literal, nor among elements or the tokens of a macro.
    pub(crate) fn takes_comment(&self, offset: usize) -> bool {
        let mut within = self.around(offset).filter(|node| node.start_byte() < offset);
        !within.any(|node| is_literal(node) || node.kind() == "token_tree" || node.kind().starts_with("jsx_"))
    }

    /// What begins at a byte, up to its first body: a statement, or a part of one. Decorators and attributes belong to what follows them.
    pub(crate) fn head_at(&self, offset: usize) -> Option<TextRange> {
        let mut node = self.outermost_at(offset)?;
        while is_attribute(node) || node.is_extra() {
            node = node.next_sibling()?;
        }
        let mut cursor = node.walk();
        let mut entered = cursor.goto_first_child();
        while entered {
            let inner = cursor.node();
            if is_body(inner) {
                return Some(TextRange::new(offset, inner.start_byte() + 1));
            }
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                entered = cursor.goto_parent() && cursor.depth() > 0;
                if !entered {
                    break;
                }
            }
        }
        Some(TextRange::new(offset, node.end_byte()))
    }

    /// Where the statement around a byte begins, its attributes and decorators before it.
    pub(crate) fn statement_at(&self, offset: usize) -> Option<usize> {
        let mut around = self.around(offset);
        let mut node = around.next()?;
        for parent in around {
            if is_body(parent) {
                break;
            }
            node = parent;
        }
        while let Some(before) = node.prev_sibling().filter(|before| is_attribute(*before)) {
            node = before;
        }
        Some(node.start_byte())
    }

    /// The largest node that begins at a byte and is no body.
    fn outermost_at(&self, offset: usize) -> Option<Node<'_>> {
        self.around(offset).take_while(|node| node.start_byte() == offset && !is_body(*node)).last()
    }

    /// String and template literals that go over several lines, by their start.
    pub fn multiline_literals(&self) -> Vec<TextRange> {
        let mut literals = Vec::new();
        let mut cursor = self.0.walk();
        loop {
            let node = cursor.node();
            let spans_lines = node.start_position().row < node.end_position().row;
            if spans_lines && is_literal(node) {
                literals.push(range(node));
            } else if spans_lines && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return literals;
                }
            }
        }
    }
}

fn is_attribute(node: Node<'_>) -> bool {
    matches!(node.kind(), "decorator" | "attribute_item")
}

/// Whether statements, members or arms are listed in it.
fn is_body(node: Node<'_>) -> bool {
    const BODIES: [&str; 13] = [
        "block",
        "class_body",
        "declaration_list",
        "enum_body",
        "enum_variant_list",
        "field_declaration_list",
        "interface_body",
        "match_block",
        "object_type",
        "program",
        "source_file",
        "statement_block",
        "switch_body",
    ];
    BODIES.contains(&node.kind())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use camino::Utf8Path;

    use crate::languages::{language_of, read};

    fn literals<'a>(path: &str, text: &'a str) -> Vec<&'a str> {
        let path = Utf8Path::new(path);
        let tree = read(path, text, language_of(path).unwrap(), None).1.unwrap();
        tree.multiline_literals().into_iter().map(|range| &text[range.start as usize..range.end as usize]).collect()
    }

    #[test]
    fn literals_over_several_lines_are_found() {
        assert_eq!(literals("a.ts", "f(`a\n${g(`b\nc`)}`, 'd', `e`);\nh(\n  /`/,\n);\n"), ["`a\n${g(`b\nc`)}`"]);
        assert_eq!(literals("a.rs", "fn f() {\n    g(\"a\n  b\", r#\"c\n\"#);\n}\n"), ["\"a\n  b\"", "r#\"c\n\"#"]);
    }
}
