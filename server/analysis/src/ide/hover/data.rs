//! What a hover says about tables and collections: whose they are, and who else reads and writes them.

use std::collections::BTreeMap;

use portolan_grammars::catalog::Operation as AccessKind;

use super::super::markdown::code;
use super::Writer;
use crate::chart::document::engine;
use crate::chart::index::{AccessRef, CollectionRef};
use crate::chart::{Access, ServiceIndex};

impl Writer<'_> {
    pub(super) fn access(&mut self, access: AccessRef) {
        let verb = match access.of(&self.snapshot.chart).operation {
            AccessKind::Read => "Reads ",
            AccessKind::Write => "Writes ",
        };
        self.collection(access.collection, verb);
        let Access { service, place, .. } = access.of(&self.snapshot.chart);
        self.conditions(*service, *place);
    }

    /// The page about a table; `verb` says what is done to it at this place.
    pub(super) fn collection(&mut self, collection: CollectionRef, verb: &str) {
        let (store, collection) = collection.of(&self.snapshot.chart);
        let word = store.collection_word();
        let word = if verb.is_empty() { word.to_owned() } else { word.to_lowercase() };
        let name = code(&collection.name);
        let database = store.id.strip_prefix(store.system.as_str()).and_then(|id| id.strip_prefix(':')).unwrap_or(&store.id);
        let database = if store.identified { format!(" {}", code(database)) } else { ", which database is not known".to_owned() };
        self.page.paragraph(&format!("{verb}{word} {name} · {}{database}", engine(&store.system)));
        let declared: Vec<String> = collection.declared.iter().map(|place| self.page.link(*place)).collect();
        if !declared.is_empty() {
            self.page.paragraph(&format!("Declared {}", declared.join(" ")));
        }
        let by = |kind: AccessKind| collection.accesses.iter().filter(move |access| access.operation == kind);
        let mut writes: BTreeMap<ServiceIndex, usize> = BTreeMap::new();
        for access in by(AccessKind::Write) {
            *writes.entry(access.service).or_default() += 1;
        }
        let total: usize = writes.values().sum();
        let most = writes.iter().max_by_key(|(service, count)| (**count, std::cmp::Reverse(**service)));
        let tied = most.is_some_and(|(_, most)| writes.values().filter(|count| *count == most).count() > 1);
        match most {
            None => self.page.paragraph("Nobody in this workspace is known to write it"),
            Some((owner, _)) if writes.len() == 1 => self.page.paragraph(&format!("Owned by {}, its only writer", self.bold(*owner))),
            Some(_) if tied => self.page.paragraph(&format!("No clear owner: {} services write it", writes.len())),
            Some((owner, count)) => {
                self.page.paragraph(&format!("Owned, it seems, by {}: {count} of {total} writes", self.bold(*owner)));
            }
        }
        let writers = self.by_service(by(AccessKind::Write).map(|access| (access.service, access.place)));
        self.page.list("Written by", &writers);
        let readers = self.by_service(by(AccessKind::Read).map(|access| (access.service, access.place)));
        self.page.list("Read by", &readers);
    }
}
