//! What platforms start from a folder, as [`super::procfile`], [`super::serverless`], [`super::sam`], [`super::dapr`], [`super::fly`] and
//! [`super::wrangler`] read it.

use serde::{Deserialize, Serialize};

use super::Variable;
use crate::facts::{Spanned, Symbol};

/// Processes that a platform starts from a folder.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Processes {
    /// The service that all are of, where the manifest names one.
    pub service: Option<Spanned<Symbol>>,
    /// In order.
    pub processes: Vec<Process>,
    /// Files that say more processes, as written.
    pub included: Vec<Symbol>,
    /// Whether it is only a part of another manifest, which includes it.
    pub is_part: bool,
    /// The application that the platform knows the folder's image by.
    pub application: Option<Spanned<Symbol>>,
    /// The hosts by which the platform's networks reach it.
    pub hosts: Vec<Spanned<Symbol>>,
    /// What the platform puts into its environment.
    pub environment: Vec<Variable>,
    /// Its Dockerfile, from the manifest's folder.
    pub dockerfile: Option<Symbol>,
}

/// A process that a platform starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// What it is called: a type of processes, a function.
    pub name: Spanned<Symbol>,
    /// The command line that starts it.
    pub command: Option<Spanned<Symbol>>,
    /// The file it is in, without its ending.
    pub file: Option<Symbol>,
    /// The folder it is started in, as written, where that is not the manifest's: an application of its own.
    pub folder: Option<Symbol>,
    /// What of its file is called.
    pub exported: Option<Symbol>,
    /// The routes by which it is asked.
    pub routes: Vec<FunctionRoute>,
    /// The channels whose messages it is handed.
    pub receives: Vec<FunctionMessages>,
}

impl Process {
    /// One of which no more is known than what it is called.
    pub(super) fn named(name: Spanned<Symbol>) -> Self {
        Self { name, command: None, file: None, folder: None, exported: None, routes: Vec::new(), receives: Vec::new() }
    }
}

/// A route by which a platform asks a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionRoute {
    /// In upper case, `*` for all.
    pub method: Symbol,
    /// Its path.
    pub path: Symbol,
}

impl FunctionRoute {
    /// A route as AWS' gateways write it: `any` is every method, `{proxy+}` all that is left of a path.
    pub(super) fn of_gateway(method: &str, path: &str) -> Self {
        let method = if method == "*" || method.eq_ignore_ascii_case("any") { "*".into() } else { method.to_ascii_uppercase().into() };
        Self { method, path: format!("/{}", path.trim_start_matches('/').replace("+}", "*}")).into() }
    }
}

/// A channel whose messages a platform hands to a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionMessages {
    /// `messaging.system`.
    pub system: Symbol,
    /// `messaging.destination.name`.
    pub channel: Symbol,
}
