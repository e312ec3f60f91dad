//! The files that a trace's context is carried through, and the functions that they are given for it.
//!
//! Invariant: a file gets a function once, and one that it has already, word for word, is used again.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::facts::{FunctionId, Language, SourceFacts};

use super::super::imports::{Names, add, import, statement_end};
use super::super::{Context, Edit, Refusal, Source};
use super::rust;
use crate::FileId;
use crate::resolve::value::CallRef;

/// The package that has contexts and their propagation.
const API: &str = "@opentelemetry/api";

/// The files, and the edit so far.
pub(super) struct Desk<'c, 'a> {
    pub(super) context: &'c Context<'a>,
    pub(super) edit: Edit,
    /// Calls that are dealt with.
    pub(super) done: BTreeSet<CallRef>,
    /// Modules that crates of Rust are given.
    pub(super) modules: rust::Modules,
    /// Files of Rust in which futures can be run within a context.
    pub(super) within: BTreeSet<FileId>,
    files: BTreeMap<FileId, File<'a>>,
}

/// A file on the desk.
pub(super) struct File<'a> {
    pub(super) source: Source<'a>,
    /// What it calls `context` and `propagation`.
    names: Names,
    functions: BTreeSet<Helper>,
    /// Where the first of the edited calls begins.
    first: u32,
}

/// A function that a file is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Helper {
    /// Makes headers of the current context.
    Headers,
    /// Makes a context of headers.
    Parent,
}

impl<'c, 'a> Desk<'c, 'a> {
    pub(super) fn new(context: &'c Context<'a>) -> Self {
        let modules = rust::Modules::default();
        Self { context, edit: Edit::default(), done: BTreeSet::new(), modules, within: BTreeSet::new(), files: BTreeMap::new() }
    }

    /// Gets a file onto the desk for an edit at a byte.
    pub(super) fn open(&mut self, id: FileId, at: u32) -> Result<(), Refusal> {
        if let Some(file) = self.files.get_mut(&id) {
            file.first = file.first.min(at);
            return Ok(());
        }
        let source = self.context.source(id)?;
        if !source.facts.language.is_ecmascript() {
            return Err(Refusal::new(format!("how headers are told in {} is not known", source.name())));
        }
        let names = import(self.context, &source, API, &["context", "propagation"], &mut self.edit)?;
        self.files.insert(id, File { source, names, functions: BTreeSet::new(), first: at });
        Ok(())
    }

    /// A file on the desk, and the edit.
    pub(super) fn at(&mut self, id: FileId) -> Result<(&mut File<'a>, &mut Edit), Refusal> {
        let file = self.files.get_mut(&id).ok_or_else(|| Refusal::new("the file is not read"))?;
        Ok((file, &mut self.edit))
    }

    /// The edit, with what the files need for it.
    pub(super) fn finish(mut self) -> Result<Edit, Refusal> {
        for file in self.files.into_values() {
            let functions: Vec<String> = file.functions.iter().map(|helper| file.text(*helper)).collect();
            let functions = functions.join(&file.source.newline().repeat(2));
            if file.names.statement.is_some() || !functions.is_empty() {
                add(&file.source, file.first, file.names.statement.clone(), Some(functions).filter(|it| !it.is_empty()), &mut self.edit);
            }
        }
        self.modules.make(self.context, &mut self.edit)?;
        Ok(self.edit)
    }
}

impl File<'_> {
    /// Lets the file have a function; the result is what it is called.
    pub(super) fn function(&mut self, helper: Helper) -> Result<&'static str, Refusal> {
        let (facts, name) = (self.source.facts, helper.name());
        if !self.functions.contains(&helper) && self.source.declares(name) {
            if !self.has(facts, helper) {
                return Err(Refusal::new(format!("the name {name} means something else in {}", self.source.name())));
            }
        } else {
            self.functions.insert(helper);
        }
        Ok(name)
    }

    /// What the file calls the API that knows which context is the current one.
    pub(super) fn context(&self) -> &str {
        &self.names.called[0]
    }

    /// Whether an earlier edit has brought the function.
    fn has(&self, facts: &SourceFacts, helper: Helper) -> bool {
        let own = facts.functions.iter().find(|it| it.name == helper.name() && it.parent == FunctionId::MODULE);
        let text = self.text(helper);
        own.is_some_and(|own| text.ends_with(self.source.slice(own.range)))
    }

    fn text(&self, helper: Helper) -> String {
        let (source, [context, propagation]) = (&self.source, [&self.names.called[0], &self.names.called[1]]);
        let (unit, end) = (source.indent_unit(), statement_end(source));
        let of = |ty: &str| if source.facts.language == Language::TypeScript { format!(": {ty}") } else { String::new() };
        let lines = match helper {
            Helper::Headers => vec![
                "/** Headers by which who gets a message goes on with the current trace. */".to_owned(),
                "function traceHeaders() {".to_owned(),
                format!("{unit}const headers{} = {{}}{end}", of("Record<string, string>")),
                format!("{unit}{propagation}.inject({context}.active(), headers){end}"),
                format!("{unit}return headers{end}"),
                "}".to_owned(),
            ],
            Helper::Parent => vec![
                "/** The context that a message's headers carry. */".to_owned(),
                format!("function traceOf(headers{} = {{}}) {{", of("Record<string, unknown>")),
                format!("{unit}return {propagation}.extract({context}.active(), headers, {{"),
                format!("{unit}{unit}get: (carrier, key) => (key in carrier ? String(carrier[key]) : undefined),"),
                format!("{unit}{unit}keys: (carrier) => Object.keys(carrier),"),
                format!("{unit}}}){end}"),
                "}".to_owned(),
            ],
        };
        lines.join(source.newline())
    }
}

impl Helper {
    fn name(self) -> &'static str {
        match self {
            Helper::Headers => "traceHeaders",
            Helper::Parent => "traceOf",
        }
    }
}
