//! Whether a Rust program may speak with others at all: what its package and those it is made of build upon, and what their code imports.

use portolan_grammars::facts::{Expr, SourceFacts, Symbol};
use rustc_hash::FxHashSet;

use crate::workspace::services::Context;
use crate::workspace::services::known::PAGE_CRATES;

/// Crates without which nothing is asynchronous, and those that call, listen or subscribe without any of them.
#[rustfmt::skip]
const CRATES: &[&str] = &[
    "actix", "actix-rt", "actix-web", "amiquip", "async-executor", "async-io", "async-std", "attohttpc", "curl", "diesel", "futures",
    "futures-executor", "glommio", "hyper", "isahc", "kafka", "ldap3", "libp2p", "minreq", "mio", "monoio", "mysql", "nats", "nng", "postgres",
    "rdkafka", "redis", "reqwest", "rocket", "rouille", "rumqttc", "smol", "socket2", "ssh2", "tarpc", "tiny_http", "tokio", "tungstenite", "ureq",
    "websocket", "zmq",
];

/// Whether a package's programs may speak with others: by a crate from elsewhere or by the standard library, its own code's or that of the
/// workspace's packages it is made of. Without any of these nothing crosses a program's boundary but files and its own output.
pub(super) fn may_speak(context: &Context<'_>, package: usize) -> bool {
    let mut made_of = FxHashSet::from_iter([package]);
    let mut next = vec![package];
    while let Some(package) = next.pop() {
        next.extend(context.packages[package].dependencies.iter().filter(|other| made_of.insert(**other)));
    }
    let of_crates = |package: &usize| {
        let manifest = context.cargo(context.packages[*package].manifest);
        let dependencies = manifest.into_iter().flat_map(|source| &source.facts.dependencies);
        dependencies.filter(|dependency| !dependency.dev).any(|dependency| {
            let name = dependency.package.as_ref().unwrap_or(&dependency.name).as_str();
            CRATES
                .iter()
                .chain(PAGE_CRATES)
                .any(|known| name == *known || name.strip_prefix(known).is_some_and(|rest| rest.starts_with(['-', '_'])))
        })
    };
    if made_of.iter().any(of_crates) {
        return true;
    }
    let code = context.files.iter().filter_map(|(_, path, facts)| Some((path, facts.source()?)));
    let mut own = code.filter(|(path, _)| context.roots.of_file(path).is_some_and(|package| made_of.contains(&package)));
    own.any(|(_, facts)| names_network(facts))
}

/// Whether code names the standard library's sockets.
fn names_network(facts: &SourceFacts) -> bool {
    let is_network = |path: &[Symbol]| matches!(path, [root, module, ..] if root == "std" && module == "net");
    let imports =
        facts.imports.iter().any(|import| import.source.starts_with("std::net") || import.source == "std" && import.local == "net");
    imports || facts.calls.iter().any(|call| matches!(facts.expr(call.callee), Expr::Path(path) if is_network(path)))
}
