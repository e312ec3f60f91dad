//! Gateways that a platform runs and manifests only give rules to: those of Ingress, of the Gateway API and of traefik.
//!
//! Such a gateway is a service of another's making, unless the workspace deploys it by name or image. Invariant: each gateway that
//! [`add`] makes has a rule, and is found again by its key.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::gateway::GatewayObject;
use rustc_hash::FxHashMap;

use super::{labels, plain};
use crate::FileId;
use crate::chart::ServiceKind;
use crate::rewrite::Step;
use crate::workspace::GatewayRoute;
use crate::workspace::services::known::{image_name, is_test_path};
use crate::workspace::services::{Context, Draft, evidence};

/// Rules of one object, and the gateway they are for.
struct Object {
    file: FileId,
    object: GatewayObject,
    steps: Vec<Step>,
}

/// All objects, by the path of their file; routers in labels too.
fn objects(context: &Context<'_>) -> Vec<Object> {
    let mut middlewares: FxHashMap<&str, Vec<Step>> = FxHashMap::default();
    let sources = || context.sources.kubernetes.iter().filter(|source| !is_test_path(source.path));
    for middleware in sources().flat_map(|source| &source.facts.middlewares) {
        middlewares.insert(&middleware.name, middleware.steps.iter().filter_map(Step::of).collect());
    }
    let mut all = Vec::new();
    for source in sources() {
        for object in &source.facts.gateways {
            let steps = object.middlewares.iter().filter_map(|name| middlewares.get(name.as_str())).flatten().cloned().collect();
            all.push(Object { file: source.file, object: object.clone(), steps });
        }
    }
    for labels::Router { file, what, rules } in labels::routers(context) {
        let object = GatewayObject { gateway: "traefik".into(), what, rules, middlewares: Vec::new() };
        all.push(Object { file, object, steps: Vec::new() });
    }
    all
}

/// The draft that runs a gateway: one of that image, else the one that stands for it.
fn runs(drafts: &[Draft<'_>], gateway: &Symbol) -> Option<usize> {
    let stands = drafts.iter().position(|draft| draft.stands_for.as_ref() == Some(gateway));
    stands.or_else(|| {
        let mut by_image = drafts
            .iter()
            .enumerate()
            .filter(|(_, draft)| draft.image.as_deref().is_some_and(|image| image_name(image) == gateway.as_str()));
        match (by_image.next(), by_image.next()) {
            (Some((at, _)), None) => Some(at),
            _ => None,
        }
    })
}

/// Adds a draft for each gateway that the workspace does not deploy itself.
pub(in crate::workspace) fn add(context: &Context<'_>, drafts: &mut Vec<Draft<'_>>) {
    for Object { file, object, .. } in objects(context) {
        let Some(first) = object.rules.first() else { continue };
        let at = runs(drafts, &object.gateway).unwrap_or_else(|| {
            let what = evidence(object.what.clone(), file, first.range);
            let hosts = controllers(&object.gateway).into_iter().filter(|host| !is_host(drafts, host)).map(|host| (host, what.clone()));
            let hosts = hosts.collect();
            drafts.push(Draft {
                hosts,
                name: object.gateway.clone(),
                stands_for: Some(object.gateway.clone()),
                third_party: true,
                kind: Some(ServiceKind::Gateway),
                ..Draft::default()
            });
            drafts.len() - 1
        });
        if drafts[at].stands_for.is_some() {
            drafts[at].evidence.push(evidence(object.what.clone(), file, first.range));
        }
    }
}

/// What the controller of an Ingress's class is commonly called in its cluster.
fn controllers(gateway: &str) -> Vec<Symbol> {
    let Some(class) = gateway.strip_suffix("-ingress") else { return Vec::new() };
    [format!("ingress-{class}-controller"), format!("{class}-ingress-controller"), format!("ingress-{class}")].map(Symbol::from).into()
}

fn is_host(drafts: &[Draft<'_>], host: &Symbol) -> bool {
    drafts.iter().any(|draft| draft.name == *host || draft.hosts.iter().any(|(known, _)| known == host))
}

/// Adds the routes of all objects.
pub(super) fn routes(context: &Context<'_>, drafts: &[Draft<'_>], routes: &mut Vec<GatewayRoute>) {
    for Object { file, object, steps } in objects(context) {
        let Some(owner) = runs(drafts, &object.gateway) else { continue };
        for rule in &object.rules {
            routes.extend(plain(owner, rule, &steps, format!("{} {}", object.what, rule.path), file));
        }
    }
}
