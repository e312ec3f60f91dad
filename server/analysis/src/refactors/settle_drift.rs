//! Lines of a model or an order kept by hand that say otherwise than the code: the stale one goes, the missing one comes.
//!
//! Whether the code or the model is right is for a person to say. Invariant: nothing but the relation is touched, and a list that would be left
//! empty goes with its key.

use portolan_grammars::facts::TextRange;
use portolan_grammars::manifests::Manifest;
use portolan_grammars::manifests::models::{Model, ModelElement, ModelRelation};

use super::{Context, Edit, Level, Plan, Refactor, Refusal};
use crate::rules::Finding;
use crate::words::letters;

pub(super) const REFACTOR: Refactor = Refactor { rules: &["model-drift"], plan };

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let [from, to] = finding.services[..] else { return None };
    let [from, to] = [from, to].map(|service| &context.snapshot.chart.service(service).id);
    let model = match context.snapshot.files.facts(finding.place.file)?.manifest() {
        Some(Manifest::Model(model)) => model,
        Some(Manifest::Compose(_) | Manifest::Projects(_)) => {
            let title = format!("Take out that {from} comes after {to}");
            return Some(Plan { title, level: Level::Statement, edit: order_taken_out(context, finding) });
        }
        _ => return None,
    };
    let stale = model.relations.iter().find(|relation| relation.range == finding.place.range);
    let (title, edit) = match stale {
        Some(stale) => (format!("Take out that {from} depends on {to}"), taken_out(context, finding, model, stale)),
        None => (format!("Write down that {from} depends on {to}"), written_down(context, finding, model)),
    };
    Some(Plan { title, level: Level::Statement, edit })
}

fn taken_out(context: &Context<'_>, finding: &Finding, model: &Model, stale: &ModelRelation) -> Result<Edit, Refusal> {
    let text = context.text(finding.place.file)?;
    let mut edit = Edit::default();
    // The same may be written twice.
    for relation in model.relations.iter().filter(|other| other.from == stale.from && other.to == stale.to) {
        let range = if is_arrow(&text, relation) { arrow_line(&text, relation)? } else { list_item(&text, relation.range) };
        edit.replace(finding.place.file, range, "");
    }
    Ok(edit)
}

/// Takes an order out of its list, or out of its map with what is said of it.
fn order_taken_out(context: &Context<'_>, finding: &Finding) -> Result<Edit, Refusal> {
    let (file, place) = (finding.place.file, finding.place.range);
    let text = context.text(file)?;
    let is_key = text[place.end as usize..].trim_start_matches(['"', '\'', ' ']).starts_with(':');
    let range = if is_key { entry(&text, place)? } else { list_item(&text, place) };
    let mut edit = Edit::default();
    edit.replace(file, range, "");
    Ok(edit)
}

/// An entry of a map in YAML with the lines below it; with the map's key, where it is the only one.
fn entry(text: &str, key: TextRange) -> Result<TextRange, Refusal> {
    let line = line_around(text, key);
    let (start, end) = (line.start as usize, line.end as usize);
    let depth = |line: &str| line.len() - line.trim_start().len();
    let own = depth(&text[start..end]);
    if start + own != key.start as usize {
        return Err(Refusal::new("more stands on the line"));
    }
    let is_below = |line: &&str| line.trim().is_empty() || depth(line) > own;
    let below: usize = text[end..].split_inclusive('\n').take_while(is_below).map(str::len).sum();
    let before = text[..start].split_inclusive('\n').next_back().unwrap_or_default();
    let is_only = depth(before) < own && text[end + below..].lines().next().is_none_or(|after| depth(after) < own);
    Ok(TextRange::new(if is_only { start - before.len() } else { start }, end + below))
}

/// Whether a relation is an arrow between two names; else it is an item of a list.
fn is_arrow(text: &str, relation: &ModelRelation) -> bool {
    text.get(relation.range.start as usize..relation.range.end as usize).is_some_and(|written| written.contains("->"))
}

/// The line of an arrow.
fn arrow_line(text: &str, relation: &ModelRelation) -> Result<TextRange, Refusal> {
    let line = line_around(text, relation.range);
    let written = &text[line.start as usize..line.end as usize];
    if written.contains(['{', '}']) || !text[line.start as usize..relation.range.start as usize].trim().is_empty() {
        return Err(Refusal::new("more stands on the line, or below the relation"));
    }
    Ok(line)
}

