//! Which of a service's own files its process loads.
//!
//! Scripts, templates and what only tests import lie beside the code of a process without being part of it. What deliberately does not live
//! here: which functions of those files run. Invariant: Rust is left as it is, as `mod` says there what a crate holds.

use camino::Utf8Path;
use portolan_grammars::facts::{Language, Symbol};
use rustc_hash::FxHashSet;

use super::{Input, Own, held, idle};
use crate::FileId;
use crate::chart::{Service, ServiceIndex, ServiceKind};
use crate::resolve::loads::is_template;

/// Folders whose scripts a page loads in the browser; a browser reads no TypeScript.
const SERVED_FOLDERS: [&str; 4] = ["public", "static", "www", "wwwroot"];

/// Folders of programs that people start by hand: a name that is made at run time means none of them.
const BY_HAND: [&str; 4] = ["script", "scripts", "benchmark", "benchmarks"];

/// Of a service's own files those that its process loads, from those it starts from on; all where nothing tells where it starts.
pub(super) fn of(input: &Input<'_>, service: ServiceIndex, own: Vec<FileId>) -> Own {
    let starts = &input.workspace.deployments[service.index()].starts;
    let Service { kind, root, .. } = &input.workspace.services[service.index()];
    let link = |file: FileId| input.links.get(file.0 as usize).and_then(Option::as_deref);
    let path = |file: FileId| input.files.path(file);
    let mut open: Vec<FileId> = own.iter().copied().filter(|file| link(*file).is_some_and(|link| link.entry)).collect();
    open.extend(starts);
    if open.is_empty() {
        return Own { files: own, ..Own::default() };
    }
    let is_script = |file: FileId| input.files.source(file).is_some_and(|facts| facts.language != Language::TypeScript);
    open.extend(own.iter().copied().filter(|file| is_served(path(*file)) && is_script(*file)));
    let is_own: FxHashSet<FileId> = own.iter().copied().collect();
    let mut loaded: FxHashSet<FileId> = open.iter().copied().collect();
    let mut whole = loaded.clone();
    let mut folders: FxHashSet<&Symbol> = FxHashSet::default();
    while let Some(file) = open.pop() {
        let Some(link) = link(file) else { continue };
        open.extend(link.imports.iter().filter(|file| loaded.insert(**file)));
        for folder in link.loads.iter().filter(|_| is_own.contains(&file)) {
            // A bundle holds nothing that only running code knows the name of.
            let is_bundled = *kind == ServiceKind::Frontend && root == folder.as_str();
            if !is_bundled && folders.insert(folder) {
                let is_meant = |file: FileId| below(path(file), folder).is_some_and(|inner| !is_no_module(inner, is_script(file)));
                for file in own.iter().copied().filter(|file| is_meant(*file)) {
                    whole.insert(file);
                    open.extend(loaded.insert(file).then_some(file));
                }
            }
        }
    }
    let is_ecmascript = |file: FileId| input.files.source(file).is_some_and(|facts| facts.language.is_ecmascript());
    let unheld = held::by_nobody(input, &loaded);
    let mut idle = idle::of(input, &loaded, &whole);
    idle.extend(&unheld);
    let files: Vec<FileId> = own.into_iter().filter(|file| loaded.contains(file) || !is_ecmascript(*file)).collect();
    let imported = files.iter().copied().filter(|file| is_ecmascript(*file) && !whole.contains(file)).collect();
    Own { files, idle, imported, unheld }
}

/// What of a path lies below a folder, of which a part may be any: `modules/*/pages`.
fn below<'p>(path: &'p Utf8Path, folder: &str) -> Option<&'p Utf8Path> {
    let mut inner = path.components();
    let fits = |wanted: &str, part: &str| wanted == part || wanted.contains(['*', '{']);
    let mut wanted = folder.split('/').filter(|part| !part.is_empty());
    wanted.all(|wanted| inner.next().is_some_and(|part| fits(wanted, part.as_str()))).then(|| inner.as_path())
}

/// Whether a file below a folder is rather read as a text, or started by hand, than loaded by a name made at run time.
fn is_no_module(inner: &Utf8Path, is_script: bool) -> bool {
    is_in(inner, &BY_HAND) || (is_served(inner) && !is_script) || inner.file_name().is_some_and(is_template)
}

fn is_served(path: &Utf8Path) -> bool {
    is_in(path, &SERVED_FOLDERS)
}

fn is_in(path: &Utf8Path, folders: &[&str]) -> bool {
    path.parent().is_some_and(|folder| folder.components().any(|part| folders.contains(&part.as_str())))
}
