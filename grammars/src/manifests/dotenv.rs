//! Dotenv files, and the filling in of variables that they share with compose files.
//!
//! References within values stay as written; which values a variable has is the workspace's knowledge.

use super::{DotEnv, Manifest, ManifestFacts, Variable};
use crate::facts::{Problem, Symbol, TextRange};

/// `.env`, `.env.*`, `*.env`; not data in another format that is only named so.
pub(super) fn matches(name: &str) -> bool {
    const OTHER_FORMATS: [&str; 9] = [".json", ".yaml", ".yml", ".toml", ".md", ".sh", ".ts", ".js", ".py"];
    name.ends_with(".env") || name.starts_with(".env.") && !OTHER_FORMATS.iter().any(|ending| name.ends_with(ending))
}

/// Words of the names of files that are there to be copied: `.env.example`, `sample.env`.
pub const EXAMPLE_WORDS: [&str; 7] = ["example", "sample", "template", "dist", "default", "defaults", "tmpl"];

/// Whether a dotenv file is there to be copied, by its name: `.env.example`, `.env.cloud.example`.
pub fn is_example(name: &str) -> bool {
    name.split(['.', '-', '_']).any(|word| EXAMPLE_WORDS.contains(&word))
}

/// Reads a dotenv file.
pub(super) fn read(text: &str) -> ManifestFacts {
    let mut reader = Reader { text, at: 0, variables: Vec::new(), problems: Vec::new() };
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    while reader.at < text.len() {
        reader.entry();
    }
    ManifestFacts { manifest: Manifest::DotEnv(DotEnv { variables: reader.variables }), problems: reader.problems }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    variables: Vec<Variable>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// Reads one entry, which is a line unless its value is quoted.
    fn entry(&mut self) {
        let end = self.line_end(self.at);
        let line = &self.text[self.at..end];
        let indent = line.len() - line.trim_start().len();
        let content = line.trim();
        let (start, after) = (self.at + indent, end + 1);
        self.at = after;
        if content.is_empty() || content.starts_with('#') {
            return;
        }
        let exported = content.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
        let entry = exported.unwrap_or(content).trim_start();
        let start = start + content.len() - entry.len();
        let (name, has_value) = match entry.split_once('=') {
            Some((name, _)) => (name, true),
            None => (entry.split_once(" #").map_or(entry, |(name, _)| name), false),
        };
        let trimmed = name.trim_end();
        if trimmed.is_empty() || !trimmed.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-')) {
            if self.problems.is_empty() {
                let message = "dotenv file: expected `NAME=value`".to_owned();
                self.problems.push(Problem { message, range: TextRange::new(start, start + entry.len()) });
            }
            return;
        }
        let (value, value_end) = match has_value {
            true => {
                let (value, value_end) = self.value(start + name.len() + 1, end);
                (Some(value), value_end)
            }
            false => (None, start + trimmed.len()),
        };
        self.variables.push(Variable { name: Symbol::new(trimmed), value, range: TextRange::new(start, value_end) });
    }

    /// The value from byte `from`, whose line ends at `line_end`, and the end of it. Moves on behind the lines of a quoted value.
    fn value(&mut self, from: usize, line_end: usize) -> (Symbol, usize) {
        let line = &self.text[from..line_end];
        let written = line.trim_start_matches([' ', '\t']);
        let start = from + line.len() - written.len();
        if let Some(quote) = written.chars().next().filter(|letter| matches!(letter, '"' | '\'' | '`')) {
            if let Some((value, end)) = quoted(&self.text[start + 1..], quote) {
                let end = start + 1 + end;
                self.at = self.line_end(end) + 1;
                return (value, end);
            }
            let message = format!("dotenv file: the quote {quote} is not closed");
            self.problems.push(Problem { message, range: TextRange::new(start, line_end) });
        }
        // A hash opens a comment only behind a space: `#` may be part of a value.
        let spaced = start > from;
        let comment = written
            .char_indices()
            .find(|(at, letter)| *letter == '#' && if *at == 0 { spaced } else { written[..*at].ends_with([' ', '\t']) });
        let value = comment.map_or(written, |(at, _)| &written[..at]).trim_end();
        (Symbol::new(value), start + value.len())
    }

    fn line_end(&self, from: usize) -> usize {
        self.text[from..].find('\n').map_or(self.text.len(), |length| from + length)
    }
}

/// The content of a quoted value and the offset behind its closing quote. Escapes count in double quotes only.
fn quoted(text: &str, quote: char) -> Option<(Symbol, usize)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Some((Symbol::from(value), at + letter.len_utf8())),
            '\\' if quote == '"' => match letters.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('"' | '\\') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            _ => value.push(letter),
        }
    }
    None
}

/// How deep defaults may nest; deeper ones stay as written.
const DEEPEST: usize = 16;

/// Fills in `$A`, `${A}`, `${A:-b}`, `${A-b}`, `${A:?e}`, `${A?e}`, `${A:+b}` and `${A+b}`; `$$` is a dollar sign. A variable that `lookup`
/// does not know, and that has no default, stays as written. What `lookup` returns is taken as it is, so a cycle is impossible here.
pub fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<Symbol>) -> Symbol {
    if !text.contains('$') {
        return Symbol::new(text);
    }
    let mut expanded = String::with_capacity(text.len());
    expand_into(text, lookup, DEEPEST, &mut expanded);
    Symbol::from(expanded)
}

