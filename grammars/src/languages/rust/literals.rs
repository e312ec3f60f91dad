//! The values of literals.
//!
//! Knows text only, so that nodes and tokens share it. Invariant: a broken escape is kept as written.

use crate::facts::Symbol;

/// A string or character literal taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoted<'a> {
    /// What stands between the quotes.
    pub(super) content: &'a str,
    /// How many bytes stand before it.
    pub(super) offset: usize,
    /// Whether there are no escapes.
    pub(super) raw: bool,
}

/// Takes a literal such as `"x"`, `b"x"`, `r#"x"#` or `'x'` apart; the closing quote may be missing.
pub(super) fn quoted(text: &str) -> Option<Quoted<'_>> {
    let bare = text.trim_start_matches(['b', 'c']);
    if let Some(rest) = bare.strip_prefix('r') {
        let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
        let content = rest[hashes..].strip_prefix('"')?;
        let closed = content.trim_end_matches('#');
        let closed = if content.len() - closed.len() >= hashes { &content[..content.len() - hashes] } else { content };
        let content = closed.strip_suffix('"').unwrap_or(closed);
        return Some(Quoted { content, offset: text.len() - rest.len() + hashes + 1, raw: true });
    }
    let quote = bare.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let content = &bare[1..];
    let content = content.strip_suffix(quote).unwrap_or(content);
    Some(Quoted { content, offset: text.len() - bare.len() + 1, raw: false })
}

/// The value of a string or character literal.
pub(super) fn string(text: &str) -> Symbol {
    match quoted(text) {
        Some(quoted) if quoted.raw => Symbol::new(quoted.content),
        Some(quoted) => unescape(quoted.content),
        None => Symbol::new(text),
    }
}

/// Resolves escapes.
pub(super) fn unescape(content: &str) -> Symbol {
    if !content.contains('\\') {
        return Symbol::new(content);
    }
    let mut value = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.find('\\') {
        value.push_str(&rest[..at]);
        let escape = &rest[at..];
        let (resolved, length) = one_escape(escape);
        match resolved {
            Some(resolved) => value.push(resolved),
            None if escape[1..].starts_with(['\n', '\r']) => {
                rest = escape[1..].trim_start();
                continue;
            }
            None => value.push_str(&escape[..length]),
        }
        rest = &escape[length..];
    }
    value.push_str(rest);
    Symbol::new(value)
}

/// What the escape at the start of `text` stands for, and how many bytes it takes.
fn one_escape(text: &str) -> (Option<char>, usize) {
    let Some(letter) = text[1..].chars().next() else { return (None, 1) };
    let length = 1 + letter.len_utf8();
    let simple = |value| (Some(value), length);
    match letter {
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        '0' => simple('\0'),
        '\\' | '\'' | '"' => simple(letter),
        'x' => match text.get(2..4).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => (Some(char::from(byte)), 4),
            None => (None, length),
        },
        'u' => {
            let inner = text.get(2..).and_then(|rest| rest.strip_prefix('{')).and_then(|rest| rest.split_once('}'));
            let value = inner.and_then(|(digits, _)| u32::from_str_radix(&digits.replace('_', ""), 16).ok()).and_then(char::from_u32);
            match (value, inner) {
                (Some(value), Some((digits, _))) => (Some(value), 4 + digits.len()),
                _ => (None, length),
            }
        }
        _ => (None, length),
    }
}

/// A number without separators and type suffix.
pub(super) fn number(text: &str) -> Symbol {
    const SUFFIXES: [&str; 14] = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "u128", "i128", "usize", "isize", "f32", "f64"];
    let hex = text.starts_with("0x");
    let suffix = SUFFIXES.iter().find(|suffix| !(hex && suffix.starts_with('f')) && text.ends_with(**suffix));
    let bare = suffix.map_or(text, |suffix| &text[..text.len() - suffix.len()]);
    if bare.contains('_') { Symbol::new(bare.replace('_', "")) } else { Symbol::new(bare) }
}
