//! Calls that a loop makes for each element, made so many at a time: neither one after the other nor all at once.
//!
//! For TypeScript and JavaScript. What the parts are: [`rounds`] is the loop as it is written, [`proof`] what must hold of one that waits for each
//! round before the next, [`limit`] by what so many are made at a time. Invariant: the order of results stays, and rounds that did not run at the same
//! time before do so only if none of them changes anything.

use portolan_grammars::facts::Call;

use super::{Context, Edit, Level, Plan, Refactor, Refusal};
use crate::chart::flow::Spot;
use crate::rules::Finding;
use crate::rules::call_in_loop::RULE;

mod limit;
mod proof;
mod rounds;

use rounds::{Rounds, Waits};

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// How many are made at a time.
const AT_A_TIME: usize = 8;

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let facts = context.snapshot.files.source(finding.place.file)?;
    let spot = Spot::at(&context.snapshot.files, finding.place)?;
    let call = facts.call(spot.call()?);
    let title = format!("Make {AT_A_TIME} of these calls at a time");
    facts.language.is_ecmascript().then(|| Plan { title, level: Level::Assisted, edit: edit(context, finding, call, &spot) })
}

fn edit(context: &Context<'_>, finding: &Finding, call: &Call, spot: &Spot<'_>) -> Result<Edit, Refusal> {
    let source = context.source(finding.place.file)?;
    let rounds = Rounds::around(&source, call)?;
    if rounds.waits == Waits::ForEach {
        if !spot.is_awaited() {
            return Err(Refusal::new("nobody waits for the call"));
        }
        proof::holds(context, finding, &source, call, &rounds)?;
    }
    let mut edit = Edit::default();
    limit::write(context, &source, &rounds, &mut edit)?;
    Ok(edit)
}
