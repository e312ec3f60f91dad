//! Calls that a loop makes for each element, made so many at a time: neither one after the other nor all at once.
//!
//! What the parts are: [`proof`] is what must hold of a loop that waits for each round before the next. For TypeScript and JavaScript, [`rounds`] is the
//! loop as it is written, [`limit`] by what so many are made at a time; for Rust, [`stream`] is both. Invariant: the order of results stays, and rounds
//! that did not run at the same time before do so only if none of them changes anything.

use portolan_grammars::facts::{Call, Language, SourceFacts};

use super::{Context, Edit, Level, Plan, Refactor, Refusal};
use crate::chart::flow::Spot;
use crate::rules::Finding;
use crate::rules::call_in_loop::RULE;

mod limit;
mod proof;
mod rounds;
mod stream;

use proof::Round;
use rounds::{Rounds, Waits};

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// What to check.
const CHECK: &str =
    "Check that who is asked can take so many requests at once, and that those on their way when one fails may be answered for nobody";
/// How many are made at a time.
const AT_A_TIME: usize = 8;

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let facts = context.snapshot.files.source(finding.place.file)?;
    let spot = Spot::at(&context.snapshot.files, finding.place)?;
    let call = facts.call(spot.call()?);
    let title = format!("Make {AT_A_TIME} of these calls at a time");
    Some(Plan { title, level: Level::Assisted(CHECK), edit: edit(context, finding, call, &spot) })
}

fn edit(context: &Context<'_>, finding: &Finding, call: &Call, spot: &Spot<'_>) -> Result<Edit, Refusal> {
    let source = context.source(finding.place.file)?;
    if source.facts.language == Language::Rust {
        return stream::edit(context, finding, &source, call);
    }
    let rounds = Rounds::around(&source, call)?;
    if rounds.waits == Waits::ForEach {
        if !(spot.is_awaited() || is_handed_to_one_awaited(source.facts, call)) {
            return Err(Refusal::new("nobody waits for the call"));
        }
        let push = rounds.gathered.as_ref().map(|gathered| gathered.push);
        proof::holds(context, finding, &source, call, &Round { all: rounds.range, body: rounds.body, push })?;
    }
    let mut edit = Edit::default();
    limit::write(context, &source, &rounds, &mut edit)?;
    Ok(edit)
}

/// Whether a call is an argument of one that is waited for: `await firstValueFrom(client.send(pattern, id))`.
fn is_handed_to_one_awaited(facts: &SourceFacts, call: &Call) -> bool {
    let hands = |outer: &Call| outer.args.iter().any(|argument| facts.expr_range(argument.value).contains(call.range));
    facts.calls.iter().any(|outer| outer.awaited && outer.function == call.function && hands(outer))
}
