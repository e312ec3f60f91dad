//! The chart as JSON: the public format of `portolan chart --format json`, described by `chart.schema.json` beside this crate's manifest.
//!
//! Here live its types and their making from a snapshot. What deliberately does not: writing to anywhere. Invariants: keys are stable, rows
//! are sorted, paths are relative to the workspace's root with `/`, lines and columns count from 1; equal snapshots make equal documents.

use portolan_grammars::catalog::Operation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Chart, ServiceIndex, ServiceKind, Target};
pub use super::{Protocol, Status};
pub use crate::rules::Severity;
use crate::{Place, Snapshot};

/// The version of this format; it grows when a key changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// A chart of the services of a workspace, as Portolan reads it from source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Portolan chart")]
pub struct Document {
    /// Version of this format.
    pub schema: u32,
    /// What wrote the document.
    pub generator: Generator,
    /// Processes that the workspace deploys, by id.
    pub services: Vec<Service>,
    /// What they answer.
    pub endpoints: Vec<Endpoint>,
    /// Requests that leave a service, to other services and to the outside.
    pub calls: Vec<Call>,
    /// Requests whose target could not be settled.
    pub unresolved: Vec<Unresolved>,
    /// Topics, queues and subjects.
    pub channels: Vec<Channel>,
    /// Databases, caches and object stores.
    pub stores: Vec<Store>,
    /// Whether each service whose language is read starts a tracer.
    pub tracing: Vec<Tracing>,
    /// Problems found by the rules.
    pub findings: Vec<Finding>,
    /// Those that somebody accepted, by a comment or a baseline; left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Accepted>,
}

/// A finding that somebody accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// Its identity.
    pub identity: String,
    /// Its file.
    pub file: String,
    /// Its parts; left out where it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
}

/// What wrote the document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Generator {
    /// `portolan`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Default for Generator {
    fn default() -> Self {
        Self { name: "portolan".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Site {
    /// Path relative to the workspace's root.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
}

/// A line of a file, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// In a few words: `env ORDER_URL = http://order:8080`.
    pub what: String,
    /// Path relative to the workspace's root.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
}

/// A line of a file, and the service that it is part of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ServiceSite {
    /// Id of the service.
    pub service: String,
    /// Path relative to the workspace's root.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// On which settings that are off by default it depends; left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Reason>,
}

/// A process that the workspace deploys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Unique name; other rows refer to it.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Other host names and names it goes by.
    pub aliases: Vec<String>,
    /// Folder of its code, relative to the workspace's root; empty for the root itself.
    pub root: String,
    /// Languages of its code, most of it first.
    pub languages: Vec<String>,
    /// What sort of process.
    pub kind: ServiceKind,
    /// Whether the workspace deploys it without building it: a database, a broker.
    pub third_party: bool,
    /// Who answers for it, as `CODEOWNERS` or a catalog says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// Why it is thought to be a service.
    pub evidence: Vec<Site>,
}

/// Something a service answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// Id of the service.
    pub service: String,
    /// The protocol.
    pub protocol: Protocol,
    /// HTTP method in upper case, `*` for all; null for rpc.
    pub method: Option<String>,
    /// Route with its prefixes, parameters as `{name}`; or `package.Service/Method`.
    pub path: String,
    /// Where it is declared.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// The function that answers, if known.
    pub handler: Option<Handler>,
}

/// A function that answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Handler {
    /// Path relative to the workspace's root.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// Its name; empty for a function without one.
    pub name: String,
}

/// A request that leaves a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// Id of the service whose process runs it.
    pub from: String,
    /// Id of the service that answers; null when it is outside of the workspace.
    pub to: Option<String>,
    /// Host or vendor that answers, when it is outside of the workspace.
    pub external: Option<String>,
    /// The protocol.
    pub protocol: Protocol,
    /// HTTP method in upper case; null for rpc and where it is not known.
    pub method: Option<String>,
    /// Path as called, parts known only at run time as `{}`; or `package.Service/Method`.
    pub path: String,
    /// Where method and path are decided.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// The endpoint that answers, if known.
    pub endpoint: Option<Site>,
    /// Ids of the gateways it passes.
    pub via: Vec<String>,
    /// Whether it gets there through a development server's proxy alone: no gateway of production is known to have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub development: bool,
    /// How sure it is.
    pub status: Status,
    /// Why it is thought to go there, hop by hop.
    pub evidence: Vec<Reason>,
}

