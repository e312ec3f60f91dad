//! The words and blocks of a Caddyfile.
//!
//! What directives mean is not known here. Invariant: ranges are in bytes of the text handed in; blocks nested too deep are empty.

use crate::facts::{Problem, Spanned, Symbol, TextRange};

/// Blocks deeper than this are empty.
const DEEPEST: usize = 32;

/// A line: its words, and the block that it opens.
#[derive(Debug, Clone, Default)]
pub(super) struct Directive {
    /// Its words, quotes removed.
    pub(super) words: Vec<Spanned<Symbol>>,
    /// The lines of its block, if it has one.
    pub(super) block: Option<Vec<Directive>>,
}

/// The lines of a text.
pub(super) fn read(text: &str) -> (Vec<Directive>, Vec<Problem>) {
    let mut problems = Vec::new();
    // The lines of open blocks, the outermost first, each but the first opened by the last line of the one before.
    let mut open: Vec<Vec<Directive>> = vec![Vec::new()];
    let mut places: Vec<TextRange> = Vec::new();
    let mut skipped = 0usize;
    let mut words: Vec<Spanned<Symbol>> = Vec::new();
    for token in Tokens::new(text) {
        match token {
            Token::Word(word) => words.push(word),
            Token::Line => line(&mut open, &mut words, false),
            Token::Open(range) if open.len() < DEEPEST => {
                line(&mut open, &mut words, true);
                open.push(Vec::new());
                places.push(range);
            }
            Token::Open(_) => {
                words.clear();
                skipped += 1;
            }
            Token::Close if skipped > 0 => {
                words.clear();
                skipped -= 1;
            }
            Token::Close => {
                line(&mut open, &mut words, false);
                close(&mut open);
                places.pop();
            }
        }
    }
    line(&mut open, &mut words, false);
    if let Some(range) = places.first() {
        problems.push(Problem { message: "Caddyfile: this block is not closed".to_owned(), range: *range });
    }
    while open.len() > 1 {
        close(&mut open);
    }
    (open.pop().unwrap_or_default(), problems)
}

/// Ends a line; one that opens a block is kept even where it has no words.
fn line(open: &mut [Vec<Directive>], words: &mut Vec<Spanned<Symbol>>, opens: bool) {
    if let Some(lines) = open.last_mut()
        && (opens || !words.is_empty())
    {
        lines.push(Directive { words: std::mem::take(words), block: None });
    }
}

fn close(open: &mut Vec<Vec<Directive>>) {
    if open.len() < 2 {
        return;
    }
    let block = open.pop();
    if let Some(directive) = open.last_mut().and_then(|lines| lines.last_mut()) {
        directive.block = block;
    }
}

enum Token {
    Word(Spanned<Symbol>),
    Line,
    Open(TextRange),
    Close,
}

struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 } }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let rest = &self.text[self.at..];
            let letter = rest.chars().next()?;
            match letter {
                '\n' => {
                    self.at += 1;
                    return Some(Token::Line);
                }
                '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
                // A line goes on behind a backslash.
                '\\' if rest[1..].trim_start_matches('\r').starts_with('\n') => self.at += rest.find('\n').map_or(rest.len(), |at| at + 1),
                _ if letter.is_whitespace() => self.at += letter.len_utf8(),
                _ => break,
            }
        }
        let start = self.at;
        let rest = &self.text[start..];
        if let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '"' | '`')) {
            let end = rest[1..].find(quote).map_or(rest.len(), |at| at + 1);
            self.at = (start + end + 1).min(self.text.len());
            return Some(Token::Word(Spanned::new(Symbol::new(&rest[1..end]), TextRange::new(start + 1, start + end))));
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.at = start + end;
        let range = TextRange::new(start, start + end);
        Some(match &rest[..end] {
            "{" => Token::Open(range),
            "}" => Token::Close,
            word => Token::Word(Spanned::new(word.into(), range)),
        })
    }
}
