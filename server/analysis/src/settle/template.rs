//! The `portolan.toml` that `portolan init` writes: every key with its meaning, and examples of the workspace's own.
//!
//! Examples are comments without a blank behind the `#`, prose is with one. Invariant: with its examples made real, the file has no key that is
//! not known.

use std::fmt::Write;

use portolan_grammars::facts::Symbol;

use super::remedy::{key, text};
use super::{Group, groups};
use crate::Snapshot;
use crate::chart::{Protocol, Reason, Service, ServiceKind, Target};

/// Where the schema can be read.
const SCHEMA: &str = "https://raw.githubusercontent.com/portolan-dev/portolan/main/grammars/portolan.schema.json";

/// The text of a `portolan.toml` for a workspace, which says nothing yet.
pub fn template(snapshot: &Snapshot) -> String {
    let groups = groups(snapshot);
    let mut out = Template { snapshot, groups: &groups, text: String::new() };
    out.head();
    out.ignore();
    out.services();
    out.hosts();
    out.external();
    out.environment();
    out.calls();
    out.clients();
    out.rules();
    out.allow();
    out.text
}

struct Template<'a> {
    snapshot: &'a Snapshot,
    groups: &'a [Group],
    text: String,
}

impl Template<'_> {
    // Writing to a String cannot fail.
    fn prose(&mut self, lines: &str) {
        for line in lines.lines() {
            let _ = writeln!(self.text, "{}", format!("# {line}").trim_end());
        }
    }

    fn example(&mut self, lines: &str) {
        for line in lines.lines() {
            let _ = writeln!(self.text, "#{line}");
        }
    }

    fn gap(&mut self) {
        self.text.push('\n');
    }

    /// The workspace's own services, those that answer first; an invented one where there is none.
    fn service(&self, at: usize) -> Symbol {
        let mut own: Vec<&Service> = self.snapshot.chart.services.iter().filter(|service| !service.third_party).collect();
        own.sort_by_key(|service| service.kind != ServiceKind::Backend);
        own.get(at).or(own.last()).map_or_else(|| "orders".into(), |service| service.id.clone())
    }

    fn head(&mut self) {
        let _ = writeln!(self.text, "#:schema {SCHEMA}\n");
        self.prose(
            "What Portolan cannot know by itself. `portolan unresolved` lists the calls that it could not follow, with the lines that settle\n\
             them; in an editor, a code action at such a call writes them. Everything here is optional, and paths are relative to this file.",
        );
        let count = self.snapshot.chart.unresolved.len();
        if count > 0 {
            let calls = if count == 1 { "1 call was".to_owned() } else { format!("{count} calls were") };
            self.prose(&format!("When this file was written, {calls} not resolved."));
        }
    }

    fn ignore(&mut self) {
        self.gap();
        self.prose("Files and folders that are left alone, as in a .gitignore (without `!`).");
        self.example("ignore = [\"/legacy\", \"*.generated.ts\"]");
    }

    fn services(&mut self) {
        let (first, name) = (self.service(0), self.service(1));
        let root = self.snapshot.chart.services.iter().find(|service| service.id == name).map(|service| service.root.to_string());
        let root = root.filter(|root| !root.is_empty()).unwrap_or_else(|| format!("services/{name}"));
        self.gap();
        self.prose("A service by its name. One that Portolan found is told more of; another one needs a `root`.");
        self.example(&format!("[services.{}]", key(&name)));
        self.prose("Folder of its code.");
        self.example(&format!("root = {}", text(&root)));
        self.prose("Other names that it goes by, host names among them.");
        self.example(&format!("aliases = [{}]", text(&format!("{name}.internal"))));
        self.prose("backend, frontend, gateway, worker, cli or job.");
        self.example("kind = \"backend\"");
        self.prose("Leaves it out of the chart.");
        self.example("ignore = false");
        self.prose("For a front end: the service that answers its relative URLs.");
        self.example(&format!("origin = {}", text(&first)));
        let rpc = self.groups.iter().find_map(|group| match &group.reason {
            Reason::Rpc(rpc) => Some(rpc.clone()),
            _ => None,
        });
        let known = || {
            let endpoint = self.snapshot.chart.endpoints.iter().find(|endpoint| endpoint.protocol == Protocol::Grpc)?;
            endpoint.path.split('/').next().map(Symbol::new)
        };
        let rpc = rpc.or_else(known).unwrap_or_else(|| "shop.v1.Cart".into());
        self.prose("Rpc services that it implements, where its code does not show it.");
        self.example(&format!("implements = [{}]", text(&rpc)));
        self.prose("Environment variables of this service alone.");
        self.example(&format!("[services.{}.environment]\nPORT = 8080", key(&name)));
    }

    fn hosts(&mut self) {
        self.gap();
        self.prose("Host names, with a port where that matters, and the service that answers there. Wins over what manifests say.");
        let mut lines: Vec<String> = Vec::new();
        for group in self.groups {
            if let Reason::Port(host) | Reason::Machine(host) | Reason::SharedHost(host) = &group.reason {
                let service = self.likely(group);
                lines.push(format!("{} = {}", key(host), text(&service)));
            }
        }
        lines.truncate(5);
        if lines.is_empty() {
            lines.push(format!("{} = {}", key(&format!("{}.example.com", self.service(0))), text(&self.service(0))));
        }
        self.example(&format!("[hosts]\n{}", lines.join("\n")));
    }

    fn external(&mut self) {
        self.gap();
        self.prose("Hosts outside of the workspace, and what to call who answers there. `*.` at the beginning is any subdomain.");
        let mut hosts: Vec<&Symbol> = self
            .snapshot
            .chart
            .calls
            .iter()
            .filter_map(|call| match &call.to {
                Target::External(host) if host.contains('.') && !host.contains(['{', '$', ' ']) => Some(host),
                _ => None,
            })
            .collect();
        hosts.sort();
        hosts.dedup();
        let named = |host: &&Symbol| {
            let label = host.split('.').rev().nth(1).unwrap_or(host.as_str());
            format!("{} = {}", text(host), text(label))
        };
        let mut lines: Vec<String> = hosts.iter().take(3).map(named).collect();
        if lines.is_empty() {
            lines.push("\"api.stripe.com\" = \"Stripe\"".to_owned());
        }
        self.example(&format!("[external]\n{}", lines.join("\n")));
    }

    fn environment(&mut self) {
        self.gap();
        self.prose("Values of environment variables, for all services. Wins over what manifests say.");
        let mut lines: Vec<String> = Vec::new();
        for group in self.groups {
            if let Reason::Variable(name) = &group.reason {
                let service = self.likely(group);
                lines.push(format!("{} = {}", key(name), text(&format!("http://{service}"))));
            }
        }
        lines.truncate(8);
        if lines.is_empty() {
            let service = self.service(0);
            let variable = service.to_uppercase().replace(['-', '.', ' '], "_");
            lines.push(format!("{} = {}", key(&format!("{variable}_URL")), text(&format!("http://{service}:8080"))));
        }
        self.example(&format!("[environment]\n{}", lines.join("\n")));
    }

    fn calls(&mut self) {
        self.gap();
        self.prose(
            "Where calls go whose host is known at run time only: those that stand in a file (or in a function of it, by its name), or that a\n\
             wrapper in it sends. What is known already stays as it is. `to` is a service, or a name for someone outside.",
        );
        let own = self.groups.iter().find(|group| matches!(group.reason, Reason::Host | Reason::Url));
        let remedy = own.and_then(|group| {
            let call = group.calls.first().and_then(|at| self.snapshot.chart.unresolved.get(*at as usize))?;
            match group.candidates.first() {
                Some(candidate) => super::group_remedy(self.snapshot, group, candidate.service),
                None => super::remedy(self.snapshot, call, None),
            }
        });
        let lines = match remedy {
            Some(remedy) => remedy.lines("".into()),
            None => format!("[[calls]]\nfile = \"web/src/client.ts\"\nfunction = \"request\"\nto = {}\n", text(&self.service(0))),
        };
        self.example(&lines);
    }

    fn clients(&mut self) {
        self.gap();
        self.prose(
            "House-made clients, in the shape of the entries of Portolan's library catalog, which\n\
             https://github.com/portolan-dev/portolan/tree/main/grammars/catalog shows many of. `packages` names the package or crate that they\n\
             are imported from, or, beginning with `./`, a TypeScript or JavaScript file.",
        );
        self.example(
            "[[clients]]\nid = \"our-http\"\nlanguage = \"typescript\"\npackages = [\"@acme/http\"]\n\n[[clients.http_client]]\n\
             callee = [\"get\", \"post\"]\nmethod = { called = true }\nurl = { argument = 1 }\nbase_url = { argument = 0 }",
        );
    }

    fn rules(&mut self) {
        self.gap();
        self.prose(
            "Which rules look for problems: the recommended ones, all, or off (none). Of a single rule: off, on (as bad as it says), hint,\n\
             information, warning or error; or a table, with its options, which its page lists.",
        );
        self.example(
            "[rules]\nprofile = \"recommended\"\nhandler-without-span = \"hint\"\n[rules.sync-chain]\nseverity = \"warning\"\nmin_hops = 4",
        );
    }

    fn allow(&mut self) {
        self.gap();
        self.prose("Findings that are accepted: in these files, of these rules (of all without `rules`).");
        self.example("[[allow]]\nfiles = [\"/legacy\"]\nrules = [\"sync-chain\"]");
    }

    fn likely(&self, group: &Group) -> Symbol {
        match group.candidates.first() {
            Some(candidate) => self.snapshot.chart.service(candidate.service).id.clone(),
            None => self.service(0),
        }
    }
}
