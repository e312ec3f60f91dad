//! What a hover says about a call on its way: how long it is waited for, whether it is sent again, and whether the trace goes with it.

use super::super::markdown::prose;
use super::Writer;
use crate::chart::{Call, CallIndex};
use crate::rules::{call_without_propagation, retries};
use crate::words::{counted, duration};

impl Writer<'_> {
    pub(super) fn limit(&mut self, index: CallIndex, call: &Call) {
        match call.limit {
            Some(limit) => self.page.paragraph(&format!("Waits {} at most", duration(limit))),
            None if self.snapshot.endless().calls.contains(&index) => {
                self.page.paragraph("Waits as long as it takes: no time limit is set");
            }
            None => {}
        }
        let Some(tried) = retries::of_call(self.snapshot, index) else { return };
        let often = match (tried.endless, tried.times) {
            (true, _) => ", for ever".to_owned(),
            (false, Some(times)) => format!(", {} at most", counted(times as usize, "time", "times")),
            (false, None) => String::new(),
        };
        self.page.paragraph(&format!("Sent again when it fails{often}: by {} {}", prose(&tried.by), self.page.link(tried.place)));
    }

    /// Whether the process adds the context of the trace to what it sends.
    pub(super) fn propagation(&mut self, call: &Call) {
        let chart = &self.snapshot.chart;
        let Some(tracing) = chart.traced(call.from) else { return };
        if call_without_propagation::is_carried(call, tracing) {
            if let Some(evidence) = tracing.evidence.first() {
                self.page.paragraph(&format!("The trace goes with it: {} {}", prose(&evidence.what), self.page.link(evidence.place)));
            }
            return;
        }
        // Whether code writes the headers itself takes long to find out; the rule has.
        let found = self.snapshot.open.iter().filter(|finding| finding.rule == call_without_propagation::RULE.name);
        let mut lost = found.filter(|finding| finding.services.first() == Some(&call.from));
        if call.target().is_some_and(|to| lost.any(|finding| finding.services.contains(&to))) {
            self.page.paragraph("The trace ends here: no trace headers are sent");
        }
    }
}
