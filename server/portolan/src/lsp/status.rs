//! `portolan/status`: tells the editor, and tests, how far the server is, if the client says that it wants to know: the protocol has no such
//! message, and some clients complain of what they do not know.

use portolan_analysis::chart::{Status, Target};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::notification::Notification;

use super::session::View;

/// Sent after each view whose diagnostics were published.
#[derive(Debug)]
pub(super) enum StatusNotification {}

impl Notification for StatusNotification {
    type Params = StatusParams;
    const METHOD: &'static str = "portolan/status";
}

/// How far the server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusParams {
    /// Grows with every snapshot; 0 before the first.
    pub(super) revision: u64,
    /// How many changes (documents opened, edited, closed; files changed on disk; folders) it has seen.
    pub(super) changes: u64,
    /// Whether nothing is left to do: all changes are seen, all diagnostics are published.
    pub(super) quiescent: bool,
    /// How many services there are, those of third parties left out.
    pub(super) services: usize,
    /// How many pairs of services there are of which one calls the other.
    pub(super) edges: usize,
    /// How many findings there are.
    pub(super) findings: usize,
    /// How many calls there are whose target is not settled.
    pub(super) unresolved: usize,
}

impl StatusParams {
    /// Before the first view.
    pub(super) fn reading() -> Self {
        Self { revision: 0, changes: 0, quiescent: false, services: 0, edges: 0, findings: 0, unresolved: 0 }
    }

    /// Of a view.
    pub(super) fn of(view: &View, quiescent: bool) -> Self {
        let chart = &view.snapshot.chart;
        let edges: FxHashSet<_> = chart
            .calls
            .iter()
            .filter(|call| call.status != Status::Ambiguous)
            .filter_map(|call| match call.to {
                Target::Service(to) => Some((call.from, to)),
                Target::External(_) => None,
            })
            .collect();
        Self {
            revision: view.revision,
            changes: view.applied,
            quiescent,
            services: chart.services.iter().filter(|service| !service.third_party).count(),
            edges: edges.len(),
            findings: view.snapshot.findings.len(),
            unresolved: chart.unresolved.len(),
        }
    }
}
