//! Words, braces and semicolons of an nginx configuration.

use crate::facts::{Spanned, Symbol, TextRange};

/// One token.
pub(super) enum Token {
    /// A word, its quotes removed; the place leaves them out too.
    Word(Spanned<Symbol>),
    /// `;`.
    End,
    /// `{`.
    Open,
    /// `}`.
    Close,
}

/// The tokens of a text in order, comments left out.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    /// Begins at the start of `text`.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 } }
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Option<Token> {
        loop {
            let rest = &self.text[self.at..];
            let letter = rest.chars().next()?;
            match letter {
                '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
                _ if letter.is_whitespace() => self.at += letter.len_utf8(),
                _ => break,
            }
        }
        let start = self.at;
        let rest = &self.text[start..];
        let single = match rest.as_bytes().first()? {
            b';' => Some(Token::End),
            b'{' if placeholder(rest).is_none() => Some(Token::Open),
            b'}' => Some(Token::Close),
            quote @ (b'"' | b'\'') => return Some(self.quoted(char::from(*quote))),
            _ => None,
        };
        if let Some(token) = single {
            self.at += 1;
            return Some(token);
        }
        let end = start + word_length(rest);
        self.at = end;
        Some(Token::Word(Spanned::new(with_variables(&self.text[start..end]), TextRange::new(start, end))))
    }

    fn quoted(&mut self, quote: char) -> Token {
        let start = self.at + 1;
        let mut value = String::new();
        let mut letters = self.text[start..].char_indices();
        let mut end = self.text.len();
        while let Some((at, letter)) = letters.next() {
            if letter == quote {
                end = start + at;
                break;
            }
            match letter {
                // Only quotes and the backslash itself are escaped: `\.` belongs to a pattern.
                '\\' => match letters.next() {
                    Some((_, escaped @ ('"' | '\'' | '\\'))) => value.push(escaped),
                    Some((_, other)) => value.extend(['\\', other]),
                    None => {}
                },
                _ => value.push(letter),
            }
        }
        self.at = (end + 1).min(self.text.len());
        Token::Word(Spanned::new(Symbol::from(value), TextRange::new(start, end)))
    }

    /// Moves behind the brace that closes the block just opened, whose content is another language.
    pub(super) fn skip_block(&mut self) {
        let mut depth = 1_usize;
        for (at, byte) in self.text.bytes().enumerate().skip(self.at) {
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.at = at + 1;
                return;
            }
        }
        self.at = self.text.len();
    }
}

/// The name and the length of `{{NAME}}` at the start, which a script at the start of a container puts a variable's value in place of.
fn placeholder(text: &str) -> Option<(&str, usize)> {
    let (inner, _) = text.strip_prefix("{{")?.split_once("}}")?;
    let name = inner.trim();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((name, inner.len() + 4))
}

/// A word with `${NAME}` in place of `{{NAME}}`.
fn with_variables(word: &str) -> Symbol {
    let mut text = String::new();
    let mut rest = word;
    while let Some(at) = rest.find("{{") {
        let Some((name, length)) = placeholder(&rest[at..]) else { break };
        text.push_str(&rest[..at]);
        text.push_str(&format!("${{{name}}}"));
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    text.into()
}

/// The length of the bare word at the start; `${…}` and `{{NAME}}` belong to it, escaped characters too.
fn word_length(text: &str) -> usize {
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '$' if letters.peek().is_some_and(|(_, next)| *next == '{') => {
                let Some(length) = text[at..].find(['}', '\n']) else { return text.len() };
                while letters.peek().is_some_and(|(next, _)| *next <= at + length) {
                    letters.next();
                }
            }
            '{' => {
                let Some((_, length)) = placeholder(&text[at..]) else { return at };
                while letters.peek().is_some_and(|(next, _)| *next < at + length) {
                    letters.next();
                }
            }
            ';' | '}' => return at,
            _ if letter.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}
