//! What an edit must know of a text beyond its facts: which lines begin within a literal, so that their white space is part of what the program
//! says.

use crate::facts::TextRange;

use super::Tree;

impl Tree {
    /// String and template literals that go over several lines, by their start.
    pub fn multiline_literals(&self) -> Vec<TextRange> {
        let mut literals = Vec::new();
        let mut cursor = self.0.walk();
        loop {
            let node = cursor.node();
            let spans_lines = node.start_position().row < node.end_position().row;
            let literal = matches!(node.kind(), "template_string" | "string" | "string_literal" | "raw_string_literal");
            if spans_lines && literal {
                literals.push(TextRange::new(node.start_byte(), node.end_byte()));
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
