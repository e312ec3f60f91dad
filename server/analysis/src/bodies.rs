//! Bodies at both ends of a call or channel: what is sent, and what the handler requires.
//!
//! What deliberately does not live here: how that is read from code, see [`crate::resolve::payloads`]. Invariant: there is no body of which a key
//! may be unknown.

use portolan_grammars::facts::{Imported, Symbol};
use rustc_hash::FxHashSet;

use crate::chart::{Call, ChannelEnd, Endpoint, Protocol};
use crate::resolve::payloads::{BodyDecl, Declared, RequiredKey};
use crate::{FunctionRef, Place, Snapshot};

/// Classes by which bodies are checked, each with a package that imports it.
#[derive(Debug)]
pub(crate) struct Checks(FxHashSet<(Option<usize>, Symbol)>);

impl Checks {
    /// Those that some body names.
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let bodies = snapshot.links.iter().flatten().flat_map(|link| &link.bodies);
        let named: FxHashSet<&Symbol> = bodies.filter_map(|body| body.checked_by.as_ref()).collect();
        let mut found = FxHashSet::default();
        if named.is_empty() {
            return Self(found);
        }
        for (_, path, facts) in snapshot.files.iter() {
            let imports = facts.source().into_iter().flat_map(|source| &source.imports).filter(|import| !import.type_only);
            found.extend(imports.filter_map(|import| match &import.imported {
                Imported::Named(class) if named.contains(class) => Some((snapshot.workspace.package_of(path), class.clone())),
                _ => None,
            }));
        }
        Self(found)
    }
}

impl Snapshot {
    /// The keys of the JSON body that a call sends, sorted, if all are known.
    pub fn sent_by(&self, call: &Call) -> Option<&[Symbol]> {
        if call.protocol != Protocol::Http {
            return None;
        }
        let mut here = self.outbound(call);
        match (here.next()?, here.next()) {
            (only, None) => only.payload.as_deref(),
            _ => None,
        }
    }

    /// What the handler of an endpoint requires of a request's body.
    pub fn required_by(&self, endpoint: &Endpoint) -> &[RequiredKey] {
        self.body_of(endpoint.handler).map_or(&[], |body| &body.required)
    }

    /// What a consumer requires of a message: what it is handed as a body, or parses itself.
    pub fn required_of_messages(&self, consumer: &ChannelEnd) -> &[RequiredKey] {
        let parsed = || {
            let function = consumer.function?;
            self.link(function.file)?.parsed_messages.iter().find(|body| body.function == function.function)
        };
        self.body_of(consumer.function).or_else(parsed).map_or(&[], |body| &body.required)
    }

    fn body_of(&self, handler: Option<FunctionRef>) -> Option<&BodyDecl> {
        let handler = handler?;
        let body = self.link(handler.file)?.bodies.iter().find(|body| body.function == handler.function)?;
        let package = self.workspace.package_of(self.files.path(handler.file));
        body.checked_by.as_ref().is_none_or(|class| self.checks().0.contains(&(package, class.clone()))).then_some(body)
    }

    /// Where a required key is declared.
    pub fn place_of_key(&self, key: &RequiredKey) -> Option<Place> {
        match key.declared {
            Declared::Field(class, field) => {
                let field = self.files.source(class.file)?.type_def(class.class).fields.get(field)?;
                Some(Place { file: class.file, range: field.range })
            }
            Declared::Schema(file, schema) => Some(Place { file, range: self.files.source(file)?.expr_range(schema) }),
        }
    }
}
