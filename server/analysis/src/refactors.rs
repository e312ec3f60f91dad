//! Code actions: edits that settle a call or answer a finding, one file each.
//!
//! Here live what all of them share: what an edit is ([`Edit`]), what is offered at a place ([`offers`]), and the check of what an edit
//! would do ([`recheck`]). What deliberately does not: protocols, disks, versions. Invariant: an edit is made of facts and text that agree; where
//! that is not so, or anything else it rests on does not hold, it is refused with a reason.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashSet;

use crate::chart::index::Subject;
use crate::rules::{self, Finding, Theme, counts};
use crate::{FileId, Snapshot, World};

mod accept;
mod add_timeout;
mod arguments;
mod ask_together;
mod beside;
mod carry_context;
mod chain;
mod changes;
mod compose;
mod dead_letter;
mod edit;
mod given;
mod handle_once;
mod handlers;
mod held;
mod imports;
mod injected;
mod instrument_handler;
mod keep_span;
mod limit_loop;
mod migrations;
mod mirror;
mod modules;
mod move_call;
mod names;
mod option;
mod outbox;
mod packages;
mod passage;
mod pool;
mod prisma;
mod publish_event;
mod read_model;
mod received;
mod retry_safely;
mod saga;
mod settle_call;
mod settle_drift;
mod source;
mod span_handler;
mod sqlx;
mod stretch;
mod template;
mod try_again;
mod url_to_variable;
mod uses;
mod way;

pub use edit::{Edit, Replacement, replaced};
use source::Source;

/// What marks, in a text that is written, what only a person can do.
const MARK: &str = "TODO(portolan)";

/// What there is to be read and written beside the facts.
pub trait Texts {
    /// The text of a file of the world; an error says, behind the file's name, why it may not be edited: `is read-only`.
    fn text(&self, path: &Utf8Path) -> Result<String, String>;
}

/// Why an edit is not made, as a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(String);

impl Refusal {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What somebody who takes an offer lets himself in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The program does what it did, or only gains a limit or a span.
    Safe,
    /// It does the same at another time or in another way, which a person must agree to; and what that person has to check, as a sentence.
    Assisted(&'static str),
    /// Something is begun that a person must go on with; and what there is to do, as a sentence. What is found stays so until it is done.
    Sketch(&'static str),
    /// It says what only a person can know.
    Statement,
    /// Nothing is repaired: the finding is accepted.
    Acceptance,
}

/// A code action at a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// What it does, in a line; no two at a place have the same.
    pub title: String,
    /// What it asks of the one who takes it.
    pub level: Level,
    /// The finding that it answers, as a position in the snapshot's, if it answers one.
    pub finding: Option<usize>,
    /// The edit, or why there is none.
    pub plan: Result<Edit, Refusal>,
}

/// What a refactor makes of a finding.
struct Plan {
    title: String,
    level: Level,
    edit: Result<Edit, Refusal>,
}

/// What a refactor is given.
struct Context<'a> {
    snapshot: &'a Snapshot,
    texts: &'a dyn Texts,
    /// The root of the workspace.
    folder: &'a Utf8Path,
}

impl<'a> Context<'a> {
    fn source(&self, file: FileId) -> Result<Source<'a>, Refusal> {
        Source::read(self.snapshot, self.texts, file)
    }

    /// The text of a file; refuses one that nobody should edit, or whose text is not the one the snapshot knows.
    fn text(&self, file: FileId) -> Result<String, Refusal> {
        let path = self.snapshot.files.path(file);
        let refusal = |why: &str| Refusal::new(format!("{} {why}", path.file_name().unwrap_or(path.as_str())));
        let kind = portolan_grammars::classify(path).ok_or_else(|| refusal("is not read"))?;
        let text = self.texts.text(path).map_err(|why| refusal(&why))?;
        let known = self.snapshot.files.facts(file).is_some_and(|facts| **facts == portolan_grammars::read(path, &text, kind));
        if known { Ok(text) } else { Err(refusal("was changed meanwhile")) }
    }

    /// Whether a file with this very text is there; refuses where there is another one.
    fn has(&self, path: &Utf8Path, text: &str) -> Result<bool, Refusal> {
        match self.snapshot.files.id(path) {
            None => Ok(false),
            Some(_) if self.texts.text(path).is_ok_and(|known| known == text) => Ok(true),
            Some(_) => Err(Refusal::new(format!("{path} is there already, and another one"))),
        }
    }

    /// Refuses a file that is there, whatever its text: somebody may go on with it.
    fn is_new(&self, path: &Utf8Path) -> Result<(), Refusal> {
        match self.snapshot.files.id(path) {
            None => Ok(()),
            Some(_) => Err(Refusal::new(format!("{path} is there already"))),
        }
    }
}

