//! `wrangler.toml`, `wrangler.json` and `wrangler.jsonc` of Cloudflare: a worker, the file it starts from, its variables and hosts.
//!
//! What deliberately is not read: bindings of stores and queues, and stages, which have what the worker has. Invariant: a worker has a name.

use jsonc_parser::ast::{Object, Value as Json};
use jsonc_parser::common::Ranged;
use toml_span::Value as Toml;
use toml_span::value::{Key, Table};

use super::{Manifest, ManifestFacts, Process, Processes, Variable, json, spanned_toml};
use crate::facts::{Spanned, Symbol, TextRange};

const LABEL: &str = "configuration of a worker";

pub(super) fn matches(name: &str) -> bool {
    matches!(name, "wrangler.toml" | "wrangler.json" | "wrangler.jsonc")
}

pub(super) fn read(text: &str) -> ManifestFacts {
    let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '/']);
    let (worker, problems) = if is_json { json::read(text, LABEL, of_json) } else { read_toml(text) };
    ManifestFacts { manifest: Manifest::Processes(worker.processes()), problems }
}

/// What a worker's configuration says, in either language.
#[derive(Default)]
struct Worker {
    name: Option<Spanned<Symbol>>,
    main: Option<Symbol>,
    vars: Vec<Variable>,
    patterns: Vec<Spanned<Symbol>>,
}

impl Worker {
    fn processes(self) -> Processes {
        let Some(name) = self.name.filter(|name| !name.value.is_empty()) else { return Processes::default() };
        // What a build makes is not there to be read: then the folder's package says what it is made of.
        let main = self.main.as_deref().map(|main| main.trim_start_matches("./"));
        let file = main.and_then(|main| main.rsplit_once('.')).map(|(file, _)| Symbol::new(file));
        let worker = Process { file, ..Process::named(name.clone()) };
        let public = Spanned::new(format!("{}.workers.dev", name.value).into(), name.range);
        let hosts = self.patterns.iter().filter_map(host).chain([public]);
        Processes {
            service: worker.file.is_some().then(|| name.clone()),
            hosts: hosts.collect(),
            processes: worker.file.is_some().then_some(worker).into_iter().collect(),
            application: Some(name),
            environment: self.vars,
            ..Processes::default()
        }
    }
}

/// The host of a pattern of routes: `api.shop.com` of `api.shop.com/*`. What is for all paths of a wider pattern, or for some paths only, is no
/// host of its own.
fn host(pattern: &Spanned<Symbol>) -> Option<Spanned<Symbol>> {
    let text = pattern.value.rsplit("://").next().unwrap_or_default();
    let (host, path) = text.split_once('/').unwrap_or((text, "*"));
    let is_whole = matches!(path, "" | "*") && !host.contains('*') && host.contains('.');
    is_whole.then(|| Spanned::new(Symbol::new(host), pattern.range))
}

fn of_json(root: &Object<'_>) -> Worker {
    let mut patterns: Vec<Spanned<Symbol>> = Vec::new();
    let routes = root.get("routes").into_iter().chain(root.get("route")).map(|route| &route.value);
    for route in routes {
        let all = match route {
            Json::Array(list) => list.elements.iter().collect(),
            one => vec![one],
        };
        patterns.extend(all.into_iter().filter_map(|route| match route {
            Json::StringLit(text) => Some(json::spanned(text)),
            Json::Object(object) => object.get_string("pattern").map(json::spanned),
            _ => None,
        }));
    }
    let variable = |property: &jsonc_parser::ast::ObjectProp<'_>| {
        let Json::StringLit(value) = &property.value else { return None };
        Some(Variable {
            name: Symbol::new(property.name.as_str()),
            value: Some(Symbol::new(&value.value)),
            range: json::range(property.range()),
        })
    };
    Worker {
        name: root.get_string("name").map(json::spanned),
        main: json::string(root, "main"),
        vars: json::entries(root, "vars").iter().filter_map(variable).collect(),
        patterns,
    }
}

fn read_toml(text: &str) -> (Worker, Vec<crate::facts::Problem>) {
    let (found, fault) = spanned_toml::read(text, of_toml);
    (found, fault.iter().map(|fault| fault.problem(LABEL, text)).collect())
}

fn of_toml(root: &Table<'_>) -> Worker {
    let mut patterns: Vec<Spanned<Symbol>> = Vec::new();
    let mut pattern = |route: &Toml<'_>| {
        patterns.extend(spanned_toml::spanned(route).or_else(|| route.as_table()?.get("pattern").and_then(spanned_toml::spanned)));
    };
    root.get("routes").and_then(Toml::as_array).into_iter().flatten().for_each(&mut pattern);
    root.get("route").into_iter().for_each(&mut pattern);
    let variable = |(key, value): (&Key<'_>, &Toml<'_>)| {
        let range = TextRange::new(key.span.start, value.span.end);
        Some(Variable { name: Symbol::new(&key.name), value: Some(Symbol::new(value.as_str()?)), range })
    };
    let vars = spanned_toml::in_order(root.get("vars").and_then(Toml::as_table)).into_iter().filter_map(variable).collect();
    Worker {
        name: root.get("name").and_then(spanned_toml::spanned),
        main: root.get("main").and_then(Toml::as_str).map(Symbol::new),
        vars,
        patterns,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn processes(text: &str) -> Processes {
        let facts = read(text);
        assert!(facts.problems.is_empty(), "{:?}", facts.problems);
        match facts.manifest {
            Manifest::Processes(found) => found,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_languages_say_the_same() {
        let toml = "name = \"shop-api\"\nmain = \"src/index.ts\"\nroutes = [\"api.shop.com/*\", { pattern = \"shop.com/api/*\" }]\n[vars]\nMAIL_URL = \"https://mail.shop.com\"\n";
        let json = "// worker\n{\"name\": \"shop-api\", \"main\": \"./src/index.ts\", \"routes\": [{\"pattern\": \"api.shop.com\", \"custom_domain\": true}, \"*.shop.com/*\"], \"vars\": {\"MAIL_URL\": \"https://mail.shop.com\",}}";
        for text in [toml, json] {
            let found = processes(text);
            let hosts: Vec<&str> = found.hosts.iter().map(|host| host.value.as_str()).collect();
            assert_eq!(hosts, ["api.shop.com", "shop-api.workers.dev"]);
            assert_eq!(found.processes[0].file.as_deref(), Some("src/index"));
            let variables: Vec<_> = found.environment.iter().map(|variable| (variable.name.as_str(), variable.value.as_deref())).collect();
            assert_eq!(variables, [("MAIL_URL", Some("https://mail.shop.com"))]);
            let name = found.service.unwrap();
            assert_eq!(&text[name.range.start as usize..name.range.end as usize], "shop-api");
        }
    }

    #[test]
    fn pages_have_no_file() {
        let found = processes("name = \"shop\"\npages_build_output_dir = \"dist\"\n");
        assert_eq!((found.service, found.processes.len(), found.hosts.len()), (None, 0, 1));
        assert_eq!(processes("main = \"a.js\"\n"), Processes::default());
    }
}
