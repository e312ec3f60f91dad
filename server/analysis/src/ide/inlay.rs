//! Hints behind calls and publishes: who answers.

use std::collections::BTreeMap;

use portolan_grammars::facts::TextRange;

use super::definition::{answering_place, receiving_place};
use crate::chart::index::Subject;
use crate::chart::{Status, Target};
use crate::words::counted;
use crate::{FileId, Place, Snapshot};

/// How many things one hint names; of more, it says how many.
const MAX_ANSWERS: usize = 2;

/// A hint behind some code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Behind this byte.
    pub offset: u32,
    /// Who answers, each with where, if that is known. Shown one after the other.
    pub answers: Vec<(String, Option<Place>)>,
}

/// The hints of a range of a file, by position.
pub fn hints(snapshot: &Snapshot, file: FileId, range: TextRange) -> Vec<Hint> {
    let chart = &snapshot.chart;
    let mut by_place: BTreeMap<Place, Vec<(String, Option<Place>)>> = BTreeMap::new();
    for (subject, place) in snapshot.index.within(file, range.start, range.end) {
        let answers: Vec<(String, Option<Place>)> = match subject {
            Subject::Call(index) => {
                let call = chart.call(index);
                let endpoint = call.endpoint.map(|endpoint| chart.endpoint(endpoint));
                let doubt = if call.status == Status::Exact { "" } else { "?" };
                let text = match (&call.to, endpoint) {
                    (Target::Service(to), Some(_)) => format!("{}{doubt} {}", chart.service(*to).id, chart.label_of(call)),
                    (Target::Service(to), None) => format!("{}{doubt}", chart.service(*to).id),
                    (Target::External(host), _) => host.to_string(),
                };
                vec![(text, endpoint.map(|endpoint| answering_place(snapshot, endpoint)))]
            }
            Subject::Producer(end) => {
                let consumers = &chart.channel(end.channel).consumers;
                consumers.iter().map(|end| (chart.service(end.service).id.to_string(), Some(receiving_place(snapshot, end)))).collect()
            }
            _ => continue,
        };
        let known = by_place.entry(place).or_default();
        known.extend(answers.into_iter().filter(|answer| !known.iter().any(|(text, _)| *text == answer.0)).collect::<Vec<_>>());
    }
    let hints = by_place.into_iter().filter(|(_, answers)| !answers.is_empty());
    hints.map(|(place, answers)| Hint { offset: end_of_call(snapshot, place), answers: shortened(answers) }).collect()
}

fn shortened(answers: Vec<(String, Option<Place>)>) -> Vec<(String, Option<Place>)> {
    if answers.len() <= MAX_ANSWERS { answers } else { vec![(counted(answers.len(), "answer", "answers"), None)] }
}

/// The end of the call whose name stands at a place.
fn end_of_call(snapshot: &Snapshot, place: Place) -> u32 {
    let source = snapshot.files.source(place.file);
    let call = source.and_then(|source| source.calls.iter().find(|call| call.name_range == place.range));
    call.map_or(place.range.end, |call| call.range.end)
}
