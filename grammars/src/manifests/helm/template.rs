//! Go templates taken apart: texts, actions, and the blocks between `if`, `range`, `with`, `define` and their `end`.

use std::ops::Range;

/// How deep blocks and brackets may nest.
const MAX_DEPTH: usize = 64;

/// A piece of a template. Places are bytes of its text.
#[derive(Debug, Clone)]
pub(in crate::manifests) enum Step {
    /// Text, white space trimmed as its neighbours say; where it stands.
    Text(String, usize),
    /// An action that prints, and whether nothing else stands on its lines.
    Print(Pipe, Range<usize>, bool),
    /// `$name := pipe`.
    Set(String, Pipe),
    /// `if`, with the branches of `else if` nested in the second.
    If(Pipe, Vec<Step>, Vec<Step>),
    /// `range`: names of key and value, what is walked, body, `else`.
    Range(Option<String>, Option<String>, Pipe, Vec<Step>, Vec<Step>),
    /// `with`.
    With(Pipe, Vec<Step>, Vec<Step>),
}

/// Commands, each of which gets the result of the one before as its last argument.
pub(in crate::manifests) type Pipe = Vec<Vec<Term>>;

/// A word of a command.
#[derive(Debug, Clone)]
pub(in crate::manifests) enum Term {
    /// The name of a function.
    Function(String),
    /// `.a.b`, from the dot.
    Dot(Vec<String>),
    /// `$name.a.b`; `$` itself has an empty name.
    Variable(String, Vec<String>),
    /// A text or number.
    Text(String),
    /// `(…)`, and fields read of it.
    Group(Pipe, Vec<String>),
}

enum Piece {
    Text(String, usize),
    /// Its text, its place, and whether nothing else stands on its lines.
    Action(String, Range<usize>, bool),
}

/// Takes a text apart; what it defines is added to `defined`.
pub(in crate::manifests) fn parse(text: &str, defined: &mut Vec<(String, Vec<Step>)>) -> Vec<Step> {
    let pieces = pieces(text);
    let mut at = 0;
    let mut all = Vec::new();
    // An `end` too many is skipped.
    while at < pieces.len() {
        all.extend(block(&pieces, &mut at, defined, 0).0);
        at += 1;
    }
    all
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut at = 0;
    let mut trim = false;
    while at <= text.len() {
        let open = text[at..].find("{{").map(|length| at + length);
        let mut plain = &text[at..open.unwrap_or(text.len())];
        let mut start = at;
        if trim {
            let trimmed = plain.trim_start();
            start += plain.len() - trimmed.len();
            plain = trimmed;
        }
        let Some(open) = open else {
            found.push(Piece::Text(plain.to_owned(), start));
            break;
        };
        let Some(close) = close_of(text, open + 2) else { break };
        let mut inner = &text[open + 2..close];
        if inner.starts_with("- ") || inner.starts_with("-\n") || inner.starts_with("-/") || inner == "-" {
            plain = plain.trim_end();
            inner = &inner[1..];
        }
        trim = inner.ends_with(" -") || inner.ends_with("\n-") || inner.ends_with("/-");
        inner = if trim { &inner[..inner.len() - 1] } else { inner };
        if !plain.is_empty() {
            found.push(Piece::Text(plain.to_owned(), start));
        }
        let inner = inner.trim();
        if !inner.starts_with("/*") {
            found.push(Piece::Action(inner.to_owned(), open..close + 2, stands_alone(text, open, close + 2)));
        }
        at = close + 2;
    }
    found
}

/// Whether the lines of a piece of a text hold nothing else.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].rsplit('\n').next().unwrap_or_default();
    let behind = text[end..].split('\n').next().unwrap_or_default();
    before.trim().is_empty() && behind.trim().is_empty()
}

