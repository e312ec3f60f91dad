//! What an edit must know of a text to write a part of it once more elsewhere: its statements and blocks, the names that it mentions, the
//! entries that its objects have.
//!
//! Invariant: all of it is said in ranges, so that nobody else sees a syntax node.

use tree_sitter::Node;

use super::Tree;
use super::nodes::{around, is_block, range as range_of};
use crate::facts::TextRange;

impl Tree {
    /// The statements of the smallest block that has a range in one of them, comments left out, each with its attributes.
    pub fn statements_around(&self, range: TextRange) -> Vec<TextRange> {
        let is_within = |block: &Node<'_>| is_block(*block) && range_of(*block) != range;
        self.covering(range).find(is_within).map(statements).unwrap_or_default()
    }

    /// The statement of that block which has the range in it.
    pub fn statement_around(&self, range: TextRange) -> Option<TextRange> {
        self.statements_around(range).into_iter().find(|statement| statement.contains(range))
    }

    /// The statements of a block, given with its braces.
    pub fn statements_in(&self, block: TextRange) -> Vec<TextRange> {
        let found = self.covering(block).take_while(|node| range_of(*node) == block).find(|node| is_block(*node));
        found.map(statements).unwrap_or_default()
    }

    /// The outermost blocks within a range, with their braces.
    pub fn blocks_in(&self, range: TextRange) -> Vec<TextRange> {
        let mut blocks = Vec::new();
        self.each_in(range, &mut |node| {
            let is_it = is_block(node) && node.parent().is_some();
            if is_it {
                blocks.push(range_of(node));
            }
            !is_it
        });
        blocks
    }

    /// Where a range mentions values and types by names of their own: not as members, not as keys. Of a path, its first name.
    pub fn names_in(&self, range: TextRange) -> Vec<TextRange> {
        let mut names = Vec::new();
        self.each_in(range, &mut |node| {
            if is_name(node) {
                names.push(range_of(node));
            }
            true
        });
        names
    }

    /// Where rounds of a loop, given as a whole, go on with the next one; nothing where one says which loop it means, or a macro is told.
    pub fn skips_of(&self, each: TextRange) -> Option<Vec<TextRange>> {
        let (mut skips, mut unclear) = (Vec::new(), false);
        self.each_in(each, &mut |node| {
            if matches!(node.kind(), "continue_statement" | "continue_expression") {
                unclear |= node.named_child_count() > 0;
                let of = around(node.parent()).find(|around| is_loop(*around));
                let keyword = node.child(0).filter(|_| of.is_some_and(|of| range_of(of) == each));
                skips.extend(keyword.map(range_of));
            }
            unclear |= node.kind() == "continue" && node.parent().is_some_and(|parent| parent.kind() == "token_tree");
            true
        });
        (!unclear).then_some(skips)
    }

    /// A text with blanks in place of its comments.
    pub fn without_comments(&self, range: TextRange, text: &str) -> String {
        let mut code = text.as_bytes().to_vec();
        self.each_in(range, &mut |node| {
            if node.is_extra() {
                let (start, end) = (node.start_byte() - range.start as usize, node.end_byte() - range.start as usize);
                code.get_mut(start..end).into_iter().flatten().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
            }
            true
        });
        String::from_utf8(code).unwrap_or_else(|_| text.to_owned())
    }

    /// The entry of an object around a range, if all of it lies within another one, with the comma that goes with it.
    pub fn entry_around(&self, range: TextRange, within: TextRange) -> Option<TextRange> {
        let mut around = self.covering(range);
        let is_entry = |node: &Node<'_>| {
            let listed = node.parent().is_some_and(|parent| matches!(parent.kind(), "object" | "field_initializer_list"));
            listed && within.contains(range_of(*node))
        };
        let entry = around.find(is_entry)?;
        let mut range = range_of(entry);
        match (entry.next_sibling(), entry.prev_sibling()) {
            (Some(comma), _) if comma.kind() == "," => {
                range.end = comma.next_sibling().map_or(comma.end_byte(), |next| next.start_byte()) as u32;
            }
            (_, Some(comma)) if comma.kind() == "," => range.start = comma.start_byte() as u32,
            _ => {}
        }
        Some(range)
    }

    /// Visits the nodes that lie within a range, outer ones first; those within one for which `visit` says no are left out.
    fn each_in<'t>(&'t self, range: TextRange, visit: &mut dyn FnMut(Node<'t>) -> bool) {
        let mut cursor = self.0.walk();
        loop {
            let node = cursor.node();
            let (start, end) = (node.start_byte() as u32, node.end_byte() as u32);
            let touches = start < range.end && range.start < end;
            let enters = touches && (!range.contains(range_of(node)) || visit(node));
            if enters && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }
}

fn statements(block: Node<'_>) -> Vec<TextRange> {
    let mut statements = Vec::new();
    let mut cursor = block.walk();
    let mut attributes = None;
    for node in block.named_children(&mut cursor).filter(|node| !node.is_extra()) {
        if node.kind() == "attribute_item" {
            attributes.get_or_insert(node.start_byte());
            continue;
        }
        statements.push(TextRange::new(attributes.take().unwrap_or(node.start_byte()), node.end_byte()));
    }
    statements
}

