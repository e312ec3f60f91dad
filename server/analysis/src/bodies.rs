//! Bodies at both ends of a call or channel: what is sent, and what the handler requires.
//!
//! What deliberately does not live here: how that is read from code, see [`crate::resolve::payloads`]. Invariant: there is no body of which a key
//! may be unknown.

use portolan_grammars::facts::{Import, Imported, Symbol};

use crate::chart::{Call, ChannelEnd, Endpoint, Protocol};
use crate::resolve::payloads::{BodyDecl, RequiredKey};
use crate::{FileId, FunctionRef, Place, Snapshot};

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
        body.checked_by.as_ref().is_none_or(|class| self.is_imported_beside(handler.file, class)).then_some(body)
    }

    /// Whether a file of the same package imports a class.
    fn is_imported_beside(&self, file: FileId, class: &Symbol) -> bool {
        let is_it = |import: &Import| !import.type_only && matches!(&import.imported, Imported::Named(name) if name == class);
        let package = self.workspace.package_of(self.files.path(file));
        self.files.iter().any(|(_, path, facts)| {
            facts.source().is_some_and(|source| source.imports.iter().any(is_it)) && self.workspace.package_of(path) == package
        })
    }

    /// Where a required key is declared.
    pub fn place_of_key(&self, key: &RequiredKey) -> Option<Place> {
        let field = self.files.source(key.class.file)?.type_def(key.class.class).fields.get(key.field)?;
        Some(Place { file: key.class.file, range: field.range })
    }
}
