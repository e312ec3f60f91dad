//! Methods that a process never runs, as nothing of it is given an instance of their class: what a framework's modules only list.
//!
//! What deliberately does not live here: what a file names, see [`crate::resolve::listed`]. Invariant: a call that was resolved reaches such a method
//! all the same.

use portolan_grammars::facts::{FunctionKind, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::resolve::assemble::Input;
use crate::resolve::listed::Listed;
use crate::{FileId, FunctionRef};

/// Of the files that a process loads, the methods of classes that modules list and of which nothing has an instance.
pub(super) fn by_nobody(input: &Input<'_>, loaded: &FxHashSet<FileId>) -> FxHashSet<FunctionRef> {
    let listed = |file: &FileId| -> Option<&Listed> { Some(&input.links.get(file.0 as usize)?.as_deref()?.listed) };
    let classes = || {
        loaded
            .iter()
            .filter_map(|file| Some((*file, listed(file)?)))
            .flat_map(|(file, of)| of.classes.iter().map(move |class| (file, *class)))
    };
    if classes().next().is_none() {
        return FxHashSet::default();
    }
    let mut held: FxHashSet<&Symbol> = loaded.iter().filter_map(listed).flat_map(|of| &of.held).collect();
    let mut lists: FxHashMap<&Symbol, Vec<&Symbol>> = FxHashMap::default();
    for (list, name) in loaded.iter().filter_map(listed).flat_map(|of| &of.lists) {
        lists.entry(list).or_default().push(name);
    }
    // A list that is named elsewhere may be gone through, and what is in it asked for.
    add_elements(&mut held, &lists);
    let mut named: FxHashSet<&Symbol> = loaded.iter().filter_map(listed).flat_map(|of| &of.named).collect();
    add_elements(&mut named, &lists);
    let mut found = FxHashSet::default();
    for (file, class) in classes() {
        let Some(facts) = input.files.source(file) else { continue };
        let def = facts.type_def(class);
        if named.contains(&def.name) && !held.contains(&def.name) {
            let methods = def.methods.iter().copied().filter(|method| facts.function(*method).kind != FunctionKind::Constructor);
            found.extend(methods.map(|function| FunctionRef { file, function }));
        }
    }
    found
}

/// Adds what stands in lists that are among some names.
fn add_elements<'a>(names: &mut FxHashSet<&'a Symbol>, lists: &FxHashMap<&'a Symbol, Vec<&'a Symbol>>) {
    let mut open: Vec<&Symbol> = names.iter().copied().collect();
    while let Some(list) = open.pop() {
        open.extend(lists.get(list).into_iter().flatten().copied().filter(|name| names.insert(name)));
    }
}
