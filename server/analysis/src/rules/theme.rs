//! What rules are about: the kind of trouble their findings lead to, by which lists of findings are grouped.
//!
//! Invariant: themes are ordered by how soon their trouble is felt.

/// The kind of trouble that the findings of a rule lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Theme {
    /// Requests that cannot be answered as they are asked.
    Contracts,
    /// Data that several write, or that is saved in several places.
    Data,
    /// Messages that are lost, not understood or handled twice.
    Messaging,
    /// Failures that spread.
    Resilience,
    /// Services that wait for each other.
    Coupling,
    /// Work that no trace shows.
    Observability,
    /// Boundaries that are drawn in the wrong place.
    Topology,
    /// What people wrote down and what holds no more.
    Upkeep,
}

impl Theme {
    /// All, in their order.
    pub const ALL: [Theme; 8] = [
        Theme::Contracts,
        Theme::Data,
        Theme::Messaging,
        Theme::Resilience,
        Theme::Coupling,
        Theme::Observability,
        Theme::Topology,
        Theme::Upkeep,
    ];

    /// Its name in documents: `contracts`, `data`, `messaging`, `resilience`, `coupling`, `observability`, `topology`, `upkeep`.
    pub fn as_str(self) -> &'static str {
        match self {
            Theme::Contracts => "contracts",
            Theme::Data => "data",
            Theme::Messaging => "messaging",
            Theme::Resilience => "resilience",
            Theme::Coupling => "coupling",
            Theme::Observability => "observability",
            Theme::Topology => "topology",
            Theme::Upkeep => "upkeep",
        }
    }

    /// What follows if its findings stay, as a heading.
    pub fn consequence(self) -> &'static str {
        match self {
            Theme::Contracts => "Requests fail",
            Theme::Data => "Data goes wrong",
            Theme::Messaging => "Messages get lost",
            Theme::Resilience => "Failures spread",
            Theme::Coupling => "Services wait for each other",
            Theme::Observability => "Traces have gaps",
            Theme::Topology => "Boundaries blur",
            Theme::Upkeep => "Exceptions outlive their reasons",
        }
    }
}
