//! The skeleton in TypeScript, which names no library.
//!
//! Invariant: each state has one step that leads from it, and what was done is taken back in the order opposite to that in which it was done.

use portolan_grammars::catalog::WordCase;

use super::super::MARK;
use super::super::template::filled;
use super::{Saga, Step, upper_first};

const CAMEL: WordCase = WordCase::Camel;

/// The module's text; its table is made by a migration, or is still to be made.
pub(super) fn text(saga: &Saga, migrated: bool) -> String {
    let id = saga.named(CAMEL, "id");
    let states: String = saga.steps.iter().map(|step| format!("  | \"{}\"\n", step.state(CAMEL))).collect();
    let actions: String = saga.steps.iter().map(|step| action(&step.says, &step.name(CAMEL), &id)).collect();
    let backs: String = saga.taken_back().map(|step| action(&todo(&step.hint()), &step.back(CAMEL), &id)).collect();
    let befores = std::iter::once("started".to_owned()).chain(saga.steps.iter().map(|step| step.state(CAMEL)));
    let attempts: String = befores.zip(&saga.steps).map(|(before, step)| attempt(&before, step, &id)).collect();
    let taken_back: String = saga.taken_back().map(|step| format!("      await actions.{}(saga.{id});\n", step.back(CAMEL))).collect();
    let table = if migrated { String::new() } else { table(saga) };
    let entity = saga.entity.join(" ");
    let last = saga.steps.last().map(|step| step.state(CAMEL)).unwrap_or_default();
    let values = [
        ("MARK", MARK.to_owned()),
        ("PASCAL", saga.pascal()),
        ("ENTITY", entity),
        ("TABLE", saga.table()),
        ("MIGRATION", table),
        ("STATES", states.trim_end().to_owned()),
        ("IDENTITY", id),
        ("ACTIONS", actions),
        ("BACKS", backs),
        ("ATTEMPTS", attempts),
        ("TAKEN", taken_back),
        ("LAST", last),
    ];
    filled(TEMPLATE, &values)
}

fn todo(what: &str) -> String {
    format!("{MARK}: {what}")
}

fn action(says: &str, name: &str, id: &str) -> String {
    format!("  /** {}. */\n  {name}({id}: string): Promise<void>;\n", upper_first(says))
}

fn attempt(before: &str, step: &Step, id: &str) -> String {
    let (name, state) = (step.name(CAMEL), step.state(CAMEL));
    format!("    case \"{before}\":\n      step = await attempt(() => actions.{name}(saga.{id}), \"{state}\");\n      break;\n")
}

/// The table as a comment.
fn table(saga: &Saga) -> String {
    let lines: String = saga.up().trim_end().lines().map(|line| format!("//   {line}\n")).collect();
    format!("// {MARK}: make its table by a migration:\n{lines}")
}

const TEMPLATE: &str = r#"// MARK: nothing runs this yet. Say what the actions do, begin a saga where the steps are taken today,
// and let a worker call `advance` for those of TABLE that are not over, so that one whose process ended
// goes on.
MIGRATION
/** How far a saga has come. */
export type PASCALStep =
  | "started"
STATES
  | "compensating"
  | "failed";

/** One ENTITY, as a row of TABLE. */
export interface PASCALSaga {
  id: string;
  IDENTITY: string;
  step: PASCALStep;
}

/**
 * What each step does, and what takes it back. Each may be called twice, for a process may end before it is
 * remembered that it was done, and what takes a step back, also where that step was not taken.
 */
export interface PASCALActions {
ACTIONSBACKS}

/** Takes the next step of a saga, or back all that may have been done, and remembers it. */
export async function advance(
  saga: PASCALSaga,
  actions: PASCALActions,
  save: (saga: PASCALSaga) => Promise<void>,
): Promise<PASCALSaga> {
  let step = saga.step;
  switch (saga.step) {
ATTEMPTS    case "compensating":
TAKEN      step = "failed";
      break;
    case "LAST":
    case "failed":
      return saga;
  }
  const next = { ...saga, step };
  await save(next);
  return next;
}

async function attempt(act: () => Promise<void>, done: PASCALStep): Promise<PASCALStep> {
  try {
    await act();
    return done;
  } catch (error) {
    console.warn("a step failed, and what was done before is taken back", error);
    return "compensating";
  }
}
"#;
