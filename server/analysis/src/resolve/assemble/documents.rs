//! Who answers the client of an OpenAPI document: the one service that serves every operation of it.
//!
//! What a client is made of says whom it is for, as the name of an rpc service does, where its base URL is known at run time only. What
//! deliberately does not live here: how such clients are found ([`crate::resolve::generated_clients`]). Invariant: a document says nothing where
//! several services serve it, or where the host of a call tells who answers.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{ApiOperation, Manifest};
use rustc_hash::FxHashMap;

use super::Input;
use super::targets::{Answer, Endpoints, Found, Targets, Trail, is_telling};
use super::text::{Address, Text};
use crate::chart::{Evidence, ServiceIndex, Status};
use crate::resolve::generated_clients::method_name;
use crate::resolve::link::{OutboundCall, Url};
use crate::resolve::paths::segments;
use crate::resolve::value::Part;
use crate::{FileId, Place};

/// Last labels of names that no registry gives to anybody: whoever has such a name is of the same network.
const OWN_DOMAINS: [&str; 10] = ["arpa", "corp", "example", "home", "internal", "invalid", "lan", "local", "localhost", "test"];

/// The documents that clients are generated of, by the library that such a client is in the catalog.
pub(super) struct Documents<'a>(FxHashMap<&'a Symbol, Document<'a>>);

struct Document<'a> {
    file: FileId,
    operations: &'a [ApiOperation],
    served_by: Option<ServiceIndex>,
}

/// An operation that a call asks for.
pub(super) struct Asked<'d> {
    document: &'d Document<'d>,
    operation: &'d ApiOperation,
}

impl<'a> Documents<'a> {
    /// Those of a workspace.
    pub(super) fn of(input: &'a Input<'a>, endpoints: &Endpoints<'_>) -> Self {
        let document = |file: FileId| {
            let Manifest::OpenApi(operations) = input.files.facts(file)?.manifest()? else { return None };
            let mut serving = input.own_services().filter(|service| serves(input, endpoints, *service, operations));
            let served_by = serving.next().filter(|_| serving.next().is_none());
            Some(Document { file, operations, served_by })
        };
        Self(input.workspace.documents.iter().filter_map(|(library, file)| Some((library, document(*file)?))).collect())
    }

    /// The operation that a call of a generated client asks for.
    pub(super) fn asked(&self, outbound: &OutboundCall, method: Option<&Symbol>, path: &str) -> Option<Asked<'_>> {
        let document = self.0.get(&outbound.library)?;
        let fits = |operation: &&ApiOperation| Some(&operation.method) == method && path.ends_with(operation.path.as_str());
        let operation = document.operations.iter().filter(fits).max_by_key(|operation| operation.path.len())?;
        Some(Asked { document, operation })
    }
}

impl Asked<'_> {
    /// Where the document declares it.
    pub(super) fn evidence(&self) -> Evidence {
        let place = Place { file: self.document.file, range: self.operation.id.range };
        Evidence { what: format!("operation {}", self.operation.id.value), place }
    }

    /// Who answers: whom the host tells, else the service that serves the document.
    pub(super) fn answer(&self, targets: &Targets<'_>, from: ServiceIndex, (url, text): (&Url, &Text), answer: Answer) -> Answer {
        let Some(service) = self.document.served_by.filter(|service| *service != from) else { return answer };
        let is_told = match &answer {
            Answer::Service(found) => found.presumed.is_none(),
            Answer::External(host) => is_outside(targets, from, host, (url, text)),
            Answer::Ambiguous(..) | Answer::Unresolved(_) => false,
        };
        let (operation, endpoints) = (self.operation, &targets.endpoints);
        match endpoints.find(service, Some(&operation.method), &operation.path).filter(|_| !is_told) {
            Some((endpoint, _)) => {
                let place = endpoints.all[endpoint.index()].place;
                let what = format!("only {} serves all of the document", targets.input.workspace.services[service.index()].name);
                let evidence = [text.evidence.as_slice(), &[Evidence { what, place }]].concat();
                Answer::Service(Found::new(service, Some(endpoint), Trail { status: Status::Likely, evidence, hops: 0 }))
            }
            None => answer,
        }
    }
}

/// Whether a host is surely someone else's: settings say so, or it is a public name that is no mere default.
fn is_outside(targets: &Targets<'_>, from: ServiceIndex, host: &str, (url, text): (&Url, &Text)) -> bool {
    let port = match Address::parse(&text.text) {
        Address::Host { port, .. } => port,
        _ => None,
    };
    let is_default = matches!(url.pattern.parts.first(), Some(Part::Env { .. } | Part::NamedByCaller { .. })) && text.variable.is_none();
    let is_public = host.rsplit_once('.').is_some_and(|(_, last)| !OWN_DOMAINS.contains(&last));
    targets.told(from, host, port.as_deref()).is_some() || (is_public && !is_default)
}

/// Whether a service serves all operations of a document, and that is no chance: a path tells it apart, or the functions are called like them.
fn serves(input: &Input<'_>, endpoints: &Endpoints<'_>, service: ServiceIndex, operations: &[ApiOperation]) -> bool {
    let mut tells = false;
    let mut named_alike = true;
    for operation in operations {
        let path = segments(&operation.path);
        let Some(endpoint) = endpoints.declared(service, &operation.method, &path) else { return false };
        let handler = endpoint.handler_name.as_ref().map(|(name, _)| name.as_str());
        tells |= is_telling(&path);
        named_alike &= handler.is_some_and(|name| name == method_name(&operation.id.value) || name == operation.id.value);
    }
    (tells || named_alike) && !input.workspace.services[service.index()].third_party
}
