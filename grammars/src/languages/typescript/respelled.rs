//! Valid text that the grammar does not know, in a spelling that it reads: parameters of function types that are called like a type of the language
//! (`ready: (string) => boolean`), `export type * from "./x"`, a lone `&` between elements, types of `import("x").Table<T>`.
//!
//! Only a text whose tree has errors is looked at. What deliberately does not live here: what such text means. Invariant: every byte stays where it
//! is, so that the tree is one of the real text, too.

use tree_sitter::{Node, Tree};

/// Types of the language whose names may be those of parameters.
const TYPES: [&str; 7] = ["any", "boolean", "number", "object", "string", "symbol", "unknown"];

/// The text with such parts spelled otherwise; `None` where it has none.
pub(super) fn respelled(text: &str, tree: &Tree) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    parameters(text, &mut bytes);
    exported_types(text, &mut bytes);
    imported_types(text, &mut bytes);
    ampersands(text, tree.root_node(), &mut bytes);
    let changed = bytes != text.as_bytes();
    if changed { String::from_utf8(bytes).ok() } else { None }
}

/// `ready: (string) => boolean`: TypeScript reads such a word as the parameter's name, the grammar as a type.
fn parameters(text: &str, bytes: &mut [u8]) {
    for (arrow, _) in text.match_indices("=>") {
        let Some(head) = text[..arrow].trim_end().strip_suffix(')') else { continue };
        let is_of_names = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b',' | b' ');
        let start = head.len() - head.bytes().rev().take_while(is_of_names).count();
        if !head[..start].ends_with('(') {
            continue;
        }
        let mut at = start;
        for word in head[start..].split([',', ' ']) {
            if TYPES.contains(&word) {
                bytes[at] = b'_';
            }
            at += word.len() + 1;
        }
    }
}

/// `export type * from "./x"`, read as `export * from "./x"`: who walks the tree asks the text whether it is of types alone.
fn exported_types(text: &str, bytes: &mut [u8]) {
    const WORDS: &str = "export type ";
    for (at, _) in text.match_indices(WORDS) {
        if text[at + WORDS.len()..].trim_start().starts_with('*') {
            bytes[at + "export ".len()..at + WORDS.len()].fill(b' ');
        }
    }
}

/// Whether the text of an export says that it is of types alone.
pub(super) fn exports_types(statement: &str) -> bool {
    let rest = statement.strip_prefix("export").and_then(|rest| rest.trim_start().strip_prefix("type"));
    rest.is_some_and(|rest| rest.trim_start().starts_with('*'))
}

/// `import("x").Table<T>`, whose beginning is read as a name. What is no type begins with a small letter: `import("x").then`.
fn imported_types(text: &str, bytes: &mut [u8]) {
    for (at, opening) in text.match_indices("import(") {
        let quoted = &text[at + opening.len()..];
        let Some(quote) = quoted.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { continue };
        let Some(length) = quoted[1..].find([quote, '\n']).map(|length| length + 1) else { continue };
        let Some(rest) = quoted[length..].strip_prefix(quote).and_then(|rest| rest.strip_prefix(").")) else { continue };
        let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.');
        let is_generic = rest.trim_start_matches(is_of_name).starts_with('<');
        if is_generic && rest.starts_with(|first: char| first.is_ascii_uppercase()) {
            let end = text.len() - rest.len() - 1;
            bytes[at + opening.len() - 1..end].fill(b'_');
        }
    }
}

/// `Terms & conditions` between elements: where the tree has an error at it, a lone `&` is text.
fn ampersands(text: &str, root: Node<'_>, bytes: &mut [u8]) {
    for (at, _) in text.match_indices(" & ") {
        let at = at + 1;
        let Some(node) = root.descendant_for_byte_range(at, at + 1) else { continue };
        if node.is_error() || node.parent().is_some_and(|parent| parent.is_error()) {
            bytes[at] = b'+';
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::respelled;
    use tree_sitter::{Parser, Tree};

    fn tree(text: &str) -> Tree {
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_typescript::LANGUAGE_TSX.into()).unwrap();
        parser.parse(text, None).unwrap()
    }

    fn read(text: &str) -> Option<String> {
        let found = respelled(text, &tree(text))?;
        let tree = tree(&found);
        assert!(!tree.root_node().has_error(), "{found}\n{}", tree.root_node());
        Some(found)
    }

    #[test]
    fn names_of_types_are_spelled_otherwise_where_they_are_parameters() {
        assert_eq!(read("type A = { ready: (string) => boolean; }"), Some("type A = { ready: (_tring) => boolean; }".to_owned()));
        let two = "type A = { put: (string, number)=>void; /* é */ }";
        assert_eq!(read(two), Some("type A = { put: (_tring, _umber)=>void; /* é */ }".to_owned()));
        assert_eq!(read("type B = { put: (key: string) => void }; type A = (string)[];"), None);
    }

    #[test]
    fn exports_of_all_types_are_read_as_exports_of_all() {
        assert_eq!(read("export type * from './x';\nexport type A = 1;"), Some("export      * from './x';\nexport type A = 1;".to_owned()));
        assert_eq!(read("export type * as all from './x';"), Some("export      * as all from './x';".to_owned()));
    }

    #[test]
    fn types_of_imported_modules_are_read_as_types_of_a_name() {
        let text = "type A = { table: import(\"@a/b\").Table<T>; rest: string }; const b = import('x').then<A>();";
        let found = "type A = { table: import________.Table<T>; rest: string }; const b = import('x').then<A>();";
        assert_eq!(read(text), Some(found.to_owned()));
    }

    #[test]
    fn a_lone_ampersand_between_elements_is_text() {
        let text = "const a = <p>You & {count} others & all</p>; type B = C<D> & E; const f = a & b; const c = <b>x & y <i>z</i></b>;";
        let found = "const a = <p>You + {count} others + all</p>; type B = C<D> & E; const f = a & b; const c = <b>x + y <i>z</i></b>;";
        assert_eq!(read(text), Some(found.to_owned()));
    }
}
