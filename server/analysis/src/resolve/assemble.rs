//! From the links of all files and the workspace to a chart: what each service's code says, as that service sees it.

use std::sync::Arc;

use portolan_grammars::catalog::Catalog;
use portolan_grammars::facts::{CallId, Expr, TextRange};
use rustc_hash::FxHashMap;

pub(crate) use self::reach::Reach;
use super::link::{Extent, FileLink, Site, TransactionDecl};
use super::transactions::open_from;
use super::value::{CallRef, Source};
use crate::chart::flow::{after_commit, answers};
use crate::chart::{Chart, FunctionEdge, ServiceIndex, Transaction};
use crate::files::Files;
use crate::workspace::Workspace;
use crate::{FileId, FunctionRef, Place};

pub(crate) use calls::names_around;
pub(crate) use targets::is_telling;

mod around;
mod blind_spots;
mod calls;
mod choices;
mod conditions;
mod documents;
pub(super) mod endpoints;
mod http;
mod messages;
mod operations;
mod owners;
mod passages;
mod ports;
mod reach;
mod requests;
mod rpc;
mod sdks;
pub(super) mod stores;
mod targets;
pub(super) mod text;
mod tools;
mod tracing;
mod variables;

/// All that a chart is made from.
pub struct Input<'a> {
    /// The files.
    pub files: &'a Files,
    /// Packages and services.
    pub workspace: &'a Workspace,
    /// Libraries.
    pub catalog: &'a Catalog,
    /// Links by [`FileId`].
    pub links: &'a [Option<Arc<FileLink>>],
}

impl<'a> Input<'a> {
    /// The services whose code is in the workspace.
    fn own_services(&self) -> impl Iterator<Item = ServiceIndex> + use<'a> {
        let services = &self.workspace.services;
        (0..services.len() as u32).map(ServiceIndex).filter(move |service| !services[service.index()].third_party)
    }
}

/// From facts' names to places.
#[derive(Clone, Copy)]
struct Places<'a> {
    files: &'a Files,
}

impl Places<'_> {
    /// A call's own name: the method.
    fn call(self, call: CallRef) -> Place {
        self.files.called_at(call).unwrap_or(Place { file: call.file, range: TextRange::default() })
    }
    /// Where the expression of a call begins: `procedure` in `procedure.input(…).query(…)`.
    fn declaration(self, call: CallRef) -> Option<Place> {
        let facts = self.files.source(call.file)?;
        let mut first = facts.call(call.call).callee;
        loop {
            first = match facts.expr(first) {
                Expr::Member { object, .. } => *object,
                Expr::Call(call) => facts.call(*call).callee,
                _ => return Some(Place { file: call.file, range: facts.expr_range(first) }),
            };
        }
    }
    /// A function's name.
    fn function(self, function: FunctionRef) -> Place {
        let range = self.files.source(function.file).map_or(TextRange::default(), |facts| facts.function(function.function).name_range);
        Place { file: function.file, range }
    }
    /// An attribute of a function.
    fn attribute(self, function: FunctionRef, position: u32) -> Option<Place> {
        let attribute = self.files.source(function.file)?.function(function.function).attributes.get(position as usize)?;
        Some(Place { file: function.file, range: attribute.range })
    }
    fn site(self, site: Site) -> Place {
        match site {
            Site::Call(call) => self.call(call),
            Site::Row(call, file, row) => self.source(Source::Expr(file, row)).unwrap_or_else(|| self.call(call)),
            Site::Function(function) => self.function(function),
            Site::Attribute(function, position) => self.attribute(function, position).unwrap_or_else(|| self.function(function)),
            Site::Part(file, part) => self.source(Source::Expr(file, part)).unwrap_or(Place { file, range: TextRange::default() }),
            Site::File(file) => Place { file, range: TextRange::default() },
        }
    }
    /// What a source says, in a few words; nothing for punctuation.
    fn words(self, source: Source) -> Option<String> {
        if let Source::Expr(file, expr) = source
            && let Some(facts) = self.files.source(file)
            && let Expr::Str(text) = facts.expr(expr)
        {
            let telling = text.chars().any(char::is_alphanumeric);
            return telling.then(|| format!("`{}`", text.chars().take(60).collect::<String>()));
        }
        let words = match source {
            Source::Setting(..) => "setting in a configuration file",
            Source::Keyed(..) => "taken out by a key",
            Source::Expr(..) | Source::Call(..) => "part of the URL",
        };
        Some(words.to_owned())
    }
    fn source(self, source: Source) -> Option<Place> {
        match source {
            Source::Expr(file, expr) | Source::Keyed(file, expr) => {
                let range = self.files.source(file)?.expr_range(expr);
                Some(Place { file, range })
            }
            Source::Call(file, call) => Some(self.call(CallRef { file, call })),
            Source::Setting(file, range) => Some(Place { file, range }),
        }
    }
}

