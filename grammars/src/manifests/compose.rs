//! Compose files.
//!
//! Variables stay as written, and `extends`, `include` and `env_file` are not followed.

mod content;

use super::yaml::{self, Entry, Node, Templates, Value};
use super::{Compose, ComposeService, Manifest, ManifestFacts, Port, Variable};
use crate::facts::{Problem, Spanned, Symbol, TextRange};

/// What problems call such a file.
const LABEL: &str = "compose file";

/// `compose.yaml`, `compose.*.yml`, `docker-compose*.yml`, `*.docker-compose.yaml`; of others the content tells, see [`read_content`].
pub(super) fn matches(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) else { return false };
    stem.contains("docker-compose") || stem.strip_prefix("compose").is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

/// Reads a compose file.
pub(super) fn read(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, LABEL, Templates::Keep);
    facts(&documents, problems)
}

/// Reads a YAML file that is not called like a compose file; nothing where it is none.
pub(super) fn read_content(text: &str) -> Option<ManifestFacts> {
    if !content::may_be(text) {
        return None;
    }
    let (documents, problems) = yaml::read(text, LABEL, Templates::Keep);
    (!documents.is_empty() && documents.iter().all(content::is)).then(|| facts(&documents, problems))
}

fn facts(documents: &[Node], mut problems: Vec<Problem>) -> ManifestFacts {
    let mut compose = Compose::default();
    for document in documents {
        if let Some(services) = document.get("services") {
            expect_mapping(services, "`services`", &mut problems);
            for entry in services.entries() {
                expect_mapping(&entry.value, &format!("the service `{}`", entry.key.value), &mut problems);
                let mut service = service(entry);
                service.volumes.extend(mounted_files(document, &entry.value));
                compose.services.push(service);
            }
        }
        if let Some(include) = document.get("include") {
            compose.includes.extend(paths(include));
        }
        compose.project = compose.project.or_else(|| document.get("name")?.text());
        compose.networks.extend(document.get("networks").map_or(&[][..], Node::entries).iter().filter_map(shared_network));
    }
    ManifestFacts { manifest: Manifest::Compose(compose), problems }
}

fn expect_mapping(node: &Node, what: &str, problems: &mut Vec<Problem>) {
    if !matches!(node.value, Value::Mapping(_) | Value::Null) {
        problems.push(Problem { message: format!("compose file: expected a mapping under {what}"), range: node.range });
    }
}

fn service(entry: &Entry) -> ComposeService {
    let node = &entry.value;
    let get = |key: &str| node.get(key);
    let spanned = |key: &str| node.get(key).and_then(Node::spanned);
    let build = get("build");
    let in_build = |key: &str| build.and_then(|build| build.get(key));
    let mut aliases: Vec<_> = ["container_name", "hostname"].into_iter().filter_map(spanned).collect();
    for network in get("networks").map_or(&[][..], Node::entries) {
        aliases.extend(network.value.get("aliases").map(Node::scalars).unwrap_or_default());
    }
    ComposeService {
        name: entry.key.clone(),
        image: spanned("image"),
        build_context: build.and_then(Node::spanned).or_else(|| in_build("context").and_then(Node::spanned)),
        dockerfile: in_build("dockerfile").and_then(Node::spanned),
        build_target: in_build("target").and_then(Node::text),
        build_args: in_build("args").map(variables).unwrap_or_default(),
        aliases,
        command: get("command").and_then(words),
        entrypoint: get("entrypoint").and_then(words),
        working_dir: get("working_dir").and_then(Node::text),
        ports: node.list("ports").iter().filter_map(port).collect(),
        expose: get("expose").map(Node::scalars).unwrap_or_default(),
        environment: get("environment").map(variables).unwrap_or_default(),
        env_files: get("env_file").map(paths).unwrap_or_default(),
        depends_on: get("depends_on").map(names).unwrap_or_default(),
        after: get("depends_on").map(ended).unwrap_or_default(),
        labels: [get("labels"), node.at(&["deploy", "labels"])].into_iter().flatten().flat_map(variables).collect(),
        profiles: get("profiles").map(Node::scalars).unwrap_or_default().into_iter().map(|profile| profile.value).collect(),
        volumes: node.list("volumes").iter().filter_map(volume).collect(),
        has_healthcheck: get("healthcheck").is_some_and(|check| check.get("disable").and_then(Node::text).as_deref() != Some("true")),
        extends: get("extends").and_then(extends),
        own_hosts: get("extra_hosts").map(own_hosts).unwrap_or_default(),
        range: entry.range,
    }
}

