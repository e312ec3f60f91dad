//! `proxy.conf.json`: what Angular's development server passes on, and `swa-cli.config.json`: what that of Azure Static Web Apps does.
//!
//! Invariant: a rule is read whichever way the file writes it: by path, or as a list of objects with `context`.

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;

use super::gateway::{GatewayRule, PathMatching, PathStep};
use super::{Manifest, ManifestFacts, ProxyConf, json};
use crate::facts::{Spanned, Symbol};

/// `proxy.conf.json`, `proxy.conf.dev.json`, `proxy.config.json`, `swa-cli.config.json`.
pub(super) fn matches(name: &str) -> bool {
    name.starts_with("proxy.conf") && name.ends_with(".json") || name == "swa-cli.config.json"
}

/// Reads a file of proxies.
pub(super) fn read(text: &str) -> ManifestFacts {
    let (conf, problems) = json::read_value(text, "proxy configuration", take);
    ManifestFacts { manifest: Manifest::ProxyConf(conf), problems }
}

fn take(root: &Value<'_>) -> Option<ProxyConf> {
    let mut rules = Vec::new();
    match root {
        Value::Object(object) if object.get("configurations").is_some() => {
            let configurations = object.get("configurations").and_then(|all| all.value.as_object());
            let configurations = configurations.into_iter().flat_map(|all| &all.properties);
            rules.extend(configurations.filter_map(|entry| functions(entry.value.as_object()?)));
        }
        Value::Object(object) => {
            for entry in &object.properties {
                if let Value::Object(options) = &entry.value {
                    rules.extend(rule(entry.name.as_str(), options));
                }
            }
        }
        Value::Array(items) => {
            for options in items.elements.iter().filter_map(Value::as_object) {
                let contexts = options.get("context").map(|context| json::strings(&context.value)).unwrap_or_default();
                rules.extend(contexts.iter().filter_map(|path| rule(path, options)));
            }
        }
        _ => return None,
    }
    Some(ProxyConf { rules })
}

/// Where a static web app passes the paths of its functions, which stand below `/api`.
fn functions(options: &Object<'_>) -> Option<GatewayRule> {
    let text = |key: &str| options.get(key)?.value.as_string_lit();
    let port = || options.get("apiPort").and_then(|port| port.value.as_number_lit()).map_or("7071", |port| port.value);
    let (target, range) = match text("apiLocation") {
        Some(folder) if folder.value.contains("://") => (Symbol::new(&folder.value), json::spanned(folder).range),
        // It starts the functions of a folder itself.
        Some(folder) => (format!("http://localhost:{}", port()).into(), json::spanned(folder).range),
        None => text("apiDevserverUrl").map(|url| (Symbol::new(&url.value), json::spanned(url).range))?,
    };
    Some(GatewayRule {
        hosts: Vec::new(),
        path: "/api".into(),
        matching: PathMatching::Prefix,
        steps: Vec::new(),
        target: Spanned::new(target, range),
        range: json::range(options.range()),
    })
}

fn rule(path: &str, options: &Object<'_>) -> Option<GatewayRule> {
    let (target, range) = match &options.get("target")?.value {
        Value::StringLit(text) => (Symbol::new(&text.value), json::spanned(text).range),
        Value::Object(parts) => {
            let text = |key: &str| {
                let value = &parts.get(key)?.value;
                value
                    .as_string_lit()
                    .map(|text| text.value.to_string())
                    .or_else(|| value.as_number_lit().map(|number| number.value.to_owned()))
            };
            let protocol = text("protocol").unwrap_or_else(|| "http:".to_owned());
            let port = text("port").map(|port| format!(":{port}")).unwrap_or_default();
            let url = format!("{}://{}{port}", protocol.trim_end_matches(['/', ':']), text("host")?);
            (url.into(), json::range(parts.range()))
        }
        _ => return None,
    };
    let steps = json::entries(options, "pathRewrite").iter().filter_map(|entry| {
        let to = Symbol::new(&entry.value.as_string_lit()?.value);
        Some(PathStep::Pattern { pattern: entry.name.as_str().into(), to, whole: false })
    });
    let (matching, path) = match path.starts_with('^') {
        true => (PathMatching::Pattern, path.into()),
        false => (PathMatching::Prefix, format!("/{}", path.trim_start_matches('/').split('*').next().unwrap_or_default()).into()),
    };
    let range_of_all = json::range(options.range());
    Some(GatewayRule {
        hosts: Vec::new(),
        path,
        matching,
        steps: steps.collect(),
        target: Spanned::new(target, range),
        range: range_of_all,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    fn rules(text: &str) -> Vec<String> {
        let Manifest::ProxyConf(conf) = read(text).manifest else { panic!() };
        conf.rules.iter().map(|rule| format!("{:?} {} {} {}", rule.matching, rule.path, rule.target.value, rule.steps.len())).collect()
    }

    #[test]
    fn both_forms_are_read() {
        let text = "{ // dev\n \"/api/*\": { \"target\": \"http://a:1\", \"pathRewrite\": { \"^/api\": \"\" } }, \"^/x/\": {\"target\": {\"host\": \"b\", \"port\": 2}}, \"/y\": {} }";
        assert_eq!(rules(text), ["Prefix /api/ http://a:1 1", "Pattern ^/x/ http://b:2 0"]);
        assert_eq!(
            rules("[{\"context\": [\"/a\", \"b/**\"], \"target\": \"http://c\"}]"),
            ["Prefix /a http://c 0", "Prefix /b/ http://c 0"]
        );
        for broken in ["", "1", "{\"/a\": {\"target\":", "[", "{\"/a\": 1}"] {
            rules(broken);
        }
    }
}
