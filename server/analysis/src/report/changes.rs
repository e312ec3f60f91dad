//! What differs between two charts, in sentences.

use std::collections::BTreeSet;

use super::{Block, Report, Section, Span, Text, below};
use crate::chart::diff::{AccessChange, Changes, Diff, EdgeChange, MessageChange, ServiceChange};
use crate::chart::document::{Finding, Site};
use crate::words::{counted, enumerate};

/// How many operations of an edge are named.
const MAX_OPERATIONS: usize = 4;

impl Report {
    /// Tells what differs between two charts.
    pub fn of_changes(diff: &Diff) -> Self {
        let mut blocks = vec![Block::Paragraph(lead(diff))];
        blocks.extend(part("Findings", &worst_first(&diff.findings), "New", "Gone", finding));
        let mut services = points(&diff.services, "New", "Gone", |service| {
            let text = service_at(service);
            if service.third_party { text.and(", which is not built here") } else { text }
        });
        services.extend(points(&diff.built, "Built here now", "No longer built here", service_at));
        blocks.extend(below_list("Services", services));
        let closing = |edge: &EdgeChange| {
            let text = waits(edge);
            diff.closes(edge).map_or(text.clone(), |cycle| text.and(format!("; this closes a cycle of {}", enumerate(cycle))))
        };
        blocks.extend(part("Synchronous edges", &diff.edges, "New", "Gone", closing));
        blocks.extend(part("Operations called", &diff.operations, "New", "Gone", waits));
        blocks.extend(part("Routes", &diff.routes, "New", "Gone", |route| {
            Text::of_service(&route.service).and(" answers ").code(&route.route).at(place(&route.site))
        }));
        blocks.extend(part("Messages", &diff.messages, "New", "Gone", message));
        let tables = [(&diff.accesses.added, "used by nobody before"), (&diff.accesses.removed, "used by nobody any more")];
        let [new, gone] = tables.map(|(rows, alone)| rows.iter().map(|row| access(row, alone)).collect());
        blocks.extend(part("Tables", &Changes { added: new, removed: gone }, "New", "Gone", Text::clone));
        let opened: Vec<Text> = diff
            .cycles
            .removed
            .iter()
            .map(|cycle| Text::say(enumerate(cycle)).and(" no longer wait for each other in a circle."))
            .collect();
        blocks.extend(below_list("Cycles", opened));
        Self { title: "Changes between services".to_owned(), figures: Vec::new(), sections: vec![Section { title: String::new(), blocks }] }
    }
}

/// The whole in one sentence.
fn lead(diff: &Diff) -> Text {
    let mut parts: Vec<Text> = Vec::new();
    let edges = |edges: &[EdgeChange], verb: &str| match edges {
        [] => None,
        [edge] => Some(Text::say(format!("{verb} the synchronous edge ")).service(&edge.from).and(" → ").service(&edge.to)),
        several => Some(Text::say(format!("{verb} {} synchronous edges", several.len()))),
    };
    let count =
        |verb: &str, count: usize, one: &str, many: &str| (count > 0).then(|| Text::say(format!("{verb} {}", counted(count, one, many))));
    let services = |services: &[ServiceChange], verb: &str| match services {
        [only] => Some(Text::say(format!("{verb} the service ")).service(&only.service)),
        several => count(verb, several.len(), "service", "services"),
    };
    parts.extend(services(&diff.services.added, "adds"));
    parts.extend(services(&diff.services.removed, "removes"));
    parts.extend(services(&diff.built.added, "builds"));
    parts.extend(services(&diff.built.removed, "no longer builds"));
    parts.extend(edges(&diff.edges.added, "adds"));
    parts.extend(edges(&diff.edges.removed, "removes"));
    parts.extend(diff.cycles.added.iter().map(|cycle| Text::say(format!("closes a cycle of {}", enumerate(cycle)))));
    parts.extend(diff.cycles.removed.iter().map(|cycle| Text::say(format!("opens a cycle of {}", enumerate(cycle)))));
    parts.extend(count("adds", diff.routes.added.len(), "route", "routes"));
    parts.extend(count("removes", diff.routes.removed.len(), "route", "routes"));
    let channels = |rows: &[MessageChange]| rows.iter().map(|row| &row.channel).collect::<BTreeSet<_>>().len();
    parts.extend(count("touches", channels(&diff.messages.added).max(channels(&diff.messages.removed)), "channel", "channels"));
    parts.extend(count("brings", diff.findings.added.len(), "finding", "findings"));
    parts.extend(count("settles or accepts", diff.findings.removed.len(), "finding", "findings"));
    let [before, after] = diff.unresolved;
    if after > before {
        parts.extend(count("leaves", after - before, "more call unresolved", "more calls unresolved"));
    } else {
        parts.extend(count("resolves", before - after, "call", "calls"));
    }
    match (parts.is_empty(), diff.is_empty()) {
        (true, true) => Text::say("Nothing changes between services."),
        (true, false) => {
            Text::say("This change touches what is called, read or written; no service, edge, route, channel or finding comes or goes.")
        }
        (false, _) => Text::say("This change ").all(parts).and("."),
    }
}