/// A list of `NAME=value` and `NAME`, or a map of names to values.
fn variables(node: &Node) -> Vec<Variable> {
    let listed = node.items().iter().filter_map(|item| {
        let text = item.text()?;
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(Symbol::new(value))),
            None => (text.as_str(), None),
        };
        Some(Variable { name: Symbol::new(name.trim()), value, range: item.range })
    });
    let mapped = node.entries().iter().filter(|entry| entry.value.is_null() || entry.value.text().is_some());
    listed.chain(mapped.map(|entry| Variable { name: entry.key.value.clone(), value: entry.value.text(), range: entry.range })).collect()
}

/// The names of `extra_hosts` that mean the machine on which the containers run: `shop.local:host-gateway`, as a list or a map.
fn own_hosts(node: &Node) -> Vec<Symbol> {
    let listed = node.items().iter().filter_map(|item| {
        let text = item.text()?;
        let (name, address) = text.split_once('=').or_else(|| text.split_once(':'))?;
        Some((Symbol::new(name.trim()), Symbol::new(address)))
    });
    let mapped = node.entries().iter().filter_map(|entry| Some((entry.key.value.clone(), entry.value.text()?)));
    listed.chain(mapped).filter(|(_, address)| address.trim() == "host-gateway").map(|(name, _)| name).collect()
}

/// A string, or a list of strings joined by spaces.
fn words(node: &Node) -> Option<Spanned<Symbol>> {
    match &node.value {
        Value::Scalar(_) => node.spanned(),
        Value::Sequence(_) => {
            let words: Vec<_> = node.scalars().into_iter().map(|word| word.value).collect();
            Some(Spanned::new(Symbol::from(words.join(" ")), node.range))
        }
        _ => None,
    }
}

/// A path, or a list of paths and `{path: …}`, whose path may be a list again.
fn paths(node: &Node) -> Vec<Spanned<Symbol>> {
    let one = |node: &Node| node.get("path").map_or_else(|| node.spanned().into_iter().collect(), Node::scalars);
    if node.items().is_empty() { one(node) } else { node.items().iter().flat_map(one).collect() }
}

/// A list of names, or the keys of a map.
fn names(node: &Node) -> Vec<Spanned<Symbol>> {
    node.scalars().into_iter().chain(node.entries().iter().map(|entry| entry.key.clone())).collect()
}

/// The names that must have run to their end.
fn ended(node: &Node) -> Vec<Symbol> {
    let ends = |node: &Node| node.get("condition").and_then(Node::text).as_deref() == Some("service_completed_successfully");
    node.entries().iter().filter(|entry| ends(&entry.value)).map(|entry| entry.key.value.clone()).collect()
}

/// The name by which several projects may know a network; one without is a project's own.
fn shared_network(entry: &Entry) -> Option<Symbol> {
    let network = &entry.value;
    let external = network.get("external");
    // An external network's name stood below `external` once.
    let named = network.get("name").or_else(|| external?.get("name")).and_then(Node::text);
    let is_external = || external.is_some_and(|external| external.text().as_deref() != Some("false"));
    named.or_else(|| is_external().then(|| entry.key.value.clone()))
}

fn extends(node: &Node) -> Option<(Option<Symbol>, Symbol)> {
    match node.text() {
        Some(service) => Some((None, service)),
        None => Some((node.get("file").and_then(Node::text), node.get("service")?.text()?)),
    }
}

fn volume(node: &Node) -> Option<Spanned<Symbol>> {
    if node.text().is_some() {
        return node.spanned();
    }
    let target = node.get("target")?.text()?;
    let value = match node.get("source").and_then(Node::text) {
        Some(source) => Symbol::from(format!("{source}:{target}")),
        None => target,
    };
    Some(Spanned::new(value, node.range))
}

/// The files that a service is given as `configs` and `secrets`, as volumes of them.
fn mounted_files(document: &Node, service: &Node) -> Vec<Spanned<Symbol>> {
    let mut found = Vec::new();
    for (kind, folder) in [("configs", "/"), ("secrets", "/run/secrets/")] {
        for item in service.list(kind) {
            let Some(name) = item.text().or_else(|| item.get("source")?.text()) else { continue };
            let Some(file) = document.at(&[kind, &name, "file"]).and_then(Node::text) else { continue };
            let target = item.get("target").and_then(Node::text).unwrap_or_else(|| name.clone());
            let target = if target.starts_with('/') { target } else { format!("{folder}{target}").into() };
            let from = if file.starts_with(['.', '/', '~', '$']) { file } else { format!("./{file}").into() };
            found.push(Spanned::new(format!("{from}:{target}").into(), item.range));
        }
    }
    found
}

