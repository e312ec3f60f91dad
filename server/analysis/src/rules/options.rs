//! What a user may set of a rule: each rule declares its options in its own file, as constants of these types.
//!
//! Invariant: an option says all there is to say of it, so that reading settings, the schema and the rule's page need nothing else.

use portolan_grammars::manifests::settings::OptionValue;
use serde_json::{Value, json};

/// A number that a rule counts to.
#[derive(Debug, Clone, Copy)]
pub struct Number {
    /// Its key in `portolan.toml`, in words joined by `_`.
    pub name: &'static str,
    /// What it means, as a sentence.
    pub meaning: &'static str,
    /// What it is unless settings say otherwise.
    pub default: u16,
    /// The least that makes sense.
    pub least: u16,
}

/// Names or patterns that a rule compares with.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    /// Its key in `portolan.toml`, in words joined by `_`.
    pub name: &'static str,
    /// What it means, as a sentence.
    pub meaning: &'static str,
    /// What it is unless settings say otherwise.
    pub default: &'static [&'static str],
}

/// Any option of a rule.
#[derive(Debug, Clone, Copy)]
pub enum RuleOption {
    /// A number.
    Number(Number),
    /// Names or patterns.
    Texts(Texts),
}

impl RuleOption {
    /// Its key in `portolan.toml`.
    pub fn name(&self) -> &'static str {
        match self {
            RuleOption::Number(option) => option.name,
            RuleOption::Texts(option) => option.name,
        }
    }

    /// What it means.
    pub fn meaning(&self) -> &'static str {
        match self {
            RuleOption::Number(option) => option.meaning,
            RuleOption::Texts(option) => option.meaning,
        }
    }

    /// What it is unless settings say otherwise, as `portolan.toml` writes it.
    pub fn default(&self) -> Value {
        match self {
            RuleOption::Number(option) => json!(option.default),
            RuleOption::Texts(option) => json!(option.default),
        }
    }

    /// What its values are called: `a number of at least 2`, `a list of texts`.
    pub fn wanted(&self) -> String {
        match self {
            RuleOption::Number(Number { least, .. }) => format!("a number of {least} to {}", u16::MAX),
            RuleOption::Texts(_) => "a list of texts".to_owned(),
        }
    }

    /// Its values as a JSON Schema.
    pub fn schema(&self) -> Value {
        let mut schema = match self {
            RuleOption::Number(Number { least, .. }) => json!({ "type": "integer", "minimum": least, "maximum": u16::MAX }),
            RuleOption::Texts(_) => json!({ "type": "array", "items": { "type": "string" } }),
        };
        schema["description"] = self.meaning().into();
        schema["default"] = self.default();
        schema
    }

    /// Whether a value can be its.
    pub fn takes(&self, value: &OptionValue) -> bool {
        match (self, value) {
            (RuleOption::Number(option), OptionValue::Number(number)) => (i64::from(option.least)..=i64::from(u16::MAX)).contains(number),
            (RuleOption::Texts(_), OptionValue::Texts(_)) => true,
            _ => false,
        }
    }
}
