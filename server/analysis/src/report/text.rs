//! Sentences in the making: words, names, code and places.

use crate::rules::Severity;

/// A piece of running text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text(pub Vec<Span>);

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Plain words.
    Words(String),
    /// Something of the code: a route, a table, a channel.
    Code(String),
    /// The name of a service.
    Service(String),
    /// How bad something is.
    Severity(Severity),
    /// A place: path relative to the workspace's root, and 1-based line.
    Place {
        /// The path.
        file: String,
        /// The line.
        line: u32,
    },
}

impl Text {
    /// A text that starts with words.
    pub(super) fn say(words: impl Into<String>) -> Self {
        Self::default().and(words)
    }
    /// A text that starts with something of the code.
    pub(super) fn of_code(code: impl Into<String>) -> Self {
        Self::default().code(code)
    }
    /// A text that starts with a service.
    pub(super) fn of_service(name: impl Into<String>) -> Self {
        Self::default().service(name)
    }
    /// A text that starts with how bad something is.
    pub(super) fn of_severity(severity: Severity) -> Self {
        Self(vec![Span::Severity(severity)])
    }
    /// Words in which code stands between backticks, as messages and pages of rules have it.
    pub(super) fn quoting(words: &str) -> Self {
        let parts = words.split('`').enumerate().filter(|(_, part)| !part.is_empty());
        parts.fold(Self::default(), |text, (at, part)| if at % 2 == 0 { text.and(part) } else { text.code(part) })
    }
    /// Adds words.
    pub(super) fn and(mut self, words: impl Into<String>) -> Self {
        let words = words.into();
        if !words.is_empty() {
            self.0.push(Span::Words(words));
        }
        self
    }
    /// Adds something of the code.
    pub(super) fn code(mut self, code: impl Into<String>) -> Self {
        self.0.push(Span::Code(code.into()));
        self
    }
    /// Adds the name of a service.
    pub(super) fn service(mut self, name: impl Into<String>) -> Self {
        self.0.push(Span::Service(name.into()));
        self
    }
    /// Adds a place behind a space.
    pub(super) fn at(mut self, place: Span) -> Self {
        if !self.0.is_empty() {
            self.0.push(Span::Words(" ".to_owned()));
        }
        self.0.push(place);
        self
    }
    /// Adds another text.
    pub(super) fn then(mut self, other: Text) -> Self {
        self.0.extend(other.0);
        self
    }
    /// Adds texts as a list in a sentence: `a`, `a and b`, `a, b and c`.
    pub(super) fn all(mut self, texts: impl IntoIterator<Item = Text>) -> Self {
        let texts: Vec<Text> = texts.into_iter().collect();
        let last = texts.len().saturating_sub(1);
        for (at, text) in texts.into_iter().enumerate() {
            match at {
                0 => {}
                _ if at == last => self.0.push(Span::Words(" and ".to_owned())),
                _ => self.0.push(Span::Words(", ".to_owned())),
            }
            self.0.extend(text.0);
        }
        self
    }
    /// Adds the first few of several texts, and how many more there are: `a, b and 3 more`.
    pub(super) fn some(self, texts: impl IntoIterator<Item = Text>, most: usize) -> Self {
        let mut texts: Vec<Text> = texts.into_iter().collect();
        let rest = texts.len().saturating_sub(most);
        texts.truncate(most);
        if rest > 0 {
            texts.push(Text::say(format!("{rest} more")));
        }
        self.all(texts)
    }
}