fn port(node: &Node) -> Option<Port> {
    match node.text() {
        Some(text) => short_port(&text, node.range),
        None => Some(Port { host: node.get("published").and_then(Node::text), container: node.get("target")?.text()?, range: node.range }),
    }
}

/// `[[address:]host:]container[/protocol]`; colons and slashes within `${…}` and `[…]` separate nothing.
fn short_port(text: &str, range: TextRange) -> Option<Port> {
    let (mut depth, mut start) = (0_usize, 0);
    let (mut parts, mut end) = (Vec::new(), text.len());
    for (at, letter) in text.char_indices() {
        match letter {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            '/' if depth == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let container = text.get(start..end).filter(|container| !container.is_empty())?;
    let host = parts.last().filter(|host| !host.is_empty()).map(Symbol::new);
    Some(Port { host, container: Symbol::new(container), range })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn compose(text: &str) -> (Compose, Vec<Problem>) {
        let facts = read(text);
        match facts.manifest {
            Manifest::Compose(compose) => (compose, facts.problems),
            other => panic!("{other:?}"),
        }
    }

    fn service(body: &str) -> ComposeService {
        let (mut compose, problems) = compose(&format!("services:\n  web:\n{body}"));
        assert!(problems.is_empty(), "{problems:?}");
        compose.services.remove(0)
    }

    fn values(list: &[Spanned<Symbol>]) -> Vec<&str> {
        list.iter().map(|item| item.value.as_str()).collect()
    }

    fn pairs(list: &[Variable]) -> Vec<(&str, Option<&str>)> {
        list.iter().map(|variable| (variable.name.as_str(), variable.value.as_deref())).collect()
    }

    #[test]
    fn names_of_files() {
        for name in [
            "compose.yaml",
            "compose.prod.yml",
            "compose-dev.yaml",
            "docker-compose.yml",
            "docker-compose.x.y.yaml",
            "dev.docker-compose.yml",
        ] {
            assert!(matches(name), "{name}");
        }
        for name in ["composer.yml", "compose.json", "my-compose.yml", "docker-compose"] {
            assert!(!matches(name), "{name}");
        }
    }

    #[test]
    fn environment_as_list_and_map() {
        let list = service("    environment:\n      - A=1\n      - B\n      - C=x=y\n      - \"D=é\"\n      - E=\n");
        assert_eq!(pairs(&list.environment), [("A", Some("1")), ("B", None), ("C", Some("x=y")), ("D", Some("é")), ("E", Some(""))]);
        let text = "services:\n  web:\n    environment:\n      A: 1\n      B: true\n      C:\n      D: \"\"\n      E: ${X:-é}\n";
        let map = compose(text).0.services.remove(0);
        assert_eq!(pairs(&map.environment), [("A", Some("1")), ("B", Some("true")), ("C", None), ("D", Some("")), ("E", Some("${X:-é}"))]);
        let range = map.environment[4].range;
        assert_eq!(&text[range.start as usize..range.end as usize], "E: ${X:-é}");
    }

    #[test]
    fn ports_short_and_long() {
        let ports = service("    ports:\n      - \"8080:80\"\n      - 127.0.0.1:8081:81/tcp\n      - 82\n      - ${A:-80}:${B:-83}\n      - \"[::1]:84:85\"\n      - 127.0.0.1::86\n      - {target: 87, published: \"8087\"}\n      - {protocol: tcp}\n").ports;
        let ports: Vec<_> = ports.iter().map(|port| (port.host.as_deref(), port.container.as_str())).collect();
        let expected = [
            (Some("8080"), "80"),
            (Some("8081"), "81"),
            (None, "82"),
            (Some("${A:-80}"), "${B:-83}"),
            (Some("84"), "85"),
            (None, "86"),
            (Some("8087"), "87"),
        ];
        assert_eq!(ports, expected);
    }

    #[test]
    fn forms_of_everything_else() {
        let one = service(
            "    image: a/b:${V}\n    container_name: c\n    hostname: h\n    build: ./dir\n    env_file: .env\n    depends_on: [x, y]\n    command: [\"node\", \"a.js\"]\n    entrypoint: sh -c x\n    networks:\n      net: {aliases: [n1, n2]}\n      other:\n    labels: [a.b=c]\n    profiles: [dev]\n    volumes: [\"./a:/b\", {type: bind, source: ./c, target: /d}]\n    healthcheck: {test: x}\n    extends: base\n    expose: [1, \"2\"]\n",
        );
        assert_eq!(one.image.unwrap().value, "a/b:${V}");
        assert_eq!(values(&one.aliases), ["c", "h", "n1", "n2"]);
        assert_eq!(one.build_context.unwrap().value, "./dir");
        assert_eq!(values(&one.env_files), [".env"]);
        assert_eq!(values(&one.depends_on), ["x", "y"]);
        assert_eq!((one.command.unwrap().value.as_str(), one.entrypoint.unwrap().value.as_str()), ("node a.js", "sh -c x"));
        assert_eq!(pairs(&one.labels), [("a.b", Some("c"))]);
        assert_eq!(one.profiles, ["dev"]);
        assert_eq!(values(&one.volumes), ["./a:/b", "./c:/d"]);
        assert!(one.has_healthcheck);
        assert_eq!(one.extends, Some((None, "base".into())));
        assert_eq!(values(&one.expose), ["1", "2"]);
        let two = service(
            "    build:\n      context: .\n      dockerfile: D\n      target: t\n      args: {A: 1}\n    env_file: [a.env, {path: b.env, required: false}]\n    depends_on:\n      x: {condition: service_healthy}\n    healthcheck: {disable: true}\n    extends: {file: base.yml, service: s}\n    labels: {a: b}\n",
        );
        assert_eq!((two.build_context.unwrap().value.as_str(), two.dockerfile.unwrap().value.as_str()), (".", "D"));
        assert_eq!((two.build_target.as_deref(), pairs(&two.build_args)), (Some("t"), vec![("A", Some("1"))]));
        assert_eq!(values(&two.env_files), ["a.env", "b.env"]);
        assert_eq!(values(&two.depends_on), ["x"]);
        assert!(!two.has_healthcheck);
        assert_eq!(two.extends, Some((Some("base.yml".into()), "s".into())));
    }

    #[test]
    fn anchors_includes_and_places() {
        let text = "x-env: &env\n  A: ü\ninclude:\n  - a.yml\n  - path: [b.yml, c.yml]\nservices:\n  web: &web\n    image: w\n    environment:\n      <<: *env\n      B: 2\n\n  # about the api\n  api:\n    <<: *web\n    image: a\n";
        let (compose, problems) = compose(text);
        assert!(problems.is_empty());
        assert_eq!(values(&compose.includes), ["a.yml", "b.yml", "c.yml"]);
        let [web, api] = &compose.services[..] else { panic!() };
        assert_eq!(pairs(&api.environment), [("B", Some("2")), ("A", Some("ü"))]);
        assert_eq!(api.image.as_ref().unwrap().value, "a");
        let slice = |range: TextRange| &text[range.start as usize..range.end as usize];
        assert_eq!(slice(web.name.range), "web");
        assert!(slice(web.range).starts_with("web:") && slice(web.range).ends_with("B: 2"));
        assert_eq!(slice(api.environment[1].range), "A: ü");
    }

    #[test]
    fn keeps_the_services_around_an_error() {
        let text = "services:\n  a:\n    image: a\n  b:\n    image: b\n    po\n    ports:\n      - \"1:1\n  c:\n    image: c\n";
        let (compose, problems) = compose(text);
        let names: Vec<_> = compose.services.iter().map(|service| service.name.value.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn says_what_is_wrong() {
        let (_, problems) = compose("services: [a]\n");
        assert_eq!(problems[0].message, "compose file: expected a mapping under `services`");
        let (compose, problems) = compose("services:\n  a: x\n  b:\n");
        assert_eq!((compose.services.len(), problems.len()), (2, 1));
        assert_eq!(problems[0].message, "compose file: expected a mapping under the service `a`");
    }

    #[test]
    fn networks_that_other_projects_know() {
        let text = "name: shop\nnetworks:\n  own:\n  bridge: {driver: bridge}\n  a: {external: true}\n  b: {name: named}\n  c: {external: {name: old}}\n  d: {external: false}\n";
        let (compose, problems) = compose(text);
        assert!(problems.is_empty());
        assert_eq!((compose.project.as_deref(), &compose.networks[..]), (Some("shop"), &["a", "named", "old"].map(Symbol::new)[..]));
    }

    #[test]
    fn configs_and_secrets_are_files_that_are_mounted() {
        let text = "services:\n  a:\n    configs: [{source: c, target: /etc/c.toml}, outside]\n    secrets: [s]\n    volumes: [\"./x:/y\"]\nconfigs:\n  c: {file: conf/c.toml}\n  outside: {external: true}\nsecrets:\n  s: {file: ./s.txt}\n";
        let Manifest::Compose(compose) = read(text).manifest else { panic!("no compose file") };
        assert_eq!(values(&compose.services[0].volumes), ["./x:/y", "./conf/c.toml:/etc/c.toml", "./s.txt:/run/secrets/s"]);
    }
}
