//! Texts of files that are part of a program as it is compiled: `include_str!("orders.sql")`, `query_file!("queries/orders.sql")`.
//!
//! What deliberately does not live here: files that a process reads when it runs. Invariant: only files of SQL are known by their text.

use portolan_grammars::facts::{Call, CallKind, SourceFacts, Symbol};
use portolan_grammars::manifests::Manifest;

use super::evaluate::Evaluator;
use super::index::callee_name;
use super::value::{Part, Value};
use crate::FileId;
use crate::workspace::paths::join;

/// Longer files are schemas or data, and no statement.
const MAX_BYTES: usize = 1 << 16;
/// The variable that Cargo sets to a package's folder.
const PACKAGE_FOLDER: &str = "CARGO_MANIFEST_DIR";

impl<'w> Evaluator<'w> {
    /// The text that `include_str!` puts in place of itself.
    pub(super) fn included(&mut self, file: FileId, facts: &SourceFacts, call: &Call) -> Option<Value> {
        if call.kind != CallKind::Macro || callee_name(facts, call.callee)? != "include_str" {
            return None;
        }
        let Value::Text(path) = self.eval(file, call.args.first()?.value) else { return None };
        let text = match path.parts.as_slice() {
            [Part::Text(path)] => {
                let folder = self.cx.paths.get(file.0 as usize)?.parent()?;
                self.sql_of(&join(folder.as_str(), path)?)
            }
            [Part::Env { name, .. }, Part::Text(path)] if name == PACKAGE_FOLDER => self.sql_below(file, path.trim_start_matches('/')),
            _ => None,
        };
        text.map(Value::text)
    }

    /// The text of the SQL file that a path names below the package of a file's code.
    pub(super) fn sql_below(&mut self, file: FileId, path: &str) -> Option<Symbol> {
        let package = self.cx.workspace.package_of(self.cx.paths.get(file.0 as usize)?)?;
        let root = self.cx.workspace.packages.get(package)?.root.as_str();
        self.sql_of(&join(root, path)?)
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
