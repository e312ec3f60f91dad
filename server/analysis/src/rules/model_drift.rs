//! `model-drift`: a model that people keep by hand says otherwise than the code.
//!
//! Orders of starts and builds are models, too, but may have reasons that are not in the code: they are never told to lack something, and a stale
//! one is a hint. Invariant: only services that are read whole are told to lack a call.

mod orders;

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::facts::{Expr, Symbol};
use portolan_grammars::manifests::Manifest;
use portolan_grammars::manifests::models::Model;

use orders::Order;

use super::{Context, Draft, Severity, Sink};
use crate::chart::{Call, ServiceIndex};
use crate::{FileId, Place};

rule! {
    /// ## What it does
    /// Compares a model of the services that is kept by hand, in Backstage's `catalog-info.yaml` (`dependsOn`, `consumesApis`), LikeC4 or
    /// Structurizr, with the code: finds dependencies that the code does not have, and, as a hint, calls that the model leaves out. Orders in which
    /// services are started (`depends_on` of compose files) or built (`implicitDependencies` of Nx) are compared likewise: one that no code
    /// follows, nor names, is a hint, as it may have another reason; it is left alone where nothing is known of what the other one answers.
    ///
    /// A thing of the model is a service if it has its name, in whatever way that is written. A dependency is missing in the code if a service
    /// that is read whole, without a call that could not be followed, neither calls the other, directly or through a gateway, nor shares a channel
    /// or a store with it, nor is told its name by an environment variable. A call is missing in the model if the model has both services, and
    /// dependencies of the one that calls.
    ///
    /// ## Why it matters
    /// Who reads the model plans by it: whom to ask before a change, what fails with what. A line that is wrong is worse than none.
    ///
    /// ## Example
    /// ```yaml
    /// # catalog-info.yaml
    /// kind: Component
    /// metadata: { name: orders }
    /// spec:
    ///   dependsOn: [component:billing] # orders calls billing no more
    /// ```
    ///
    /// ## How to fix
    /// Take the line out, or add the one that is missing. `portolan chart --format backstage`, `likec4` or `structurizr` writes them all.
    "model-drift", Topology, Information, "A model kept by hand says otherwise than the code", check
}

/// All models of the workspace as one.
struct Models {
    /// Where each service stands.
    places: BTreeMap<ServiceIndex, Place>,
    /// What depends on what, and where that is written.
    relations: BTreeMap<(ServiceIndex, ServiceIndex), Place>,
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let models = context.snapshot.files.iter().filter_map(|(file, _, facts)| match facts.manifest() {
        Some(Manifest::Model(model)) => Some((file, model)),
        _ => None,
    });
    let models: Vec<(FileId, &Model)> = models.collect();
    let names = Names::new(context);
    let (models, orders) = (Models::new(&models, &names), orders::all(context, &names));
    if models.places.is_empty() && orders.is_empty() {
        return;
    }
    let joined = joined(context);
    let is_stale = |from, to| is_known_whole(context, from) && !joined.contains(&(from, to)) && !is_told_of(context, from, to);
    for ((from, to), place) in &models.relations {
        if is_stale(*from, *to) {
            let said = format!("{} is said to depend on {}", context.id(*from), context.id(*to));
            sink.report(stale(context, &said, "stale", [*from, *to], *place));
        }
    }
    // Who is asked may be started later on purpose; of one that answers nothing known, nobody knows how it would be asked.
    let is_known = |to: ServiceIndex| context.chart.service(to).third_party || context.answers(to);
    for Order { from, to, place, said } in
        orders.into_iter().filter(|order| !joined.contains(&(order.to, order.from)) && is_known(order.to))
    {
        if is_stale(from, to) && !is_named_by(context, from, to) {
            let said = said(context.id(from), context.id(to));
            sink.report(Draft { severity: Some(Severity::Hint), ..stale(context, &said, "order", [from, to], place) });
        }
    }
    for call in context.chart.calls.iter().filter(|call| call.status.is_settled() && !call.development) {
        left_out(context, sink, &models, call);
    }
}

/// What is said of two services, and no code follows.
fn stale(context: &Context<'_>, said: &str, sort: &str, services: [ServiceIndex; 2], place: Place) -> Draft {
    let names = services.map(|service| context.id(service).to_string());
    Draft {
        severity: None,
        message: format!("{said}, but nothing in its code calls it or shares a channel or store with it"),
        place,
        related: Vec::new(),
        services: services.to_vec(),
        subject: std::iter::once(sort.to_owned()).chain(names).collect(),
    }
}

/// Reports a call between two things of the model that it does not join.
fn left_out(context: &Context<'_>, sink: &mut Sink<'_>, models: &Models, call: &Call) {
    let (Some(to), Some(place)) = (call.target(), models.places.get(&call.from)) else { return };
    let kept = models.relations.keys().any(|(from, _)| *from == call.from);
    let said = std::iter::once(to).chain(call.via.iter().copied()).any(|to| models.relations.contains_key(&(call.from, to)));
    if !kept || said || to == call.from || !models.places.contains_key(&to) {
        return;
    }
    let (from_id, to_id) = (context.id(call.from), context.id(to));
    sink.report(Draft {
        severity: Some(Severity::Hint),
        message: format!("The model leaves out that {from_id} calls {to_id}: {}", call.label()),
        place: *place,
        related: vec![(call.place, format!("{from_id} calls {}", call.label()))],
        services: vec![call.from, to],
        subject: vec!["left out".to_owned(), from_id.to_string(), to_id.to_string()],
    });
}

