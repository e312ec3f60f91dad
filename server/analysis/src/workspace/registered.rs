//! Which rpc services the programs of services in Go register servers of.
//!
//! What deliberately does not live here: the methods' functions, which nobody reads. Invariant: what only passes on to another server of the same
//! service is none, and what a library registers is nobody's where the program of some service does so itself.

use std::collections::BTreeSet;

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{GoServer, Proto, ProtoService};
use rustc_hash::{FxHashMap, FxHashSet};

use super::paths;
use super::services::known::normal;
use super::services::{Context, Draft, index, program_paths, words};
use crate::Place;
use crate::chart::ServiceIndex;

/// A server that a service registers for an rpc service.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// The service.
    pub service: ServiceIndex,
    /// The rpc service, by its full name.
    pub rpc: Symbol,
    /// Its methods.
    pub methods: Vec<Symbol>,
    /// Where it is registered.
    pub place: Place,
}

/// Finds them, by service and rpc service.
pub(super) fn of(context: &Context<'_>, drafts: &[Draft<'_>]) -> Vec<Registered> {
    if context.sources.go.iter().all(|source| source.facts.servers.is_empty()) {
        return Vec::new();
    }
    let contracts = Contracts::of(context);
    let mut found: Vec<(Registered, bool)> = Vec::new();
    for (at, draft) in drafts.iter().enumerate() {
        let mut seen: FxHashSet<Symbol> = FxHashSet::default();
        let programs = programs(context, drafts, at);
        let is_own = |package: &str| paths::is_within(package, &draft.root) || programs.contains(&package);
        let mut reached: Vec<&str> = context.go.reached(&programs).into_iter().collect();
        reached.sort_by_key(|package| !is_own(package));
        for package in reached {
            for file in context.go.files(package) {
                for server in file.facts.servers.iter().filter(|server| !server.forwards) {
                    let Some((rpc, methods)) = contracts.meant(context, server) else { continue };
                    if seen.insert(rpc.clone()) {
                        let place = Place { file: file.file, range: server.range };
                        found.push((Registered { service: index(at), rpc, methods, place }, is_own(package)));
                    }
                }
            }
        }
    }
    let owned: FxHashSet<Symbol> = found.iter().filter(|(_, is_own)| *is_own).map(|(server, _)| server.rpc.clone()).collect();
    found.retain(|(server, is_own)| *is_own || !owned.contains(&server.rpc));
    let mut found: Vec<Registered> = found.into_iter().map(|(server, _)| server).collect();
    found.sort_by(|a, b| (a.service, &a.rpc).cmp(&(b.service, &b.rpc)));
    found
}