fn is_loop(node: Node<'_>) -> bool {
    const LOOPS: [&str; 7] =
        ["for_statement", "for_in_statement", "while_statement", "do_statement", "for_expression", "while_expression", "loop_expression"];
    LOOPS.contains(&node.kind())
}

fn is_name(node: Node<'_>) -> bool {
    let parent = node.parent();
    let field = |name: &str| parent.and_then(|parent| parent.child_by_field_name(name)) == Some(node);
    let within = |kinds: &[&str]| parent.is_some_and(|parent| kinds.contains(&parent.kind()));
    match node.kind() {
        "this" | "self" | "shorthand_property_identifier" => !within(&["token_tree"]) || !follows(node, &[".", "::"]),
        // The first name of a path alone stands for itself.
        "identifier" | "type_identifier" => {
            let later = within(&["scoped_identifier", "scoped_type_identifier", "nested_type_identifier", "nested_identifier"])
                && (field("name") || field("property"));
            !(later || within(&["token_tree"]) && follows(node, &[".", "::"]))
        }
        _ => false,
    }
}

fn follows(node: Node<'_>, tokens: &[&str]) -> bool {
    node.prev_sibling().is_some_and(|before| tokens.contains(&before.kind()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::facts::TextRange;
    use crate::languages::Tree;

    fn at(text: &str, part: &str) -> TextRange {
        let start = text.find(part).unwrap();
        TextRange::new(start, start + part.len())
    }

    fn cut<'a>(text: &'a str, ranges: &[TextRange]) -> Vec<&'a str> {
        ranges.iter().map(|range| &text[range.start as usize..range.end as usize]).collect()
    }

    #[test]
    fn statements_are_those_of_the_smallest_block() {
        let text = "a();\nif (b) {\n  c(); // d\n  const e = f(() => g());\n}\n";
        let statements = Tree::of("a.ts", text).statements_around(at(text, "g()"));
        assert_eq!(cut(text, &statements), ["c();", "const e = f(() => g());"]);
        let text = "fn a() {\n    #[b]\n    let c = d();\n    loop { e(); }\n    f()\n}\n";
        let tree = Tree::of("a.rs", text);
        assert_eq!(cut(text, &tree.statements_around(at(text, "d()"))), ["#[b]\n    let c = d();", "loop { e(); }", "f()"]);
        assert_eq!(cut(text, &tree.blocks_in(at(text, "loop { e(); }"))), ["{ e(); }"]);
        assert_eq!(cut(text, &tree.statements_in(at(text, "{ e(); }"))), ["e();"]);
    }

    #[test]
    fn names_are_neither_members_nor_keys() {
        let text = "this.a.b({ c: d.e, f, g: (h) => new I(h as J) });";
        assert_eq!(cut(text, &Tree::of("a.ts", text).names_in(at(text, text))), ["this", "d", "f", "h", "I", "h", "J"]);
        let text = "fn a() { self.b.c(d::e(&f.g), h!(i.j, k::l), M { n: o, p }); }";
        let names = Tree::of("a.rs", text).names_in(at(text, "self.b.c(d::e(&f.g), h!(i.j, k::l), M { n: o, p })"));
        assert_eq!(cut(text, &names), ["self", "d", "f", "h", "i", "k", "M", "o", "p"]);
    }

    #[test]
    fn rounds_are_skipped_by_their_own_loop() {
        let text = "for (const a of b) { if (c) continue; for (;;) { continue; } d(() => 'continue'); }";
        let skips = Tree::of("a.ts", text).skips_of(at(text, text)).unwrap();
        assert_eq!((cut(text, &skips), skips[0].start as usize), (vec!["continue"], text.find("continue").unwrap()));
        let text = "fn a() { 'b: for c in d { let Some(e) = c else { continue }; for f in e { continue 'b; } } }";
        assert_eq!(
            Tree::of("a.rs", text).skips_of(at(text, "for c in d { let Some(e) = c else { continue }; for f in e { continue 'b; } }")),
            None
        );
        let text = text.replace(" 'b;", ";").replace("'b: ", "");
        let each = at(&text, "for c in d { let Some(e) = c else { continue }; for f in e { continue; } }");
        assert_eq!(cut(&text, &Tree::of("a.rs", &text).skips_of(each).unwrap()), ["continue"]);
        let text = "fn a() { for c in d { e!(f => continue, g) } }";
        assert_eq!(Tree::of("a.rs", text).skips_of(at(text, "for c in d { e!(f => continue, g) }")), None);
    }

    #[test]
    fn comments_are_no_code() {
        let text = "fn a() { b(); // return \u{e9}\n    c(\"// d\") /* e */ }";
        let code = Tree::of("a.rs", text).without_comments(at(text, text), text);
        assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), "fn a() { b(); c(\"// d\") }");
        assert_eq!(code.len(), text.len());
    }

    #[test]
    fn entries_go_with_their_commas() {
        let text = "f({ a: b, c: [{ d: e.f }], g });";
        let tree = Tree::of("a.ts", text);
        let entry = |part| cut(text, &tree.entry_around(at(text, part), at(text, text)).into_iter().collect::<Vec<_>>())[0];
        assert_eq!((entry("b"), entry("e.f"), entry("g")), ("a: b, ", "d: e.f", ", g"));
    }
}
