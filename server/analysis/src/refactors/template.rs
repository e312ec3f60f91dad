//! Code of a file of its own, written from a template.
//!
//! Words in capitals stand for what differs. Invariant: no word is found in what another one stands for.

/// A template in which words stand for values.
pub(super) fn filled<V: AsRef<str>>(text: &str, values: &[(&str, V)]) -> String {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((at, (word, value))) = values.iter().filter_map(|it| Some((rest.find(it.0)?, it))).min_by_key(|(at, _)| *at) {
        filled.push_str(&rest[..at]);
        filled.push_str(value.as_ref());
        rest = &rest[at + word.len()..];
    }
    filled + rest
}
