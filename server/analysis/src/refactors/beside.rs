//! A function of ECMAScript in a file of its own, which several files of a package may need.
//!
//! Invariant: a file that is there is used if it is the same word for word, and never written over.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::imports::{self, Style, in_style};
use super::passage::{relative, usual_extension};
use super::{Context, Edit, Refusal, Source};
use crate::workspace::modules::Specifier;
use crate::workspace::paths::folder;

/// What folders are called whose functions several files need.
const SHARED: [&str; 6] = ["utils", "util", "lib", "helpers", "common", "shared"];
/// And those of a package's sources.
const SOURCES: [&str; 2] = ["src", "lib"];

/// A module, and the function that it hands out.
pub(super) struct Beside<'t> {
    /// The file's name without what it ends with.
    pub(super) module: &'t str,
    pub(super) function: &'t str,
    /// All of it in TypeScript.
    pub(super) typescript: &'t str,
    /// The same in JavaScript, as a module.
    pub(super) javascript: &'t str,
}

impl Beside<'_> {
    /// What a file calls the function, which it imports from now on.
    pub(super) fn called(&self, context: &Context<'_>, source: &Source<'_>, edit: &mut Edit) -> Result<String, Refusal> {
        let (own, loaded, text) = match source.path.extension().unwrap_or_default() {
            "ts" | "tsx" => ("ts", ".js", self.typescript.to_owned()),
            "mts" => ("mts", ".mjs", self.typescript.to_owned()),
            "js" | "jsx" => ("js", ".js", self.in_javascript(context, source)),
            "mjs" => ("mjs", ".mjs", self.in_javascript(context, source)),
            "cjs" => ("cjs", ".cjs", self.in_javascript(context, source)),
            _ => return Err(Refusal::new("a function cannot be written beside this file")),
        };
        let is_required = imports::style(context, source) == Style::Require;
        let usual = usual_extension(context, source).or(is_required.then_some(""));
        let usual = usual.ok_or_else(|| Refusal::new(format!("how {} imports others is not seen", source.name())))?;
        let loaded = match usual {
            "" => "",
            ".ts" | ".mts" => own,
            _ => loaded,
        };
        let dot = if loaded.is_empty() || loaded.starts_with('.') { "" } else { "." };
        let path = home(context, source, own).join(format!("{}.{own}", self.module));
        let module = relative(folder(source.path.as_str()), path.with_extension("").as_str()) + dot + loaded;
        let module = if module.starts_with("../") { aliased(context, source, &path, loaded).unwrap_or(module) } else { module };
        let text = in_style(source, &text);
        if context.has(&path, &text)? {
            let names = imports::import(context, source, &module, &[self.function], edit)?;
            if names.statement.is_some() {
                imports::add(source, source.text.len() as u32, names.statement, None, edit);
            }
            return Ok(names.called.concat());
        }
        if source.declares(self.function) {
            return Err(Refusal::new(format!("the name {} means something else in {}", self.function, source.name())));
        }
        edit.create(path, text);
        let import = imports::statement(context, source, &format!("{{ {} }}", self.function), &module);
        imports::add(source, source.text.len() as u32, Some(import), None, edit);
        Ok(self.function.to_owned())
    }

    fn in_javascript(&self, context: &Context<'_>, source: &Source<'_>) -> String {
        match imports::style(context, source) {
            Style::Import => self.javascript.to_owned(),
            Style::Require => {
                let text = self.javascript.replace("\nexport async function", "\nasync function");
                format!("{text}\nmodule.exports = {{ {} }};\n", self.function)
            }
        }
    }
}

/// A module as a file imports others of its package that are in other folders, where it does so by an alias alone: `~/utils/batches` as
/// `~/models/order`.
fn aliased(context: &Context<'_>, source: &Source<'_>, path: &Utf8Path, loaded: &str) -> Option<String> {
    let (files, workspace) = (&context.snapshot.files, &context.snapshot.workspace);
    let mut imports = source.facts.imports.iter().filter(|import| !import.reexport);
    if imports.clone().any(|import| import.source.starts_with("../")) {
        return None;
    }
    imports.find_map(|import| {
        let (alias, rest) = import.source.split_once('/').filter(|(alias, _)| !alias.starts_with('.'))?;
        let Specifier::File(file) = workspace.modules.specifier(source.file, &import.source) else { return None };
        let ending = [".js", ".ts", ".mjs", ".mts"].into_iter().find(|ending| rest.ends_with(ending));
        let rest = ending.map_or(rest, |ending| &rest[..rest.len() - ending.len()]);
        let target = files.path(file).with_extension("");
        let base = target.as_str().strip_suffix("/index").unwrap_or(target.as_str()).strip_suffix(rest)?;
        let own = path.with_extension("");
        let is_own = workspace.package_of(files.path(file)) == workspace.package_of(source.path) && base.ends_with('/');
        let own = own.as_str().strip_prefix(base).filter(|_| is_own)?;
        Some(format!("{alias}/{own}{}", if ending.is_some() { loaded } else { "" }))
    })
}

/// The folder of the package for functions that several of its files need: that which is called so, else the one of its sources. Files of a
/// folder of routes may all be routes.
fn home(context: &Context<'_>, source: &Source<'_>, extension: &str) -> Utf8PathBuf {
    let snapshot = context.snapshot;
    let package = snapshot.workspace.package_of(source.path);
    let root =
        package.map(|package| folder(snapshot.files.path(snapshot.workspace.packages[package].manifest).as_str())).unwrap_or_default();
    let folders: BTreeSet<&str> = snapshot
        .files
        .iter()
        .filter(|(_, path, _)| path.extension() == Some(extension) && snapshot.workspace.package_of(path) == package)
        .map(|(_, path, _)| folder(path.as_str()))
        .collect();
    let within = |around: &&Utf8Path| around.as_str().len() >= root.len();
    let around = || source.path.ancestors().skip(1).take_while(within);
    // Routes may stand beside the sources.
    let beside = SOURCES.map(|name| Utf8Path::new(root).join(name));
    let imported = imported_beside(context, source);
    let beside = || beside.iter().map(Utf8PathBuf::as_path).filter(|path| imported.iter().any(|it| it.starts_with(path)));
    let mut shared = around().chain(beside()).flat_map(|around| SHARED.iter().map(move |name| around.join(name)));
    let sources = || around().filter(|around| around.file_name().is_some_and(|name| SOURCES.contains(&name))).last();
    let home = shared.find(|path| folders.contains(path.as_str()));
    let known = || around().filter(|around| imported.iter().any(|it| it.parent() == Some(*around))).last();
    home.unwrap_or_else(|| sources().or_else(|| beside().next()).or_else(known).unwrap_or(Utf8Path::new(root)).to_owned())
}

/// The files that those of a file's folder import: what is compiled for one process may not be for another of the package.
fn imported_beside<'a>(context: &Context<'a>, source: &Source<'_>) -> Vec<&'a Utf8Path> {
    let (files, workspace) = (&context.snapshot.files, &context.snapshot.workspace);
    let beside = files.iter().filter(|(_, path, _)| path.parent() == source.path.parent());
    let imports = beside.filter_map(|(file, ..)| Some((file, files.source(file)?)));
    let imports = imports.flat_map(|(file, facts)| facts.imports.iter().map(move |import| (file, import)));
    let imported = imports.filter_map(|(file, import)| match workspace.modules.specifier(file, &import.source) {
        Specifier::File(imported) => Some(files.path(imported)),
        _ => None,
    });
    imported.collect()
}
