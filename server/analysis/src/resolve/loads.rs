//! Which files a file loads, and which files are loaded without any other saying so.
//!
//! What deliberately does not live here: what the names that it imports mean. Invariant: what is loaded by a name that only running code knows
//! is taken for everything that the name may mean, as a file that is loaded must not be lost.

use camino::{Utf8Path, Utf8PathBuf};
use portolan_grammars::facts::{Arg, Call, Expr, ExprId, SourceFacts, Symbol};

use super::link::Linker;
use super::spans::Walk;
use crate::FileId;
use crate::workspace::modules::Specifier;
use crate::workspace::paths::{is_within, join, upwards};

/// Endings of source files in texts that are patterns: `./routes/*.js`, `dist/**/*.entity{.ts,.js}`.
const SOURCE_ENDINGS: [&str; 10] = [".ts", ".js", ".tsx", ".jsx", ".mjs", ".cjs", "ts}", "js}", "tsx}", "jsx}"];
/// Folders that a build writes.
const BUILD_FOLDERS: [&str; 5] = ["dist", "build", "out", "lib", "output"];

/// Whether a file is called like one that is read as a text, and written out as another's code.
pub(super) fn is_template(file: &str) -> bool {
    file.contains(".template.")
}

impl<'w> Linker<'w> {
    /// Notes what an ECMAScript file loads.
    pub(super) fn loads(&mut self, walk: &Walk<'w>) {
        if !walk.facts.language.is_ecmascript() {
            return;
        }
        // The names of one statement stand side by side.
        let mut latest = None;
        for import in walk.facts.imports.iter().filter(|import| !import.type_only) {
            if latest.replace(&import.source) != Some(&import.source) {
                self.load(&import.source);
            }
        }
        for expression in &walk.facts.exprs {
            match &expression.kind {
                Expr::Import(source) => {
                    self.load_whole(source);
                }
                Expr::Str(text) => self.named(text),
                _ => {}
            }
        }
        for call in &walk.facts.calls {
            match walk.facts.expr(call.callee) {
                Expr::Name(name) if matches!(name.as_str(), "require" | "import") => {
                    if let Some(argument) = call.args.first() {
                        self.load_any(head(walk.facts, argument));
                    }
                }
                Expr::Member { name, .. } if matches!(name.as_str(), "join" | "resolve") => {
                    if let Some(path) = beside(walk.facts, call) {
                        self.named(&path);
                    }
                }
                _ => {}
            }
        }
        self.link.imports.sort();
        self.link.imports.dedup();
        self.link.programs.sort();
        self.link.programs.dedup();
        self.link.loads.sort();
        self.link.loads.dedup();
        self.link.entry = self.is_entry();
    }

    /// A text that is the path of a file: `new Worker("./worker.js")`, `path.join(__dirname, "worker.js")`; or a pattern of some.
    fn named(&mut self, text: &Symbol) {
        let is_file = SOURCE_ENDINGS.iter().any(|ending| text.ends_with(ending));
        if !is_file && !text.starts_with('.') || text.rsplit('/').next().is_some_and(is_template) {
            return;
        }
        if is_file && text.contains('*') {
            self.load_pattern(text);
        } else if text.starts_with('.') && !text.trim_start_matches(['.', '/']).is_empty() {
            self.load_program(text);
        } else if is_file && !text.contains([' ', ':']) {
            self.load_program(&format!("./{text}").into());
        }
    }

    fn load_program(&mut self, source: &Symbol) {
        let program = self.load_whole(source);
        self.link.programs.extend(program);
    }

    fn load(&mut self, source: &Symbol) -> Option<FileId> {
        let Specifier::File(target) = self.evaluator.specifier(self.file, source) else { return None };
        self.link.imports.push(target);
        Some(target)
    }

    /// Loads a file without saying which of what it hands out is used.
    fn load_whole(&mut self, source: &Symbol) -> Option<FileId> {
        let target = self.load(source)?;
        self.names_all_of(target);
        Some(target)
    }

