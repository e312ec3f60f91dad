//! A `use` added to a Rust file, where rustfmt would have it.
//!
//! Invariant: declarations that are there keep their text, and what is said above one stays above it.

use std::cmp::Ordering;

use portolan_grammars::facts::TextRange;

use super::{Edit, Refusal, Source};

/// Adds a `use` at the top level: `tracing::Instrument as _`.
pub(super) fn add_use(source: &Source<'_>, path: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let (uses, first) = source.tree().map(portolan_grammars::languages::Tree::uses).unwrap_or_default();
    let newline = source.newline();
    let Some(group) = group(source, &uses, path) else {
        let first = first.ok_or_else(|| Refusal::new("there is no place for an import"))?;
        edit.insert(source.file, first, format!("use {path};{newline}{newline}"));
        return Ok(());
    };
    let behind = group.iter().position(|other| compare(path, path_of(source, *other)) == Ordering::Less);
    // A comment or an attribute may stand above the first.
    let above = source.text[..group[0].start as usize].trim_end_matches([' ', '\t']);
    let free = above.is_empty() || above.ends_with("\n\n") || above.ends_with("\r\n\r\n");
    match behind {
        Some(at) if at > 0 || free => edit.insert(source.file, group[at].start, format!("use {path};{newline}")),
        Some(_) => edit.insert(source.file, group[0].end, format!("{newline}use {path};")),
        None => edit.insert(source.file, group[group.len() - 1].end, format!("{newline}use {path};")),
    }
    Ok(())
}

/// The declarations, without a line between them, that a path belongs to: its crate's, else the last with crates of others, else the last.
fn group<'u>(source: &Source<'_>, uses: &'u [TextRange], path: &str) -> Option<&'u [TextRange]> {
    let together = |one: &TextRange, two: &TextRange| {
        let between = source.slice(TextRange { start: one.end, end: two.start });
        between.trim().is_empty() && between.matches('\n').count() == 1
    };
    let groups: Vec<&[TextRange]> = uses.chunk_by(together).collect();
    let first = |range: &TextRange| path_of(source, *range).split("::").next().unwrap_or_default().to_owned();
    let own = path.split("::").next().unwrap_or_default();
    let is_other = |name: &str| !matches!(name, "std" | "core" | "alloc" | "crate" | "self" | "super");
    let by_crate = groups.iter().find(|group| group.iter().any(|range| first(range) == own));
    let by_others = || groups.iter().rfind(|group| group.iter().any(|range| is_other(&first(range))));
    by_crate.or_else(by_others).or_else(|| groups.last()).copied()
}

/// What a declaration names: `a::b` of `pub use a::b;`.
fn path_of<'s>(source: &'s Source<'_>, range: TextRange) -> &'s str {
    let text = source.slice(range);
    let path = text.split_once("use ").map_or(text, |(_, path)| path);
    path.trim().trim_end_matches(';').trim_start_matches("::")
}

/// The order of rustfmt in the edition of 2024: segment by segment; `self`, `super` and `crate` first, then names, then lists.
fn compare(one: &str, two: &str) -> Ordering {
    let rank = |segment: &str| match segment {
        "self" => 0,
        "super" => 1,
        "crate" => 2,
        "*" => 4,
        _ if segment.starts_with('{') => 5,
        _ => 3,
    };
    let (mut one, mut two) = (one.split("::"), two.split("::"));
    loop {
        let order = match (one.next(), two.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(two)) => rank(one).cmp(&rank(two)).then_with(|| one.cmp(two)),
        };
        if order.is_ne() {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_in_the_order_of_rustfmt() {
        let mut paths = ["tracing::{a, b}", "tracing::Instrument as _", "std::mem", "tracing::info", "crate::a", "tokio::net", "tracing"];
        paths.sort_by(|one, two| compare(one, two));
        assert_eq!(
            paths,
            ["crate::a", "std::mem", "tokio::net", "tracing", "tracing::Instrument as _", "tracing::info", "tracing::{a, b}"]
        );
    }
}
