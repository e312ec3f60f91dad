//! Entries of generators: what makes the code of a client, of an OpenAPI document, while the code that uses it is built.
//!
//! What deliberately does not live here: what the generator calls an operation, which is worked out from the document. Invariant: an entry
//! speaks of what stands in the workspace, a macro, a build script; the client's own functions are values like those of any library.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector};
use crate::facts::Symbol;

/// A client that is generated of an OpenAPI document: in the code that uses it, a library of its own, with all else that this file says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeneratedClient {
    /// Macros that stand in its place: `generate_api`.
    pub macros: Names,
    /// Where such a macro has the document's path, below the folder of the package.
    pub document: Selector,
    /// What a build script calls that has it made: `Generator::new`. The script names the document, and the file that `include!` brings in.
    pub build_script: Names,
    /// The type of the client, which has a method for each operation.
    #[serde(rename = "type")]
    pub type_name: Symbol,
    /// The base URL of its requests.
    pub base_url: Selector,
    /// Where it, or what it is made of, says how long it waits at most.
    pub limit: Selector,
}
