//! Proxies of development servers that manifests describe: `proxy.conf.json`, and `proxy` in a `package.json`.
//!
//! Invariant: a rule belongs to the service whose folder is the innermost around its file, and is marked as one of development.

use portolan_grammars::manifests::gateway::GatewayRule;

use super::plain;
use crate::Place;
use crate::chart::Evidence;
use crate::rewrite::PathMatch;
use crate::workspace::services::{Context, Draft, index};
use crate::workspace::{GatewayRoute, paths};

/// Adds the routes of all development servers.
pub(super) fn routes(context: &Context<'_>, drafts: &[Draft<'_>], routes: &mut Vec<GatewayRoute>) {
    for source in &context.sources.proxy_confs {
        if let Some(owner) = owner(context, drafts, source.path) {
            let named = |rule: &GatewayRule| format!("development proxy of {}", rule.path);
            let own = source.facts.rules.iter().filter_map(|rule| plain(owner, rule, &[], named(rule), source.file));
            routes.extend(own.map(|route| GatewayRoute { development: true, ..route }));
        }
    }
    for source in &context.sources.npm {
        let Some(target) = source.facts.proxy.as_ref().filter(|target| target.contains("://")) else { continue };
        if let Some(owner) = owner(context, drafts, source.path) {
            // The manifest keeps no place of it: its name's line stands for the file.
            let range = source.facts.name.as_ref().map(|name| name.range).unwrap_or_default();
            routes.push(GatewayRoute {
                gateway: index(owner),
                hosts: Vec::new(),
                matched: PathMatch::Prefix("/".into()),
                rank: 0,
                steps: Vec::new(),
                target: target.clone(),
                development: true,
                evidence: Evidence { what: "development proxy of package.json".to_owned(), place: Place { file: source.file, range } },
            });
        }
    }
}

/// The service whose folder is the innermost around a file, else the one of its package.
fn owner(context: &Context<'_>, drafts: &[Draft<'_>], path: &str) -> Option<usize> {
    let own = || drafts.iter().enumerate().filter(|(_, draft)| !draft.third_party);
    let around = own().filter(|(_, draft)| !draft.root.is_empty() && paths::is_within(path, &draft.root));
    around.max_by_key(|(_, draft)| draft.root.len()).map(|(at, _)| at).or_else(|| {
        let package = context.roots.of_file(camino::Utf8Path::new(path))?;
        let mut of_package = own().filter(|(_, draft)| draft.package == Some(package));
        of_package.next().filter(|_| of_package.next().is_none()).map(|(at, _)| at)
    })
}
