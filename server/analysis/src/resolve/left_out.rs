//! Code that no build has: what stands behind features that are off, in its own file or where the module around it is declared.
//!
//! What deliberately does not live here: which features are on, see [`crate::workspace`], and what is said of calls that are behind one.
//! Invariant: what any build may have is not left out.

use portolan_grammars::facts::TextRange;

use super::evaluate::Evaluator;
use crate::FileId;
use crate::workspace::modules::ModuleId;

/// How deep modules lie at most in one that is declared behind a feature.
const MAX_DEPTH: u32 = 20;

impl Evaluator<'_> {
    /// Whether no build has what stands at a place of a file.
    pub(super) fn is_left_out(&mut self, file: FileId, range: TextRange) -> bool {
        let modules = self.cx.workspace.modules.modules_of(file);
        self.is_behind_feature(file, range) || !modules.is_empty() && modules.iter().all(|module| self.is_module_left_out(*module))
    }

    fn is_module_left_out(&mut self, mut module: ModuleId) -> bool {
        let modules = &self.cx.workspace.modules;
        for _ in 0..MAX_DEPTH {
            let around = modules.parent(module);
            if around == module {
                break;
            }
            let Some(place) = modules.place(around) else { break };
            let declared = self.facts(place.file).map_or(&[][..], |facts| &facts.modules);
            let of = declared.iter().find(|one| one.module == place.inline && modules.child(around, &one.name) == Some(module));
            if of.is_some_and(|of| self.is_behind_feature(place.file, of.range)) {
                return true;
            }
            module = around;
        }
        false
    }

    /// Whether a file says of a stretch that it asks for features that no build has.
    fn is_behind_feature(&mut self, file: FileId, range: TextRange) -> bool {
        let Some(facts) = self.facts(file) else { return false };
        let (workspace, path) = (self.cx.workspace, &self.cx.paths[file.0 as usize]);
        let is_on = |feature: &str| workspace.has_feature(path, feature);
        facts.features.iter().any(|gate| gate.range.contains(range) && gate.needs.holds(&is_on) == Some(false))
    }
}
