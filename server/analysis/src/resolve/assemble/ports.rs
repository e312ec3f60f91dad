//! Which service listens on a port of this machine, by its own code or by the script that starts it while it is developed: where services run
//! without containers, that is how they find each other.
//!
//! What deliberately does not live here: ports that manifests publish, which come first. Invariant: a port that several services listen on says
//! nothing of who is meant.

use portolan_grammars::facts::{Symbol, TextRange};
use portolan_grammars::manifests::{Manifest, NpmManifest};
use rustc_hash::{FxHashMap, FxHashSet};

use super::reach::Reach;
use super::{Input, Places, text};
use crate::Place;
use crate::chart::{Evidence, ServiceIndex};
use crate::workspace::services::{is_start_script, words};

/// Programs that listen by themselves, with the word by which they do so and the port that they take where they are told none.
const LISTENERS: [(&str, &str, Option<&str>); 8] = [
    ("next", "dev", Some("3000")),
    ("next", "start", None),
    ("nuxt", "dev", Some("3000")),
    ("wrangler", "dev", Some("8787")),
    ("astro", "dev", None),
    ("vite", "", None),
    ("ng", "serve", None),
    ("react-router", "dev", None),
];

/// Services by the ports that they listen on.
#[derive(Debug, Default)]
pub(super) struct Ports {
    by_port: FxHashMap<Symbol, Vec<(ServiceIndex, Evidence)>>,
    /// Those whose code says where.
    coded: FxHashSet<ServiceIndex>,
}

impl Ports {
    /// Gathers what all services listen on.
    pub(super) fn find(input: &Input<'_>, reach: &Reach) -> Self {
        let places = Places { files: input.files };
        let mut ports = Self::default();
        let declared: Vec<_> = input.links.iter().flatten().flat_map(|link| &link.ports).collect();
        for service in input.own_services() {
            for (port, place) in scripted(input, service) {
                ports.add(input, service, port, place);
            }
            for listens in declared.iter().filter(|listens| reach.runs(service, listens.function)) {
                for address in listens.addresses.iter().flat_map(|address| text::texts(input, service, address)) {
                    let port = address.text.rsplit(':').next().unwrap_or_default();
                    if port.is_empty() || port == "0" || !port.bytes().all(|byte| byte.is_ascii_digit()) {
                        continue;
                    }
                    ports.add(input, service, port.into(), places.call(listens.site));
                    ports.coded.insert(service);
                }
            }
        }
        ports
    }

    fn add(&mut self, input: &Input<'_>, service: ServiceIndex, port: Symbol, place: Place) {
        let what = format!("{} listens on {port}", input.workspace.services[service.index()].name);
        let known = self.by_port.entry(port).or_default();
        if known.iter().all(|(known, _)| *known != service) {
            known.push((service, Evidence { what, place }));
        }
    }

    /// Whether a service's code says where it listens.
    pub(super) fn are_known_of(&self, service: ServiceIndex) -> bool {
        self.coded.contains(&service)
    }

    /// The services that listen on a port.
    pub(super) fn of(&self, port: &str) -> &[(ServiceIndex, Evidence)] {
        self.by_port.get(port).map_or(&[], Vec::as_slice)
    }
}

/// The ports on which the scripts of a service's package have it listen; none where other services are of the package, too.
fn scripted(input: &Input<'_>, service: ServiceIndex) -> Vec<(Symbol, Place)> {
    let deployments = &input.workspace.deployments;
    let package = deployments[service.index()].package;
    let mut same = deployments.iter().filter(|deployment| package.is_some() && deployment.package == package);
    let (Some(_), None) = (same.next(), same.next()) else { return Vec::new() };
    let Some(file) = package.map(|package| input.workspace.packages[package].manifest) else { return Vec::new() };
    match input.files.facts(file).and_then(|facts| facts.manifest()) {
        Some(Manifest::Npm(npm)) => ports_of_scripts(npm).into_iter().map(|(port, range)| (port, Place { file, range })).collect(),
        _ => Vec::new(),
    }
}

fn ports_of_scripts(npm: &NpmManifest) -> Vec<(Symbol, TextRange)> {
    let scripts = npm.scripts.iter().filter(|script| is_start_script(&script.name));
    scripts.filter_map(|script| Some((port_of(script.value.as_deref()?)?, script.range))).collect()
}

/// The port of a command line: what it sets `PORT` to, or tells a program that listens by itself.
fn port_of(command: &str) -> Option<Symbol> {
    let is_port = |text: &&str| (4..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let words: Vec<&str> = words(command).collect();
    if let Some(port) = words.iter().find_map(|word| word.strip_prefix("PORT=")).filter(is_port) {
        return Some(port.into());
    }
    // Of several programs one listens; which of them an option is for cannot be told.
    if command.contains("&&") || command.contains('|') || command.contains("concurrently") {
        return None;
    }
    let says = |program: &str, word: &str| words.contains(&program) && (word.is_empty() || words.contains(&word));
    let (_, _, default) = LISTENERS.iter().find(|(program, word, _)| says(program, word))?;
    let told = words.iter().zip(words.iter().skip(1)).find(|(option, _)| matches!(**option, "-p" | "--port")).map(|(_, port)| *port);
    let told = told.or_else(|| words.iter().find_map(|word| word.strip_prefix("--port=")));
    match told {
        Some(port) => is_port(&port).then(|| port.into()),
        None => default.map(Symbol::new),
    }
}

#[cfg(test)]
mod tests {
    use super::port_of;

    #[test]
    fn command_lines_say_where_they_listen() {
        for (command, port) in [
            ("TZ=UTC PORT=3003 bun run --hot src/index.ts", Some("3003")),
            ("cross-env PORT=4000 next dev", Some("4000")),
            ("next dev -p 3001 --turbopack", Some("3001")),
            ("vite --port=5174", Some("5174")),
            ("vite", None),
            ("next dev", Some("3000")),
            ("wrangler dev --ip 0.0.0.0", Some("8787")),
            ("next dev -p $PORT", None),
            ("tsc -p 1234", None),
            ("next build", None),
            ("next dev -p 3001 && node a.js", None),
        ] {
            assert_eq!(port_of(command).as_deref(), port, "{command}");
        }
    }
}
