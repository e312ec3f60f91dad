//! Texts of files that are part of a program as it is compiled: `include_str!("orders.sql")`, `query_file!("queries/orders.sql")`.
//!
//! What deliberately does not live here: files that a process reads when it runs. Invariant: only files of SQL are known by their text; one of
//! settings goes by its path, as if it were read, for what parses it.

use std::sync::Arc;

use portolan_grammars::catalog::Family;
use portolan_grammars::facts::{CallId, CallKind, SourceFacts, Symbol};
use portolan_grammars::manifests::Manifest;

use super::evaluate::Evaluator;
use super::index::callee_name;
use super::value::{CallRef, Instance, Part, Value};
use crate::FileId;
use crate::workspace::paths::join;

/// Longer files are schemas or data, and no statement.
const MAX_BYTES: usize = 1 << 16;
/// The variable that Cargo sets to a package's folder.
const PACKAGE_FOLDER: &str = "CARGO_MANIFEST_DIR";
/// What the catalog calls the text of a file, and what it remembers of where that is.
const FILE_TEXT: &str = "FileText";
const PATH: &str = "path";

impl<'w> Evaluator<'w> {
    /// What `include_str!` or `include_bytes!` puts in place of itself: a text, or a file for what parses it.
    pub(super) fn included(&mut self, file: FileId, facts: &SourceFacts, id: CallId) -> Option<Value> {
        let call = facts.call(id);
        if call.kind != CallKind::Macro || !matches!(callee_name(facts, call.callee)?.as_str(), "include_str" | "include_bytes") {
            return None;
        }
        let Value::Text(path) = self.eval(file, call.args.first()?.value) else { return None };
        let path = match path.parts.as_slice() {
            [Part::Text(path)] => join(self.cx.paths.get(file.0 as usize)?.parent()?.as_str(), path)?,
            [Part::Env { name, .. }, Part::Text(path)] if name == PACKAGE_FOLDER => {
                self.below_package(file, path.trim_start_matches('/'))?
            }
            _ => return None,
        };
        match self.sql_of(&path) {
            Some(text) => Some(Value::text(text)),
            None => self.included_settings(path, CallRef { file, call: id }),
        }
    }

    /// The file of settings of a path, as what a library that reads files hands out.
    fn included_settings(&self, path: String, site: CallRef) -> Option<Value> {
        let (catalog, known) = (self.cx.catalog, &self.cx.workspace.config_files);
        let library = catalog.libraries_of(Family::Rust, "std").iter().find(|library| catalog.captures(**library, FILE_TEXT, PATH))?;
        let path = known.contains_key(path.as_str()).then(|| Value::text(path))?;
        Some(Value::Instance(Arc::new(Instance {
            library: *library as u32,
            type_name: FILE_TEXT.into(),
            captures: [(PATH.into(), path)].into_iter().collect(),
            members: Vec::new(),
            origin: Some(site),
            root: None,
            param: None,
        })))
    }

    /// The text of the SQL file that a path names below the package of a file's code.
    pub(super) fn sql_below(&mut self, file: FileId, path: &str) -> Option<Symbol> {
        let path = self.below_package(file, path)?;
        self.sql_of(&path)
    }

    fn below_package(&self, file: FileId, path: &str) -> Option<String> {
        let package = self.cx.workspace.package_of(self.cx.paths.get(file.0 as usize)?)?;
        join(self.cx.workspace.packages.get(package)?.root.as_str(), path)
    }

    fn sql_of(&mut self, path: &str) -> Option<Symbol> {
        if !path.ends_with(".sql") {
            return None;
        }
        let at = self.cx.paths.iter().position(|known| known == path)?;
        match self.cx.files.get(at)?.as_ref()?.facts.manifest()? {
            Manifest::Sql(text) if text.len() <= MAX_BYTES => Some(text.clone()),
            _ => None,
        }
    }
}
