//! The JSON Schema of `portolan.toml`, with the rules and the options of each.
//!
//! Invariant: it takes what reading takes, so that an editor completes what counts.

use portolan_grammars::manifests::settings;
use serde_json::{Map, Value, json};

use super::Rule;

/// The JSON Schema of `portolan.toml`.
pub fn settings_schema() -> Value {
    let mut schema = Value::from(settings::schema());
    let mut names = Vec::new();
    for rule in super::all() {
        schema["$defs"]["RulesSettings"]["properties"][rule.name] = of_rule(rule);
        names.push(rule.name);
    }
    schema["$defs"]["AllowSettings"]["properties"]["rules"]["items"] = json!({ "enum": names });
    schema["$defs"]["Level"] = json!({ "enum": settings::Level::ALL.map(|(name, _)| name) });
    schema
}

fn of_rule(rule: &Rule) -> Value {
    let level = json!({
        "$ref": "#/$defs/Level",
        "description": format!("How bad its findings are, or `off`; `on` leaves that to the rule: {}.", rule.severity.as_str()),
    });
    let options = rule.options.iter().map(|option| (option.name().to_owned(), option.schema()));
    let properties: Map<String, Value> = std::iter::once(("severity".to_owned(), level.clone())).chain(options).collect();
    json!({
        "description": format!("{}.", rule.summary),
        "anyOf": [level, { "type": "object", "properties": properties, "additionalProperties": false }],
    })
}
