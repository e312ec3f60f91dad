//! Request bodies at both ends of a call: what is sent, and what the handler requires.
//!
//! What deliberately does not live here: how that is read from code, see [`crate::resolve::payloads`]. Invariant: there is no body of which a key
//! may be unknown.

use portolan_grammars::facts::Symbol;

use crate::chart::flow::Spot;
use crate::chart::{Call, Endpoint, Protocol};
use crate::resolve::payloads::RequiredKey;
use crate::{Place, Snapshot};

impl Snapshot {
    /// The keys of the JSON body that a call sends, sorted, if all are known.
    pub fn sent_by(&self, call: &Call) -> Option<&[Symbol]> {
        if call.protocol != Protocol::Http {
            return None;
        }
        let made = Spot::at(&self.files, call.place)?.call()?;
        let link = self.links.get(call.place.file.0 as usize)?.as_ref()?;
        let mut here = link.calls.iter().filter(|outbound| outbound.site.file == call.place.file && outbound.site.call == made);
        match (here.next()?, here.next()) {
            (only, None) => only.payload.as_deref(),
            _ => None,
        }
    }

    /// What the handler of an endpoint requires of a request's body.
    pub fn required_by(&self, endpoint: &Endpoint) -> &[RequiredKey] {
        let body = endpoint.handler.and_then(|handler| {
            let link = self.links.get(handler.file.0 as usize)?.as_ref()?;
            link.bodies.iter().find(|body| body.function == handler.function)
        });
        body.map_or(&[], |body| &body.required)
    }

    /// Where a required key is declared.
    pub fn place_of_key(&self, key: &RequiredKey) -> Option<Place> {
        let field = self.files.source(key.class.file)?.type_def(key.class.class).fields.get(key.field)?;
        Some(Place { file: key.class.file, range: field.range })
    }
}
