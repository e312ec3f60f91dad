//! Where a table is made: the model or entity that declares it, and the `CREATE TABLE` of schema files.
//!
//! What deliberately does not live here: what statements read and write, which is parsed when files are linked. Invariant: of several schema files
//! that make a table of the same name, those nearest to the code are meant.

use portolan_grammars::facts::{Symbol, TextRange};
use portolan_grammars::manifests::Manifest;

use crate::chart::index::CollectionRef;
use crate::workspace::paths;
use crate::{FileId, Place, Snapshot};

/// Where a collection is declared.
pub(super) fn declarations(snapshot: &Snapshot, collection: CollectionRef) -> Vec<Place> {
    let (store, collection) = collection.of(&snapshot.chart);
    let mut places = collection.declared.clone();
    if store.collection_word() != "Table" {
        return places;
    }
    let mut made: Vec<(usize, Place)> = Vec::new();
    for (file, path, facts) in snapshot.files.iter() {
        let Some(Manifest::Sql(text)) = facts.manifest() else { continue };
        let Some(range) = creation(text, &collection.name) else { continue };
        let near =
            collection.accesses.iter().map(|access| paths::shared(path.as_str(), snapshot.files.path(access.place.file).as_str())).max();
        made.push((near.unwrap_or(0), Place { file, range }));
    }
    let nearest = made.iter().map(|(near, _)| *near).max();
    places.extend(made.into_iter().filter(|(near, _)| Some(*near) == nearest).map(|(_, place)| place));
    places
}

/// The collection that the `CREATE TABLE` at an offset of a schema file makes.
pub(super) fn made_at(snapshot: &Snapshot, file: FileId, offset: u32) -> Option<(CollectionRef, Place)> {
    let Some(Manifest::Sql(text)) = snapshot.files.facts(file)?.manifest() else { return None };
    let (range, name) = creations(text).find(|(range, _)| range.touches(offset))?;
    let stores = snapshot.chart.stores.iter().enumerate();
    let mut fitting = stores.flat_map(|(store, row)| {
        let named = row.collections.iter().enumerate().filter(|(_, collection)| same(&collection.name, name));
        named.map(move |(collection, _)| CollectionRef { store: crate::chart::StoreIndex(store as u32), collection: collection as u32 })
    });
    let place = Place { file, range };
    let found = fitting.find(|collection| declarations(snapshot, *collection).contains(&place))?;
    Some((found, place))
}

fn creation(text: &str, table: &Symbol) -> Option<TextRange> {
    creations(text).find(|(_, name)| same(table, name)).map(|(range, _)| range)
}

/// The names of all tables that a text makes.
fn creations(text: &str) -> impl Iterator<Item = (TextRange, &str)> {
    let words = text.split_ascii_whitespace().map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word));
    let mut before = ["", ""];
    let mut expected = false;
    words.filter_map(move |(at, word)| {
        let is = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        if expected && ["if", "not", "exists"].iter().any(|skipped| is(skipped, word)) {
            return None;
        }
        if std::mem::take(&mut expected) {
            let name = word.split('(').next().unwrap_or(word).trim_end_matches(';');
            let range = TextRange::new(at, at + name.len());
            before = ["", ""];
            return (!name.is_empty()).then_some((range, name));
        }
        let unlogged = ["unlogged", "temporary", "foreign"].iter().any(|kind| is(kind, before[1])) && is(before[0], "create");
        expected = is(word, "table") && (is(before[1], "create") || unlogged);
        before = [before[1], word];
        None
    })
}

/// Whether a written name, quoted or with a schema, is a table's.
fn same(table: &str, written: &str) -> bool {
    let bare = |name: &str| name.replace(['"', '`', '[', ']'], "").to_lowercase();
    let (table, written) = (bare(table), bare(written));
    table == written || written.rsplit('.').next() == table.rsplit('.').next()
}

#[cfg(test)]
mod tests {
    use super::creations;

    #[test]
    fn tables_are_found_by_what_makes_them() {
        let text = "CREATE TABLE IF NOT EXISTS \"orders\" (id int);\ncreate unlogged table shop.items(id int);\nCREATE INDEX a ON table (x);\ncreate table";
        let names: Vec<&str> = creations(text)
            .map(|(range, name)| {
                assert_eq!(&text[range.start as usize..range.end as usize], name);
                name
            })
            .collect();
        assert_eq!(names, ["\"orders\"", "shop.items"]);
    }
}