    /// A pattern of files: those of the folder that it begins with, seen from one around the file. What a build writes, and a pattern that begins with
    /// none, may mean any; a folder that the package has not holds files of others.
    fn load_pattern(&mut self, pattern: &str) {
        let cx = self.evaluator.cx;
        let path = &cx.paths[self.file.0 as usize];
        let head = pattern.split('*').next().unwrap_or_default();
        let folder = head.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_open = |part: &str| part.contains(['{', '$', '(', '[', '?']) || BUILD_FOLDERS.contains(&part);
        if folder.is_empty() || folder.starts_with(['.', '/']) || folder.split('/').any(is_open) {
            return self.load_any(head);
        }
        let package = cx.workspace.package_of(path).map_or("", |package| cx.workspace.packages[package].root.as_str());
        let around = upwards(path.parent().map_or("", Utf8Path::as_str)).take_while(|around| is_within(around, package));
        let has_folder = |around: &&str| join(around, folder).is_some_and(|folder| has_files(cx.paths, &folder));
        // `modules/*/pages` of `modules/*/pages/**/*.js`.
        let folders = pattern.rsplit_once('/').map_or("", |(folders, _)| folders).split("**").next().unwrap_or_default();
        self.link.loads.extend(around.filter(has_folder).filter_map(|around| join(around, folders)).map(Symbol::from));
    }

    /// A name of which only the beginning is known: something below that folder, or anywhere in the package.
    fn load_any(&mut self, head: &str) {
        let cx = self.evaluator.cx;
        let path = &cx.paths[self.file.0 as usize];
        let beside = head.starts_with('.').then(|| head.rsplit_once('/').map_or(head, |(folder, _)| folder));
        let folder = beside.and_then(|beside| join(path.parent().map_or("", |folder| folder.as_str()), beside));
        let package = || cx.workspace.package_of(path).map_or("", |package| cx.workspace.packages[package].root.as_str());
        self.link.loads.push(folder.map_or_else(|| package().into(), Symbol::from));
    }

    fn is_entry(&mut self) -> bool {
        let cx = self.evaluator.cx;
        let path = &cx.paths[self.file.0 as usize];
        let Some(package) = cx.workspace.package_of(path) else { return false };
        let Ok(inner) = path.strip_prefix(&cx.workspace.packages[package].root) else { return false };
        // What the package of the whole workspace installs, a file of one that does not imports.
        let imported = self.evaluator.facts(self.file).map_or(&[][..], |facts| &facts.imports);
        let imports = |packages: &[Symbol]| imported.iter().any(|import| packages.contains(&import.source));
        cx.catalog.loaders_of(inner.as_str()).any(|library| cx.package_depends_on(path, &library.packages) || imports(&library.packages))
    }
}

/// Whether there are files below a folder; paths are sorted.
fn has_files(paths: &[Utf8PathBuf], folder: &str) -> bool {
    let start = format!("{folder}/");
    let at = paths.partition_point(|path| path.as_str() < start.as_str());
    paths.get(at).is_some_and(|path| path.as_str().starts_with(&start))
}

/// The path of a file that a call joins of the folder of its own file and of texts: `path.join(__dirname, "jobs", "resize.js")`.
fn beside(facts: &SourceFacts, call: &Call) -> Option<Symbol> {
    let [folder, parts @ ..] = call.args.as_slice() else { return None };
    let is_own = match facts.expr(folder.value) {
        Expr::Name(name) => name == "__dirname",
        Expr::Member { name, .. } => name == "dirname",
        _ => false,
    };
    let texts = parts.iter().map(|part| match facts.expr(part.value) {
        Expr::Str(text) => Some(text.as_str()),
        _ => None,
    });
    let texts: Vec<&str> = texts.collect::<Option<_>>()?;
    (is_own && texts.len() > 1).then(|| format!("./{}", texts.join("/")).into())
}

/// What a text begins with, as far as it is written there.
fn head<'f>(facts: &'f SourceFacts, argument: &Arg) -> &'f str {
    let text = |id: ExprId| match facts.expr(id) {
        Expr::Str(text) => text.as_str(),
        _ => "",
    };
    match facts.expr(argument.value) {
        Expr::Concat(parts) => parts.first().map_or("", |part| text(*part)),
        _ => text(argument.value),
    }
}
