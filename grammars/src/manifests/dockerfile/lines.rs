//! From the lines of a Dockerfile to its instructions: continuations, comments, here-documents, flags and words.
//!
//! What an instruction means is not known here.

use crate::facts::{Symbol, TextRange};

/// One instruction, with continuation marks and comments blanked.
pub(super) struct Instruction {
    /// Its keyword in capitals.
    pub(super) keyword: String,
    /// The place of the keyword.
    pub(super) keyword_range: TextRange,
    /// What follows its keyword and flags, with as many bytes as in the file.
    pub(super) body: String,
    /// All of it, without a here-document.
    pub(super) range: TextRange,
    flags: Vec<(Symbol, Symbol)>,
    /// Offset of `body` in the file.
    body_start: usize,
    escape: char,
}

/// A word, its quotes and escapes resolved.
pub(super) struct Word {
    /// What it reads.
    pub(super) text: Symbol,
    /// The place.
    pub(super) range: TextRange,
}

/// The instructions of a file.
pub(super) fn instructions(text: &str) -> Vec<Instruction> {
    let escape = escape_character(text);
    let mut instructions = Vec::new();
    let mut unclosed = 0;
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        let (start, mut blanked) = (at, String::new());
        loop {
            let end = line_end(text, at);
            let line = &text[at..end];
            let is_filler = line.trim_start().starts_with('#') || !blanked.is_empty() && line.trim().is_empty();
            let continued = !is_filler && line.trim_end().ends_with(escape);
            match (is_filler, continued) {
                (true, _) => blanked.extend(std::iter::repeat_n(' ', line.len())),
                (false, true) => {
                    let kept = line.trim_end().len() - escape.len_utf8();
                    blanked.push_str(&line[..kept]);
                    blanked.extend(std::iter::repeat_n(' ', line.len() - kept));
                }
                (false, false) => blanked.push_str(line),
            }
            at = (end + 1).min(text.len());
            // A filler ends an instruction only where none has begun.
            let goes_on = continued || is_filler && !blanked.trim_start().is_empty();
            if !goes_on || at >= text.len() {
                break;
            }
            blanked.push(' ');
        }
        if let Some(instruction) = Instruction::new(&blanked, start, escape) {
            if matches!(instruction.keyword.as_str(), "RUN" | "COPY" | "ADD") {
                at = behind_heredocs(text, at, &instruction.body, &mut unclosed);
            }
            instructions.push(instruction);
        }
    }
    instructions
}

/// The escape character: a directive in the leading comments may change it.
fn escape_character(text: &str) -> char {
    for line in text.trim_start_matches('\u{feff}').lines() {
        let Some((name, value)) = line.trim().strip_prefix('#').and_then(|comment| comment.split_once('=')) else { break };
        if name.trim().eq_ignore_ascii_case("escape") {
            return if value.trim() == "`" { '`' } else { '\\' };
        }
    }
    '\\'
}

fn line_end(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |length| from + length)
}

/// The offset behind the here-documents that `body` opens, which begin at `at`. One that is never closed is none; they are counted, as
/// looking for their ends takes the whole file.
fn behind_heredocs(text: &str, mut at: usize, body: &str, unclosed: &mut usize) -> usize {
    const MOST_UNCLOSED: usize = 16;
    for (word, strips_tabs) in heredocs(body) {
        if *unclosed == MOST_UNCLOSED {
            return at;
        }
        *unclosed += 1;
        let mut line_start = at;
        while line_start < text.len() {
            let end = line_end(text, line_start);
            let line = text[line_start..end].trim_end_matches('\r');
            line_start = (end + 1).min(text.len());
            if (if strips_tabs { line.trim_start_matches('\t') } else { line }) == word {
                *unclosed -= 1;
                at = line_start;
                break;
            }
        }
    }
    at
}

/// The delimiters of the here-documents of a command, and whether leading tabs are ignored.
fn heredocs(body: &str) -> Vec<(&str, bool)> {
    const MOST: usize = 16;
    let mut found = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find("<<").filter(|_| found.len() < MOST) {
        rest = &rest[at + 2..];
        if let Some(word) = rest.strip_prefix('<') {
            rest = word;
            continue;
        }
        let (marked, strips_tabs) = rest.strip_prefix('-').map_or((rest, false), |marked| (marked, true));
        let bare = marked.strip_prefix(['"', '\'']).unwrap_or(marked);
        let length = bare.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(bare.len());
        if length > 0 && !bare.starts_with(|letter: char| letter.is_ascii_digit()) {
            found.push((&bare[..length], strips_tabs));
        }
    }
    found
}

impl Instruction {
    /// Takes a blanked text apart that begins at byte `start` of the file; none if it is blank.
    fn new(blanked: &str, start: usize, escape: char) -> Option<Self> {
        let content = blanked.trim_start();
        let mut at = blanked.len() - content.len();
        let keyword = content.split_whitespace().next()?;
        let keyword_range = TextRange::new(start + at, start + at + keyword.len());
        let range = TextRange::new(start + at, start + blanked.trim_end().len());
        at += keyword.len();
        let mut flags = Vec::new();
        loop {
            let rest = &blanked[at..];
            at += rest.len() - rest.trim_start().len();
            let Some(flag) = blanked[at..].strip_prefix("--") else { break };
            let flag = flag.split_whitespace().next().unwrap_or_default();
            at += 2 + flag.len();
            let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
            flags.push((Symbol::new(name), Symbol::new(value)));
        }
        let body = blanked[at..].to_owned();
        Some(Self { keyword: keyword.to_ascii_uppercase(), keyword_range, body, range, flags, body_start: start + at, escape })
    }

    /// The value of a flag.
    pub(super) fn flag(&self, name: &str) -> Option<Symbol> {
        self.flags(name).next().cloned()
    }

    /// The values of a flag that may be given more than once.
    pub(super) fn flags(&self, name: &str) -> impl Iterator<Item = &Symbol> {
        self.flags.iter().filter(move |(flag, _)| flag == name).map(|(_, value)| value)
    }

    /// What follows keyword and flags, and its place.
    pub(super) fn arguments(&self) -> (&str, TextRange) {
        let body = self.body.trim_end();
        (body, TextRange::new(self.body_start, self.body_start + body.len()))
    }

    /// The words that follow keyword and flags. An unclosed quote ends with the instruction.
    pub(super) fn words(&self) -> Vec<Word> {
        let mut words = Vec::new();
        let mut letters = self.body.char_indices();
        while let Some((start, _)) = letters.find(|(_, letter)| !letter.is_whitespace()) {
            let (mut text, mut quote, mut end) = (String::new(), None, start);
            let mut next = self.body[start..].chars().next();
            while let Some(letter) = next {
                end += letter.len_utf8();
                match quote {
                    None if letter.is_whitespace() => {
                        end -= letter.len_utf8();
                        break;
                    }
                    None if matches!(letter, '"' | '\'') => quote = Some(letter),
                    Some(open) if open == letter => quote = None,
                    _ if letter == self.escape && quote != Some('\'') => {
                        if let Some((_, escaped)) = letters.next() {
                            end += escaped.len_utf8();
                            text.push(escaped);
                        }
                    }
                    _ => text.push(letter),
                }
                next = letters.next().map(|(_, letter)| letter);
            }
            words.push(Word { text: Symbol::from(text), range: TextRange::new(self.body_start + start, self.body_start + end) });
        }
        words
    }
}
