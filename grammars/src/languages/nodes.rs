//! Syntax nodes around a place, and the shapes that all who prepare edits ask for.
//!
//! What deliberately does not live here: what an edit must know of them, which its neighbours say. Invariant: walking up ends after a bounded number
//! of steps.

use tree_sitter::Node;

use super::Tree;
use crate::facts::TextRange;

/// How many nodes lie at most around another one.
const MAX_DEPTH: usize = 1000;

impl Tree {
    /// The nodes around a byte, the smallest first.
    pub(super) fn around(&self, offset: usize) -> impl Iterator<Item = Node<'_>> {
        around(self.0.root_node().descendant_for_byte_range(offset, offset + 1))
    }

    /// The nodes around a range, the smallest first.
    pub(super) fn covering(&self, range: TextRange) -> impl Iterator<Item = Node<'_>> {
        around(self.0.root_node().descendant_for_byte_range(range.start as usize, range.end as usize))
    }
}

/// A node and those around it, the smallest first.
pub(super) fn around(node: Option<Node<'_>>) -> impl Iterator<Item = Node<'_>> {
    std::iter::successors(node, Node::parent).take(MAX_DEPTH)
}

/// Where a node stands.
pub(super) fn range(node: Node<'_>) -> TextRange {
    TextRange::new(node.start_byte(), node.end_byte())
}

/// Whether statements are listed in it.
pub(super) fn is_block(node: Node<'_>) -> bool {
    matches!(node.kind(), "block" | "statement_block" | "program" | "source_file")
}

/// Whether it is a text, be it plain or a template.
pub(super) fn is_literal(node: Node<'_>) -> bool {
    matches!(node.kind(), "string" | "template_string" | "string_literal" | "raw_string_literal")
}

#[cfg(test)]
impl Tree {
    /// The tree of a text, as if it stood at a path.
    #[allow(clippy::unwrap_used)]
    pub(super) fn of(path: &str, text: &str) -> Self {
        let path = camino::Utf8Path::new(path);
        super::read(path, text, super::language_of(path).unwrap(), None).1.unwrap()
    }
}
