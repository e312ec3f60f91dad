//! `fly.toml` of Fly.io: an application, by which names others reach it, and its environment; `fly.staging.toml` and the like of its stages.
//!
//! What deliberately is not read: machines, volumes, checks. Invariant: an application has a name, from which its hosts follow.

use toml_span::Value;
use toml_span::value::{Key, Table};

use super::{Manifest, ManifestFacts, Process, Processes, Variable, spanned_toml};
use crate::facts::{Spanned, Symbol, TextRange};

/// Endings of the hosts by which an application is reached: in public, and within the provider's network.
const ENDINGS: [&str; 3] = [".fly.dev", ".internal", ".flycast"];

pub(super) fn matches(name: &str) -> bool {
    name == "fly.toml" || (name.starts_with("fly.") && name.ends_with(".toml"))
}

pub(super) fn read(text: &str) -> ManifestFacts {
    let (found, fault) = spanned_toml::read(text, take);
    ManifestFacts { manifest: Manifest::Processes(found), problems: fault.iter().map(|fault| fault.problem("fly.toml", text)).collect() }
}

fn take(root: &Table<'_>) -> Processes {
    let Some(app) = root.get("app").and_then(spanned_toml::spanned) else { return Processes::default() };
    let table = |key: &str| spanned_toml::in_order(root.get(key).and_then(Value::as_table));
    let groups = table("processes").into_iter().filter_map(|(key, value)| {
        let name = Spanned::new(Symbol::new(&key.name), TextRange::new(key.span.start, key.span.end));
        Some(Process { command: Some(spanned_toml::spanned(value)?), ..Process::named(name) })
    });
    let mut processes: Vec<Process> = groups.collect();
    // One group is the application itself, whatever starts it.
    if processes.len() < 2 {
        processes.clear();
    }
    let variable = |(key, value): (&Key<'_>, &Value<'_>)| {
        let range = TextRange::new(key.span.start, value.span.end);
        Variable { name: Symbol::new(&key.name), value: Some(scalar(value)), range }
    };
    let build = root.get("build").and_then(Value::as_table);
    Processes {
        hosts: ENDINGS.iter().map(|ending| Spanned::new(format!("{}{ending}", app.value).into(), app.range)).collect(),
        application: Some(app),
        environment: table("env").into_iter().map(variable).collect(),
        dockerfile: build.and_then(|build| build.get("dockerfile")?.as_str().map(Symbol::new)),
        processes,
        ..Processes::default()
    }
}

/// A value as an environment has it.
fn scalar(value: &Value<'_>) -> Symbol {
    let number = || value.as_integer().map(|number| number.to_string()).or_else(|| value.as_bool().map(|flag| flag.to_string()));
    value.as_str().map(Symbol::new).or_else(|| number().map(Symbol::from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn processes(text: &str) -> Processes {
        match read(text).manifest {
            Manifest::Processes(found) => found,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_application_has_hosts() {
        let text = "app = 'shop-api'\n[build]\n  dockerfile = \"api/Dockerfile\"\n[env]\n  PORT = 8080\n  MAIL_URL = \"https://mail.fly.dev\"\n[processes]\n  app = \"node api.js\"\n";
        let found = processes(text);
        let app = found.application.unwrap();
        assert_eq!(&text[app.range.start as usize..app.range.end as usize], "shop-api");
        let hosts: Vec<&str> = found.hosts.iter().map(|host| host.value.as_str()).collect();
        assert_eq!(hosts, ["shop-api.fly.dev", "shop-api.internal", "shop-api.flycast"]);
        let variables: Vec<_> = found.environment.iter().map(|variable| (variable.name.as_str(), variable.value.as_deref())).collect();
        assert_eq!(variables, [("PORT", Some("8080")), ("MAIL_URL", Some("https://mail.fly.dev"))]);
        assert_eq!((found.dockerfile.as_deref(), found.processes.len()), (Some("api/Dockerfile"), 0));
    }

    #[test]
    fn several_groups_are_several_processes() {
        let found = processes("app = \"shop\"\n[processes]\nweb = \"node web.js\"\nmail = \"node mail.js\"\n");
        let rows: Vec<(&str, &str)> =
            found.processes.iter().map(|process| (process.name.value.as_str(), process.command.as_ref().unwrap().value.as_str())).collect();
        assert_eq!(rows, [("web", "node web.js"), ("mail", "node mail.js")]);
        assert_eq!(processes("primary_region = 'ams'\n"), Processes::default());
    }
}
