//! Entries of settings: libraries that read the environment, a schema's entries, or files for code.
//!
//! What deliberately does not live here: which values a workspace gives. Invariant: an entry says where names and defaults stand; nothing is read
//! by guess.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector, Take};
use crate::facts::Symbol;

/// A call that hands out one setting, or all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingReader {
    /// What is called.
    pub callee: Names,
    /// The dotted key that is read; without one all settings are handed out.
    #[serde(default)]
    pub key: Option<Selector>,
    /// What is handed out where nobody sets it.
    #[serde(default)]
    pub default: Option<Selector>,
    /// Whether the key may be the name of an environment variable.
    #[serde(default)]
    pub environment: bool,
    /// Objects whose entries describe the settings, all that are there.
    #[serde(default)]
    pub schema: Vec<Take>,
    /// Where the call is told to read the environment; where it is told something else, the entry does not apply.
    #[serde(default)]
    pub source: Option<Selector>,
    /// An object that gives settings by name, stronger than the variables of their names.
    #[serde(default)]
    pub values: Option<Selector>,
    /// The key of a schema's entry that names its variable; without one the entry's own key does.
    #[serde(default)]
    pub variable: Option<Symbol>,
    /// The key of a schema's entry, or what its value captured, that is its default.
    #[serde(default)]
    pub entry_default: Option<Symbol>,
    /// What the value of a schema's entry captured of the functions that make what is handed out of the variable: `transform`.
    #[serde(default)]
    pub entry_change: Option<Symbol>,
    /// The member of the result that holds the settings: `data`.
    #[serde(default)]
    pub under: Option<Symbol>,
    /// Files that give settings, from the package's folder, the weakest first.
    #[serde(default)]
    pub files: Option<Names>,
    /// Where the call names such a file; its ending may be left out.
    #[serde(default)]
    pub file: Option<Selector>,
    /// A file that gives the variable's name of each setting, from the package's folder.
    #[serde(default)]
    pub variables_file: Option<Names>,
    /// Whether the settings fill in a struct: the call's type argument, or what its result is declared to be.
    #[serde(default)]
    pub fills: bool,
    /// What variables of such a struct begin with; without one, and without `unprefixed`, none is read.
    #[serde(default)]
    pub prefix: Option<Selector>,
    /// Whether variables without a prefix are read.
    #[serde(default)]
    pub unprefixed: bool,
    /// What stands between the keys of nested settings in a variable's name.
    #[serde(default)]
    pub separator: Option<Selector>,
    /// Whether a separator stands behind the prefix too; `_` where none is given.
    #[serde(default)]
    pub prefix_separated: bool,
}

/// A call that makes settings known to readers of the same packages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingSource {
    /// What is called.
    pub callee: Names,
    /// The key under which they stand.
    #[serde(default)]
    pub namespace: Option<Selector>,
    /// An object, a function that gives one, or a list of these.
    pub value: Selector,
}

/// Structs that are filled in from a command line, as attributes of their fields say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingStruct {
    /// The derived trait, by its path in the crate.
    pub derive: Names,
    /// Functions that fill one in.
    pub made_by: Names,
    /// Attributes of fields, by the names they are written with.
    pub attribute: Names,
    /// The word or key that names the environment variable: a word alone stands for the field's name in capitals.
    pub variable: Symbol,
    /// Keys of the default.
    pub default: Names,
    /// The word or key that names the option, where there is a command line.
    #[serde(default)]
    pub option: Option<Symbol>,
    /// The word or key that names the option of one letter: a word alone stands for the first of the field's name.
    #[serde(default)]
    pub short: Option<Symbol>,
    /// The key whose value a field has that nothing from outside fills in.
    #[serde(default)]
    pub skip: Option<Symbol>,
    /// Enums of which a word of the command line chooses a variant, where there are some.
    #[serde(default)]
    pub subcommands: Option<Subcommands>,
}

/// Enums of which a word of the command line chooses a variant: the variant's name in kebab case, unless an attribute says another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subcommands {
    /// The derived trait, by its path in the crate; an enum with that of the struct is one, too.
    pub derive: Names,
    /// Attributes of fields, variants and enums, by the names they are written with.
    pub attribute: Names,
    /// Words by which an attribute says that a field is such an enum.
    pub field: Names,
    /// Words by which an attribute says that a field's own fields are taken.
    pub flatten: Names,
    /// Keys of other names for a variant, each in place of its own.
    pub name: Names,
    /// Keys of other names beside that.
    pub alias: Names,
    /// Keys of the case in which an enum's variants are written.
    pub case: Names,
}

/// Modules that a framework makes of the environment: `import { ORDERS_URL } from "$env/static/private"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentModule {
    /// What imports call them.
    pub modules: Vec<Symbol>,
    /// The name of the object of all variables; without one each variable has its own.
    #[serde(default)]
    pub object: Option<Symbol>,
}