/// A code action that answers findings.
struct Refactor {
    /// The rules whose findings it answers.
    rules: &'static [&'static str],
    /// What it makes of one; nothing where it has nothing to say.
    plan: fn(&Context<'_>, &Finding) -> Option<Plan>,
}

/// The registry, in the order in which actions are offered.
static REFACTORS: &[Refactor] = &[
    add_timeout::REFACTOR,
    try_again::REFACTOR,
    instrument_handler::REFACTOR,
    span_handler::REFACTOR,
    keep_span::REFACTOR,
    carry_context::REFACTOR,
    url_to_variable::REFACTOR,
    publish_event::REFACTOR,
    ask_together::REFACTOR,
    limit_loop::REFACTOR,
    retry_safely::REFACTOR,
    move_call::REFACTOR,
    outbox::REFACTOR,
    handle_once::REFACTOR,
    read_model::REFACTOR,
    saga::REFACTOR,
    settle_drift::REFACTOR,
];

/// Actions at what the chart has at a place, where nothing is found: whether it should be otherwise, a person knows.
static PROPOSALS: &[fn(&Context<'_>, Subject) -> Option<Plan>] = &[dead_letter::plan];

/// What is offered between two offsets of a file: edits that answer its findings, what accepts them, edits that answer none, then settings that
/// settle its calls.
/// `folder` is the root of the workspace that the file is in.
pub fn offers(snapshot: &Snapshot, texts: &dyn Texts, folder: &Utf8Path, file: FileId, start: u32, end: u32) -> Vec<Offer> {
    let here = |finding: &Finding| finding.place.file == file && finding.place.range.start <= end && start <= finding.place.range.end;
    let findings = snapshot.findings.iter().enumerate().filter(|(_, finding)| here(finding));
    let mut offers: Vec<Offer> = findings.clone().flat_map(|(at, _)| answers(snapshot, texts, folder, at)).collect();
    let context = Context { snapshot, texts, folder };
    offers.extend(findings.flat_map(|(at, finding)| accept::offers(&context, folder, at, finding)));
    offers.extend(proposals(snapshot, texts, folder, file, start, end));
    offers.extend(settle_call::offers(snapshot, folder, file, start, end));
    each_once(offers)
}

/// Of offers of the same title, the first.
fn each_once(mut offers: Vec<Offer>) -> Vec<Offer> {
    let mut seen = FxHashSet::default();
    offers.retain(|offer| seen.insert(offer.title.clone()));
    offers
}

/// What answers a finding, given as a position in the snapshot's. `folder` is the root of the workspace that its file is in.
pub fn answers(snapshot: &Snapshot, texts: &dyn Texts, folder: &Utf8Path, finding: usize) -> Vec<Offer> {
    let Some(found) = snapshot.findings.get(finding) else { return Vec::new() };
    let context = Context { snapshot, texts, folder };
    let refactors = REFACTORS.iter().filter(|refactor| refactor.rules.contains(&found.rule));
    let plans = refactors.filter_map(|refactor| (refactor.plan)(&context, found));
    plans.map(|plan| Offer { title: plan.title, level: plan.level, finding: Some(finding), plan: plan.edit }).collect()
}

/// What is offered between two offsets of a file that answers no finding.
pub fn proposals(snapshot: &Snapshot, texts: &dyn Texts, folder: &Utf8Path, file: FileId, start: u32, end: u32) -> Vec<Offer> {
    let context = Context { snapshot, texts, folder };
    let subjects = snapshot.index.within(file, start, end).into_iter().map(|(subject, _)| subject);
    let plans = subjects.flat_map(|subject| PROPOSALS.iter().map(move |propose| (propose, subject)));
    let plans = plans.filter_map(|(propose, subject)| propose(&context, subject));
    each_once(plans.map(|plan| Offer { title: plan.title, level: plan.level, finding: None, plan: plan.edit }).collect())
}

/// The files that an edit changes or makes, as they are after it.
pub fn applied(snapshot: &Snapshot, texts: &dyn Texts, edit: &Edit) -> Result<BTreeMap<Utf8PathBuf, String>, Refusal> {
    let mut files = edit.creates.clone();
    for (file, replacements) in &edit.changes {
        let path = snapshot.files.path(*file);
        let text = texts.text(path).map_err(|why| Refusal::new(format!("{path} {why}")))?;
        files.insert(path.to_owned(), replaced(&text, replacements));
    }
    Ok(files)
}

/// What the workspace is with some files as they are after an edit: refused where they do not parse, where the finding that it answers stays though
/// it is no sketch, or where another one comes that `level` does not take. `world` holds the facts of `snapshot`, and afterwards those of the result; if it is refused, those of
/// `snapshot` again.
pub fn recheck(
    world: &mut World,
    snapshot: &Snapshot,
    files: &BTreeMap<Utf8PathBuf, String>,
    finding: Option<&Finding>,
    level: Level,
) -> Result<Arc<Snapshot>, Refusal> {
    let known = |path: &Utf8Path| snapshot.files.id(path).and_then(|file| snapshot.files.facts(file));
    let mut broken = None;
    for (path, text) in files {
        let Some(kind) = portolan_grammars::classify(path) else { continue };
        let facts = portolan_grammars::read(path, text, kind);
        if facts.problems().len() > known(path).map_or(0, |facts| facts.problems().len()) {
            broken = Some(Refusal::new(format!("{path} would not parse")));
        }
        world.set(path.clone(), Arc::new(facts));
    }
    let judged = match broken {
        Some(refusal) => Err(refusal),
        None => judged(snapshot, world.snapshot(), finding, level),
    };
    if judged.is_err() {
        take_back(world, snapshot, files);
    }
    judged
}

/// As [`recheck`], but `world` holds the facts of `snapshot` afterwards, whatever comes of it.
pub fn rehearse(
    world: &mut World,
    snapshot: &Snapshot,
    files: &BTreeMap<Utf8PathBuf, String>,
    finding: Option<&Finding>,
    level: Level,
) -> Result<(), Refusal> {
    recheck(world, snapshot, files, finding, level).map(|_| take_back(world, snapshot, files))
}

fn take_back(world: &World, snapshot: &Snapshot, files: &BTreeMap<Utf8PathBuf, String>) {
    for path in files.keys() {
        match snapshot.files.id(path).and_then(|file| snapshot.files.facts(file)) {
            Some(facts) => world.set(path.clone(), facts.clone()),
            None => world.remove(path),
        }
    }
}

/// The snapshot after an edit, if the edit did what it is for and nothing else.
fn judged(before: &Snapshot, after: Arc<Snapshot>, finding: Option<&Finding>, level: Level) -> Result<Arc<Snapshot>, Refusal> {
    let (were, are) = (counts(before.findings.iter()), counts(after.findings.iter()));
    let more = |identity: &str| are.get(identity).copied().unwrap_or(0).cmp(&were.get(identity).copied().unwrap_or(0));
    let settles = !matches!(level, Level::Sketch(_));
    if let Some(finding) = finding.filter(|finding| settles && more(&finding.identity).is_ge()) {
        return Err(Refusal::new(format!("the finding of {} would stay", finding.rule)));
    }
    // Where only some of a file's findings are shown, one that goes makes room for another.
    let kind = |snapshot: &Snapshot, finding: &Finding| (finding.rule, snapshot.files.path(finding.place.file).to_owned());
    let cut: FxHashSet<_> = before.findings.iter().filter(|finding| finding.is_of_others()).map(|finding| kind(before, finding)).collect();
    // A reason that is still to be written, and a comment that is not needed any more, are for a person to see to.
    // A handler that is written as the one beside it is seen, or not seen, in traces as that is.
    let is_shared = |finding: &Finding| {
        let traced = rules::named(finding.rule).is_some_and(|rule| rule.theme == Theme::Observability);
        matches!(level, Level::Assisted(_)) && traced && before.findings.iter().any(|other| kind(before, other) == kind(&after, finding))
    };
    let mut new = after.findings.iter().filter(|other| more(&other.identity).is_gt() && !other.is_upkeep() && !is_shared(other));
    match new.find(|other| !cut.contains(&kind(&after, other))) {
        Some(other) => Err(Refusal::new(format!("{} would be found: {}", other.rule, other.message))),
        None => Ok(after),
    }
}
