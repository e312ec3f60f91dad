//! What platforms start from a folder without an image, as [`super::procfile`], [`super::serverless`] and [`super::dapr`] read it.

use serde::{Deserialize, Serialize};

use crate::facts::{Spanned, Symbol};

/// Processes that a platform starts from a folder.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Processes {
    /// The service that all are of, where the manifest names one.
    pub service: Option<Spanned<Symbol>>,
    /// In order.
    pub processes: Vec<Process>,
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
}
