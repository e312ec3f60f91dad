//! `unused-suppression`: a comment or an entry of the baseline that accepts nothing, or does not say why.
//!
//! It is run last, over what became of all other findings. Invariant: what it finds is accepted by settings alone.

use portolan_grammars::suggest;
use rustc_hash::FxHashMap;

use super::suppressed::Idle;
use super::{Context, Draft, Severity, Sink};
use crate::FileId;

rule! {
    /// ## What it does
    /// Looks at comments that accept findings, `// portolan: allow(rule) reason` above a line, on it, or `allow-file(rule)` anywhere in a file,
    /// and at the entries of `portolan-baseline.toml`. Finds those that name no rule, and comments that are not understood; as information,
    /// comments whose finding is gone; as hints, entries whose finding is gone, and comments without a reason. What names a rule that is off is
    /// left alone.
    ///
    /// ## Why it matters
    /// A comment that accepts nothing looks as if it did: the misspelt one hides no finding, and the stale one hides the next that comes to its
    /// line. A reason is what the next reader needs to know whether it still holds.
    ///
    /// ## Example
    /// ```ts
    /// // portolan: allow(sync-chian) the checkout waits on purpose
    /// const order = await orders.get("/orders");
    /// ```
    ///
    /// ## How to fix
    /// Take the comment out, or write the name of the rule and the reason. `portolan baseline` takes settled entries out of the baseline.
    "unused-suppression", Upkeep, Warning, "A suppression that accepts nothing, or does not say why", check
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let mut seen: FxHashMap<(FileId, Vec<&str>), usize> = FxHashMap::default();
    for (place, idle) in &context.idle {
        let (severity, message, subject) = match idle {
            Idle::Unreadable(why) => (Severity::Warning, format!("This comment accepts nothing: {why}"), vec!["unreadable", why.as_str()]),
            Idle::NoRule(name) => {
                let known: Vec<&str> = super::all().iter().map(|rule| rule.name).collect();
                let meant = suggest::nearest(name, known).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
                (Severity::Warning, format!("There is no rule `{name}`{meant}"), vec!["no rule", name.as_str()])
            }
            Idle::Unused(rule) => (Severity::Information, format!("This accepts nothing: {rule} finds nothing here"), vec!["unused", rule]),
            Idle::NoReason => (Severity::Hint, "This does not say why the finding is accepted".to_owned(), vec!["no reason"]),
            Idle::Stale(entry) => {
                let message = format!("{} finds this no more: {}", entry.rule, entry.message);
                (Severity::Hint, message, vec!["settled", entry.identity.as_str()])
            }
        };
        // Those of one subject in a file are told apart by their order alone.
        let nth = seen.entry((place.file, subject.clone())).or_default();
        let path = context.snapshot.files.path(place.file).as_str();
        let subject = subject.into_iter().chain([path]).map(str::to_owned).chain([nth.to_string()]).collect();
        *nth += 1;
        sink.report(Draft { severity: Some(severity), message, place: *place, related: Vec::new(), services: Vec::new(), subject });
    }
}
