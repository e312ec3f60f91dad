//! The functions of templates, as far as names, images, ports and variables are made by them. One that is not known gives what is not known.

use std::rc::Rc;

use super::render::{UNKNOWN, Value};

/// No text is made longer than this.
const MAX_TEXT: usize = 256 * 1024;

/// What a function gives back.
pub(super) fn call(name: &str, arguments: &[Value]) -> Value {
    let last = || arguments.last().cloned().unwrap_or(Value::Null);
    let first = || arguments.first().cloned().unwrap_or(Value::Null);
    let text = |at: usize| arguments.get(at).map(Value::print).unwrap_or_default();
    let end = arguments.len().saturating_sub(1);
    match name {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "nil" => Value::Null,
        "default" => {
            if last().is_true() && arguments.len() > 1 {
                last()
            } else {
                first()
            }
        }
        "required" | "toString" | "int" | "int64" | "float64" | "deepCopy" | "toRawJson" | "b64enc" | "b64dec" | "mustToYaml" | "atoi" => {
            last()
        }
        "quote" | "squote" => Value::text(format!("\"{}\"", last().print().replace('\\', "\\\\").replace('"', "\\\""))),
        "toYaml" | "indent" | "nindent" if matches!(last(), Value::Unknown) => Value::Unknown,
        "toYaml" => Value::text(yaml(&last()).trim_end()),
        "toJson" => Value::text(json(&last(), 0)),
        "indent" | "nindent" => {
            let width = text(0).parse::<usize>().unwrap_or(0).min(64);
            let pad = " ".repeat(width);
            let body = text(end);
            if body.len() > MAX_TEXT {
                return Value::Unknown;
            }
            let lines: Vec<String> = body.lines().map(|line| format!("{pad}{line}")).collect();
            let newline = if name == "nindent" { "\n" } else { "" };
            Value::text(format!("{newline}{}", lines.join("\n")))
        }
        "printf" => Value::text(format_text(&text(0), &arguments[1.min(arguments.len())..])),
        "print" | "cat" => Value::text(arguments.iter().map(Value::print).collect::<Vec<_>>().join(if name == "cat" { " " } else { "" })),
        "println" => Value::text(format!("{}\n", last().print())),
        "lower" => Value::text(text(end).to_lowercase()),
        "upper" => Value::text(text(end).to_uppercase()),
        "trim" | "nospace" => Value::text(text(end).trim()),
        "trunc" => {
            let count = text(0).parse::<usize>().unwrap_or(usize::MAX);
            Value::text(text(end).chars().take(count).collect::<String>())
        }
        "trimSuffix" => Value::text(text(end).strip_suffix(&text(0)).map_or_else(|| text(end), str::to_owned)),
        "trimPrefix" => Value::text(text(end).strip_prefix(&text(0)).map_or_else(|| text(end), str::to_owned)),
        "trimAll" => Value::text(text(end).trim_matches(|letter| text(0).contains(letter))),
        "replace" => Value::text(text(end).replace(&text(0), &text(1))),
        "contains" => Value::Bool(text(end).contains(&text(0))),
        "hasPrefix" => Value::Bool(text(end).starts_with(&text(0))),
        "hasSuffix" => Value::Bool(text(end).ends_with(&text(0))),
        "snakecase" => Value::text(text(end).replace('-', "_")),
        "kebabcase" => Value::text(text(end).replace('_', "-").to_lowercase()),
        "eq" => Value::Bool(arguments.iter().skip(1).any(|other| same(&arguments[0], other))),
        "ne" => Value::Bool(arguments.len() < 2 || !same(&arguments[0], &arguments[1])),
        "not" => Value::Bool(!last().is_true()),
        "empty" => Value::Bool(!last().is_true()),
        "and" => arguments.iter().find(|value| !value.is_true()).cloned().unwrap_or_else(last),
        "or" | "coalesce" => arguments.iter().find(|value| value.is_true()).cloned().unwrap_or_else(last),
        "ternary" => {
            let [yes, no, condition] = arguments else { return Value::Unknown };
            if condition.is_true() { yes.clone() } else { no.clone() }
        }
        "gt" | "ge" | "lt" | "le" => {
            let (Ok(left), Ok(right)) = (text(0).parse::<f64>(), text(1).parse::<f64>()) else { return Value::Unknown };
            Value::Bool(match name {
                "gt" => left > right,
                "ge" => left >= right,
                "lt" => left < right,
                _ => left <= right,
            })
        }
        "add" | "sub" | "add1" => {
            let numbers: Option<Vec<i64>> = arguments.iter().map(|value| value.print().parse().ok()).collect();
            let Some([one, rest @ ..]) = numbers.as_deref() else { return Value::Unknown };
            let others = rest.iter().fold(0_i64, |sum, one| sum.saturating_add(*one));
            Value::text(match name {
                "sub" => one.saturating_sub(others).to_string(),
                "add1" => one.saturating_add(1).to_string(),
                _ => one.saturating_add(others).to_string(),
            })
        }
        "len" => Value::text(match last() {
            Value::List(items) => items.len().to_string(),
            Value::Map(entries) => entries.len().to_string(),
            other => other.print().len().to_string(),
        }),
        "dict" => Value::Map(Rc::new(
            arguments.chunks(2).filter_map(|pair| Some((pair.first()?.print(), pair.get(1).cloned().unwrap_or(Value::Null)))).collect(),
        )),
        "list" | "tuple" => Value::List(Rc::new(arguments.to_vec())),
        "hasKey" => Value::Bool(matches!(&first(), Value::Map(entries) if entries.iter().any(|(key, _)| *key == text(1)))),
        "get" => first().get(&text(1)),
        "dig" if arguments.len() > 2 => {
            let found = arguments[..end - 1].iter().fold(last(), |value, key| value.get(&key.print()));
            if found.is_true() { found } else { arguments[end - 1].clone() }
        }
        "index" => arguments.iter().skip(1).fold(first(), |value, key| match &value {
            Value::List(items) => key.print().parse::<usize>().ok().and_then(|at| items.get(at).cloned()).unwrap_or(Value::Null),
            other => other.get(&key.print()),
        }),
        // The first one wins; with `Overwrite` the last one.
        "merge" | "mustMerge" => arguments.iter().rev().fold(Value::Null, |merged, value| merge(&merged, value, 0)),
        "mergeOverwrite" | "mustMergeOverwrite" => arguments.iter().fold(Value::Null, |merged, value| merge(&merged, value, 0)),
        "set" => merge(&first(), &Value::Map(Rc::new(vec![(text(1), arguments.get(2).cloned().unwrap_or(Value::Null))])), 0),
        "pick" | "omit" => {
            let Value::Map(entries) = first() else { return first() };
            let keys: Vec<String> = arguments[1..].iter().map(Value::print).collect();
            let kept = entries.iter().filter(|(key, _)| keys.contains(key) == (name == "pick")).cloned().collect();
            Value::Map(Rc::new(kept))
        }
        "keys" => match first() {
            Value::Map(entries) => Value::List(Rc::new(entries.iter().map(|(key, _)| Value::text(key)).collect())),
            _ => Value::Null,
        },
        "values" => match first() {
            Value::Map(entries) => Value::List(Rc::new(entries.iter().map(|(_, value)| value.clone()).collect())),
            _ => Value::Null,
        },
        "concat" | "append" => {
            let mut all = Vec::new();
            for (at, value) in arguments.iter().enumerate() {
                match value {
                    Value::List(items) if name == "concat" || at == 0 => all.extend(items.iter().cloned()),
                    Value::Null => {}
                    other => all.push(other.clone()),
                }
            }
            Value::List(Rc::new(all))
        }
        "sortAlpha" | "uniq" | "reverse" | "compact" => last(),
        "first" => match last() {
            Value::List(items) => items.first().cloned().unwrap_or(Value::Null),
            other => other,
        },
        "last" => match last() {
            Value::List(items) => items.last().cloned().unwrap_or(Value::Null),
            other => other,
        },
        "has" => Value::Bool(matches!(last(), Value::List(items) if items.iter().any(|item| same(item, &arguments[0])))),
        "join" => match last() {
            Value::List(items) => Value::text(items.iter().map(Value::print).collect::<Vec<_>>().join(&text(0))),
            other => other,
        },
        "splitList" => Value::List(Rc::new(text(end).split(&text(0)).map(Value::text).collect())),
        "kindIs" => Value::Bool(match (text(0).as_str(), &last()) {
            ("map", Value::Map(_)) | ("slice", Value::List(_)) | ("bool", Value::Bool(_)) | ("string", Value::Text(_)) => true,
            (_, Value::Unknown) => return Value::Unknown,
            ("invalid", Value::Null) => true,
            ("float64" | "int" | "int64", Value::Text(text)) => text.parse::<f64>().is_ok(),
            _ => false,
        }),
        "lookup" => Value::Map(Rc::default()),
        "fail" => Value::Null,
        _ => Value::Unknown,
    }
}

