//! The rules: one file a rule, and its name in the registry.
//!
//! A rule reads a [`Snapshot`] and names problems; it never sees a syntax node, and never reports what is only guessed. Here live the registry,
//! what all rules share, and the limits of volume. Invariant: equal snapshots have equal findings, sorted by path, position and rule.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::settings::Level;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chart::ServiceIndex;
use crate::words::counted;
use crate::{Place, Snapshot};

/// How many findings of one rule a file shows, before one more says how many there are.
pub const MAX_FINDINGS_PER_FILE: usize = 10;
/// How many characters a message has at most.
pub const MAX_MESSAGE: usize = 160;

/// Declares a rule: name, theme, severity, summary and check; behind them, what is not as usual: `related_is_path: true`,
/// `recommended: false`, `options: &[…]`. Its doc comment is the rule's page, and can be read at run time.
macro_rules! rule {
    (
        $(#[doc = $line:literal])*
        $name:literal, $theme:ident, $severity:ident, $summary:literal, $check:path
        $(, $field:ident: $value:expr)* $(,)?
    ) => {
        $(#[doc = $line])*
        pub(crate) const RULE: $crate::rules::Rule = $crate::rules::Rule {
            $($field: $value,)*
            ..$crate::rules::Rule {
                name: $name,
                theme: $crate::rules::Theme::$theme,
                related_is_path: false,
                recommended: true,
                severity: $crate::rules::Severity::$severity,
                summary: $summary,
                page: concat!("docs/rules/", $name, ".md"),
                options: &[],
                lines: concat!($($line, "\n"),*),
                check: $check,
            }
        };
    };
}

mod caches;
pub(crate) mod chains;
mod context;
pub(crate) mod exempt;
mod misses;
mod modes;
mod moments;
mod options;
pub(crate) mod pairs;
mod parties;
pub(crate) mod retries;
mod schema;
pub(crate) mod suppressed;
mod theme;
mod volume;

mod call_in_consumer;
pub(crate) mod call_in_loop;
pub(crate) mod call_in_transaction;
pub(crate) mod call_without_propagation;
mod chatty_pair;
pub(crate) mod consumer_without_context;
pub(crate) mod cross_service_read;
pub(crate) mod dual_write;
mod fan_out;
mod gateway_bypass;
mod handler_without_span;
pub(crate) mod hard_coded_endpoint;
mod model_drift;
pub(crate) mod no_timeout;
pub(crate) mod non_idempotent_consumer;
mod payload_mismatch;
pub(crate) mod sequential_calls;
mod service_size;
mod service_undeclared;
mod service_without_tracing;
mod shared_database;
mod shared_table_writers;
pub(crate) mod span_lost;
pub(crate) mod sync_chain;
pub(crate) mod sync_cycle;
pub(crate) mod uncompensated_steps;
mod unknown_route;
mod unknown_rpc;
mod unmatched_channel;
pub(crate) mod unsafe_retry;
pub(crate) mod unused_response;
mod unused_suppression;

pub use context::{Context, Draft, Sink};
pub use options::{Number, RuleOption, Texts};
pub use pairs::only_in;
pub use schema::settings_schema;
pub use suppressed::{Suppressed, SuppressedBy};
pub use theme::Theme;
pub use volume::capped;

/// The registry.
static RULES: &[Rule] = &[
    call_in_consumer::RULE,
    call_in_loop::RULE,
    call_in_transaction::RULE,
    call_without_propagation::RULE,
    chatty_pair::RULE,
    consumer_without_context::RULE,
    cross_service_read::RULE,
    dual_write::RULE,
    fan_out::RULE,
    gateway_bypass::RULE,
    handler_without_span::RULE,
    hard_coded_endpoint::RULE,
    model_drift::RULE,
    no_timeout::RULE,
    non_idempotent_consumer::RULE,
    payload_mismatch::RULE,
    sequential_calls::RULE,
    service_size::RULE,
    service_undeclared::RULE,
    service_without_tracing::RULE,
    shared_database::RULE,
    shared_table_writers::RULE,
    span_lost::RULE,
    sync_chain::RULE,
    sync_cycle::RULE,
    uncompensated_steps::RULE,
    unknown_route::RULE,
    unknown_rpc::RULE,
    unmatched_channel::RULE,
    unsafe_retry::RULE,
    unused_response::RULE,
    unused_suppression::RULE,
];

/// What a rule is.
pub struct Rule {
    /// Its name, in words joined by `-`: the problem it finds.
    pub name: &'static str,
    /// What its findings are about.
    pub theme: Theme,
    /// Whether the related places of a finding are, in their order, one way through the code: the hops of a chain.
    pub related_is_path: bool,
    /// Whether it is on unless settings say otherwise.
    pub recommended: bool,
    /// How bad its findings are, unless they say otherwise.
    pub severity: Severity,
    /// One line without a full stop.
    pub summary: &'static str,
    /// Path of its page, relative to the root of the repository and of the site.
    pub page: &'static str,
    /// What may be set of it.
    pub options: &'static [RuleOption],
    lines: &'static str,
    check: fn(&Context<'_>, &mut Sink<'_>),
}

impl Rule {
    /// How bad its findings are at a level, if they do not say otherwise; nothing if it does not look.
    pub fn severity_at(&self, level: Level) -> Option<Severity> {
        Some(match level {
            Level::Off => return None,
            Level::On => self.severity,
            Level::Hint => Severity::Hint,
            Level::Information => Severity::Information,
            Level::Warning => Severity::Warning,
            Level::Error => Severity::Error,
        })
    }

    /// Its page as Markdown, with the headings *What it does*, *Why it matters*, *Example*, *How to fix* and *Options*, each of level 2.
    pub fn docs(&self) -> String {
        let lines: Vec<&str> = self.lines.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
        format!("{}\n\n## Options\n{}", lines.join("\n").trim(), self.options_page())
    }

    /// What may be set of it in `portolan.toml`.
    fn options_page(&self) -> String {
        let on = if self.recommended { "On by default" } else { "Off by default; the profile `all` turns it on" };
        let mut page = format!("{on}. In `portolan.toml`:\n\n```toml\n[rules.{}]\nseverity = \"{}\"\n", self.name, self.severity.as_str());
        for option in self.options {
            page += &format!("# {}\n{} = {}\n", option.meaning(), option.name(), option.default());
        }
        page + "```\n"
    }

    /// What its page says below one of its headings, as Markdown; empty where there is no such heading.
    pub fn section(&self, heading: &str) -> String {
        let docs = self.docs();
        let lines = docs.lines().skip_while(|line| line.strip_prefix("## ") != Some(heading)).skip(1);
        lines.take_while(|line| !line.starts_with("## ")).collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rule").field("name", &self.name).finish_non_exhaustive()
    }
}

/// All rules, by name.
pub fn all() -> &'static [Rule] {
    RULES
}

/// The rule of this name.
pub fn named(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A candidate, or inventory.
    Hint,
    /// A design cost.
    Information,
    /// Wrong now, or fails under load.
    Warning,
    /// A contract that cannot work.
    Error,
}

impl Severity {
    /// All of them, the worst first, as people count them.
    const IN_WORDS: [(Self, &'static str, &'static str); 4] = [
        (Self::Error, "error", "errors"),
        (Self::Warning, "warning", "warnings"),
        (Self::Information, "note", "notes"),
        (Self::Hint, "hint", "hints"),
    ];

    /// Its name in documents: `hint`, `information`, `warning`, `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Hint => "hint",
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// How many findings there are of each severity, in words: `2 warnings`, `1 note`; the worst first.
pub fn tally(findings: &[Finding]) -> Vec<String> {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counts = Severity::IN_WORDS.into_iter().map(|(severity, one, many)| (of(severity), one, many));
    counts.filter(|(count, ..)| *count > 0).map(|(count, one, many)| counted(count, one, many)).collect()
}

/// A problem found by a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule's name: `sync-chain`.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Both sides, the endpoint and the number; at most 160 characters.
    pub message: String,
    /// The line a person would change.
    pub place: Place,
    /// Other places, each with a few words: hops of a chain, writers of a table.
    pub related: Vec<(Place, String)>,
    /// The services it is about, the first the one that would change.
    pub services: Vec<ServiceIndex>,
    /// Identity that survives edits and renamed files: rule, services, endpoint or table, enclosing symbol; no line numbers. Several may have
    /// the same.
    pub identity: Symbol,
    /// Of a finding that stands for several things, those, sorted: the tables that a service reads. Who knows of some has not heard of the others.
    pub parts: Vec<Symbol>,
}

impl Finding {
    /// Whether it is about what people wrote for Portolan, which nothing but that text settles.
    pub fn is_upkeep(&self) -> bool {
        named(self.rule).is_some_and(|rule| rule.theme == Theme::Upkeep)
    }

    /// Whether it stands for others of its file, of which there are too many to show.
    pub fn is_of_others(&self) -> bool {
        self.identity.ends_with(AND_MORE)
    }
}

/// What the identity of a finding that stands for others ends with.
const AND_MORE: &str = " | and more";

/// What the rules found, sorted by path, position and rule.
#[derive(Debug, Default, PartialEq)]
pub struct Findings {
    /// What is to be told.
    pub shown: Vec<Finding>,
    /// The same before any is left out for its number.
    pub open: Vec<Finding>,
    /// What somebody has accepted.
    pub suppressed: Vec<Suppressed>,
}

/// Runs all rules; the one that looks at what accepts findings last.
pub fn check(snapshot: &Snapshot) -> Findings {
    let mut context = Context::new(snapshot);
    let policy = snapshot.workspace.settings.rules();
    let (last, first): (Vec<&Rule>, Vec<&Rule>) =
        RULES.iter().filter(|rule| policy.is_on(rule)).partition(|rule| rule.name == unused_suppression::RULE.name);
    let found = first.into_par_iter().flat_map_iter(|rule| run(&context, rule)).collect();
    let judged = suppressed::judge(snapshot, sorted(found));
    context.idle = judged.idle;
    let mut open = judged.open;
    open.extend(last.into_iter().flat_map(|rule| run(&context, rule)));
    let open = sorted(open);
    Findings { shown: capped(&snapshot.files, &open), open, suppressed: judged.suppressed }
}

/// What one rule finds, whether it is on or not, and whoever accepts it.
pub fn found_by(snapshot: &Snapshot, rule: &'static Rule) -> Vec<Finding> {
    run(&Context::new(snapshot), rule)
}

fn run(context: &Context<'_>, rule: &'static Rule) -> Vec<Finding> {
    let mut sink = Sink::new(context.snapshot, rule);
    (rule.check)(context, &mut sink);
    sink.finish()
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| (a.place, a.rule, &a.identity).cmp(&(b.place, b.rule, &b.identity)));
    findings
}

/// How many findings of each identity there are.
pub fn counts<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> FxHashMap<&'a str, usize> {
    let mut counts = FxHashMap::default();
    for finding in findings {
        *counts.entry(finding.identity.as_str()).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_have_whole_pages() {
        assert!(all().is_sorted_by_key(|rule| rule.name));
        for rule in all() {
            let docs = rule.docs();
            let headings: Vec<&str> = docs.lines().filter(|line| line.starts_with("## ")).collect();
            assert_eq!(headings, ["## What it does", "## Why it matters", "## Example", "## How to fix", "## Options"], "{}", rule.name);
            assert!(headings.iter().all(|heading| !rule.section(heading.trim_start_matches("## ")).is_empty()), "{}", rule.name);
            assert!(rule.options.iter().all(|option| option.meaning().ends_with('.') && option.name() != "severity"), "{}", rule.name);
            assert!(!rule.summary.ends_with('.') && rule.page.ends_with(&format!("{}.md", rule.name)));
        }
    }
}
