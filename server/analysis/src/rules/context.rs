//! What rules are given, and where their findings go.
//!
//! Here live the look-ups that rules share, and what a finding is known by. What deliberately does not: any rule.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use camino::Utf8Path;
use portolan_grammars::facts::{Binding, Expr, FunctionId, Symbol};
use portolan_grammars::manifests::settings::Level;
use rustc_hash::FxHashSet;

use super::suppressed::Idle;
use super::{Finding, MAX_MESSAGE, Number, Rule, Severity, Texts, exempt};
use crate::chart::flow::Spot;
use crate::chart::index::{ChartIndex, Runner};
use crate::chart::operation::Operation;
use crate::chart::{Chart, EndpointIndex, ServiceIndex, ServiceKind, Tracing};
use crate::words::enumerate_first;
use crate::workspace::modules::Crate;
use crate::{FileId, FunctionRef, Place, Snapshot};

/// The part of a finding that stands in no named function.
const UNNAMED: &str = "outside of functions";
/// How many letters a message loses at most so that no word of it is broken.
const MAX_LOST: usize = 40;
/// How many functions lie at most between one that nobody waits for and what is let go.
const MAX_RUNNERS: u32 = 3;

/// What rules read: a snapshot, and what follows from it.
#[derive(Debug)]
pub struct Context<'a> {
    /// The snapshot; its findings are empty yet.
    pub snapshot: &'a Snapshot,
    /// Its chart.
    pub chart: &'a Chart,
    /// Its chart, turned round.
    pub index: &'a ChartIndex,
    /// What accepts no finding; known to the last rule alone.
    pub(super) idle: Vec<(Place, Idle)>,
    operations: Vec<Operation>,
    /// Of each package itself and all that it depends on, once someone asks.
    dependencies: Vec<OnceLock<FxHashSet<usize>>>,
}