/// A request whose target could not be settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unresolved {
    /// Id of the service whose process runs it.
    pub from: String,
    /// Path relative to the workspace's root.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// HTTP method in upper case; null for rpc and where it is not known.
    pub method: Option<String>,
    /// Path as called, parts known only at run time as `{}`; or `package.Service/Method`; empty where nothing of it is known.
    pub path: String,
    /// Why: `host is decided at run time`.
    pub reason: String,
}

/// A topic, queue or subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// The broker: `kafka`, `rabbitmq`, `nats`, ….
    pub broker: String,
    /// Who sends.
    pub producers: Vec<ServiceSite>,
    /// Who receives.
    pub consumers: Vec<ServiceSite>,
}

/// A database, cache or object store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Store {
    /// Unique name.
    pub id: String,
    /// `postgres`, `mysql`, `mongodb`, `redis`, `s3`, ….
    pub engine: String,
    /// Whether a host, a name or a variable tells which database it is; else several may go by this id.
    pub identified: bool,
    /// Ids of the services that open it.
    pub services: Vec<String>,
    /// Tables and collections.
    pub collections: Vec<Collection>,
}

/// A table or collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Collection {
    /// Its name.
    pub name: String,
    /// Who reads it.
    pub reads: Vec<ServiceSite>,
    /// Who writes it.
    pub writes: Vec<ServiceSite>,
}

/// Whether a service starts a tracer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tracing {
    /// Id of the service.
    pub service: String,
    /// Whether a tracer is started in its process.
    pub instrumented: bool,
    /// Why.
    pub evidence: Vec<Site>,
}

/// A problem found by a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule's name: `sync-chain`.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// One line for people.
    pub message: String,
    /// Path relative to the workspace's root.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// Column, counted from 1, in bytes of UTF-8; may be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Last line, counted from 1; may be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    /// Column behind the end, counted from 1, in bytes of UTF-8; may be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<u32>,
    /// Other places that belong to it: the hops of a chain, the writers of a table.
    pub related: Vec<Reason>,
    /// A name that stays the same while lines move.
    pub identity: String,
    /// Of one that stands for several things, those: the tables that a service reads; left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// Ids of the services it is about.
    pub services: Vec<String>,
}

impl Endpoint {
    /// Method and path, as people write them: `POST /orders/{id}`, `shop.Cart/AddItem`.
    pub fn label(&self) -> String {
        super::label(self.method.as_deref(), &self.path)
    }
}

impl Call {
    /// Method and path as called: `POST /orders/{}`, `shop.Cart/AddItem`.
    pub fn label(&self) -> String {
        super::label(self.method.as_deref(), &self.path)
    }
}

impl Store {
    /// What people call it: its host and name, or the variable that names them; where nothing tells these, whose it is.
    pub fn label(&self) -> String {
        match self.services.as_slice() {
            _ if self.identified => match super::store_variable(&self.id) {
                Some((_, variable, owner)) => format!("{variable} of {owner}"),
                None => self.id.split_once(':').map_or(self.id.as_str(), |(_, name)| name).to_owned(),
            },
            [] => self.engine.clone(),
            [one] => format!("{} of {one}", self.engine),
            [one, other] => format!("{} of {one} and {other}", self.engine),
            several => format!("{} of {} services", self.engine, several.len()),
        }
    }
}

impl Document {
    /// Writes down a snapshot.
    pub fn new(snapshot: &Snapshot) -> Self {
        Writer { snapshot, chart: &snapshot.chart }.document()
    }
}

/// Some findings of a snapshot, as a document has them.
pub fn findings<'a>(snapshot: &Snapshot, findings: impl IntoIterator<Item = &'a crate::rules::Finding>) -> Vec<Finding> {
    let writer = Writer { snapshot, chart: &snapshot.chart };
    findings.into_iter().map(|finding| writer.finding(finding)).collect()
}

/// The JSON Schema of [`Document`].
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}

/// The everyday name of a `db.system.name`.
pub fn engine(system: &str) -> &str {
    match system {
        "postgresql" => "postgres",
        "microsoft.sql_server" => "mssql",
        "oracle.db" => "oracle",
        "azure.cosmosdb" => "cosmosdb",
        "gcp.spanner" => "spanner",
        "gcp.firestore" => "firestore",
        _ => system.strip_prefix("aws.").unwrap_or(system),
    }
}