/// An item of a list in YAML, with what parts it from others; with the list's key, where it is the only one.
fn list_item(text: &str, item: TextRange) -> TextRange {
    let (mut start, mut end) = (item.start as usize, item.end as usize);
    if text[..start].ends_with(['"', '\'']) && text[end..].starts_with(['"', '\'']) {
        (start, end) = (start - 1, end + 1);
    }
    let line = line_around(text, item);
    let (own_start, own_end) = (line.start as usize, line.end as usize);
    if text[own_start..start].trim() == "-" {
        let indent = &text[own_start..own_start + text[own_start..].find('-').unwrap_or(0)];
        let is_item = |line: &str| line.strip_prefix(indent).is_some_and(|rest| rest.starts_with("- "));
        let before = text[..own_start].lines().next_back().unwrap_or_default();
        let after = text[own_end..].lines().next().unwrap_or_default();
        let is_only = !is_item(before) && !is_item(after) && before.trim_end().ends_with(':');
        let start = if is_only { own_start - text[..own_start].split_inclusive('\n').next_back().map_or(0, str::len) } else { own_start };
        return TextRange::new(start, own_end);
    }
    let after = text[end..].trim_start();
    if let Some(rest) = after.strip_prefix(',') {
        // What has a line of its own gives it up.
        let rest = if text[own_start..start].trim().is_empty() { rest.trim_start() } else { rest.trim_start_matches(' ') };
        return TextRange::new(start, text.len() - rest.len());
    }
    let before = text[..start].trim_end();
    TextRange::new(before.strip_suffix(',').map_or(start, |before| before.trim_end().len()), end)
}

fn written_down(context: &Context<'_>, finding: &Finding, model: &Model) -> Result<Edit, Refusal> {
    let text = context.text(finding.place.file)?;
    let from = model.elements.iter().find(|element| element.range == finding.place.range);
    let from = from.ok_or_else(|| Refusal::new("the one who calls is in another model"))?;
    let to = called(context, finding, model).ok_or_else(|| Refusal::new("the one who is called is in another model"))?;
    let last = model.relations.iter().filter(|relation| relation.from == from.id && (is_arrow(&text, relation) || is_component(relation)));
    let last = last.max_by_key(|relation| relation.range).ok_or_else(|| Refusal::new("it has no `dependsOn` to be added to"))?;
    let mut edit = Edit::default();
    let file = finding.place.file;
    let line = line_around(&text, last.range);
    let own = &text[line.start as usize..line.end as usize];
    let newline = if own.ends_with("\r\n") { "\r\n" } else { "\n" };
    let open = if own.ends_with('\n') { "" } else { newline };
    if is_arrow(&text, last) {
        let written = &text[last.range.start as usize..last.range.end as usize];
        let left = written.split_once("->").map_or(written, |(left, _)| left.split("-[").next().unwrap_or(left)).trim_end();
        let indent = &own[..own.len() - own.trim_start().len()];
        if own.contains('{') {
            return Err(Refusal::new("the last relation has a body"));
        }
        edit.insert(file, line.end, format!("{open}{indent}{left} -> {}{newline}", to.id));
    } else {
        let reference = format!("component:{}", to.names.first().unwrap_or(&to.id));
        let dash = text[line.start as usize..last.range.start as usize].find('-').filter(|_| own.trim_start().starts_with('-'));
        match dash {
            Some(dash) => edit.insert(file, line.end, format!("{open}{}- {reference}{newline}", &own[..dash])),
            None => {
                let quoted = text[last.range.end as usize..].starts_with(['"', '\'']);
                edit.insert(file, last.range.end + u32::from(quoted), format!(", {reference}"));
            }
        }
    }
    Ok(edit)
}

fn is_component(relation: &ModelRelation) -> bool {
    relation.to.starts_with("component:") || relation.to.starts_with("resource:")
}

/// The thing of the model that is called, by the names of its service.
fn called<'m>(context: &Context<'_>, finding: &Finding, model: &'m Model) -> Option<&'m ModelElement> {
    let service = context.snapshot.chart.service(*finding.services.get(1)?);
    let names: Vec<String> = [&service.id, &service.name].into_iter().chain(&service.aliases).map(|name| letters(name)).collect();
    let is_it =
        |element: &&ModelElement| !element.id.starts_with("api:") && element.names.iter().any(|name| names.contains(&letters(name)));
    model.elements.iter().find(is_it)
}

/// The line that a range begins in, with its end.
fn line_around(text: &str, range: TextRange) -> TextRange {
    let start = text[..range.start as usize].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[range.end as usize..].find('\n').map_or(text.len(), |newline| range.end as usize + newline + 1);
    TextRange::new(start, end)
}
