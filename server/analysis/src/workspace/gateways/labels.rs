//! Rules for traefik that labels of compose services hold.
//!
//! A router leads to the service that carries its labels, unless it names one that another's labels declare. What deliberately does not live
//! here: which service runs traefik, see [`super::objects`]. Invariant: middlewares count wherever in the workspace they are declared.

use portolan_grammars::facts::{Spanned, Symbol};
use portolan_grammars::manifests::gateway::{GatewayRule, PathMatching, PathStep};
use portolan_grammars::manifests::{ComposeService, Variable, traefik};
use rustc_hash::FxHashMap;

use crate::FileId;
use crate::workspace::services::Context;
use crate::workspace::services::known::is_test_path;

/// Rules of one router.
pub(super) struct Router {
    pub(super) file: FileId,
    pub(super) what: Symbol,
    pub(super) rules: Vec<GatewayRule>,
}

/// What labels say, by name.
#[derive(Default)]
struct Declared<'a> {
    /// Kind, option and value of each middleware.
    middlewares: FxHashMap<Symbol, Vec<(Symbol, Symbol, Symbol)>>,
    /// Names of middlewares that a chain is made of.
    chains: FxHashMap<Symbol, Vec<Symbol>>,
    /// The compose service of each traefik service, and its port.
    services: FxHashMap<Symbol, (&'a ComposeService, Option<Symbol>)>,
}

/// `traefik.http.<section>.<name>.<option…>`.
fn parts<'l>(label: &'l str, section: &str) -> Option<(&'l str, &'l str)> {
    label.strip_prefix("traefik.http.")?.strip_prefix(section)?.strip_prefix('.')?.split_once('.')
}

/// The routers of all compose files.
pub(super) fn routers(context: &Context<'_>) -> Vec<Router> {
    let sources = || context.sources.compose.iter().filter(|source| !is_test_path(source.path));
    let labelled = || {
        let services = sources().flat_map(|source| source.facts.services.iter().map(move |service| (source, service)));
        services.filter(|(_, service)| service.labels.iter().any(|label| label.name.starts_with("traefik.")))
    };
    let mut declared = Declared::default();
    for (source, service) in labelled() {
        let fill = |label: &Variable| context.variables.fill(source.folder(), label.value.as_deref().unwrap_or_default());
        for label in &service.labels {
            if let Some((name, option)) = parts(&label.name, "middlewares") {
                let (kind, option) = option.split_once('.').unwrap_or((option, ""));
                // Compose writes `$$` for a dollar.
                let value = Symbol::from(fill(label).replace("$$", "$"));
                if kind.eq_ignore_ascii_case("chain") {
                    declared.chains.insert(name.into(), names(&value));
                } else {
                    declared.middlewares.entry(name.into()).or_default().push((kind.into(), option.to_ascii_lowercase().into(), value));
                }
            } else if let Some((name, option)) = parts(&label.name, "services") {
                let known = declared.services.entry(name.into()).or_insert((service, None));
                if option.eq_ignore_ascii_case("loadbalancer.server.port") {
                    *known = (service, Some(fill(label)));
                }
            }
        }
    }
    let mut all = Vec::new();
    for (source, service) in labelled() {
        let fill = |label: &Variable| context.variables.fill(source.folder(), label.value.as_deref().unwrap_or_default());
        let off = service.labels.iter().any(|label| label.name == "traefik.enable" && label.value.as_deref() == Some("false"));
        for label in service.labels.iter().filter(|_| !off) {
            let Some((name, option)) = parts(&label.name, "routers") else { continue };
            if !option.eq_ignore_ascii_case("rule") {
                continue;
            }
            let option = |wanted: &str| {
                let is = |label: &&Variable| {
                    parts(&label.name, "routers").is_some_and(|(of, option)| of == name && option.eq_ignore_ascii_case(wanted))
                };
                service.labels.iter().find(is).map(fill)
            };
            let target = target(&declared, service, option("service"));
            let middlewares = option("middlewares").map(|list| names(&list)).unwrap_or_default();
            let steps: Vec<PathStep> = middlewares.iter().flat_map(|name| steps(&declared, name, 0)).collect();
            let rules = traefik::alternatives(&fill(label)).into_iter().map(|one| {
                let (matching, path) = one.path.unwrap_or((PathMatching::Prefix, "/".into()));
                let target = Spanned::new(target.clone(), label.range);
                GatewayRule { hosts: one.hosts, path, matching, steps: steps.clone(), target, range: label.range }
            });
            all.push(Router { file: source.file, what: format!("traefik router {name}").into(), rules: rules.collect() });
        }
    }
    all
}

/// The names of a list, without the provider that they are of: `strip@docker`.
fn names(list: &str) -> Vec<Symbol> {
    list.split(',').map(|name| name.trim().split('@').next().unwrap_or_default().into()).collect()
}

/// The address of the service that a router leads to.
fn target(declared: &Declared<'_>, service: &ComposeService, named: Option<Symbol>) -> Symbol {
    let named = named.map(|name| Symbol::from(name.split('@').next().unwrap_or_default()));
    let own = || {
        let mut own = declared.services.values().filter(|(of, _)| std::ptr::eq(*of, service));
        own.next().filter(|_| own.next().is_none())
    };
    let found = named.and_then(|name| declared.services.get(&name)).or_else(own);
    let (service, port) = found.map_or((service, None), |(service, port)| (*service, port.clone()));
    let port = port.filter(|port| port.bytes().all(|byte| byte.is_ascii_digit())).map(|port| format!(":{port}")).unwrap_or_default();
    format!("http://{}{port}", service.name.value).into()
}

/// What a middleware does to paths; a chain's are those of its members.
fn steps(declared: &Declared<'_>, name: &Symbol, depth: u32) -> Vec<PathStep> {
    if let Some(chain) = declared.chains.get(name).filter(|_| depth < 8) {
        return chain.iter().flat_map(|name| steps(declared, name, depth + 1)).collect();
    }
    let Some(options) = declared.middlewares.get(name) else { return Vec::new() };
    let Some((kind, ..)) = options.first() else { return Vec::new() };
    let values = |option: &str| {
        let values = options.iter().filter(|(of, name, _)| of == kind && name == option).map(|(.., value)| value);
        match option {
            "prefixes" => values.flat_map(|value| value.split(',').map(|prefix| Symbol::from(prefix.trim())).collect::<Vec<_>>()).collect(),
            _ => values.cloned().collect(),
        }
    };
    traefik::steps(kind, &values)
}