/// The services of the workspace by their names.
struct Names(BTreeMap<String, BTreeSet<ServiceIndex>>);

impl Names {
    fn new(context: &Context<'_>) -> Self {
        let mut names: BTreeMap<String, BTreeSet<ServiceIndex>> = BTreeMap::new();
        for (at, service) in context.chart.services.iter().enumerate() {
            for name in [&service.id, &service.name].into_iter().chain(&service.aliases) {
                names.entry(plain(name)).or_default().insert(ServiceIndex(at as u32));
            }
        }
        Self(names)
    }

    /// The service of some names.
    fn service<'n>(&self, names: impl IntoIterator<Item = &'n Symbol>) -> Option<ServiceIndex> {
        only(&names.into_iter().filter_map(|name| self.0.get(&plain(name))).flatten().copied().collect())
    }
}

/// The only one: a name of several services means none, and so does an id of several things.
fn only(found: &BTreeSet<ServiceIndex>) -> Option<ServiceIndex> {
    (found.len() == 1).then(|| found.first().copied()).flatten()
}

impl Models {
    fn new(models: &[(FileId, &Model)], names: &Names) -> Self {
        let mut known: BTreeMap<&Symbol, BTreeSet<ServiceIndex>> = BTreeMap::new();
        let (mut places, mut relations) = (BTreeMap::new(), BTreeMap::new());
        for (file, element) in models.iter().flat_map(|(file, model)| model.elements.iter().map(move |element| (*file, element))) {
            if let Some(service) = names.service(&element.names) {
                known.entry(&element.id).or_default().insert(service);
                places.entry(service).or_insert(Place { file, range: element.range });
            }
        }
        for (file, relation) in models.iter().flat_map(|(file, model)| model.relations.iter().map(move |relation| (*file, relation))) {
            if let (Some(from), Some(to)) = (known.get(&relation.from).and_then(only), known.get(&relation.to).and_then(only))
                && from != to
            {
                relations.entry((from, to)).or_insert(Place { file, range: relation.range });
            }
        }
        Self { places, relations }
    }
}

/// A name in whatever way it is written: `Order Service`, `order-service`.
fn plain(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Pairs of services that have anything to do with each other in code; guesses count, as they speak against a finding.
fn joined(context: &Context<'_>) -> BTreeSet<(ServiceIndex, ServiceIndex)> {
    let mut pairs = BTreeSet::new();
    for call in &context.chart.calls {
        pairs.extend(call.target().into_iter().chain(call.via.iter().copied()).map(|to| (call.from, to)));
    }
    let channels =
        context.chart.channels.iter().map(|channel| channel.producers.iter().chain(&channel.consumers).map(|end| end.service).collect());
    let stores = context.chart.stores.iter().map(|store| store.users.iter().map(|(service, _)| *service).collect());
    for services in channels.chain(stores).collect::<Vec<BTreeSet<ServiceIndex>>>() {
        pairs.extend(services.iter().flat_map(|from| services.iter().map(move |to| (*from, *to))));
    }
    pairs
}

/// Whether all that a service calls is known.
fn is_known_whole(context: &Context<'_>, service: ServiceIndex) -> bool {
    let facts = context.chart.service(service);
    !facts.third_party && facts.is_read() && !context.chart.unresolved.iter().any(|call| call.from == service)
}

/// Whether the environment of a service has a name of the other: who is told of it may call it in a way that is not known.
fn is_told_of(context: &Context<'_>, from: ServiceIndex, to: ServiceIndex) -> bool {
    let to = context.chart.service(to);
    let Some(deployment) = context.snapshot.workspace.deployments.get(from.index()) else { return false };
    let mut values = deployment.environment.values().flatten().map(|value| value.value.as_str());
    values.any(|value| std::iter::once(&to.id).chain([&to.name]).chain(&to.aliases).any(|name| value.contains(name.as_str())))
}

/// Whether a text in the code of a service is the name of the other, or has it between other names: it may start it, or read what it makes.
fn is_named_by(context: &Context<'_>, from: ServiceIndex, to: ServiceIndex) -> bool {
    let to = context.chart.service(to);
    let is_it = |word: &str| [&to.id, &to.name].into_iter().chain(&to.aliases).any(|name| name == word);
    let in_name = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_');
    let names_it = |expr: &Expr| matches!(expr, Expr::Str(text) if text.split(|character| !in_name(character)).any(is_it));
    let runs = context.code_of(from);
    let mut sources = context.snapshot.files.iter().filter(|(file, ..)| runs(*file)).filter_map(|(.., facts)| facts.source());
    sources.any(|source| source.exprs.iter().any(|it| names_it(&it.kind)))
}
