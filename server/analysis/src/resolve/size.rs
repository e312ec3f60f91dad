//! How large values may grow.
//!
//! Values share their parts, so a few lines of code make one that is endless when its parts are counted one by one: `b = a + a`, `c = b + b`, and
//! so on. Invariant: what the evaluator keeps is within the bounds, so that whoever walks through it comes to an end.

use super::value::{Part, Pattern, Value};

/// Parts of one text, those of its defaults and its sources included.
const MAX_PARTS: u32 = 400;
/// Bytes of a text that count as one part.
const BYTES_OF_A_PART: usize = 256;
/// Values within a value, and parts of all its texts.
const MAX_SIZE: u32 = 10_000;
/// The size up to which a value is light.
const MAX_LIGHT: u32 = MAX_SIZE / 10;

impl Value {
    /// The value; unknown where it is too large.
    pub(super) fn bounded(self) -> Self {
        if value_size(&self, MAX_SIZE).is_some() { self } else { Value::Unknown }
    }

    /// Whether several values that an object holds may each carry it, without that object being too large.
    pub(super) fn is_light(&self) -> bool {
        value_size(self, MAX_LIGHT).is_some()
    }
}

impl Pattern {
    /// Whether it is larger than a text may be.
    pub(super) fn is_too_large(&self) -> bool {
        text_size(self, MAX_PARTS).is_none()
    }
}

/// The size of a value, if it is not above `limit`; no more than that is looked at.
fn value_size(value: &Value, limit: u32) -> Option<u32> {
    let limit = limit.checked_sub(1)?;
    let inner = match value {
        Value::Text(pattern) => text_size(pattern, limit.min(MAX_PARTS))?,
        Value::Array(values) | Value::OneOf(values) | Value::New(_, values, _) => sum(values.iter(), limit, value_size)?,
        Value::Object(object) => sum(object.fields.values().chain(&object.rest), limit, value_size)?,
        Value::Given(_, values, around) => sum(values.iter().chain(around.as_deref()), limit, value_size)?,
        Value::Instance(instance) => sum(instance.captures.values(), limit, value_size)?,
        Value::RpcClient(_, of) | Value::RpcClientOf(.., of) | Value::Function(_, Some(of)) => value_size(of, limit)?,
        _ => 0,
    };
    Some(inner + 1)
}

fn text_size(pattern: &Pattern, limit: u32) -> Option<u32> {
    let limit = limit.checked_sub(pattern.sources.len() as u32)?;
    let parts = sum(pattern.parts.iter(), limit, |part, limit| {
        let limit = limit.checked_sub(1)?;
        let inner = match part {
            Part::Text(text) => (text.len() / BYTES_OF_A_PART) as u32,
            Part::Env { default, .. } | Part::Param(_, _, default) => sum(default.iter().map(|of| &**of), limit, text_size)?,
            Part::NamedByCaller { name, default, .. } => sum(std::iter::once(name).chain(default).map(|of| &**of), limit, text_size)?,
            Part::Setting { file, default, .. } => sum(std::iter::once(file).chain(default).map(|of| &**of), limit, text_size)?,
            Part::Origin(of) | Part::Changed(_, of) => text_size(of, limit)?,
            Part::Hole(_) => 0,
        };
        (inner <= limit).then_some(inner + 1)
    })?;
    Some(parts + pattern.sources.len() as u32)
}

fn sum<'a, T: 'a>(all: impl Iterator<Item = &'a T>, limit: u32, size: impl Fn(&T, u32) -> Option<u32>) -> Option<u32> {
    let mut total = 0;
    for one in all {
        total += size(one, limit - total)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::value::concat;
    use super::*;

    #[test]
    fn what_doubles_again_and_again_is_unknown_soon() {
        let mut text = Value::text("a");
        let mut list = Value::Null;
        for _ in 0..60 {
            text = concat(&[text.clone(), text.clone()]).bounded();
            list = Value::Array(Arc::from([list.clone(), list.clone()])).bounded();
            let length = text.patterns().first().and_then(Pattern::literal).map_or(0, |text| text.len());
            assert!(length <= MAX_PARTS as usize * BYTES_OF_A_PART);
            assert!(value_size(&list, MAX_SIZE).is_some());
        }
    }

    #[test]
    fn usual_values_are_kept() {
        let text = Value::text("select 1 ".repeat(2_000));
        let list = Value::Array(vec![text; 20].into());
        assert_eq!(list.clone().bounded(), list);
    }
}
