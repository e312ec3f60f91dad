//! Rust tokens by hand, for attributes and the arguments of macros, which the grammar does not parse.
//!
//! What deliberately does not live here: what they mean. Invariant: tokens are in order, do not overlap, and lie within the text asked for;
//! every opening delimiter knows where its group ends, even where the closing one is missing.

use crate::facts::TextRange;

/// What sort of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name or keyword.
    Ident,
    /// `'a`.
    Lifetime,
    /// A string or character literal.
    Text,
    /// A number.
    Number,
    /// `(`, `[`, `{`.
    Open,
    /// `)`, `]`, `}`.
    Close,
    /// An operator or punctuation, of one or two characters.
    Mark,
}

/// A token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// For [`TokenKind::Open`]: the position of the closing token, or that behind the last.
    pub(super) close: usize,
    /// The byte, for delimiters and marks of one character; else 0.
    pub(super) mark: u8,
}

impl Token {
    /// Where it stands.
    pub(super) fn range(self) -> TextRange {
        TextRange::new(self.start, self.end)
    }
}

const PAIRS: [&str; 14] = ["::", "=>", "==", "!=", "<=", ">=", "->", "..", "&&", "||", "+=", "-=", "*=", "/="];

/// The tokens of `text[start..end]`; both ends must be character boundaries.
pub(super) fn tokenize(text: &str, start: usize, end: usize) -> Vec<Token> {
    let Some(text) = text.get(..end) else { return Vec::new() };
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let from = at;
        let kind = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(end - at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = behind_comment(bytes, at);
                continue;
            }
            b'"' => {
                at = behind_string(bytes, at);
                TokenKind::Text
            }
            b'\'' => {
                let (end, kind) = behind_quote(text, at);
                at = end;
                kind
            }
            b'0'..=b'9' => {
                at = behind_number(bytes, at);
                TokenKind::Number
            }
            b'(' | b'[' | b'{' => {
                at += 1;
                open.push(tokens.len());
                TokenKind::Open
            }
            b')' | b']' | b'}' => {
                at += 1;
                if let Some(opening) = open.pop() {
                    tokens[opening].close = tokens.len();
                }
                TokenKind::Close
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => {
                let (end, kind) = behind_word(text, at);
                at = end;
                kind
            }
            _ => {
                at += if text.get(at..at + 2).is_some_and(|pair| PAIRS.contains(&pair)) { 2 } else { 1 };
                TokenKind::Mark
            }
        };
        let single = at - from == 1 && matches!(kind, TokenKind::Open | TokenKind::Close | TokenKind::Mark);
        let at_end = at.min(end);
        tokens.push(Token { kind, start: from, end: at_end, close: 0, mark: if single { byte } else { 0 } });
    }
    let count = tokens.len();
    for opening in open {
        tokens[opening].close = count;
    }
    tokens
}

/// Splits `tokens[start..end]` at a mark that stands in no group, in no generic arguments and not between a closure's parameters.
pub(super) fn split(text: &str, tokens: &[Token], start: usize, end: usize, separator: u8) -> Vec<(usize, usize)> {
    let end = end.min(tokens.len());
    let mut parts = Vec::new();
    let mut from = start;
    let mut at = start;
    while at < end {
        let token = tokens[at];
        match token.mark {
            b'(' | b'[' | b'{' => at = token.close.max(at),
            b'|' if at == from || begins_closure(text, tokens[at - 1]) => {
                at += tokens[at + 1..end].iter().position(|token| token.mark == b'|').map_or(0, |closing| closing + 1);
            }
            b'<' if at > from && is(text, tokens[at - 1], "::") => at = behind_angle(text, tokens, at, end),
            mark if mark == separator && token.kind == TokenKind::Mark => {
                parts.push((from, at));
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if from < end {
        parts.push((from, end));
    }
    parts
}

/// Whether a token reads so.
pub(super) fn is(text: &str, token: Token, wanted: &str) -> bool {
    text.get(token.start..token.end) == Some(wanted)
}

fn begins_closure(text: &str, before: Token) -> bool {
    matches!(before.mark, b'=' | b',') || is(text, before, "move") || is(text, before, "=>")
}

/// The position of the `>` that ends the generic arguments opened at `at`.
fn behind_angle(text: &str, tokens: &[Token], mut at: usize, end: usize) -> usize {
    let opened = at;
    let mut depth = 0usize;
    while at < end {
        let token = tokens[at];
        match token.mark {
            b'(' | b'[' | b'{' => at = token.close.max(at),
            b'<' => depth += 1,
            b'>' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            b';' => return opened,
            _ if is(text, token, ">=") => return opened,
            _ => {}
        }
        at += 1;
    }
    opened
}

fn behind_comment(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0usize;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn behind_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A character literal, or else a lifetime.
fn behind_quote(text: &str, at: usize) -> (usize, TokenKind) {
    let rest = &text[at + 1..];
    if rest.starts_with('\\') {
        let closing = rest.get(2..).and_then(|tail| tail.find('\'')).filter(|closing| *closing < 12);
        return (closing.map_or(at + 1, |closing| at + 1 + 2 + closing + 1), TokenKind::Text);
    }
    match rest.chars().next() {
        Some(letter) if rest[letter.len_utf8()..].starts_with('\'') => (at + 2 + letter.len_utf8(), TokenKind::Text),
        _ => (at + 1 + word_length(rest), TokenKind::Lifetime),
    }
}

fn behind_number(bytes: &[u8], mut at: usize) -> usize {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    while bytes.get(at).is_some_and(part) {
        at += 1;
    }
    if bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 1;
        while bytes.get(at).is_some_and(part) {
            at += 1;
        }
    }
    at
}

/// A name, or a literal with a prefix: `b"…"`, `r#"…"#`, `b'…'`.
fn behind_word(text: &str, at: usize) -> (usize, TokenKind) {
    let rest = &text[at..];
    let prefix = rest.bytes().take(2).take_while(|byte| matches!(byte, b'b' | b'c' | b'r')).count();
    if prefix > 0 {
        let raw = rest.as_bytes()[prefix - 1] == b'r';
        let quoted = &rest.as_bytes()[prefix..];
        let hashes = if raw { quoted.iter().take_while(|byte| **byte == b'#').count() } else { 0 };
        if quoted.get(hashes) == Some(&b'"') {
            if !raw {
                return (behind_string(text.as_bytes(), at + prefix), TokenKind::Text);
            }
            let body = at + prefix + hashes + 1;
            let closing = format!("\"{}", "#".repeat(hashes));
            let end = text[body..].find(&closing).map_or(text.len(), |found| body + found + closing.len());
            return (end, TokenKind::Text);
        }
        if prefix == 1 && rest.starts_with("b'") {
            return behind_quote(text, at + 1);
        }
        if rest.starts_with("r#") && word_length(&rest[2..]) > 0 {
            return (at + 2 + word_length(&rest[2..]), TokenKind::Ident);
        }
    }
    // Something that is neither a letter nor a known mark still has to be passed whole.
    let length = word_length(rest).max(rest.chars().next().map_or(1, char::len_utf8));
    (at + length, TokenKind::Ident)
}

fn word_length(text: &str) -> usize {
    text.find(|letter: char| letter != '_' && !letter.is_alphanumeric()).unwrap_or(text.len())
}
