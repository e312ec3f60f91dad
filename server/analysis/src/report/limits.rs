//! *Method and Limits*: how this came about, how sure it is, and what it cannot know.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::{Block, Text};
use crate::chart::Status;
use crate::words::{counted, enumerate};

pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let sources = facts.snapshot.files.iter().filter(|(id, ..)| facts.snapshot.files.source(*id).is_some()).count();
    let all = facts.snapshot.files.iter().count();
    let count = |status: Status| facts.chart.calls.iter().filter(|call| call.status == status).count();
    let mut sure = format!(
        "Of {}, {} exact: each hop of their evidence stands in the workspace.",
        counted(facts.chart.calls.len(), "call", "calls"),
        were(count(Status::Exact))
    );
    for (status, meaning) in [
        (Status::Likely, "inferred in one hop, which the evidence names"),
        (Status::Ambiguous, "not drawn, as several services may be meant"),
    ] {
        if count(status) > 0 {
            sure += &format!(" {} {meaning}.", were(count(status)));
        }
    }
    let mut points = vec![
        Text::say(format!(
            "Everything above was read from {} of TypeScript, JavaScript and Rust and {}; nothing was run and nobody was asked.",
            counted(sources, "file", "files"),
            counted(all - sources, "manifest", "manifests"),
        )),
        Text::say(sure),
        Text::say(
            "Counts are places in the code, not requests at run time: how often something is called, and how long it takes, is not known.",
        ),
        Text::say("What tracers, meters and loggers send of themselves is no call here."),
        Text::say(if facts.has_owners() {
            "Alerts, limits and scaling are not read."
        } else {
            "No file of code owners says who answers for a service, and alerts, limits and scaling are not read."
        }),
    ];
    let mut unread: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, service) in facts.unread() {
        *unread.entry(service.languages.first().map_or("no known language", |language| language.as_str())).or_default() += 1;
    }
    if !unread.is_empty() {
        let languages: Vec<String> =
            unread.iter().map(|(language, count)| format!("{} in {language}", counted(*count, "service", "services"))).collect();
        points.push(Text::say(format!(
            "Not read, or in a small part: {}. Their own calls, messages and tables are missing above.",
            enumerate(&languages)
        )));
    }
    points.push(Text::say(
        "Left to whoever hands this in: how often things happen and what they cost, how stale data may be, which teams there are and what they \
         plan, and which of the risks to take up first.",
    ));
    vec![Block::List(points)]
}

fn were(count: usize) -> String {
    format!("{count} {}", if count == 1 { "is" } else { "are" })
}
