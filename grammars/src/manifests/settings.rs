//! `portolan.toml`: what a workspace says of itself where its manifests and its code leave Portolan in doubt.
//!
//! It is a manifest like any other: one file in, facts out. Here live its types, of which the published JSON Schema
//! (`portolan.schema.json` beside this crate's manifest) is made; reading is [`read`](mod@read)'s. What deliberately does not: which service or
//! rule a name means, as that takes all files and the analysis. Invariant: every key has an effect, and a key that is not one of these is a problem with its place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ManifestFacts, Variable};
use crate::catalog::Library;
use crate::facts::{Spanned, Symbol};

mod glob;
mod read;
mod rules;

pub use glob::PathMatcher;
pub use rules::{AllowSettings, Level, OptionValue, Profile, RuleSettings, RulesSettings};

/// Name of the file.
pub const FILE_NAME: &str = "portolan.toml";

/// Settles what Portolan cannot know by itself. All paths are relative to the folder of this file, and it speaks for what lies in that folder.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "portolan.toml")]
pub struct Settings {
    /// Files and folders that are left alone, as in a .gitignore without `!`: `legacy/`, `/tools`, `**/*.gen.ts`.
    #[schemars(with = "Vec<String>")]
    pub ignore: Vec<Spanned<Symbol>>,
    /// Services by name. A name that Portolan has found already is told more of; another one, with a `root`, is a service from now on.
    #[schemars(with = "std::collections::BTreeMap<String, ServiceSettings>")]
    pub services: Vec<ServiceSettings>,
    /// Host names, with a port where that matters, and the service that answers there: `"orders.internal" = "orders"`,
    /// `"localhost:4000" = "gateway"`. Wins over what manifests say.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub hosts: Vec<Mapping>,
    /// Host names outside of the workspace, and what to call who answers there: `"api.stripe.com" = "Stripe"`. `*.` at the beginning stands for
    /// any subdomain.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub external: Vec<Mapping>,
    /// Values of environment variables, for all services: `ORDERS_URL = "http://orders:8080"`. Wins over what manifests say.
    #[schemars(with = "std::collections::BTreeMap<String, Scalar>")]
    pub environment: Vec<Variable>,
    /// Where calls go whose host is known at run time only. What is known already stays as it is.
    pub calls: Vec<CallSettings>,
    /// House-made clients and other wrappers, each in the shape of an entry of Portolan's library catalog. `packages` names the package or
    /// crate they are imported from, or, beginning with `./`, a TypeScript or JavaScript file that hands them out.
    #[schemars(with = "Vec<Library>")]
    pub clients: Vec<Spanned<Library>>,
    /// Which rules look for problems, how bad their findings are, and the options of each.
    pub rules: RulesSettings,
    /// Findings that are accepted, by files and rules.
    pub allow: Vec<AllowSettings>,
    /// Where lines can be added.
    #[serde(skip)]
    pub layout: Layout,
}

/// What is known of a service.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceSettings {
    /// Its name.
    #[serde(skip)]
    pub name: Spanned<Symbol>,
    /// Folder of its code.
    #[schemars(with = "String")]
    pub root: Option<Spanned<Symbol>>,
    /// Other names that it goes by, host names among them.
    #[schemars(with = "Vec<String>")]
    pub aliases: Vec<Spanned<Symbol>>,
    /// What sort of process it is.
    #[schemars(with = "ServiceKind")]
    pub kind: Option<Spanned<ServiceKind>>,
    /// Leaves it out of the chart.
    pub ignore: bool,
    /// The service that answers relative URLs of this front end: its gateway, or the server that it is served by.
    #[schemars(with = "String")]
    pub origin: Option<Spanned<Symbol>>,
    /// Rpc services that it implements, by their full names or their last parts: `shop.v1.Cart`, `Cart`.
    #[schemars(with = "Vec<String>")]
    pub implements: Vec<Spanned<Symbol>>,
    /// Values of environment variables for this service alone. Wins over `[environment]`.
    #[schemars(with = "std::collections::BTreeMap<String, Scalar>")]
    pub environment: Vec<Variable>,
}

/// What sort of process a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceKind {
    /// It answers requests.
    Backend,
    /// It runs in a browser or on a device, or serves what does.
    Frontend,
    /// It passes requests on.
    Gateway,
    /// It works off messages or a schedule.
    Worker,
    /// A person or a script starts it.
    Cli,
    /// It runs to its end.
    Job,
}

impl ServiceKind {
    /// All of them.
    pub const ALL: [ServiceKind; 6] =
        [ServiceKind::Backend, ServiceKind::Frontend, ServiceKind::Gateway, ServiceKind::Worker, ServiceKind::Cli, ServiceKind::Job];

    /// Its name in documents and settings: `backend`, `frontend`, ….
    pub fn as_str(self) -> &'static str {
        match self {
            ServiceKind::Backend => "backend",
            ServiceKind::Frontend => "frontend",
            ServiceKind::Gateway => "gateway",
            ServiceKind::Worker => "worker",
            ServiceKind::Cli => "cli",
            ServiceKind::Job => "job",
        }
    }
}

/// A name, and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The name, in lower case.
    pub name: Spanned<Symbol>,
    /// What it means.
    pub target: Spanned<Symbol>,
}

/// Where calls of some code go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallSettings {
    /// The file that the calls stand in, or that of the wrapper which sends them; or a pattern of files.
    #[schemars(with = "String")]
    pub file: Spanned<Symbol>,
    /// The function or method around the calls, or that of the wrapper, by its own name; all of the file without it.
    #[serde(default)]
    #[schemars(with = "String")]
    pub function: Option<Spanned<Symbol>>,
    /// The service that answers, or the name of someone outside.
    #[schemars(with = "String")]
    pub to: Spanned<Symbol>,
}

/// A value of an environment variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// `true` or `false`.
    Switch(bool),
}

/// Where lines can be added to the file without touching what is there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Layout {
    /// Tables with a header of their own, as the header writes them, and the offset behind the last line of each.
    pub tables: Vec<(Symbol, u32)>,
    /// The file's length.
    pub end: u32,
    /// Whether the last line has no line feed.
    pub open_line: bool,
}

/// `portolan.toml`.
pub(super) fn matches(name: &str) -> bool {
    name == FILE_NAME
}

/// Reads a `portolan.toml`.
pub(super) fn read(text: &str) -> ManifestFacts {
    read::read(text)
}

/// The JSON Schema of `portolan.toml`, but for the rules and their options.
pub fn schema() -> schemars::Schema {
    let mut schema = schemars::schema_for!(Settings);
    // What a missing key means is said in words; an empty list is no help to an editor.
    let strip = |schema: &mut schemars::Schema| {
        schema.remove("default");
    };
    schemars::transform::transform_subschemas(&mut schemars::transform::RecursiveTransform(strip), &mut schema);
    strip(&mut schema);
    schema
}

#[cfg(test)]
mod tests;
