//! The new channel's name said where the old one's is said.
//!
//! Invariant: a name that a constant has gets a constant of its own, beside that one and once.

use portolan_grammars::facts::TextRange;

use super::super::edit::Replacement;
use super::super::imports::quote;
use super::super::mirror::{Named, rewritten};
use super::super::{Context, Edit, Refusal, Source};
use super::Event;
use crate::FileId;

/// What says the channel's name in place of the one that is said at a place; a constant gets another one beside it.
pub(super) fn rename(
    context: &Context<'_>,
    source: &Source<'_>,
    place: &Named,
    event: &Event,
    channel: &str,
    edit: &mut Edit,
) -> Result<(String, Option<String>), Refusal> {
    let said = source.slice(place.range);
    let Some(constant) = place.constant else {
        let quotes = said.chars().next().filter(|letter| matches!(letter, '"' | '\'' | '`')).unwrap_or('"');
        return Ok((format!("{quotes}{channel}{quotes}"), None));
    };
    let home = context.source(constant.file)?;
    let old = home.slice(constant.name).trim_matches(['"', '\'']);
    let new = event.like(old);
    if Source::has_word(&home.text, &new) {
        return Err(Refusal::new(format!("{} has something called {new} already", home.name())));
    }
    let text = if constant.listed {
        let between = home.slice(TextRange { start: constant.name.end, end: constant.value.start });
        let (quotes, line) = (quote(&home), home.indent_at(constant.name.start));
        let alone = home.line_of(constant.name.start).trim_start().starts_with(home.slice(constant.name));
        let gap = if alone { format!("{}{line}", home.newline()) } else { " ".to_owned() };
        format!(",{gap}{new}{between}{quotes}{channel}{quotes}")
    } else {
        let tree = home.tree().ok_or_else(|| Refusal::new(format!("{} cannot be parsed", home.name())))?;
        let statement = tree.statement_around(constant.name);
        let statement = statement.filter(|it| home.slice(*it).matches(" = ").count() == 1);
        let statement = statement.ok_or_else(|| Refusal::new(format!("{old} is not declared by itself")))?;
        let value = home.slice(constant.value);
        let quotes = value.chars().next().unwrap_or('"');
        let parts = vec![(constant.name, new.clone()), (constant.value, format!("{quotes}{channel}{quotes}"))];
        let text = format!("{}{}{}", home.newline(), home.indent_at(statement.start), rewritten(&home, statement, &parts));
        insert_once(edit, home.file, statement.end, text);
        return Ok(renamed(said, old, &new));
    };
    insert_once(edit, home.file, constant.value.end, text);
    Ok(renamed(said, old, &new))
}

fn renamed(said: &str, old: &str, new: &str) -> (String, Option<String>) {
    let text = said.strip_suffix(old).map_or_else(|| new.to_owned(), |of| format!("{of}{new}"));
    let alone = (text == new).then(|| new.to_owned());
    (text, alone)
}

/// Both ends of a channel may be named by one constant.
fn insert_once(edit: &mut Edit, file: FileId, offset: u32, text: String) {
    let new = Replacement { range: TextRange { start: offset, end: offset }, text };
    if !edit.changes.get(&file).is_some_and(|changes| changes.contains(&new)) {
        edit.insert(file, offset, new.text);
    }
}
