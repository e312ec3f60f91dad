//! *Unresolved Calls*: what could not be followed, what that lacks, and where.

use super::facts::Facts;
use super::{Block, Text, table};
use crate::{Place, settle};

/// How many places of a group are named.
const MAX_PLACES: usize = 4;

/// Calls that lack the same.
struct Row {
    why: String,
    callers: Text,
    candidates: Text,
    /// What is asked where.
    places: Vec<(Place, String)>,
}

pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let unresolved = &facts.chart.unresolved;
    // What lacks the same is told together, of whom it is called by and who may answer.
    let mut rows: Vec<Row> = Vec::new();
    for group in settle::groups(facts.snapshot) {
        let calls: Vec<_> = group.calls.iter().filter_map(|call| unresolved.get(*call as usize)).collect();
        let callers = facts.services(calls.iter().map(|call| call.from));
        let places = calls.iter().map(|call| (call.place, call.label()));
        let candidates =
            group.candidates.iter().map(|candidate| Text::of_service(facts.id(candidate.service)).and(format!(" {}", candidate.why)));
        let (why, candidates) = (group.reason.to_string(), Text::default().all(candidates));
        match rows.iter_mut().find(|row| (&row.why, &row.callers, &row.candidates) == (&why, &callers, &candidates)) {
            Some(row) => row.places.extend(places),
            None => rows.push(Row { why, callers, candidates, places: places.collect() }),
        }
    }
    let rows = rows.into_iter().map(|Row { why, callers, candidates, mut places }| {
        places.sort();
        places.dedup_by_key(|(place, _)| *place);
        let named = places.into_iter().map(|(place, label)| Text::of_code(label).at(facts.site(place)));
        vec![Text::say(why), callers, Text::default().some(named, MAX_PLACES), candidates]
    });
    let Some(table) = table(&["Why", "Called by", "Calls", "Who may answer"], rows.collect()) else { return Vec::new() };
    let text = Text::say("No edge was drawn for these calls, and no finding rests on them. ").code("portolan unresolved");
    vec![Block::Paragraph(text.and(" shows the lines of a ").code("portolan.toml").and(" that settle them.")), table]
}