/// 1-based line and column (in bytes) of a place's two ends.
pub(crate) fn span(snapshot: &Snapshot, place: Place) -> Option<[u32; 4]> {
    let facts = snapshot.files.facts(place.file)?;
    let position = |offset: u32| {
        let line = facts.line(offset);
        let start = facts.line_starts.get(line as usize - 1).copied().unwrap_or(0);
        [line, offset.saturating_sub(start) + 1]
    };
    let ([line, column], [end_line, end_column]) = (position(place.range.start), position(place.range.end));
    Some([line, column, end_line, end_column])
}

struct Writer<'a> {
    snapshot: &'a Snapshot,
    chart: &'a Chart,
}

impl Writer<'_> {
    fn document(&self) -> Document {
        let chart = self.chart;
        let mut endpoints: Vec<Endpoint> = chart.endpoints.iter().map(|endpoint| self.endpoint(endpoint)).collect();
        endpoints.sort_by(|a, b| (&a.service, &a.file, a.line, &a.path, &a.method).cmp(&(&b.service, &b.file, b.line, &b.path, &b.method)));
        let mut calls: Vec<Call> = chart.calls.iter().map(|call| self.call(call)).collect();
        calls.sort_by(|a, b| {
            (&a.from, &a.file, a.line, &a.to, &a.external, &a.path, &a.method).cmp(&(
                &b.from,
                &b.file,
                b.line,
                &b.to,
                &b.external,
                &b.path,
                &b.method,
            ))
        });
        let mut unresolved: Vec<Unresolved> = chart
            .unresolved
            .iter()
            .map(|row| {
                let Site { file, line } = self.site(row.place);
                Unresolved {
                    from: self.id(row.from),
                    file,
                    line,
                    method: row.method.as_ref().map(ToString::to_string),
                    path: row.path.to_string(),
                    reason: row.reason.to_string(),
                }
            })
            .collect();
        unresolved.sort_by(|a, b| (&a.from, &a.file, a.line, &a.reason).cmp(&(&b.from, &b.file, b.line, &b.reason)));
        let mut services: Vec<Service> = chart.services.iter().map(|service| self.service(service)).collect();
        services.sort_by(|a, b| a.id.cmp(&b.id));
        let mut channels: Vec<Channel> = chart.channels.iter().map(|channel| self.channel(channel)).collect();
        channels.sort_by(|a, b| (&a.name, &a.broker).cmp(&(&b.name, &b.broker)));
        let mut stores: Vec<Store> = chart.stores.iter().map(|store| self.store(store)).collect();
        stores.sort_by(|a, b| a.id.cmp(&b.id));
        let mut tracing: Vec<Tracing> = chart
            .tracing
            .iter()
            .map(|row| Tracing {
                service: self.id(row.service),
                instrumented: row.instrumented,
                evidence: self.sites(row.evidence.iter().map(|evidence| evidence.place)),
            })
            .collect();
        tracing.sort_by(|a, b| a.service.cmp(&b.service));
        Document {
            schema: SCHEMA,
            generator: Generator::default(),
            services,
            endpoints,
            calls,
            unresolved,
            channels,
            stores,
            tracing,
            findings: findings(self.snapshot, self.snapshot.findings.iter()),
            accepted: self.snapshot.suppressed.iter().map(|it| self.accepted(&it.finding)).collect(),
        }
    }

    fn id(&self, service: ServiceIndex) -> String {
        self.chart.service(service).id.to_string()
    }

    fn site(&self, place: Place) -> Site {
        Site { file: self.snapshot.files.path(place.file).to_string(), line: self.snapshot.files.line(place) }
    }

    /// The lines of some places, each once, in their order.
    fn sites(&self, places: impl Iterator<Item = Place>) -> Vec<Site> {
        let mut sites = Vec::new();
        for place in places {
            let site = self.site(place);
            if !sites.contains(&site) {
                sites.push(site);
            }
        }
        sites
    }

    fn reason(&self, what: &str, place: Place) -> Reason {
        let Site { file, line } = self.site(place);
        Reason { what: what.to_owned(), file, line }
    }

    fn service_sites(&self, rows: impl Iterator<Item = (ServiceIndex, Place)>) -> Vec<ServiceSite> {
        let mut sites: Vec<ServiceSite> = rows
            .map(|(service, place)| {
                let Site { file, line } = self.site(place);
                let conditions = self.chart.conditions_at(service, place).iter().map(|hop| self.reason(&hop.what, hop.place)).collect();
                ServiceSite { service: self.id(service), file, line, conditions }
            })
            .collect();
        sites.sort();
        sites.dedup();
        sites
    }

    fn service(&self, service: &super::Service) -> Service {
        Service {
            id: service.id.to_string(),
            name: service.name.to_string(),
            aliases: service.aliases.iter().map(ToString::to_string).collect(),
            root: service.root.to_string(),
            languages: service.languages.iter().map(ToString::to_string).collect(),
            kind: service.kind,
            third_party: service.third_party,
            owners: service.owners.iter().map(|(owner, _)| owner.to_string()).collect(),
            evidence: self.sites(service.evidence.iter().map(|evidence| evidence.place)),
        }
    }

    fn endpoint(&self, endpoint: &super::Endpoint) -> Endpoint {
        let Site { file, line } = self.site(endpoint.place);
        let handler = endpoint.handler_name.as_ref().map(|(name, place)| (name.to_string(), *place)).or_else(|| {
            let function = endpoint.handler?;
            let facts = self.snapshot.files.function(function)?;
            Some((facts.name.to_string(), Place { file: function.file, range: facts.name_range }))
        });
        Endpoint {
            service: self.id(endpoint.service),
            protocol: endpoint.protocol,
            method: endpoint.method.as_ref().map(ToString::to_string),
            path: endpoint.path.to_string(),
            file,
            line,
            handler: handler.map(|(name, place)| {
                let Site { file, line } = self.site(place);
                Handler { file, line, name }
            }),
        }
    }

    fn call(&self, call: &super::Call) -> Call {
        let Site { file, line } = self.site(call.place);
        let (to, external) = match &call.to {
            Target::Service(service) => (Some(self.id(*service)), None),
            Target::External(name) => (None, Some(name.to_string())),
        };
        Call {
            from: self.id(call.from),
            to,
            external,
            protocol: call.protocol,
            method: call.method.as_ref().map(ToString::to_string),
            path: call.path.to_string(),
            file,
            line,
            endpoint: call.endpoint.map(|endpoint| self.site(self.chart.endpoint(endpoint).place)),
            via: call.via.iter().map(|service| self.id(*service)).collect(),
            development: call.development,
            status: call.status,
            evidence: call.evidence.iter().map(|evidence| self.reason(&evidence.what, evidence.place)).collect(),
        }
    }

    fn channel(&self, channel: &super::Channel) -> Channel {
        let ends = |ends: &[super::ChannelEnd]| self.service_sites(ends.iter().map(|end| (end.service, end.place)));
        Channel {
            name: channel.name.to_string(),
            broker: channel.system.to_string(),
            producers: ends(&channel.producers),
            consumers: ends(&channel.consumers),
        }
    }

    fn store(&self, store: &super::Store) -> Store {
        let mut services: Vec<String> = store.users.iter().map(|(service, _)| self.id(*service)).collect();
        services.sort();
        services.dedup();
        let mut collections: Vec<Collection> = store
            .collections
            .iter()
            .map(|collection| {
                let by = |operation: Operation| {
                    let rows = collection.accesses.iter().filter(|access| access.operation == operation);
                    self.service_sites(rows.map(|access| (access.service, access.place)))
                };
                Collection { name: collection.name.to_string(), reads: by(Operation::Read), writes: by(Operation::Write) }
            })
            .collect();
        collections.sort_by(|a, b| a.name.cmp(&b.name));
        Store { id: store.id.to_string(), engine: engine(&store.system).to_owned(), identified: store.identified, services, collections }
    }

    fn finding(&self, finding: &crate::rules::Finding) -> Finding {
        let Site { file, line } = self.site(finding.place);
        let span = span(self.snapshot, finding.place);
        Finding {
            rule: finding.rule.to_owned(),
            severity: finding.severity,
            message: finding.message.clone(),
            file,
            line,
            column: span.map(|span| span[1]),
            end_line: span.map(|span| span[2]),
            end_column: span.map(|span| span[3]),
            related: finding.related.iter().map(|(place, what)| self.reason(what, *place)).collect(),
            identity: finding.identity.to_string(),
            parts: texts(&finding.parts),
            services: finding.services.iter().map(|service| self.id(*service)).collect(),
        }
    }

    fn accepted(&self, finding: &crate::rules::Finding) -> Accepted {
        let Site { file, .. } = self.site(finding.place);
        Accepted { identity: finding.identity.to_string(), file, parts: texts(&finding.parts) }
    }
}

fn texts(symbols: &[portolan_grammars::facts::Symbol]) -> Vec<String> {
    symbols.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests;
