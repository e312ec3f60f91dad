//! What `portolan.toml` says of rules: which look for problems, how bad their findings are, with which options, and what is allowed.
//!
//! What deliberately does not live here: which rules there are and which options each has, as only the analysis knows them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::facts::{Spanned, Symbol};

/// Which rules look for problems, and how bad their findings are: `[rules]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RulesSettings {
    /// Which rules are on that nothing else is said of.
    #[schemars(with = "Profile")]
    pub profile: Option<Spanned<Profile>>,
    /// What is said of single rules.
    #[serde(skip)]
    pub rules: Vec<RuleSettings>,
}

/// What is said of one rule: `sync-chain = "warning"`, or a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleSettings {
    /// Its name.
    pub name: Spanned<Symbol>,
    /// How bad its findings are.
    pub severity: Option<Spanned<Level>>,
    /// Its options, by name.
    pub options: Vec<(Spanned<Symbol>, Spanned<OptionValue>)>,
}

/// The value of an option.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum OptionValue {
    /// A number.
    Number(i64),
    /// A list of texts.
    Texts(Vec<Spanned<Symbol>>),
    /// Something that no option has, by what it is called: `a date`.
    Other(Symbol),
}

/// Which rules are on that nothing else is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Those whose findings are worth a change, nearly always.
    #[default]
    Recommended,
    /// All.
    All,
    /// None.
    Off,
}

impl Profile {
    /// All of them, by name.
    pub const ALL: [(&'static str, Profile); 3] = [("recommended", Profile::Recommended), ("all", Profile::All), ("off", Profile::Off)];
}

/// Whether a rule is on, and how bad its findings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It finds nothing.
    Off,
    /// Its findings are as bad as the rule says.
    On,
    /// All its findings are hints.
    Hint,
    /// All its findings are information.
    Information,
    /// All its findings are warnings.
    Warning,
    /// All its findings are errors.
    Error,
}

impl Level {
    /// All of them, by name.
    pub const ALL: [(&'static str, Level); 6] = [
        ("off", Level::Off),
        ("on", Level::On),
        ("hint", Level::Hint),
        ("information", Level::Information),
        ("warning", Level::Warning),
        ("error", Level::Error),
    ];
}

/// Findings that are accepted: `[[allow]]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowSettings {
    /// The files and folders that they are in, as in a .gitignore without `!`.
    #[schemars(with = "Vec<String>")]
    pub files: Vec<Spanned<Symbol>>,
    /// The rules that find them; all without it.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<Spanned<Symbol>>,
}
