//! The same in Rust, by `tracing-opentelemetry`: headers that are no object of texts are made, and read, by a module that the crate is given.
//!
//! What the parts are: [`forms`] is what each broker's library has for headers, [`give`] the sender's end, [`take`] the consumer's. Invariant: the
//! context is put into headers only where the process has said in which way.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::facts::{Expr, Language};

use super::super::packages::library;
use super::super::{Context, Edit, Refusal, Source, modules};
use crate::FileId;
use crate::chart::Tracing;

mod forms;
pub(super) mod give;
pub(super) mod take;

use forms::Form;

/// The crates that a file must be able to name.
const CRATES: [&str; 3] = ["opentelemetry", "tracing", "tracing-opentelemetry"];
/// What says in which way contexts are put into headers, and a library that says it by itself.
const SETS: &str = "set_text_map_propagator";
const SETS_ITSELF: &str = "init-tracing-opentelemetry";

/// A function of a module that a crate is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Headers of the current context.
    Current,
    /// The context of a message.
    Of,
    /// A span that has it as its parent.
    Continued,
}

impl Part {
    /// The module that it is in.
    fn module(self) -> &'static str {
        match self {
            Part::Current => "trace_headers",
            Part::Of | Part::Continued => "trace_parent",
        }
    }

    /// How it is called.
    fn path(self) -> &'static str {
        match self {
            Part::Current => "crate::trace_headers::current()",
            Part::Of => "crate::trace_parent::of",
            Part::Continued => "crate::trace_parent::continued",
        }
    }
}

/// The modules that crates are given, by each crate's root.
#[derive(Default)]
pub(super) struct Modules(BTreeMap<(FileId, &'static str), (&'static Form, BTreeSet<Part>)>);

impl Modules {
    /// Lets the crate of a file have a function; the result is how it is called.
    fn need(&mut self, context: &Context<'_>, source: &Source<'_>, form: &'static Form, part: Part) -> Result<&'static str, Refusal> {
        let root = modules::root(context, source)?;
        let (other, parts) = self.0.entry((root.file, part.module())).or_insert_with(|| (form, BTreeSet::new()));
        if other.library != form.library {
            return Err(Refusal::new(format!("its crate has messages of {} and of {}", other.library, form.library)));
        }
        parts.insert(part);
        Ok(part.path())
    }

    /// Makes them.
    pub(super) fn make(self, context: &Context<'_>, edit: &mut Edit) -> Result<(), Refusal> {
        for ((root, name), (form, parts)) in self.0 {
            modules::make(context, &context.source(root)?, name, &form.text(&parts), edit)?;
        }
        Ok(())
    }
}

/// Refuses a file whose crate or process has not what it takes to carry contexts in a library's headers.
fn carries(context: &Context<'_>, source: &Source<'_>, form: &Form, tracing: &Tracing) -> Result<(), Refusal> {
    let snapshot = context.snapshot;
    if let Some(name) = CRATES.into_iter().find(|name| library(snapshot, source.file, name).is_none()) {
        return Err(Refusal::new(format!("{name} is no dependency of this crate")));
    }
    let version = library(snapshot, source.file, form.library).and_then(|it| it.version.as_ref());
    if version.is_some_and(|version| form.is_too_old(version)) {
        return Err(Refusal::new(format!("its version of {} has headers of another kind", form.library)));
    }
    let package = |file: FileId| snapshot.workspace.package_of(snapshot.files.path(file));
    let own: BTreeSet<_> = tracing.evidence.iter().map(|it| it.place.file).chain([source.file]).map(package).collect();
    let says = |file: FileId| {
        let facts = snapshot.files.source(file).filter(|facts| facts.language == Language::Rust && own.contains(&package(file)));
        facts.is_some_and(|facts| {
            facts.calls.iter().any(|call| match facts.expr(call.callee) {
                Expr::Path(path) => path.last().is_some_and(|name| name == SETS),
                Expr::Name(name) => name == SETS,
                _ => false,
            })
        })
    };
    let sets_itself = tracing.evidence.iter().any(|it| library(snapshot, it.place.file, SETS_ITSELF).is_some());
    if sets_itself || snapshot.files.iter().any(|(file, _, _)| says(file)) {
        return Ok(());
    }
    Err(Refusal::new(format!("its process does not say how contexts are told: `{SETS}` is called nowhere")))
}
