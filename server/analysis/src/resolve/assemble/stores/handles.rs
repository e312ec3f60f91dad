//! Databases that are told from others by the tables which their handles are given: `drizzle(pool, { schema })`.
//!
//! What deliberately does not live here: which tables those are, and where they are declared ([`crate::resolve::data`]). Invariant: tables that
//! handles of several databases have tell none.

use rustc_hash::FxHashMap;

use portolan_grammars::facts::Symbol;

use crate::FileId;
use crate::chart::ServiceIndex;
use crate::resolve::assemble::Input;
use crate::resolve::assemble::reach::Reach;
use crate::resolve::link::HandleDecl;
use crate::resolve::value::CallRef;

use super::opened::is_unset;

/// All handles that are given tables.
pub(super) struct Handles<'a>(Vec<&'a HandleDecl>);

impl<'a> Handles<'a> {
    pub(super) fn of(input: &Input<'a>) -> Self {
        Self(input.links.iter().flatten().flat_map(|link| &link.handles).collect())
    }

    /// The calls that opened the databases of a service's handles which have the tables that a file declares.
    pub(super) fn having(&self, reach: &Reach, service: ServiceIndex, declared_in: FileId) -> impl Iterator<Item = CallRef> {
        let having = self.0.iter().filter(move |handle| handle.tables.contains(&declared_in) && reach.has(service, handle.function));
        having.flat_map(|handle| &handle.opened).copied()
    }

    /// What a line of a service opens whose address nobody knows: what the handles with the same tables are of, where that is one database.
    pub(super) fn opened_beside(
        &self,
        reach: &Reach,
        service: ServiceIndex,
        site: CallRef,
        known: &FxHashMap<(ServiceIndex, CallRef), (Symbol, Symbol)>,
    ) -> Option<(Symbol, Symbol)> {
        let own = self.0.iter().find(|handle| handle.opened == [site])?;
        let calls = own.tables.iter().flat_map(|file| self.having(reach, service, *file));
        let mut opened = calls.filter_map(|call| known.get(&(service, call))).filter(|(id, _)| !is_unset(id));
        let first = opened.next()?;
        opened.all(|other| other == first).then(|| first.clone())
    }
}