fn same(left: &Value, right: &Value) -> bool {
    left.print() == right.print()
}

/// One value laid over another.
fn merge(under: &Value, over: &Value, depth: u32) -> Value {
    match (under, over) {
        (Value::Map(under), Value::Map(over)) if depth < 32 => {
            let mut merged = (**under).clone();
            for (key, value) in over.iter() {
                match merged.iter_mut().find(|(name, _)| name == key) {
                    Some((_, known)) => *known = merge(known, value, depth + 1),
                    None => merged.push((key.clone(), value.clone())),
                }
            }
            Value::Map(Rc::new(merged))
        }
        (under, Value::Null) => under.clone(),
        (_, over) => over.clone(),
    }
}

/// `%s`, `%d`, `%v`, `%q` filled in, in order.
fn format_text(format: &str, arguments: &[Value]) -> String {
    let mut filled = String::new();
    let mut arguments = arguments.iter();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            filled.push(letter);
            continue;
        }
        match letters.next() {
            Some('%') => filled.push('%'),
            Some('q') => filled.push_str(&format!("\"{}\"", arguments.next().map(Value::print).unwrap_or_default())),
            _ => filled.push_str(&arguments.next().map_or_else(|| UNKNOWN.to_owned(), Value::print)),
        }
    }
    filled
}