fn part<T>(heading: &str, changes: &Changes<T>, new: &str, gone: &str, text: impl Fn(&T) -> Text) -> Vec<Block> {
    below_list(heading, points(changes, new, gone, text))
}

fn points<T>(changes: &Changes<T>, new: &str, gone: &str, text: impl Fn(&T) -> Text) -> Vec<Text> {
    let rows = |rows: &[T], word: &str| rows.iter().map(|row| Text::say(format!("{word}: ")).then(text(row)).and(".")).collect::<Vec<_>>();
    [rows(&changes.added, new), rows(&changes.removed, gone)].concat()
}

fn below_list(heading: &str, points: Vec<Text>) -> Vec<Block> {
    below(heading, if points.is_empty() { Vec::new() } else { vec![Block::List(points)] })
}

fn service_at(service: &ServiceChange) -> Text {
    let text = Text::of_service(&service.service);
    service.site.as_ref().map_or(text.clone(), |site| text.at(place(site)))
}

fn worst_first(findings: &Changes<Finding>) -> Changes<Finding> {
    let mut findings = findings.clone();
    for list in [&mut findings.added, &mut findings.removed] {
        list.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    }
    findings
}

fn place(site: &Site) -> Span {
    Span::Place { file: site.file.clone(), line: site.line }
}

fn waits(edge: &EdgeChange) -> Text {
    let text = Text::of_service(&edge.from).and(" waits for ");
    let text = if edge.external { text.code(&edge.to).and(", which is outside, ") } else { text.service(&edge.to).and(" ") };
    let operations = edge.operations.iter().map(|(label, site)| Text::of_code(label).at(place(site)));
    text.and("with ").some(operations, MAX_OPERATIONS)
}

fn message(change: &MessageChange) -> Text {
    let verb = if change.sends { " sends to " } else { " receives from " };
    Text::of_service(&change.service).and(verb).code(&change.channel).at(place(&change.site))
}

/// Who uses a table; where nobody does on the other side, the table is said to be `alone`.
fn access(change: &AccessChange, alone: &str) -> Text {
    let verb = if change.writes { " writes " } else { " reads " };
    let text = Text::of_service(&change.service).and(verb).code(&change.table).and(" of ").code(&change.store_name);
    let text = text.at(place(&change.site));
    if change.whole_table { text.and(format!(", {alone}")) } else { text }
}

fn finding(finding: &Finding) -> Text {
    let site = Span::Place { file: finding.file.clone(), line: finding.line };
    let text = Text::quoting(&finding.message).at(site).and(" (").then(Text::of_severity(finding.severity));
    text.and(", ").code(&finding.rule).and(")")
}
