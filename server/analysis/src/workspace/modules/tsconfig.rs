//! `paths` and `baseUrl` of `tsconfig.json`, with what they extend.
//!
//! Invariant: a chain of `extends` is followed a bounded number of steps, so a cycle ends.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::TsConfig;
use rustc_hash::FxHashMap;

use crate::workspace::packages::NpmLinks;
use crate::workspace::paths;
use crate::workspace::sources::{Source, Sources};

const MAX_EXTENDS: usize = 8;

/// What one folder's configuration says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Mapping {
    /// Folder that bare specifiers may start from.
    base: Option<Symbol>,
    /// Pattern, and its targets as paths from the root.
    paths: Vec<(Symbol, Vec<Symbol>)>,
}

impl Mapping {
    /// Paths, without extension, that `specifier` may mean, the most fitting first.
    pub(super) fn candidates(&self, specifier: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut best: Option<(usize, &str, &[Symbol])> = None;
        for (pattern, targets) in &self.paths {
            match pattern.split_once('*') {
                None if pattern == specifier => {
                    best = Some((usize::MAX, "", targets));
                }
                None => {}
                Some((before, after)) => {
                    let inner = specifier.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                    if let Some(inner) = inner.filter(|_| best.is_none_or(|(length, ..)| before.len() > length)) {
                        best = Some((before.len(), inner, targets));
                    }
                }
            }
        }
        if let Some((_, inner, targets)) = best {
            found.extend(targets.iter().filter_map(|target| paths::join("", &target.replacen('*', inner, 1))));
        }
        if let Some(base) = &self.base {
            found.extend(paths::join(base, specifier));
        }
        found
    }
}

/// Makes the mapping of each folder that has one.
pub(super) fn mappings(sources: &Sources<'_>, links: &NpmLinks) -> FxHashMap<Symbol, Mapping> {
    let by_path: FxHashMap<&str, &Source<'_, TsConfig>> = sources.tsconfig.iter().map(|source| (source.path, source)).collect();
    let mut by_folder: FxHashMap<&str, Vec<&Source<'_, TsConfig>>> = FxHashMap::default();
    for source in &sources.tsconfig {
        by_folder.entry(source.folder()).or_default().push(source);
    }
    let mut found = FxHashMap::default();
    for (folder, mut configs) in by_folder {
        // The folder's own first; `tsconfig.app.json` and the like, which a solution-style file only refers to, after it.
        configs.sort_by_key(|source| {
            let name = paths::file_name(source.path);
            let order = match name {
                "tsconfig.json" => 0,
                "jsconfig.json" => 1,
                _ if name.contains("base") => 2,
                _ if name.contains("spec") || name.contains("test") => 4,
                _ => 3,
            };
            (order, source.path)
        });
        let mapping = configs.iter().map(|source| resolve(source, &by_path, links)).find(|mapping| *mapping != Mapping::default());
        if let Some(mapping) = mapping {
            found.insert(Symbol::new(folder), mapping);
        }
    }
    found
}

fn resolve<'s, 'a>(source: &'s Source<'a, TsConfig>, by_path: &FxHashMap<&str, &'s Source<'a, TsConfig>>, links: &NpmLinks) -> Mapping {
    let leaf = source.folder();
    let mut base: Option<String> = None;
    let mut mapped: Option<&Source<'_, TsConfig>> = None;
    let mut chain = vec![source];
    let mut steps = 0;
    while let Some(config) = chain.pop() {
        if base.is_none() {
            base = config.facts.base_url.as_deref().and_then(|base| located(leaf, config.folder(), base));
        }
        if mapped.is_none() && !config.facts.paths.is_empty() {
            mapped = Some(config);
        }
        steps += 1;
        if steps > MAX_EXTENDS || (base.is_some() && mapped.is_some()) {
            break;
        }
        // The last of several wins, so it is looked at first.
        for parent in &config.facts.extends {
            if let Some(parent) = extended(config.folder(), parent, by_path, links) {
                chain.push(parent);
            }
        }
    }
    let from = base.clone().or_else(|| mapped.map(|config| config.folder().to_owned())).unwrap_or_default();
    let paths = mapped
        .into_iter()
        .flat_map(|config| &config.facts.paths)
        .map(|(pattern, targets)| {
            let targets = targets.iter().filter_map(|target| located(leaf, &from, target).map(Symbol::from));
            (pattern.clone(), targets.collect())
        })
        .collect();
    Mapping { base: base.map(Symbol::from), paths }
}

fn located(leaf: &str, folder: &str, path: &str) -> Option<String> {
    match path.strip_prefix("${configDir}") {
        Some(rest) => paths::join(leaf, rest),
        None => paths::join(folder, path),
    }
}

fn extended<'s, 'a>(
    folder: &str,
    parent: &str,
    by_path: &FxHashMap<&str, &'s Source<'a, TsConfig>>,
    links: &NpmLinks,
) -> Option<&'s Source<'a, TsConfig>> {
    let path = if parent.starts_with('.') {
        paths::join(folder, parent)?
    } else {
        let (name, rest) = super::ecmascript::package_name(parent)?;
        paths::join(links.root(links.target(folder, name)?), rest)?
    };
    let tries = [path.clone(), format!("{path}.json"), paths::join(&path, "tsconfig.json")?];
    tries.iter().find_map(|path| by_path.get(path.as_str()).copied())
}
