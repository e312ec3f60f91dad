//! What a service's calls switch off of what a function reads and writes: `count({ read: false })`, where `count` reads feeds only `if (query.feed)`.
//!
//! What deliberately does not live here: what one call says, see [`crate::chart::switched`]. Invariant: of a function that may be called
//! otherwise than by calls that are seen, nothing is off.

use std::cell::OnceCell;

use portolan_grammars::facts::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::chart::ServiceIndex;
use crate::chart::switched::{Answer, Asked, answer, asked_around};
use crate::resolve::assemble::reach::Reach;
use crate::resolve::assemble::{Input, Places};
use crate::resolve::link::AccessDecl;
use crate::resolve::value::CallRef;
use crate::{FileId, FunctionRef};

/// Functions that hand on what they are given, on the way to the one that asks.
const MAX_HOPS: u32 = 1;

/// Who calls what.
pub(super) struct Off<'a> {
    input: &'a Input<'a>,
    reach: &'a Reach,
    callers: OnceCell<Callers>,
}

/// The ways that lead to functions.
#[derive(Default)]
struct Callers {
    /// By the function that is called: who does, and by which call, if it is one.
    by_callee: FxHashMap<FunctionRef, Vec<(FunctionRef, Option<CallRef>)>>,
    /// Names by which something unknown is called, each with who does.
    by_name: FxHashMap<Symbol, Vec<FunctionRef>>,
    /// What objects keep under other names.
    kept: FxHashSet<FunctionRef>,
}

impl<'a> Off<'a> {
    pub(super) fn of(input: &'a Input<'a>, reach: &'a Reach) -> Self {
        Self { input, reach, callers: OnceCell::new() }
    }

    /// What calls may switch an access off by.
    pub(super) fn asked(&self, access: &AccessDecl) -> Vec<Asked> {
        let files = self.input.files;
        let is_ecmascript = files.source(access.site.file).is_some_and(|facts| facts.language.is_ecmascript());
        if !is_ecmascript || access.hook_of.is_some() {
            return Vec::new();
        }
        asked_around(files, access.function, Places { files }.call(access.site))
    }

    /// Whether all calls of a service switch something off in a function.
    pub(super) fn is_off(&self, service: ServiceIndex, function: FunctionRef, asked: &[Asked]) -> bool {
        asked.iter().any(|asked| self.all_switch_off(service, function, asked, MAX_HOPS))
    }

    /// Recurses at most as often as `hops` says.
    fn all_switch_off(&self, service: ServiceIndex, function: FunctionRef, asked: &Asked, hops: u32) -> bool {
        let callers = self.callers.get_or_init(|| Callers::of(self.input));
        if self.may_be_called_unseen(callers, service, function) {
            return false;
        }
        let ways = callers.by_callee.get(&function).into_iter().flatten().filter(|(caller, _)| self.reach.has(service, *caller));
        let mut ways = ways.peekable();
        ways.peek().is_some()
            && ways.all(|(caller, call)| match call.map(|call| answer(self.input.files, call, function, asked)) {
                Some(Answer::Off) => true,
                Some(Answer::By(outer)) => hops > 0 && self.all_switch_off(service, *caller, &outer, hops - 1),
                Some(Answer::Perhaps) | None => false,
            })
    }

    /// Whether a framework may call a function, or a call of which only the name is known.
    fn may_be_called_unseen(&self, callers: &Callers, service: ServiceIndex, function: FunctionRef) -> bool {
        let Some(facts) = self.input.files.source(function.file) else { return true };
        let declared = facts.function(function.function);
        let runs = |by: &FunctionRef| self.reach.has(service, *by);
        declared.name.is_empty()
            || !declared.attributes.is_empty()
            || callers.kept.contains(&function)
            || callers.by_name.get(&declared.name).is_some_and(|by| by.iter().any(runs))
    }
}

impl Callers {
    fn of(input: &Input<'_>) -> Self {
        let mut callers = Self::default();
        for (file, link) in (0..).map(FileId).zip(input.links) {
            let Some(link) = link else { continue };
            for edge in &link.edges {
                let way = (FunctionRef { file, function: edge.caller }, edge.call);
                callers.by_callee.entry(edge.callee).or_default().push(way);
            }
            for mention in &link.mentions {
                let by = FunctionRef { file, function: mention.caller };
                callers.by_name.entry(mention.name.clone()).or_default().push(by);
            }
            callers.kept.extend(link.kept.iter().map(|kept| kept.function));
        }
        callers
    }
}