/// The folders of the programs in Go that a service may run: those in its own folder that its image builds or starts, or that are called like it;
/// else all of them, where they are no other's.
fn programs<'a>(context: &Context<'a>, drafts: &[Draft<'a>], at: usize) -> Vec<&'a str> {
    let draft = &drafts[at];
    if draft.third_party || draft.package.is_some() || draft.binary.is_some() {
        return Vec::new();
    }
    let own = |draft: &&Draft<'_>| !draft.third_party;
    let inner: BTreeSet<&str> = drafts
        .iter()
        .filter(own)
        .map(|other| other.root.as_str())
        .filter(|root| *root != draft.root && paths::is_within(root, &draft.root))
        .collect();
    let found: Vec<&str> =
        context.go.programs_in(&draft.root).filter(|program| !inner.iter().any(|root| paths::is_within(program, root))).collect();
    let is_shared = drafts.iter().filter(own).filter(|other| other.root == draft.root).count() > 1;
    if found.len() < 2 && !is_shared {
        return found;
    }
    let built = built(context, draft);
    let is_built = |program: &&str| built.iter().any(|path| *program == path || program.ends_with(&format!("/{path}")));
    let is_called_so = |program: &&str| normal(paths::file_name(program)) == normal(&draft.name);
    for chosen in [found.iter().copied().filter(is_built).collect::<Vec<_>>(), found.iter().copied().filter(is_called_so).collect()] {
        if !chosen.is_empty() {
            return chosen;
        }
    }
    if is_shared { Vec::new() } else { found }
}

/// What a draft's image builds and starts: paths of packages, and names of programs.
fn built(context: &Context<'_>, draft: &Draft<'_>) -> Vec<String> {
    let Some(dockerfile) = context.dockerfile(draft) else { return Vec::new() };
    let mut found = Vec::new();
    for run in dockerfile.facts.stages.iter().flat_map(|stage| &stage.runs) {
        let all: Vec<&str> = words(&run.value).collect();
        if all.windows(2).any(|pair| matches!(pair, ["go", "build" | "install"])) {
            found.extend(all.iter().filter(|word| word.starts_with("./")).filter_map(|word| paths::join("", word)));
        }
    }
    let stages = context.stages(draft);
    let lines = stages.iter().find(|stage| stage.starts()).into_iter().flat_map(|stage| stage.started());
    found.extend(lines.flat_map(|line| program_paths(&line.value)).map(|path| paths::file_name(&path).to_owned()));
    found.retain(|path| !path.is_empty());
    found
}

/// The rpc services of contracts, by their own names.
struct Contracts<'a>(FxHashMap<String, Vec<(Symbol, &'a Proto, &'a ProtoService)>>);

impl<'a> Contracts<'a> {
    fn of(context: &Context<'a>) -> Self {
        let mut all: FxHashMap<String, Vec<_>> = FxHashMap::default();
        for proto in &context.sources.protos {
            for service in &proto.facts.services {
                let name = &service.name.value;
                let full = if proto.facts.package.is_empty() { name.clone() } else { format!("{}.{name}", proto.facts.package).into() };
                all.entry(generated_name(name)).or_default().push((full, proto.facts, service));
            }
        }
        Self(all)
    }

    /// The rpc service that a server is registered for, and its methods: the one whose contract names the generated package; else the only one of
    /// its name, or the only one whose own package the generated one's path has, where that package is one of the workspace or the contract says
    /// nothing of Go.
    fn meant(&self, context: &Context<'_>, server: &GoServer) -> Option<(Symbol, Vec<Symbol>)> {
        let all = self.0.get(server.service.as_str())?;
        let named: Vec<_> = all.iter().filter(|(_, proto, _)| is_generated_as(&proto.go_package, server)).collect();
        let candidates = if named.is_empty() {
            let is_here = context.go.folder_of(&server.package).is_some();
            all.iter().filter(|(_, proto, _)| is_here || proto.go_package.is_empty()).collect()
        } else {
            named
        };
        let names = |of: &[&(Symbol, &Proto, &ProtoService)]| of.iter().map(|(full, ..)| full.clone()).collect::<BTreeSet<_>>();
        let has_package = |(_, proto, _): &&&(Symbol, &Proto, &ProtoService)| {
            let path = proto.package.replace('.', "/");
            !path.is_empty() && format!("/{}/", server.package).contains(&format!("/{path}/"))
        };
        let within: Vec<_> = candidates.iter().copied().filter(|known| has_package(&known)).collect();
        let chosen = if names(&candidates).len() == 1 { candidates } else { within };
        let (full, _, service) = chosen.first().filter(|_| names(&chosen).len() == 1)?;
        Some((full.clone(), service.methods.iter().map(|method| method.name.value.clone()).collect()))
    }
}

/// A service's name in generated code, where `gNMI` is `GNMI`.
fn generated_name(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Whether a contract's `go_package` is what a server's package is generated as.
fn is_generated_as(go_package: &str, server: &GoServer) -> bool {
    let (path, name) = go_package.split_once(';').unwrap_or((go_package, paths::file_name(go_package)));
    match server.connect {
        true => server.package.strip_suffix("connect").and_then(|rest| rest.strip_suffix(name)) == Some(&format!("{path}/")),
        false => !path.is_empty() && server.package == path,
    }
}
