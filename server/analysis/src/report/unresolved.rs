//! *Unresolved Calls*: what could not be followed, what that lacks, and where.

use super::facts::Facts;
use super::{Block, Text, table};
use crate::settle;

/// How many places of a group are named.
const MAX_PLACES: usize = 4;

pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let unresolved = &facts.chart.unresolved;
    let rows = settle::groups(facts.snapshot).into_iter().map(|group| {
        let calls: Vec<_> = group.calls.iter().filter_map(|call| unresolved.get(*call as usize)).collect();
        let callers = facts.services(calls.iter().map(|call| call.from));
        let mut places: Vec<_> = calls.iter().map(|call| (call.place, call.label())).collect();
        places.sort();
        places.dedup_by_key(|(place, _)| *place);
        let rest = places.len().saturating_sub(MAX_PLACES);
        let named = places.into_iter().take(MAX_PLACES).enumerate().fold(Text::default(), |text, (at, (place, label))| {
            let text = if at > 0 { text.and(", ") } else { text };
            text.code(label).at(facts.site(place))
        });
        let named = if rest > 0 { named.and(format!(" and {rest} more")) } else { named };
        let candidates =
            group.candidates.iter().map(|candidate| Text::of_service(facts.id(candidate.service)).and(format!(" {}", candidate.why)));
        vec![Text::say(group.reason.to_string()), callers, named, Text::default().all(candidates)]
    });
    let Some(table) = table(&["Why", "Called by", "Calls", "Who may answer"], rows.collect()) else { return Vec::new() };
    let text = Text::say("No edge was drawn for these calls, and no finding rests on them. ").code("portolan unresolved");
    vec![Block::Paragraph(text.and(" shows the lines of a ").code("portolan.toml").and(" that settle them.")), table]
}
