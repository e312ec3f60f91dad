//! A saga: steps at several services, of which each is taken back where a later one fails, as a skeleton beside the handler that takes them.
//!
//! What the steps are and what takes them back is read off the chart ([`steps`]); [`typescript`] and [`rust`] write them down, with what only a
//! person can know marked. Invariant: the handler does what it did; all that it gets is a comment.

use portolan_grammars::catalog::WordCase;
use portolan_grammars::facts::Language;

use super::names::{Event, singular};
use super::packages::library;
use super::{Context, Edit, Level, MARK, Plan, Refactor, Refusal, Source, imports, migrations, modules};
use crate::rules::Finding;
use crate::rules::uncompensated_steps::{RULE, Steps};
use crate::words::words;

mod rust;
mod steps;
mod typescript;

use steps::{Step, Whom};

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// What to do with it.
const TO_DO: &str =
    "Nothing runs the saga yet: say in the new file what each step does, and let the handler begin one where its comment says so";
/// Libraries by which a package has an engine of its own that goes on where work stopped.
const ENGINES: [&str; 8] = [
    "@dbos-inc/dbos-sdk",
    "@hatchet-dev/typescript-sdk",
    "@restatedev/restate-sdk",
    "@temporalio/client",
    "@temporalio/workflow",
    "@trigger.dev/sdk",
    "dbos",
    "inngest",
];
/// The same of Rust.
const CRATES: [&str; 3] = ["inngest", "restate-sdk", "temporal-sdk"];

/// A saga, and what its parts are called.
struct Saga {
    /// What it is about, as words: `booking`.
    entity: Vec<String>,
    steps: Vec<Step>,
}

impl Saga {
    /// `BookingSaga`, `Booking` before a suffix.
    fn pascal(&self) -> String {
        WordCase::Pascal.join(&self.entity)
    }

    fn named(&self, case: WordCase, last: &str) -> String {
        let words: Vec<String> = self.entity.iter().cloned().chain([last.to_owned()]).collect();
        case.join(&words)
    }

    /// `booking_saga`.
    fn table(&self) -> String {
        self.named(WordCase::Snake, "saga")
    }

    /// All steps but the last, which nothing follows that could fail: those that may have to be taken back, the latest first.
    fn taken_back(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().rev().skip(1)
    }

    /// What makes its table.
    fn up(&self) -> String {
        let (table, id) = (self.table(), self.named(WordCase::Snake, "id"));
        format!(
            "CREATE TABLE {table} (\n  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n  {id} text NOT NULL,\n  \
             step text NOT NULL,\n  updated_at timestamptz NOT NULL DEFAULT now()\n);\n"
        )
    }
}

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let steps = Steps::of(context.snapshot, finding)?;
    let title = format!("Write a saga of these {} steps, which takes them back where one fails (sketch)", steps.changes.len());
    Some(Plan { title, level: Level::Sketch(TO_DO), edit: edit(context, finding, &steps) })
}

fn edit(context: &Context<'_>, finding: &Finding, steps: &Steps) -> Result<Edit, Refusal> {
    let source = context.source(finding.place.file)?;
    remembers_nothing_yet(context, &source)?;
    let saga = Saga { entity: entity(context, steps), steps: steps::named(context, steps)? };
    if saga.steps.iter().filter(|step| matches!(step.whom, Whom::Service(_))).count() < 2 {
        return Err(Refusal::new("only one other service is asked for a change: ask it last, or take that back where the write fails"));
    }
    let table = saga.table();
    migrations::is_new(context.snapshot, &finding.services, &table)?;
    let mut edit = Edit::default();
    let migrated = migrations::add(context, &source, &table, &saga.up(), &format!("DROP TABLE {table};\n"), &mut edit).is_ok();
    let see = match source.facts.language {
        Language::Rust => {
            let root = modules::root(context, &source)?;
            context.is_new(&modules::path(&root, &table))?;
            modules::make(context, &root, &table, &rust::text(context, &source, &saga, migrated), &mut edit)?;
            format!("crate::{table}")
        }
        Language::TypeScript => {
            let name = saga.named(WordCase::Kebab, "saga");
            let path = source.path.with_file_name(format!("{name}.ts"));
            context.is_new(&path)?;
            edit.create(path, imports::in_style(&source, &typescript::text(&saga, migrated)));
            format!("./{name}")
        }
        Language::JavaScript => return Err(Refusal::new("a saga is written in TypeScript and in Rust alone")),
    };
    let place = source.tree().and_then(|tree| tree.statement_around(finding.place.range));
    let place = place.ok_or_else(|| Refusal::new("where the first step begins is not plain to see"))?;
    let indent = source.indent_at(place.start);
    let comment = format!("{indent}// {MARK}: begin a saga here in place of these steps: see {see}.{}", source.newline());
    edit.insert(source.file, source.line_start(place.start) as u32, comment);
    Ok(edit)
}

/// Refuses a package that has an engine which goes on where work stopped.
fn remembers_nothing_yet(context: &Context<'_>, source: &Source<'_>) -> Result<(), Refusal> {
    let has_crate = |name: &&&str| library(context.snapshot, source.file, name).is_some();
    let engine = match source.facts.language {
        Language::Rust => CRATES.iter().find(has_crate),
        _ => ENGINES.iter().find(|name| imports::depends_on(context, source, name)),
    };
    match engine {
        Some(engine) => Err(Refusal::new(format!("its package has {engine}, which remembers how far work came: make these steps its own"))),
        None => Ok(()),
    }
}

/// What the steps are for: what the function around them does, or what it answers; else what the service is there for.
fn entity(context: &Context<'_>, steps: &Steps) -> Vec<String> {
    let snapshot = context.snapshot;
    Event::entity_around(snapshot, steps.function).unwrap_or_else(|| singular(&words(&snapshot.chart.service(steps.service).id)))
}

/// A sentence with a capital letter.
fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
