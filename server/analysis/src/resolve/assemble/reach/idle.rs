//! Functions that a process loads and never runs, as nothing that it loads names them: what a bundler leaves out.
//!
//! What deliberately does not live here: calls. Invariant: a function of a file that a process starts from, or that it loads without saying for
//! which of what it hands out, is never idle.

use portolan_grammars::facts::{FunctionId, Symbol};
use rustc_hash::FxHashSet;

use crate::resolve::assemble::Input;
use crate::resolve::named::{Named, Names};
use crate::{FileId, FunctionRef};

/// Of the files that a process loads, the functions of the top level that nothing names which runs. `whole` are files all of which may run.
pub(super) fn of(input: &Input<'_>, loaded: &FxHashSet<FileId>, whole: &FxHashSet<FileId>) -> FxHashSet<FunctionRef> {
    let mut search = Search { input, live: FxHashSet::default(), asked: FxHashSet::default(), all: FxHashSet::default(), open: Vec::new() };
    let mut unknown: FxHashSet<&Symbol> = FxHashSet::default();
    for file in loaded.iter().copied() {
        let Some(names) = search.names(file) else { continue };
        if whole.contains(&file) {
            search.all(file);
            names.functions.iter().for_each(|function| search.run_function(FunctionRef { file, function: *function }));
        }
        for named in named_by(names, FunctionId::MODULE) {
            search.named(file, named);
            if let Named::Unknown(name) = named {
                unknown.insert(name);
            }
        }
    }
    for file in loaded.iter().copied() {
        let brought_in = search.names(file).into_iter().flat_map(|names| &names.exports).filter(|(name, _)| unknown.contains(name));
        brought_in.for_each(|(_, named)| search.named(file, named));
    }
    search.run();
    let functions = loaded.iter().copied().flat_map(|file| {
        let functions = search.names(file).map_or(&[][..], |names| &names.functions);
        functions.iter().map(move |function| FunctionRef { file, function: *function })
    });
    functions.filter(|function| !search.live.contains(function)).collect()
}

/// What the code of a function names.
fn named_by(names: &Names, function: FunctionId) -> impl Iterator<Item = &Named> {
    let start = names.by.partition_point(|(by, _)| *by < function);
    names.by[start..].iter().take_while(move |(by, _)| *by == function).map(|(_, named)| named)
}

struct Search<'a> {
    input: &'a Input<'a>,
    live: FxHashSet<FunctionRef>,
    /// What files are asked for by name, and those that are asked for all.
    asked: FxHashSet<(FileId, &'a Symbol)>,
    all: FxHashSet<FileId>,
    open: Vec<FunctionRef>,
}

impl<'a> Search<'a> {
    fn names(&self, file: FileId) -> Option<&'a Names> {
        self.input.links.get(file.0 as usize)?.as_deref().map(|link| &link.names)
    }

    fn run(&mut self) {
        while let Some(FunctionRef { file, function }) = self.open.pop() {
            let Some(names) = self.names(file) else { continue };
            named_by(names, function).for_each(|named| self.named(file, named));
        }
    }

    fn named(&mut self, file: FileId, named: &'a Named) {
        match named {
            Named::Own(function) => self.run_function(FunctionRef { file, function: *function }),
            Named::Of(other, name) => self.ask(*other, name),
            Named::All(other) => self.all(*other),
            Named::Unknown(_) => {}
        }
    }

    fn run_function(&mut self, function: FunctionRef) {
        if self.live.insert(function) {
            self.open.push(function);
        }
    }

    /// What a file hands out by a name, through any number of others.
    fn ask(&mut self, file: FileId, name: &'a Symbol) {
        let mut open = vec![file];
        while let Some(file) = open.pop() {
            if !self.asked.insert((file, name)) {
                continue;
            }
            let Some(names) = self.names(file) else { continue };
            let mut found = names.exports.iter().filter(|(own, _)| own == name || own == "=").peekable();
            if found.peek().is_none() {
                open.extend(&names.stars);
            }
            found.for_each(|(_, named)| self.named(file, named));
        }
    }

    /// Whatever a file hands out.
    fn all(&mut self, file: FileId) {
        let mut open = vec![file];
        while let Some(file) = open.pop() {
            if !self.all.insert(file) {
                continue;
            }
            let Some(names) = self.names(file) else { continue };
            open.extend(&names.stars);
            names.exports.iter().for_each(|(_, named)| self.named(file, named));
        }
    }
}