impl<'a> Context<'a> {
    /// Gets a snapshot ready for its rules.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let (chart, index) = (&*snapshot.chart, &*snapshot.index);
        let operations = (0..chart.endpoints.len()).map(|at| Operation::of_endpoint(chart, index, EndpointIndex(at as u32))).collect();
        Self { operations, ..Self::without_operations(snapshot) }
    }

    /// The same for who does not ask what endpoints do.
    pub(super) fn without_operations(snapshot: &'a Snapshot) -> Self {
        let dependencies = snapshot.workspace.packages.iter().map(|_| OnceLock::new()).collect();
        Self { snapshot, chart: &snapshot.chart, index: &snapshot.index, idle: Vec::new(), operations: Vec::new(), dependencies }
    }

    /// What an endpoint does.
    pub fn operation(&self, endpoint: EndpointIndex) -> &Operation {
        &self.operations[endpoint.index()]
    }

    /// The same, also for who made it without.
    pub(super) fn operation_of(&self, endpoint: EndpointIndex) -> Cow<'_, Operation> {
        let known = self.operations.get(endpoint.index()).map(Cow::Borrowed);
        known.unwrap_or_else(|| Cow::Owned(Operation::of_endpoint(self.chart, self.index, endpoint)))
    }

    /// The id of a service.
    pub fn id(&self, service: ServiceIndex) -> &'a Symbol {
        &self.chart.service(service).id
    }

    /// Whether a file's code stands beside what runs: see [`exempt::stands_beside`].
    pub fn stands_beside(&self, file: FileId) -> bool {
        exempt::stands_beside(self.snapshot.files.path(file))
    }

    /// How a service traces, if it starts a tracer.
    pub fn traced(&self, service: ServiceIndex) -> Option<&'a Tracing> {
        self.chart.traced(service)
    }

    /// The services that start a tracer.
    pub fn traced_services(&self) -> BTreeSet<ServiceIndex> {
        self.chart.tracing.iter().filter(|row| row.instrumented).map(|row| row.service).collect()
    }

    /// Whether a service's process may run the code of a file: it is of its own package, or of one that it depends on.
    pub(crate) fn may_run(&self, service: ServiceIndex, file: FileId) -> bool {
        let workspace = &self.snapshot.workspace;
        let Some(own) = workspace.deployments[service.index()].package else { return true };
        let package = workspace.package_of(self.snapshot.files.path(file));
        let known = self.dependencies.get(own).map(|known| known.get_or_init(|| workspace.with_dependencies(Some(own))));
        package.is_none_or(|package| known.is_some_and(|known| known.contains(&package)))
    }

    /// Whether a service is asked or told anything.
    pub fn answers(&self, service: ServiceIndex) -> bool {
        self.chart.endpoints.iter().any(|endpoint| endpoint.service == service)
            || self.chart.channels.iter().flat_map(|channel| &channel.consumers).any(|end| end.service == service)
    }

    /// Names the group of services that share one codebase with `service`: api and worker of one image are one bounded context.
    pub fn group(&self, service: ServiceIndex) -> u64 {
        let deployment = self.snapshot.workspace.deployments.get(service.index());
        // A service without a deployment is a group of its own, beyond all numbers of the workspace.
        deployment.map_or((1 << 32) + u64::from(service.0), |deployment| u64::from(deployment.group))
    }

    /// Tells of a file whether a service may run it: code of its package, and of what that depends on. A program that another service starts, or
    /// that lies beside a library, is none of it; components of pages are run by front ends alone.
    pub fn code_of(&self, service: ServiceIndex) -> impl Fn(FileId) -> bool {
        let (files, workspace) = (&self.snapshot.files, &self.snapshot.workspace);
        let deployment = workspace.deployments.get(service.index());
        let own = deployment.and_then(|deployment| deployment.package);
        let entries = deployment.map_or(&[][..], |deployment| &deployment.entries);
        let packages = workspace.with_dependencies(own);
        let starts =
            move |krate: &Crate| krate.library || Some(krate.package) == own && (entries.is_empty() || entries.contains(&krate.root));
        let shows_pages = self.chart.service(service).kind == ServiceKind::Frontend;
        move |file| {
            if !shows_pages && matches!(files.path(file).extension(), Some("svelte" | "vue")) {
                return false;
            }
            let mut crates = workspace.modules.crates_of(file).filter_map(|krate| workspace.modules.krate(krate)).peekable();
            let of_package = || workspace.package_of(files.path(file)).is_none_or(|package| packages.contains(&package));
            let of_crate = |krate: &Crate| packages.contains(&krate.package) && starts(krate);
            own.is_none() || if crates.peek().is_some() { crates.any(of_crate) } else { of_package() }
        }
    }

    /// Tells of a function whether a service runs it: it is in its code, and something that the service runs leads there.
    pub fn runs(&self, service: ServiceIndex) -> impl Fn(FunctionRef) -> bool {
        let is_code = self.code_of(service);
        move |function| is_code(function.file) && self.chart.reach.surely_runs(service, function)
    }

    /// The name of the function that a place is in, by which it is known after edits: `OrderService.save`, `save`, or the file's path for code
    /// outside of functions.
    pub fn symbol(&self, function: FunctionRef) -> String {
        self.named_function(function).unwrap_or_else(|| self.snapshot.files.path(function.file).to_string())
    }

    /// ` in save`: the function that a place is in, as the end of a sentence; nothing for code outside of functions.
    pub fn within(&self, function: FunctionRef) -> String {
        self.named_function(function).map(|name| format!(" in {name}")).unwrap_or_default()
    }

    /// The path of the file that a function is in: functions of one name in two files are not the same.
    pub fn file(&self, function: FunctionRef) -> String {
        self.snapshot.files.path(function.file).to_string()
    }

    /// Whether whatever runs a function goes on without waiting for it; not where nothing is known to run it.
    pub fn is_left_behind(&self, function: FunctionRef) -> bool {
        self.is_left_by_all(function, MAX_RUNNERS, &|runner, function| self.leaves_behind(runner, function))
    }

    /// Whether a function is run by nothing but calls that drop its promise, or by functions of which that holds. ECMAScript only: tasks are told
    /// apart by those who ask for them.
    pub(super) fn is_let_go_around(&self, function: FunctionRef) -> bool {
        let is_ecmascript = self.snapshot.files.source(function.file).is_some_and(|source| source.language.is_ecmascript());
        is_ecmascript && self.is_left_by_all(function, MAX_RUNNERS, &|runner, _| runner.detached)
    }

    /// Whether all that runs a function leaves it, or is left so itself.
    fn is_left_by_all(&self, function: FunctionRef, hops: u32, leaves: &dyn Fn(&Runner, FunctionRef) -> bool) -> bool {
        let runners = self.index.runners_of(function);
        let left = |runner: &Runner| leaves(runner, function) || hops > 0 && self.is_left_by_all(runner.function, hops - 1, leaves);
        !runners.is_empty() && runners.iter().all(left)
    }

    /// Whether what runs a function goes on without waiting for it. What a program begins with, it is there for.
    pub fn leaves_behind(&self, runner: &Runner, function: FunctionRef) -> bool {
        // In another file nothing is written that a number of this one means.
        let own = if runner.place.file == function.file { function.function } else { FunctionId::MODULE };
        let begins = runner.function.function == FunctionId::MODULE && !runner.detached;
        runner.detached || !begins && Spot::at(&self.snapshot.files, runner.place).is_some_and(|spot| spot.leaves_behind(own))
    }

    /// Whether code stands in a function that others can call by its name, and not at the top of its file or in a closure there.
    pub fn is_in_named_function(&self, function: FunctionRef) -> bool {
        self.named_function(function).is_some()
    }

    /// `OrderService.save`, `save`: the innermost function around code that has a name.
    pub fn named_function(&self, function: FunctionRef) -> Option<String> {
        named_function(self.snapshot, function).map(|(_, name)| name)
    }
}

