//! Parameters of function types that are called like a type of the language: `ready: (string) => boolean`.
//!
//! TypeScript reads such a word as the parameter's name; the grammar takes it for a type, and the rest of the file with it for an error. What lives
//! here is the text in a spelling that the grammar reads. Invariant: every byte stays where it is, so that the tree is one of the real text, too.

/// Types of the language whose names may be those of parameters.
const TYPES: [&str; 7] = ["any", "boolean", "number", "object", "string", "symbol", "unknown"];

/// The text with such parameters spelled otherwise; `None` where it has none.
pub(super) fn respelled(text: &str) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let mut changed = false;
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
                changed = true;
            }
            at += word.len() + 1;
        }
    }
    if changed { String::from_utf8(bytes).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::respelled;

    #[test]
    fn names_of_types_are_spelled_otherwise_where_they_are_parameters() {
        let type_of = |text: &str| respelled(text);
        assert_eq!(type_of("ready: (string) => boolean;"), Some("ready: (_tring) => boolean;".to_owned()));
        assert_eq!(type_of("put: (string, number)=>void; é"), Some("put: (_tring, _umber)=>void; é".to_owned()));
        assert_eq!(type_of("put: (key: string) => void; type A = (string)[];"), None);
    }
}
