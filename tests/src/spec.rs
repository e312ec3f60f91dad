//! Literate specs: one section of a Markdown file is one workspace and what is expected of it. `tests/README.md` describes the format.
//!
//! Invariant: a section's outcome depends on its own files and those shared by all sections of its document, and on nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use camino::Utf8PathBuf;
use portolan_analysis::Snapshot;

use crate::lines::{self, Kind};
use crate::markdown::{Block, Document, Section};
use crate::marks::{Mark, Marked, unmark};
use crate::texts::{Texts, world};
use crate::{actions, answers};

/// Kinds of blocks that hold what is expected.
const EXPECTATIONS: [&str; 14] = [
    "spans",
    "unresolved",
    "problems",
    "hover",
    "definition",
    "references",
    "callers",
    "callees",
    "outline",
    "symbols",
    "lenses",
    "hints",
    "links",
    "actions",
];

/// A section made ready to run.
#[derive(Debug, Default)]
struct Case {
    files: Vec<(Utf8PathBuf, Marked)>,
    expectations: Vec<Block>,
    /// The rules whose findings must all be marked; `None` for all rules.
    rules: Option<BTreeSet<String>>,
}

/// An expectation that differs, with what was found instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Line of the block's opening fence in the spec.
    pub line: usize,
    /// How many lines the block has now.
    pub old_lines: usize,
    /// What the block should hold.
    pub found: Vec<String>,
}

/// What came of running a section.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is wrong, ready to print; empty if all is well.
    pub failures: Vec<String>,
    /// Blocks that could be rewritten.
    pub differences: Vec<Difference>,
}

/// Runs one section. `own_rule` is the rule that the spec is about, if it is about one.
pub fn run(document: &Document, section: &Section, own_rule: Option<&str>) -> Outcome {
    let mut outcome = Outcome::default();
    let case = match prepare(document, section, own_rule) {
        Ok(case) => case,
        Err(error) => {
            outcome.failures.push(error);
            return outcome;
        }
    };
    let texts: Texts = case.files.iter().map(|(path, marked)| (path.clone(), marked.text.clone())).collect();
    let snapshot = world(&texts).snapshot();
    check_findings(&case, &snapshot, &mut outcome);
    for block in &case.expectations {
        match found(&case, &texts, &snapshot, block) {
            Ok(found) => compare(block, found, &mut outcome),
            Err(error) => outcome.failures.push(format!("line {}: {error}", block.line)),
        }
    }
    outcome
}

fn prepare(document: &Document, section: &Section, own_rule: Option<&str>) -> Result<Case, String> {
    let mut case = Case::default();
    let mut named = own_rule.map(|rule| BTreeSet::from([rule.to_owned()]));
    for block in document.shared.iter().chain(&section.blocks) {
        if let Some(path) = block.path() {
            let path = Utf8PathBuf::from(path);
            // A section's own file takes the place of a shared one.
            case.files.retain(|(other, _)| *other != path);
            case.files.push((path, unmark(&block.lines, block.line + 1)?));
            continue;
        }
        match block.kind() {
            kind if EXPECTATIONS.contains(&kind) => case.expectations.push(block.clone()),
            "rules" => named = Some(block.lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()),
            // A shell session or a sketch in the prose.
            "text" | "console" => {}
            other => return Err(format!("line {}: a `{other}` block needs a path", block.line)),
        }
    }
    if case.files.is_empty() {
        return Err(format!("line {}: the section has no file", section.line));
    }
    let marked = case.files.iter().flat_map(|(_, file)| file.marks.iter().map(|mark| mark.rule.clone()));
    case.rules = match named {
        Some(rules) if rules.contains("*") => None,
        Some(rules) => Some(rules.into_iter().chain(marked).collect()),
        None => Some(marked.collect()),
    };
    Ok(case)
}