/// The innermost function around code that has a name, and how it is known: `OrderService.save`, `save`. None at the top of a file and in
/// closures there.
pub(crate) fn named_function(snapshot: &Snapshot, function: FunctionRef) -> Option<(FunctionId, String)> {
    let source = snapshot.files.source(function.file)?;
    let mut id = function.function;
    // Parents come before their children, so this ends; the bound is for facts that are wrong.
    for _ in 0..64 {
        let facts = source.functions.get(id.index())?;
        if !facts.name.is_empty() {
            let owner = facts.owner.and_then(|owner| source.types.get(owner.index())).map(|owner| &owner.name).or(facts.impl_of.as_ref());
            let owner = owner.filter(|owner| !owner.is_empty());
            return Some((id, owner.map_or_else(|| facts.name.to_string(), |owner| format!("{owner}.{}", facts.name))));
        }
        // A closure is known by what it is bound to: `const save = async () => …`.
        let bound = |binding: &&Binding| {
            binding.function == facts.parent
                && binding.value.is_some_and(|value| matches!(source.expr(value), Expr::Closure(it) if *it == id))
        };
        if let Some(binding) = source.bindings.iter().find(bound).filter(|binding| !binding.name.is_empty()) {
            return Some((id, binding.name.to_string()));
        }
        if id == FunctionId::MODULE {
            return None;
        }
        id = facts.parent;
    }
    None
}

/// A finding in the making.
#[derive(Debug)]
pub struct Draft {
    /// How bad, where it is not the rule's default.
    pub severity: Option<Severity>,
    /// Both sides, the endpoint and the number.
    pub message: String,
    /// The line a person would change.
    pub place: Place,
    /// Other places, each with a few words.
    pub related: Vec<(Place, String)>,
    /// The services it is about.
    pub services: Vec<ServiceIndex>,
    /// What it is about, in words without line numbers: endpoint, table, enclosing symbol.
    pub subject: Vec<String>,
}

/// Takes the findings of one rule.
#[derive(Debug)]
pub struct Sink<'a> {
    snapshot: &'a Snapshot,
    rule: &'static Rule,
    /// Each with what no other one of the rule has.
    findings: Vec<(String, Finding)>,
}

impl<'a> Sink<'a> {
    /// A sink for `rule`.
    pub(super) fn new(snapshot: &'a Snapshot, rule: &'static Rule) -> Self {
        Self { snapshot, rule, findings: Vec::new() }
    }

    /// The rule's option for what is found in a file.
    pub fn number(&self, option: &Number, file: FileId) -> usize {
        self.snapshot.workspace.settings.rules().number(self.rule, option, self.snapshot.files.path(file))
    }