/// A value as YAML, each line ended.
pub(super) fn yaml(value: &Value) -> String {
    let mut written = String::new();
    write_yaml(value, 0, &mut written);
    written
}

fn write_yaml(value: &Value, indent: usize, written: &mut String) {
    if written.len() > MAX_TEXT || indent > 64 {
        return;
    }
    let pad = " ".repeat(indent);
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries.iter() {
                written.push_str(&format!("{pad}{}:", scalar(key)));
                nested(value, indent + 2, written);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for item in items.iter() {
                match item {
                    Value::Map(entries) if !entries.is_empty() => {
                        let mut inner = String::new();
                        write_yaml(item, indent + 2, &mut inner);
                        written.push_str(&format!("{pad}- {}", inner.trim_start()));
                    }
                    _ => {
                        written.push_str(&format!("{pad}-"));
                        nested(item, indent + 2, written);
                    }
                }
            }
        }
        other => written.push_str(&format!("{pad}{}\n", plain(other))),
    }
}

fn nested(value: &Value, indent: usize, written: &mut String) {
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            written.push('\n');
            write_yaml(value, indent, written);
        }
        Value::List(items) if !items.is_empty() => {
            written.push('\n');
            write_yaml(value, indent, written);
        }
        other => written.push_str(&format!(" {}\n", plain(other))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Map(_) => "{}".to_owned(),
        Value::List(_) => "[]".to_owned(),
        Value::Text(text) => scalar(text),
        other => other.print(),
    }
}

fn scalar(text: &str) -> String {
    let simple = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'));
    if simple { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")) }
}

fn json(value: &Value, depth: u32) -> String {
    if depth > 32 {
        return "null".to_owned();
    }
    match value {
        Value::Map(entries) => {
            let all: Vec<String> = entries.iter().map(|(key, value)| format!("\"{key}\":{}", json(value, depth + 1))).collect();
            format!("{{{}}}", all.join(","))
        }
        Value::List(items) => format!("[{}]", items.iter().map(|item| json(item, depth + 1)).collect::<Vec<_>>().join(",")),
        Value::Text(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        Value::Null => "null".to_owned(),
        other => other.print(),
    }
}
