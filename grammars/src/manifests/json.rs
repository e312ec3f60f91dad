//! JSON with comments and trailing commas: the reading that `package.json` and `tsconfig.json` share.
//!
//! What the keys mean is not known here. Invariant: ranges are in bytes of the text handed in, and a string's range leaves its quotes out.

use jsonc_parser::ast::{Object, ObjectProp, StringLit, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::mend::{self, Fault};
use crate::facts::{Problem, Spanned, Symbol, TextRange};

/// Reads `text` and hands its top-level object to `take`; a broken text is mended as far as possible. `label` names the format in problems.
pub(super) fn read<T: Default>(text: &str, label: &str, take: impl Fn(&Object<'_>) -> T) -> (T, Vec<Problem>) {
    read_value(text, label, |value| value.as_object().map(&take))
}

/// The same for a value of any kind at the top; `take` refuses what it cannot use.
pub(super) fn read_value<T: Default>(text: &str, label: &str, take: impl Fn(&Value<'_>) -> Option<T>) -> (T, Vec<Problem>) {
    let clean = mend::without_mark(text);
    let parse = |text: &str| parse(text, &take);
    let (value, fault) = match parse(&clean) {
        Ok(value) => (Some(value), None),
        Err(fault) => (mend::read(&clean, |text| parse(&format!("{text}{}", closers(text)))).0, Some(fault)),
    };
    (value.unwrap_or_default(), fault.iter().map(|fault| fault.problem(label, text)).collect())
}

fn parse<T: Default>(text: &str, take: &impl Fn(&Value<'_>) -> Option<T>) -> Result<T, Fault> {
    let result = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default())
        .map_err(|error| Fault { at: error.range().start, message: sentence(&error.kind().to_string()) })?;
    match result.value.as_ref().map(|value| (value, take(value))) {
        Some((_, Some(taken))) => Ok(taken),
        None => Ok(T::default()),
        Some((other, None)) => Err(Fault { at: other.range().start, message: "expected an object at the top".to_owned() }),
    }
}

fn sentence(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The brackets that are still open at the end of `text`, closed.
fn closers(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'"', _) => {
                at += 1;
                while bytes.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\n')) {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            (b'/', Some(b'/')) => {
                while bytes.get(at + 1).is_some_and(|byte| *byte != b'\n') {
                    at += 1
                }
            }
            (b'/', Some(b'*')) => at = text[at..].find("*/").map_or(text.len(), |length| at + length + 1),
            (b'{', _) => open.push('}'),
            (b'[', _) => open.push(']'),
            (b'}' | b']', _) => {
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    // On a line of its own, so that a line comment or a blanked line does not swallow it.
    let closing: String = open.iter().rev().collect();
    if closing.is_empty() { closing } else { format!("\n{closing}") }
}

/// A place of the parser as one of ours.
pub(super) fn range(range: Range) -> TextRange {
    TextRange::new(range.start, range.end)
}

/// A string and the place of its content.
pub(super) fn spanned(string: &StringLit<'_>) -> Spanned<Symbol> {
    Spanned::new(Symbol::new(&string.value), TextRange::new(string.range.start + 1, string.range.end.max(string.range.start + 2) - 1))
}

/// The string under `name`.
pub(super) fn string(object: &Object<'_>, name: &str) -> Option<Symbol> {
    object.get_string(name).map(|string| Symbol::new(&string.value))
}

/// The entries of the object under `name`, if it is one.
pub(super) fn entries<'o, 't>(object: &'o Object<'t>, name: &str) -> &'o [ObjectProp<'t>] {
    object.get_object(name).map_or(&[], |inner| &inner.properties)
}

/// The strings of an array, or the string alone.
pub(super) fn strings(value: &Value<'_>) -> Vec<Symbol> {
    match value {
        Value::StringLit(string) => vec![Symbol::new(&string.value)],
        Value::Array(array) => array.elements.iter().filter_map(Value::as_string_lit).map(|string| Symbol::new(&string.value)).collect(),
        _ => Vec::new(),
    }
}
