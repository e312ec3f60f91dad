//! Findings as SARIF 2.1.0, which code scanning and many viewers read.
//!
//! Invariants: paths are relative to the workspace's root, fingerprints are identities without line numbers, and nothing tells of the machine or
//! the hour, so that equal workspaces make equal files. Findings that are accepted are there too, each with its suppression.

use portolan_analysis::rules::{self, Finding, Rule, Severity, Suppressed, SuppressedBy};
use portolan_analysis::{Place, Snapshot};
use serde_json::{Value, json};

use super::findings::{Fingerprints, Listing};
use super::texts::{Region, Texts};
use crate::load::FileProblem;
use crate::web::{self, path_reference};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Tells what [`Finding::identity`] is made of; a new number if that changes.
const FINGERPRINT: &str = "portolanIdentity/v1";
const ROOT: &str = "%SRCROOT%";

/// One log with one run.
pub fn render(listing: &Listing<'_>) -> serde_json::Result<String> {
    let writer = Writer { snapshot: listing.snapshot, texts: listing.all_texts() };
    let mut fingerprints = Fingerprints::default();
    let mut results: Vec<Value> = listing.findings.iter().map(|finding| writer.result(finding, &fingerprints.next(finding))).collect();
    results.extend(listing.snapshot.suppressed.iter().map(|it| writer.accepted(it, &fingerprints.next(&it.finding))));
    super::json(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "portolan",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules::all().iter().map(rule).collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": "portolan/" },
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": { ROOT: { "description": { "text": "The root of the workspace" } } },
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": listing.problems.iter().map(notification).collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    }))
}

/// What a rule is, with its page as help.
fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.name,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": rule.section("What it does"), "markdown": rule.section("What it does") },
        "help": { "text": rule.docs(), "markdown": rule.docs() },
        "helpUri": web::page(rule),
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "tags": ["distributed-systems", rule.theme.as_str()], "problem.severity": problem_severity(rule.severity) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information | Severity::Hint => "note",
    }
}

/// As GitHub's code scanning calls it.
fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information | Severity::Hint => "recommendation",
    }
}

/// What could not be read.
fn notification(problem: &FileProblem) -> Value {
    let mut notification = json!({ "level": "warning", "message": { "text": problem.message } });
    if !problem.path.as_str().is_empty() {
        let mut physical = json!({ "artifactLocation": artifact(problem.path.as_str()) });
        if let Some(line) = problem.line {
            physical["region"] = json!({ "startLine": line });
        }
        notification["locations"] = json!([{ "physicalLocation": physical }]);
    }
    notification
}

struct Writer<'a> {
    snapshot: &'a Snapshot,
    texts: Texts<'a>,
}

impl Writer<'_> {
    fn result(&self, finding: &Finding, fingerprint: &str) -> Value {
        let services: Vec<&str> = finding.services.iter().map(|service| self.snapshot.chart.service(*service).id.as_str()).collect();
        let related = finding.related.iter().enumerate().map(|(at, (place, words))| {
            let mut location = self.location(*place, Some(words));
            location["id"] = json!(at + 1);
            location
        });
        let mut result = json!({
            "ruleId": finding.rule,
            "level": level(finding.severity),
            "message": { "text": finding.message },
            "locations": [self.location(finding.place, None)],
            "relatedLocations": related.collect::<Vec<_>>(),
            "partialFingerprints": { FINGERPRINT: fingerprint },
            "properties": { "services": services },
        });
        if let Some(index) = rules::all().iter().position(|rule| rule.name == finding.rule) {
            result["ruleIndex"] = json!(index);
        }
        let is_path = rules::named(finding.rule).is_some_and(|rule| rule.related_is_path);
        if is_path && !finding.related.is_empty() {
            let steps = finding.related.iter().map(|(place, words)| json!({ "location": self.location(*place, Some(words)) }));
            result["codeFlows"] = json!([{ "threadFlows": [{ "locations": steps.collect::<Vec<_>>() }] }]);
        }
        result
    }

    /// A finding that somebody has accepted.
    fn accepted(&self, suppressed: &Suppressed, fingerprint: &str) -> Value {
        let mut result = self.result(&suppressed.finding, fingerprint);
        let kind = match suppressed.by {
            SuppressedBy::Comment => "inSource",
            SuppressedBy::Baseline => "external",
        };
        let mut suppression = json!({ "kind": kind, "location": self.location(suppressed.place, None) });
        if !suppressed.reason.is_empty() {
            suppression["justification"] = json!(suppressed.reason);
        }
        result["suppressions"] = json!([suppression]);
        result
    }

    fn location(&self, place: Place, words: Option<&str>) -> Value {
        let region = region(self.texts.region(place));
        let artifact = artifact(self.snapshot.files.path(place.file).as_str());
        let mut location = json!({ "physicalLocation": { "artifactLocation": artifact, "region": region } });
        if let Some(words) = words {
            location["message"] = json!({ "text": words });
        }
        location
    }
}

fn region(region: Region) -> Value {
    let mut value = json!({ "startLine": region.line, "endLine": region.end_line });
    if let Some((start, end)) = region.columns {
        value["startColumn"] = json!(start);
        value["endColumn"] = json!(end);
    }
    value
}

fn artifact(path: &str) -> Value {
    json!({ "uri": path_reference(path), "uriBaseId": ROOT })
}