fn expand_into(text: &str, lookup: &dyn Fn(&str) -> Option<Symbol>, depth: usize, expanded: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match rest.as_bytes().get(1) {
            Some(b'$') => {
                expanded.push('$');
                2
            }
            Some(b'{') => match closing_brace(rest) {
                Some(end) if depth > 0 => {
                    if !braced(&rest[2..end], lookup, depth - 1, expanded) {
                        expanded.push_str(&rest[..=end]);
                    }
                    end + 1
                }
                // Not closed, or too deep: as written, all of it, so that it is gone through once.
                _ => {
                    expanded.push_str(rest);
                    return;
                }
            },
            Some(letter) if letter.is_ascii_alphabetic() || *letter == b'_' => {
                let end = 1 + name_length(&rest[1..]);
                match lookup(&rest[1..end]) {
                    Some(value) => expanded.push_str(&value),
                    None => expanded.push_str(&rest[..end]),
                }
                end
            }
            _ => {
                expanded.push('$');
                1
            }
        };
        rest = &rest[length..];
    }
    expanded.push_str(rest);
}

/// Fills in what stands between braces; `false` if it stays as written.
fn braced(inner: &str, lookup: &dyn Fn(&str) -> Option<Symbol>, depth: usize, expanded: &mut String) -> bool {
    let (name, operation) = inner.split_at(name_length(inner));
    if name.is_empty() {
        return false;
    }
    let value = lookup(name);
    let (nonempty, operation) = match operation.strip_prefix(':') {
        Some(operation) => (true, operation),
        None => (false, operation),
    };
    let is_set = value.as_ref().is_some_and(|value| !(nonempty && value.is_empty()));
    match (operation.chars().next(), value) {
        (None, Some(value)) if !nonempty => expanded.push_str(&value),
        (Some('-' | '?'), Some(value)) if is_set => expanded.push_str(&value),
        (Some('-'), _) => expand_into(&operation[1..], lookup, depth, expanded),
        (Some('+'), _) if is_set => expand_into(&operation[1..], lookup, depth, expanded),
        (Some('+'), _) => {}
        _ => return false,
    }
    true
}

/// Offset of the brace that closes the `${` at the start.
fn closing_brace(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at > 0 && bytes[at - 1] == b'$' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn name_length(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    fn dotenv(text: &str) -> (Vec<Variable>, Vec<Problem>) {
        let facts = read(text);
        match facts.manifest {
            Manifest::DotEnv(dotenv) => (dotenv.variables, facts.problems),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_of_files() {
        for name in [".env", ".env.local", ".example.env", "base.env", ".env.domain"] {
            assert!(matches(name), "{name}");
        }
        for name in [".envrc", "env", ".env.json", ".env.d.ts", "environment"] {
            assert!(!matches(name), "{name}");
        }
    }

    #[test]
    fn reads_every_form() {
        let text = "\u{feff}# größe\r\nA=1\r\n export B = two words # c\r\nC=\"q \\\"x\\\" # no\\n\" # c\nD='a\\nb'\nE=\nF=x#y\nG= # c\nH=\"multi\nline é\"\nI=`b`\nJ\nK=http://${H}:${P:-1}\n";
        let (variables, problems) = dotenv(text);
        assert!(problems.is_empty(), "{problems:?}");
        let pairs: Vec<_> = variables.iter().map(|variable| (variable.name.as_str(), variable.value.as_deref())).collect();
        let expected = [
            ("A", Some("1")),
            ("B", Some("two words")),
            ("C", Some("q \"x\" # no\n")),
            ("D", Some("a\\nb")),
            ("E", Some("")),
            ("F", Some("x#y")),
            ("G", Some("")),
            ("H", Some("multi\nline é")),
            ("I", Some("b")),
            ("J", None),
            ("K", Some("http://${H}:${P:-1}")),
        ];
        assert_eq!(pairs, expected);
        let slices: Vec<_> = variables.iter().map(|variable| &text[variable.range.start as usize..variable.range.end as usize]).collect();
        assert_eq!(slices[0], "A=1");
        assert_eq!(slices[1], "B = two words");
        assert_eq!(slices[7], "H=\"multi\nline é\"");
    }

    #[test]
    fn reads_on_past_what_is_wrong() {
        let (variables, problems) = dotenv("A=1\n<no>=x\nB=\"open\nC=3");
        let names: Vec<_> = variables.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["A", "B", "C"]);
        assert_eq!(problems.len(), 2);
        for text in ["", "=", "A='", "A=\"\\", "\u{feff}", "é", "export", "\r\n\r", "A=\r"] {
            dotenv(text);
        }
    }

    #[test]
    fn expands_variables() {
        let lookup = |name: &str| match name {
            "A" => Some(Symbol::new("a")),
            "EMPTY" => Some(Symbol::default()),
            _ => None,
        };
        for (text, expected) in [
            ("x", "x"),
            ("$A-${A}", "a-a"),
            ("$B ${B}", "$B ${B}"),
            ("${B:-b}${B-c}", "bc"),
            ("${EMPTY:-b}|${EMPTY-b}|${EMPTY}", "b||"),
            ("${A:?must be set}${B:?must be set}", "a${B:?must be set}"),
            ("${A:+:}${B:+:}${EMPTY+e}", ":e"),
            ("${B:-${C:-http://${A}:1}}/x", "http://a:1/x"),
            ("$$A $ $1 ${", "$A $ $1 ${"),
            ("${B:-é}", "é"),
            ("${A/x/y}${}", "${A/x/y}${}"),
        ] {
            assert_eq!(expand(text, &lookup), expected, "{text}");
        }
        let deep = format!("{}{}", "${B:-".repeat(50_000), "}".repeat(50_000));
        assert!(expand(&deep, &lookup).contains("${B"));
        expand(&"${".repeat(50_000), &lookup);
    }
}
