//! Which files a file loads, and which files are loaded without any other saying so.
//!
//! What deliberately does not live here: what the names that it imports mean. Invariant: what is loaded by a name that only running code knows
//! is taken for everything that the name may mean, as a file that is loaded must not be lost.

use portolan_grammars::facts::{Arg, Expr, ExprId, SourceFacts, Symbol};

use super::link::Linker;
use super::spans::Walk;
use crate::workspace::modules::Specifier;
use crate::workspace::paths::join;

/// Endings of source files in texts that are patterns: `./routes/*.js`, `dist/**/*.entity{.ts,.js}`.
const SOURCE_ENDINGS: [&str; 8] = [".ts", ".js", ".tsx", ".jsx", ".mjs", ".cjs", "ts}", "js}"];

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
                Expr::Import(source) => self.load(source),
                Expr::Str(text) => self.named(text),
                _ => {}
            }
        }
        for call in &walk.facts.calls {
            if let Expr::Name(name) = walk.facts.expr(call.callee)
                && matches!(name.as_str(), "require" | "import")
                && let Some(argument) = call.args.first()
            {
                self.load_any(head(walk.facts, argument));
            }
        }
        self.link.imports.sort();
        self.link.imports.dedup();
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
            self.load_any(text.split('*').next().unwrap_or_default());
        } else if text.starts_with('.') && !text.trim_start_matches(['.', '/']).is_empty() {
            self.load(text);
        } else if is_file && !text.contains([' ', ':']) {
            self.load(&format!("./{text}").into());
        }
    }

    fn load(&mut self, source: &Symbol) {
        if let Specifier::File(target) = self.evaluator.specifier(self.file, source) {
            self.link.imports.push(target);
        }
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

    fn is_entry(&self) -> bool {
        let cx = self.evaluator.cx;
        let path = &cx.paths[self.file.0 as usize];
        let Some(package) = cx.workspace.package_of(path) else { return false };
        let Ok(inner) = path.strip_prefix(&cx.workspace.packages[package].root) else { return false };
        cx.catalog.loaders_of(inner.as_str()).any(|library| cx.package_depends_on(path, &library.packages))
    }
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
