//! TOML manifests: read through mistakes, by the parser's own tree with places.

use toml_span::Value;
use toml_span::value::{Key, Table};

use super::mend::{self, Fault};
use crate::facts::{Spanned, Symbol, TextRange};

/// What a text says, as far as it can be read, and the first mistake in it.
pub(super) fn read<T: Default>(text: &str, take: impl Fn(&Table<'_>) -> T) -> (T, Option<Fault>) {
    let clean = mend::without_mark(text);
    let (found, fault) = mend::read(&clean, |text| {
        let root = toml_span::parse(text).map_err(|error| Fault { at: error.span.start, message: error.to_string() })?;
        Ok(root.as_table().map(&take).unwrap_or_default())
    });
    (found.unwrap_or_default(), fault)
}

/// Entries in the order of the text: the parser sorts them by name.
pub(super) fn in_order<'t, 'd>(table: Option<&'t Table<'d>>) -> Vec<(&'t Key<'d>, &'t Value<'d>)> {
    let mut entries: Vec<_> = table.into_iter().flatten().collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    entries
}

/// A text and where it stands.
pub(super) fn spanned(value: &Value<'_>) -> Option<Spanned<Symbol>> {
    Some(Spanned::new(Symbol::new(value.as_str()?), TextRange::new(value.span.start, value.span.end)))
}