/// Where the `}}` of an action stands; texts in quotes are jumped over.
fn close_of(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    if rest.trim_start_matches('-').trim_start().starts_with("/*") {
        let end = rest.find("*/")?;
        return rest[end..].find("}}").map(|length| from + end + length);
    }
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(from + at),
            quote @ (b'"' | b'`') => {
                let mut end = at + 1;
                while end < bytes.len() && bytes[end] != quote {
                    end += if quote == b'"' && bytes[end] == b'\\' { 2 } else { 1 };
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Reads up to the `end` or `else` that closes the block; `at` is left on it. Gives the text of that action too.
fn block(pieces: &[Piece], at: &mut usize, defined: &mut Vec<(String, Vec<Step>)>, depth: usize) -> (Vec<Step>, Option<String>) {
    let mut steps = Vec::new();
    while let Some(piece) = pieces.get(*at) {
        let (action, place, alone) = match piece {
            Piece::Text(text, start) => {
                steps.push(Step::Text(text.clone(), *start));
                *at += 1;
                continue;
            }
            Piece::Action(action, place, alone) => (action.as_str(), place.clone(), *alone),
        };
        let word = action.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        let rest = action[word.len()..].trim();
        match word {
            "end" | "else" => return (steps, Some(action.to_owned())),
            "if" | "range" | "with" | "define" | "block" if depth < MAX_DEPTH => {
                *at += 1;
                let (body, other) = bodies(pieces, at, defined, depth);
                match word {
                    "if" => steps.push(Step::If(pipe(rest), body, other)),
                    "with" => {
                        if let Some((name, value)) = assignment(rest) {
                            steps.push(Step::Set(name, value.clone()));
                            steps.push(Step::With(value, body, other));
                        } else {
                            steps.push(Step::With(pipe(rest), body, other));
                        }
                    }
                    "range" => {
                        let (names, value) = rest.split_once(":=").unwrap_or(("", rest));
                        let mut names: Vec<String> = names.split(',').map(|name| name.trim().trim_start_matches('$').to_owned()).collect();
                        names.retain(|name| !name.is_empty());
                        let value_name = names.pop();
                        steps.push(Step::Range(names.pop(), value_name, pipe(value), body, other));
                    }
                    _ => {
                        let name = rest.split('"').nth(1).unwrap_or_default().to_owned();
                        defined.push((name.clone(), body));
                        if word == "block" {
                            let context = pipe(rest.split('"').nth(2).unwrap_or_default());
                            let include = vec![Term::Function("include".to_owned()), Term::Text(name), Term::Group(context, Vec::new())];
                            steps.push(Step::Print(vec![include], place, alone));
                        }
                    }
                }
                *at += 1;
            }
            _ => {
                match assignment(action) {
                    Some((name, value)) => steps.push(Step::Set(name, value)),
                    None => steps.push(Step::Print(pipe(action), place, alone)),
                }
                *at += 1;
            }
        }
    }
    (steps, None)
}

/// The body of a block and that of its `else`; `at` is left on the `end`.
fn bodies(pieces: &[Piece], at: &mut usize, defined: &mut Vec<(String, Vec<Step>)>, depth: usize) -> (Vec<Step>, Vec<Step>) {
    let (body, closer) = block(pieces, at, defined, depth + 1);
    let Some(closer) = closer.filter(|closer| closer.starts_with("else")) else { return (body, Vec::new()) };
    *at += 1;
    let condition = closer["else".len()..].trim();
    if let Some(condition) = condition.strip_prefix("if").or_else(|| condition.strip_prefix("with")).filter(|_| depth < MAX_DEPTH) {
        let (inner, other) = bodies(pieces, at, defined, depth + 1);
        return (body, vec![Step::If(pipe(condition), inner, other)]);
    }
    let (other, _) = block(pieces, at, defined, depth + 1);
    (body, other)
}

/// `$name := value` and `$name = value`.
fn assignment(action: &str) -> Option<(String, Pipe)> {
    let name = action.strip_prefix('$')?;
    let end = name.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))?;
    let rest = name[end..].trim_start();
    let value = rest.strip_prefix(":=").or_else(|| rest.strip_prefix('='))?;
    Some((name[..end].to_owned(), pipe(value)))
}

fn pipe(text: &str) -> Pipe {
    let mut at = 0;
    commands(text, &mut at, 0)
}

fn commands(text: &str, at: &mut usize, depth: usize) -> Pipe {
    let mut all: Pipe = vec![Vec::new()];
    while let Some(letter) = text[*at..].chars().next() {
        let rest = &text[*at..];
        let term = match letter {
            ')' => break,
            '|' => {
                *at += 1;
                all.push(Vec::new());
                continue;
            }
            '(' if depth < MAX_DEPTH => {
                *at += 1;
                let inner = commands(text, at, depth + 1);
                if text[*at..].starts_with(')') {
                    *at += 1;
                }
                Term::Group(inner, fields(text, at))
            }
            '"' | '`' => {
                *at += 1;
                Term::Text(quoted(text, at, letter))
            }
            '.' => {
                let path = fields(text, at);
                if path.is_empty() {
                    *at += 1;
                }
                Term::Dot(path)
            }
            '$' => {
                *at += 1;
                let name = word(text, at);
                Term::Variable(name, fields(text, at))
            }
            letter if letter.is_alphanumeric() || matches!(letter, '_' | '-') => {
                let end = rest.find(|letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | '|')).unwrap_or(rest.len());
                *at += end;
                let word = &rest[..end];
                if letter.is_alphabetic() || letter == '_' { Term::Function(word.to_owned()) } else { Term::Text(word.to_owned()) }
            }
            letter => {
                *at += letter.len_utf8();
                continue;
            }
        };
        if let Some(command) = all.last_mut() {
            command.push(term);
        }
    }
    all.retain(|command| !command.is_empty());
    all
}

fn word(text: &str, at: &mut usize) -> String {
    let rest = &text[*at..];
    let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(rest.len());
    *at += end;
    rest[..end].to_owned()
}

/// `.a.b` behind something.
fn fields(text: &str, at: &mut usize) -> Vec<String> {
    let mut all = Vec::new();
    while text[*at..].starts_with('.') {
        let mut end = *at + 1;
        let name = word(text, &mut end);
        if name.is_empty() {
            break;
        }
        *at = end;
        all.push(name);
    }
    all
}

fn quoted(text: &str, at: &mut usize, quote: char) -> String {
    let mut found = String::new();
    let mut letters = text[*at..].chars();
    while let Some(letter) = letters.next() {
        *at += letter.len_utf8();
        if letter == quote {
            break;
        }
        if letter == '\\' && quote == '"' {
            let next = letters.next().unwrap_or_default();
            *at += next.len_utf8() * usize::from(next != '\0');
            found.push(match next {
                'n' => '\n',
                't' => '\t',
                other => other,
            });
        } else {
            found.push(letter);
        }
    }
    found
}
