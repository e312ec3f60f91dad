//! Which of several values an expression stands for, and variables with what stands behind them.
//!
//! What deliberately does not live here: where the values come from. Invariant: a value behind one that is certainly there is never taken.

use std::sync::Arc;

use super::value::{Part, Pattern, Source, Value};

/// The first of several values that is there. A variable's default is kept with the variable, a parameter's with the parameter.
pub(super) fn fallback(mut values: Vec<Value>) -> Value {
    // What is empty between others is passed over, or they would not stand behind it.
    if let [_, between @ .., _] = values.as_mut_slice() {
        for value in between {
            *value = Value::one_of(value.alternatives().iter().filter(|one| !one.is_empty()).cloned());
        }
    }
    // What stands behind a value that is certainly there is never taken.
    if let Some(certain) = values.iter().position(Value::is_certain) {
        values.truncate(certain + 1);
        // What is not known before it may be there or not; a variable before it has it for its default. `window.settings.URL` is no more known.
        let is_open = |value: &Value| value.is_unknown() || matches!(value, Value::External(..) | Value::WorkingModule(..));
        let before = values.len();
        values.retain(|value| !is_open(value));
        if let Some(last) = values.pop() {
            values.push(if values.len() + 1 < before { last.or_unknown() } else { last });
        }
    }
    if let Some(made) = values.iter().position(Value::is_made) {
        values.truncate(made + 1);
    }
    if let [only] = values.as_slice() {
        return only.clone();
    }
    // Nothing in place of something that is not known: it stays open.
    if values.contains(&Value::Unknown)
        && values.iter().all(|value| value.is_unknown() || value.is_empty())
        && values.iter().any(Value::is_empty)
    {
        return Value::maybe_nothing();
    }
    if let [Value::Param(param, path), rest @ ..] = values.as_slice()
        && let Some(defaults) = rest.iter().find(|value| !value.is_unknown()).and_then(texts_of)
    {
        let with = |default: Arc<Pattern>| Value::pattern(Pattern::part(Part::Param(*param, path.to_vec(), Some(default))));
        return Value::one_of(defaults.into_iter().map(with));
    }
    if let [Value::Text(first), rest @ ..] = values.as_slice()
        && let [variable] = first.parts.as_slice()
        && rest.iter().any(|value| !value.is_unknown())
        && let second = fallback(rest.iter().filter(|value| !value.is_unknown()).cloned().collect())
        && let Some(with_defaults) = with_defaults(variable, &first.sources, &second)
    {
        return with_defaults;
    }
    Value::one_of(values)
}

/// The texts that count where nothing is passed: one, or one of several words. Of several addresses each may be another caller's.
fn texts_of(value: &Value) -> Option<Vec<Arc<Pattern>>> {
    let is_alone = !matches!(value, Value::OneOf(_));
    let text = |one: &Value| match one {
        Value::Text(text) if is_alone || text.literal().is_some_and(|word| !word.contains('/')) => Some(text.clone()),
        _ => None,
    };
    value.alternatives().iter().map(text).collect()
}

/// A variable that has no default yet with what stands behind it, once for each alternative of that.
fn with_defaults(variable: &Part, sources: &[Source], second: &Value) -> Option<Value> {
    // What is decided at run time counts only where no text is behind it.
    let is_text = |value: &&Value| matches!(value, Value::Text(text) if !text.parts.iter().all(|part| matches!(part, Part::Hole(_))));
    let several: Vec<&Value> = match second {
        Value::OneOf(values) => values.iter().filter(is_text).collect(),
        one => vec![one],
    };
    let mut all = Vec::with_capacity(several.len());
    for one in several {
        let [default] = <[Pattern; 1]>::try_from(one.patterns()).ok()?;
        let default = Some(Arc::new(default));
        let part = match variable {
            Part::Env { name, default: None, guessed, source } if matches!(one, Value::Text(_) | Value::Param(..)) => {
                Part::Env { name: name.clone(), default, guessed: *guessed, source: *source }
            }
            Part::NamedByCaller { name, default: None, source } if matches!(one, Value::Text(_) | Value::Param(..)) => {
                Part::NamedByCaller { name: name.clone(), default, source: *source }
            }
            _ => return None,
        };
        all.push(Value::pattern(Pattern { parts: vec![part], sources: sources.to_vec(), ..Pattern::default() }));
    }
    (!all.is_empty()).then(|| Value::one_of(all))
}

/// The environment variable of a name, as far as the name is known.
pub(super) fn variable(name: Pattern, default: Option<Arc<Pattern>>, source: Option<Source>) -> Value {
    match name.literal() {
        Some(name) => Value::pattern(Pattern::part(Part::Env { name, default, guessed: false, source })),
        None if name.has_param() => Value::pattern(Pattern::part(Part::NamedByCaller { name: Arc::new(name), default, source })),
        None => Value::Unknown,
    }
}