    /// The rule's option for what is found in a file.
    pub fn texts(&self, option: &Texts, file: FileId) -> Vec<&'a str> {
        self.snapshot.workspace.settings.rules().texts(self.rule, option, self.snapshot.files.path(file))
    }

    /// Takes a finding, unless settings are against it.
    pub fn report(&mut self, draft: Draft) {
        self.report_parts(draft, Vec::new());
    }

    /// The same, of several things that are told together; [`Draft::subject`] does not name them.
    pub fn report_parts(&mut self, draft: Draft, mut parts: Vec<Symbol>) {
        // Code outside of named functions is known by its file, which may be renamed.
        let is_file = |part: &Symbol| self.snapshot.files.id(Utf8Path::new(part.as_str())).is_some();
        parts.iter_mut().filter(|part| is_file(part)).for_each(|part| *part = Symbol::new(UNNAMED));
        parts.sort_unstable();
        parts.dedup();
        let (policy, path) = (self.snapshot.workspace.settings.rules(), self.snapshot.files.path(draft.place.file));
        let level = policy.level(self.rule, path);
        let Some(set) = self.rule.severity_at(level) else { return };
        let severity = draft.severity.filter(|_| level == Level::On).unwrap_or(set);
        if policy.allows(self.rule, path) {
            return;
        }
        let mut ids: Vec<&str> = draft.services.iter().map(|service| self.snapshot.chart.service(*service).id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let joined = |subject: &[&str]| [self.rule.name, &ids.join(","), &subject.join(" ")].join(" | ");
        let subject: Vec<&str> = draft.subject.iter().map(String::as_str).collect();
        // A file that is renamed still has its findings.
        let lasting: Vec<&str> = subject.iter().copied().filter(|part| self.snapshot.files.id(Utf8Path::new(part)).is_none()).collect();
        let finding = Finding {
            rule: self.rule.name,
            severity,
            message: shorten(draft.message),
            place: draft.place,
            related: draft.related,
            services: draft.services,
            identity: joined(&lasting).into(),
            parts,
        };
        self.findings.push((joined(&subject), finding));
    }

    /// The findings: one for each subject and for each place.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by(|(a_key, a), (b_key, b)| (a.place, a_key).cmp(&(b.place, b_key)));
        let (mut subjects, mut places) = (FxHashSet::default(), FxHashSet::default());
        let once = |(key, finding): (String, Finding)| (subjects.insert(key) && places.insert(finding.place)).then_some(finding);
        self.findings.into_iter().filter_map(once).collect()
    }
}

/// Shortens a message that is too long: names of procedures are shortened; if that is not enough, its middle goes, where it names the least: whole
/// words and segments of paths, as long as those are not all of it.
fn shorten(message: String) -> String {
    let message = shorten_names(message);
    let length = message.chars().count();
    if length <= MAX_MESSAGE {
        return message;
    }
    let letters: Vec<char> = message.chars().collect();
    let head = MAX_MESSAGE * 2 / 3;
    let tail = length - (MAX_MESSAGE - head - 1);
    let is_end = |at: &usize| matches!(letters[*at], ' ' | '/');
    let until = (head - MAX_LOST..=head).rev().find(is_end).map_or(head, |at| at + usize::from(letters[at] == '/'));
    let is_open = |letters: &[char]| letters.iter().filter(|letter| **letter == '`').count() % 2 == 1;
    let mut from = (tail..(tail + MAX_LOST).min(length)).find(is_end).unwrap_or(tail);
    let cut = is_open(&letters[..until]);
    // A name of which only the end would be left goes as a whole; of one that is cut, its end is marked.
    if !cut && is_open(&letters[from..]) {
        from = (from..length).find(|at| letters[*at] == '`').map_or(from, |at| at + 1);
    }
    let closed = if cut && !is_open(&letters[from..]) { "`" } else { "" };
    let begins: String = letters[..until].iter().collect();
    let ends: String = letters[from..].iter().collect();
    let space = if ends.starts_with(' ') && !cut { " " } else { "" };
    format!("{}{space}…{closed}{ends}", begins.trim_end_matches([',', ' ']))
}

/// Takes from the names of procedures in a message that is too long their packages, then their services.
fn shorten_names(mut message: String) -> String {
    for shortened in [without_package, without_service] {
        if message.chars().count() <= MAX_MESSAGE {
            break;
        }
        message = message.split(' ').map(shortened).collect::<Vec<_>>().join(" ");
    }
    message
}

/// `Shelf/Take` of `shop.stock.v1.Shelf/Take`.
fn without_package(word: &str) -> &str {
    let service = word.split_once('/').and_then(|(service, _)| service.rfind('.')).map_or(word, |dot| &word[dot + 1..]);
    if service.starts_with(|first: char| first.is_ascii_uppercase()) { service } else { word }
}

/// `Take` of `Shelf/Take`.
fn without_service(word: &str) -> &str {
    let named = |(service, method): &(&str, &str)| {
        let is_name = |name: &str| name.starts_with(|first: char| first.is_ascii_uppercase()) && name.chars().all(char::is_alphanumeric);
        is_name(service) && is_name(method)
    };
    word.split_once('/').filter(named).map_or(word, |(_, method)| method)
}

