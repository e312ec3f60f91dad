//! What a rule of a gateway says, whatever the format: which requests it takes, what becomes of their paths, and where they go.
//!
//! What deliberately does not live here: who runs the gateway. Invariant: a rule is complete in itself; where a format lets several
//! directives share a target or a rewrite, each rule has its own copy.

use serde::{Deserialize, Serialize};

use crate::facts::{Spanned, Symbol, TextRange};

/// How a rule takes paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PathMatching {
    /// Those that begin so.
    #[default]
    Prefix,
    /// One alone.
    Exact,
    /// Those that a regular expression matches.
    Pattern,
    /// The same, whatever the case of letters.
    PatternAnyCase,
}

/// What is done to a path before a request is passed on, one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PathStep {
    /// One prefix becomes another; a path without it stays. An empty `from` puts `to` before every path.
    Prefix {
        /// What the path begins with.
        from: Symbol,
        /// What it begins with then.
        to: Symbol,
    },
    /// All of the path becomes this; `$1` is a group of the rule's own pattern.
    Whole(Symbol),
    /// The first match of a regular expression is replaced.
    Pattern {
        /// The expression.
        pattern: Symbol,
        /// What its match becomes; `$1` is a group.
        to: Symbol,
        /// Whether the whole path is replaced where the expression matches.
        whole: bool,
    },
}

/// A rule of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GatewayRule {
    /// Public hosts that it is for, as written; none for all. `*.example.com` is everything below.
    pub hosts: Vec<Symbol>,
    /// The prefix, path or expression.
    pub path: Symbol,
    /// How `path` is meant.
    pub matching: PathMatching,
    /// What is done to the path, in order.
    pub steps: Vec<PathStep>,
    /// Where it goes: a URL, `host:port`, or a name of the format's own.
    pub target: Spanned<Symbol>,
    /// The place of the rule.
    pub range: TextRange,
}

/// Rules of a gateway that the manifest names but does not run: an Ingress, a route of the Gateway API.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GatewayObject {
    /// Which gateway: the ingress class, the parent gateway, `ingress` or `traefik`.
    pub gateway: Symbol,
    /// What declares the rules: `Ingress shop`.
    pub what: Symbol,
    /// Its rules in order.
    pub rules: Vec<GatewayRule>,
    /// Names of middlewares that all rules pass first, in order; traefik's.
    pub middlewares: Vec<Symbol>,
}

/// A middleware that rewrites paths, by name; traefik's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PathMiddleware {
    /// Its name.
    pub name: Symbol,
    /// What it does.
    pub steps: Vec<PathStep>,
}