fn check_findings(case: &Case, snapshot: &Snapshot, outcome: &mut Outcome) {
    let mut expected: Vec<(&Utf8PathBuf, &Mark)> =
        case.files.iter().flat_map(|(path, file)| file.marks.iter().map(move |mark| (path, mark))).collect();
    for finding in snapshot.findings.iter() {
        let path = snapshot.files.path(finding.place.file);
        let line = snapshot.files.line(finding.place);
        let fits = |(file, mark): &(&Utf8PathBuf, &Mark)| {
            let severity = mark.severity.as_ref().is_none_or(|severity| severity == finding.severity.as_str());
            file.as_path() == path && mark.line == line && mark.rule == finding.rule && severity && finding.message.contains(&mark.text)
        };
        if let Some(index) = expected.iter().position(fits) {
            expected.remove(index);
        } else if case.rules.as_ref().is_none_or(|rules| rules.contains(finding.rule)) {
            let at = case.files.iter().find(|(file, _)| file == path).and_then(|(_, file)| file.lines.get(line as usize - 1));
            let at = at.map_or_else(String::new, |line| format!("line {line}: "));
            let severity = finding.severity.as_str();
            outcome.failures.push(format!("{at}not marked: {path}:{line} {} ({severity}): {}", finding.rule, finding.message));
        }
    }
    for (path, mark) in expected {
        let failure = format!("line {}: not found: {path}:{} {}: {}", mark.spec_line, mark.line, mark.rule, mark.text);
        outcome.failures.push(failure);
    }
}

fn found(case: &Case, texts: &Texts, snapshot: &Snapshot, block: &Block) -> Result<Vec<String>, String> {
    match block.kind() {
        "spans" => {
            let mut kinds = Vec::new();
            for name in block.info.split([' ', ',']).skip(1).filter(|name| !name.is_empty()) {
                kinds.push(Kind::parse(name).ok_or_else(|| format!("no such kind of line: {name}"))?);
            }
            Ok(lines::spans(snapshot, if kinds.is_empty() { &Kind::SPANS } else { &kinds }))
        }
        "unresolved" => Ok(lines::unresolved(snapshot)),
        "problems" => Ok(lines::problems(snapshot)),
        "lenses" => Ok(answers::lenses(snapshot)),
        "hints" => Ok(answers::hints(snapshot)),
        "links" => Ok(answers::links(snapshot)),
        "actions" => Ok(actions::all(snapshot, texts)),
        "symbols" => Ok(answers::symbols(snapshot, block.info.trim_start_matches("symbols"))),
        kind => {
            let cursor = case.files.iter().find_map(|(path, file)| Some((path, file.cursor?)));
            let (path, offset) = cursor.ok_or("no file has a cursor")?;
            let file = snapshot.files.id(path).ok_or_else(|| format!("{path} is not read"))?;
            Ok(answers::at_cursor(snapshot, kind, file, offset))
        }
    }
}

fn compare(block: &Block, found: Vec<String>, outcome: &mut Outcome) {
    let trimmed = |lines: &[String]| -> Vec<String> {
        let mut lines: Vec<String> = lines.iter().map(|line| line.trim_end().to_owned()).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    };
    let (found, mut expected) = (trimmed(&found), trimmed(&block.lines));
    if matches!(block.kind(), "spans" | "unresolved" | "problems") {
        // The order of lines says nothing; a spec may be written in the order of its story.
        let mut sorted = found.clone();
        sorted.sort();
        expected.sort();
        if sorted == expected {
            return;
        }
    } else if found == expected {
        return;
    }
    let mut failure = format!("line {}: the `{}` block differs", block.line, block.kind());
    for line in expected.iter().filter(|line| !found.contains(line)) {
        failure += &format!("\n  - {line}");
    }
    for line in found.iter().filter(|line| !expected.contains(line)) {
        failure += &format!("\n  + {line}");
    }
    if found.len() != expected.len() {
        failure += &format!("\n  {} lines expected, {} found", expected.len(), found.len());
    }
    outcome.failures.push(failure);
    outcome.differences.push(Difference { line: block.line, old_lines: block.lines.len(), found });
}

/// Rewrites blocks of a spec file with what was found.
pub fn update(path: &Path, differences: &[Difference]) -> std::io::Result<()> {
    let text = std::fs::read_to_string(path)?;
    let mut lines: Vec<&str> = text.lines().collect();
    let mut sorted: Vec<&Difference> = differences.iter().collect();
    // From the last to the first, so that the lines above keep their numbers. Blocks shared by several sections are written once.
    sorted.sort_by_key(|difference| std::cmp::Reverse(difference.line));
    sorted.dedup_by_key(|difference| difference.line);
    for difference in sorted {
        let range = difference.line..difference.line + difference.old_lines;
        lines.splice(range, difference.found.iter().map(String::as_str));
    }
    std::fs::write(path, lines.join("\n") + "\n")
}