/// A message that names as many things as there is room for once their names are short, between how it begins and how it ends:
/// `3 calls: a, b and 1 more`.
pub(super) fn fitting(begins: &str, things: &[String], ends: &str) -> String {
    let message = |count: usize| format!("{begins}{}{ends}", enumerate_first(things, count));
    let fits = |count: &usize| shorten_names(message(*count)).chars().count() <= MAX_MESSAGE;
    message((2..=things.len()).rev().find(fits).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::capped;
    use crate::testing::{Scene, module};

    rule! { "loud", Topology, Hint, "Loud", quiet }

    fn quiet(_: &Context<'_>, _: &mut Sink<'_>) {}

    fn kept(count: usize) -> Vec<String> {
        let mut scene = Scene::default();
        let names: Vec<String> = (0..count).map(|at| format!("f{at:02}")).collect();
        let file = scene.file("src/app.ts", &names.join(" "));
        let places: Vec<Place> = names.iter().map(|name| scene.place(file, name)).collect();
        let snapshot = scene.snapshot();
        let mut sink = Sink::new(&snapshot, &RULE);
        for (name, place) in names.iter().zip(places) {
            for _ in 0..2 {
                let (related, services) = (Vec::new(), Vec::new());
                sink.report(Draft { severity: None, message: name.clone(), place, related, services, subject: vec![name.clone()] });
            }
        }
        capped(&snapshot.files, &sink.finish()).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn each_once_and_not_too_many_of_a_file() {
        assert_eq!(kept(3), ["f00", "f01", "f02"]);
        assert_eq!(kept(11).len(), 11);
        let many = kept(14);
        assert_eq!((many.len(), many[10].as_str()), (11, "and 4 more findings of loud in this file"));
    }

    #[test]
    fn long_messages_lose_their_middle() {
        let short = shorten("é".repeat(200) + "end");
        assert!(short.chars().count() == MAX_MESSAGE && short.ends_with("end") && short.contains('…'));
    }

    #[test]
    fn words_and_segments_stay_whole() {
        let tables = ["accounts", "billing_profiles", "placement_transactions", "placement_splits", "subscriptions"]
            .map(|it| format!("`{it}_of_all`"));
        let short = shorten(format!("billing reads 5 tables of ledger: {} and then it is over", tables.join(", ")));
        assert_eq!(
            short,
            "billing reads 5 tables of ledger: `accounts_of_all`, `billing_profiles_of_all` … `subscriptions_of_all` and then it is over"
        );
        let path =
            format!("orders and stock call each other: PUT /v1/{}/taken (closes a cycle of 2)", "shelf/".repeat(30).trim_end_matches('/'));
        let short = shorten(path);
        assert!(
            short.chars().count() <= MAX_MESSAGE && short.contains("/shelf/…/shelf/") && short.ends_with("/taken (closes a cycle of 2)"),
            "{short}"
        );
    }

    #[test]
    fn procedures_lose_their_packages_first() {
        let long = format!("web calls shop.stock.v1.Shelf/Take of {} and /a.b/C once", "é".repeat(120));
        assert_eq!(shorten(long), format!("web calls Shelf/Take of {} and /a.b/C once", "é".repeat(120)));
        assert_eq!(shorten("web calls shop.stock.v1.Shelf/Take".to_owned()), "web calls shop.stock.v1.Shelf/Take");
        let longer = format!("web calls shop.stock.v1.Shelf/Take of {} and /a.b/C", "é".repeat(130));
        assert_eq!(shorten(longer), format!("web calls Take of {} and /a.b/C", "é".repeat(130)));
    }

    #[test]
    fn names_are_shortened_before_any_is_left_out() {
        let things: Vec<String> =
            ["Shelf/Take", "Till/Pay", "Mail/Send"].map(|name| format!("shop.{}.v1.{name}", "goods".repeat(12))).into();
        assert_eq!(shorten(fitting("3 calls: ", &things, "")), "3 calls: Shelf/Take, Till/Pay and Mail/Send");
    }

    #[test]
    fn symbols_are_names_of_functions_around() {
        let mut scene = Scene::default();
        let file = scene.file("src/app.ts", "save () => {}");
        let save = scene.function(file, "save");
        let closure = scene.closure(save, "() => {}");
        let snapshot = scene.snapshot();
        let context = Context::new(&snapshot);
        assert_eq!(context.symbol(closure), "save");
        assert_eq!(context.symbol(module(file)), "src/app.ts");
    }
}
