//! *Risks and Mitigations*: what the rules found, by what follows from it, and what long chains cost.
//!
//! Invariant: what a rule is about and what can be done comes from the rule itself, so that a new rule needs no line here.

use super::facts::Facts;
use super::{Block, Text, below, table};
use crate::availability;
use crate::rules::{self, Finding, Rule, Theme};
use crate::words::counted;

/// How many findings of a rule are told one by one.
const MAX_FINDINGS: usize = 15;
/// How many chains are counted out.
const MAX_CHAINS: usize = 10;

/// A rule with what it found, the worst first.
pub(super) type Found<'a> = (&'static Rule, Vec<&'a Finding>);

pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (theme, found) in ranked(facts) {
        let told = found.iter().flat_map(|(rule, list)| of_rule(facts, rule, list)).collect();
        blocks.extend(below(theme.consequence(), told));
    }
    if facts.snapshot.findings.is_empty() {
        let more = if facts.snapshot.suppressed.is_empty() { "" } else { " but what is accepted" };
        blocks.push(Block::Paragraph(Text::say(format!("The rules find nothing{more}."))));
    }
    blocks.extend(below("What is accepted", accepted(facts)));
    blocks.extend(below("What chains cost", chains(facts)));
    blocks
}

/// What was found, by what follows from it: the worst first. What weighs the same keeps the order of themes.
pub(super) fn ranked<'a>(facts: &Facts<'a>) -> Vec<(Theme, Vec<Found<'a>>)> {
    let mut themes: Vec<(Theme, Vec<Found<'a>>)> = Theme::ALL.into_iter().map(|theme| (theme, of_theme(facts, theme))).collect();
    themes.retain(|(_, found)| !found.is_empty());
    themes.sort_by_key(|(_, found)| {
        let severities = || found.iter().flat_map(|(_, list)| list).map(|finding| finding.severity);
        let worst = severities().max();
        std::cmp::Reverse((worst, severities().filter(|severity| Some(*severity) == worst).count()))
    });
    themes
}

fn of_theme<'a>(facts: &Facts<'a>, theme: Theme) -> Vec<Found<'a>> {
    let mut found: Vec<Found<'a>> = Vec::new();
    for finding in facts.snapshot.findings.iter() {
        let Some(rule) = rules::named(finding.rule).filter(|rule| rule.theme == theme) else { continue };
        match found.iter_mut().find(|(other, _)| other.name == rule.name) {
            Some((_, list)) => list.push(finding),
            None => found.push((rule, vec![finding])),
        }
    }
    for (_, list) in &mut found {
        list.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    }
    found.sort_by_key(|(rule, list)| (std::cmp::Reverse((list[0].severity, list.len())), rule.name));
    found
}

fn of_rule(facts: &Facts<'_>, rule: &Rule, list: &[&Finding]) -> Vec<Block> {
    let intro = Text::say(format!("{}: {} of ", rule.summary, counted(list.len(), "finding", "findings"))).code(rule.name).and(".");
    let points = list.iter().take(MAX_FINDINGS).map(|finding| {
        let text = Text::of_severity(finding.severity).and(": ").then(Text::quoting(&finding.message));
        let text = text.at(facts.site(finding.place));
        // Where the finding itself stands is named already.
        let elsewhere = finding.related.iter().filter(|(place, _)| *place != finding.place).take(3);
        let mut before = "";
        let related: Vec<Text> = elsewhere
            .map(|(place, words)| {
                let said = std::mem::replace(&mut before, words) == words;
                if said { Text::default() } else { Text::quoting(words) }.at(facts.site(*place))
            })
            .collect();
        if related.is_empty() { text.and(".") } else { text.and("; ").all(related).and(".") }
    });
    let mut blocks = vec![Block::Paragraph(intro), Block::List(points.collect())];
    if let Some(rest) = list.len().checked_sub(MAX_FINDINGS).filter(|rest| *rest > 0) {
        blocks.push(Block::Paragraph(Text::say(format!("And {rest} more."))));
    }
    let action = rule.section("How to fix").lines().collect::<Vec<_>>().join(" ");
    blocks.push(Block::Paragraph(Text::say("What to do: ").then(Text::quoting(&action))));
    blocks
}

/// What somebody has accepted, and why.
fn accepted(facts: &Facts<'_>) -> Vec<Block> {
    let accepted = &facts.snapshot.suppressed;
    let points = accepted.iter().take(MAX_FINDINGS).map(|it| {
        let why = if it.reason.is_empty() { "no reason is given" } else { it.reason.as_str() };
        let text = Text::quoting(&it.finding.message).at(facts.site(it.finding.place));
        text.and("; ").then(Text::quoting(why)).at(facts.site(it.place)).and(".")
    });
    let points: Vec<Text> = points.collect();
    if points.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![Block::List(points)];
    if let Some(rest) = accepted.len().checked_sub(MAX_FINDINGS).filter(|rest| *rest > 0) {
        blocks.push(Block::Paragraph(Text::say(format!("And {rest} more."))));
    }
    blocks
}

/// What is left of availability along the longest chains.
fn chains(facts: &Facts<'_>) -> Vec<Block> {
    let rows = facts.chains.iter().take(MAX_CHAINS).map(|(chain, _)| {
        let start = facts.chart.endpoint(chain.start);
        let names: Vec<String> = chain.services.iter().map(|service| facts.id(*service)).collect();
        let availability = availability::of_all(chain.services.len());
        // Of a month of 30 days.
        let minutes = (1.0 - availability) * 30.0 * 24.0 * 60.0;
        vec![
            Text::of_code(start.label()).at(facts.site(start.place)),
            Text::say(names.join(" → ")),
            Text::say(chain.services.len().to_string()),
            Text::say(format!("{:.2} %", availability * 100.0)),
            Text::say(format!("{minutes:.0} minutes")),
        ]
    });
    let Some(rows) = table(&["Request", "Services", "Count", "Answered", "Silent in a month"], rows.collect()) else { return Vec::new() };
    let text = format!(
        "If each service is there {} of the time, fails on its own and is asked once, a request is answered as often as all in its chain \
         are there. Conditions in the code are taken to hold, so this is the worst case. Retries, caches and services that fail together change \
         these numbers.",
        availability::ASSUMED_IN_WORDS
    );
    vec![Block::Paragraph(Text::say(text)), rows]
}