/// Makes the chart.
pub fn assemble(input: &Input<'_>) -> Chart {
    let reach = Arc::new(Reach::find(input));
    let places = Places { files: input.files };
    let mut chart = Chart { services: input.workspace.services.clone(), ..Chart::default() };
    let routes = endpoints::Routes::collect(input.links);
    let coverage = tracing::Coverages::find(input, &reach);
    let passages = passages::find(input, &reach, &routes);
    let asked = messages::Asked::find(input, &reach);
    chart.endpoints = endpoints::find(input, &reach, &routes, &passages, &coverage, &asked);
    let calls = calls::find(input, &reach, places, passages, &chart.endpoints);
    (chart.calls, chart.unresolved) = (calls.settled, calls.unresolved);
    chart.channels = messages::find(input, &reach, &coverage, &asked);
    messages::show_names(&mut chart);
    tools::settle(input, &mut chart);
    chart.blind_spots = blind_spots::find(input, &reach, &routes, &chart.endpoints);
    chart.stores = stores::find(input, &reach);
    conditions::tell(input, &reach, &mut chart);
    chart.tracing = coverage.tracing(input);
    chart.functions = functions(input, &places);
    chart.answers = answers_of(input, &chart);
    chart.transactions = transactions(input, &places);
    chart.variables = variables::find(input, &reach, &chart);
    chart.reach = reach;
    chart
}

/// The calls by which handlers answer.
fn answers_of(input: &Input<'_>, chart: &Chart) -> FxHashMap<FunctionRef, Vec<CallId>> {
    let mut all = FxHashMap::default();
    for handler in chart.endpoints.iter().filter_map(|endpoint| endpoint.handler) {
        let Some(source) = input.files.source(handler.file).filter(|_| !all.contains_key(&handler)) else { continue };
        all.insert(handler, answers(source, handler.function, |method| input.catalog.is_answer(method)));
    }
    all.retain(|_, calls| !calls.is_empty());
    all
}

/// Where transactions are open: in whatever service runs the code.
fn transactions(input: &Input<'_>, places: &Places<'_>) -> Vec<Transaction> {
    let open = |transaction: &TransactionDecl| {
        let place = places.call(transaction.site);
        let (function, file, range, ends) = match &transaction.extent {
            Extent::Function(function) => {
                let range = input.files.source(function.file)?.function(function.function).range;
                (*function, function.file, range, Vec::new())
            }
            Extent::Until(ends) => {
                let file = place.file;
                let ends: Vec<Place> = ends.iter().map(|call| places.call(CallRef { file, call: *call })).collect();
                let start = open_from(input.files.source(file)?, transaction.site.call);
                let end = ends.iter().map(|end| end.range.start).max()?;
                (transaction.function, file, TextRange { start, end }, ends)
            }
        };
        let later = after_commit(input.files.source(file)?, range).into_iter().map(|range| Place { file, range }).collect();
        Some(Transaction { place, function, region: Place { file, range }, ends, later })
    };
    let mut all: Vec<Transaction> = input.links.iter().flatten().flat_map(|link| &link.transactions).filter_map(open).collect();
    all.sort_by_key(|transaction| (transaction.place, transaction.region));
    all.dedup();
    all
}

fn functions(input: &Input<'_>, places: &Places<'_>) -> FxHashMap<FunctionRef, Vec<FunctionEdge>> {
    let mut all: FxHashMap<FunctionRef, Vec<FunctionEdge>> = FxHashMap::default();
    for (at, link) in input.links.iter().enumerate() {
        let Some(link) = link else { continue };
        let file = FileId(at as u32);
        for edge in &link.edges {
            let caller = FunctionRef { file, function: edge.caller };
            let place = match edge.call {
                Some(call) => places.call(call),
                None => places.function(edge.callee),
            };
            all.entry(caller).or_default().push(FunctionEdge { callee: edge.callee, place, detached: edge.detached });
        }
    }
    all
}
