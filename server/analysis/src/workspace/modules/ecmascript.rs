//! What ECMAScript specifiers mean.
//!
//! What deliberately does not live here: a full copy of Node's algorithm. Only source files of the workspace matter, and a package is led to
//! its source whatever its build output would be. Invariant: every look-up ends after a bounded number of steps.

use portolan_grammars::facts::{Language, Symbol};
use rustc_hash::FxHashMap;

use super::Specifier;
use super::images::Images;
use super::tsconfig::{self, Mapping};
use crate::FileId;
use crate::files::Files;
use crate::workspace::packages::NpmLinks;
use crate::workspace::paths;
use crate::workspace::prisma::PrismaSchemas;
use crate::workspace::sources::Sources;

/// In the order in which they are looked for; a program may have none.
const EXTENSIONS: [&str; 11] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "vue", "svelte", ""];
const OUTPUT_FOLDERS: [&str; 12] = ["dist", "build", "lib", "out", "output", "es", "esm", "cjs", "types", "compiled", "public", "bundle"];

/// The parts of a package's manifest that say what it hands out.
#[derive(Debug, Clone, Default, PartialEq)]
struct Entries {
    entries: Vec<Symbol>,
    exports: Vec<(Symbol, Symbol)>,
}

/// Everything a look-up needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Resolver {
    /// By the path without its extension, each with the extension's place in [`EXTENSIONS`], sorted.
    by_stem: FxHashMap<Symbol, Vec<(u8, FileId)>>,
    /// The folder of each ECMAScript file.
    folders: FxHashMap<FileId, Symbol>,
    links: NpmLinks,
    mappings: FxHashMap<Symbol, Mapping>,
    /// By the package's folder.
    entries: FxHashMap<Symbol, Entries>,
    /// Where clients are generated to, most often out of sight.
    prisma: PrismaSchemas,
    images: Images,
}

/// The package that a generated Prisma client has the names of.
const PRISMA_CLIENT: &str = "@prisma/client";

/// Name and subpath of a bare specifier: `@acme/common/http` → `@acme/common`, `http`.
pub(crate) fn package_name(specifier: &str) -> Option<(&str, &str)> {
    let scope = if specifier.starts_with('@') { specifier.find('/')? + 1 } else { 0 };
    let end = specifier[scope..].find('/').map_or(specifier.len(), |at| scope + at);
    let name = &specifier[..end];
    (!name.is_empty()).then(|| (name, specifier[end..].trim_start_matches('/')))
}

impl Resolver {
    pub(super) fn build(files: &Files, sources: &Sources<'_>, links: NpmLinks, prisma: PrismaSchemas) -> Self {
        let mut by_stem: FxHashMap<Symbol, Vec<(u8, FileId)>> = FxHashMap::default();
        let mut folders = FxHashMap::default();
        for (id, path, facts) in files.iter() {
            if facts.source().is_some_and(|source| source.language != Language::Rust) {
                let extension = path.extension().unwrap_or_default();
                let stem = path.as_str().strip_suffix(extension).map(|stem| stem.strip_suffix('.').unwrap_or(stem));
                if let Some(stem) = stem
                    && let Some(rank) = EXTENSIONS.iter().position(|known| *known == extension)
                {
                    by_stem.entry(Symbol::new(stem)).or_default().push((rank as u8, id));
                }
                folders.insert(id, Symbol::new(paths::folder(path.as_str())));
            }
        }
        by_stem.values_mut().for_each(|files| files.sort_unstable());
        let mappings = tsconfig::mappings(sources, &links);
        let entries = sources
            .npm
            .iter()
            .map(|source| {
                let entries = Entries { entries: source.facts.entries.clone(), exports: source.facts.exports.clone() };
                (Symbol::new(source.folder()), entries)
            })
            .collect();
        Self { by_stem, folders, links, mappings, entries, prisma, images: Images::of(sources) }
    }

    pub(super) fn specifier(&self, from: FileId, specifier: &str) -> Specifier {
        let Some(folder) = self.folders.get(&from) else { return Specifier::Missing };
        // Loader prefixes and query suffixes (`./x.svg?raw`) say how, not which.
        let specifier = specifier.rsplit('!').next().unwrap_or(specifier);
        let specifier = specifier.split('?').next().unwrap_or(specifier);
        if specifier == "." || specifier == ".." || specifier.starts_with("./") || specifier.starts_with("../") {
            let Some(path) = paths::join(folder, specifier) else { return Specifier::Missing };
            if self.prisma.is_client(&path) {
                return Specifier::Package(PRISMA_CLIENT.into(), Symbol::default());
            }
            let found = self.probe(&path, 2).or_else(|| self.beside(folder, specifier)).or_else(|| self.led_back(&path));
            return found.map_or(Specifier::Missing, Specifier::File);
        }
        if let Some(path) = specifier.strip_prefix('/') {
            let root = self.links.root_around(folder).unwrap_or_default();
            let found = paths::join(root, path).and_then(|path| self.probe(&path, 2));
            return found.map_or(Specifier::Missing, Specifier::File);
        }
        for above in paths::upwards(folder) {
            let Some(mapping) = self.mappings.get(above) else { continue };
            let candidates = mapping.candidates(specifier);
            if candidates.iter().any(|path| self.prisma.is_client(path)) {
                return Specifier::Package(PRISMA_CLIENT.into(), Symbol::default());
            }
            let found = candidates.into_iter().find_map(|path| self.probe(&path, 2).or_else(|| self.led_back(&path)));
            if let Some(file) = found {
                return Specifier::File(file);
            }
        }
        if self.prisma.is_client_package(specifier) {
            return Specifier::Package(PRISMA_CLIENT.into(), Symbol::default());
        }
        let Some((name, rest)) = package_name(specifier) else { return self.aliased(folder, specifier).unwrap_or(Specifier::Missing) };
        if let Some(package) = self.links.target(folder, name)
            && let Some(file) = self.in_package(self.links.root(package), rest, 2)
        {
            return Specifier::File(file);
        }
        self.aliased(folder, specifier).unwrap_or_else(|| Specifier::Package(name.into(), rest.into()))
    }

    /// The file that is where a relative specifier says only in an image.
    fn beside(&self, folder: &str, specifier: &str) -> Option<FileId> {
        let mut found: Vec<FileId> = self.images.candidates(folder, specifier).iter().filter_map(|path| self.probe(path, 0)).collect();
        found.dedup();
        match found.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// What bundlers and frameworks are commonly set up to mean, where no configuration that is read says so.
    fn aliased(&self, folder: &str, specifier: &str) -> Option<Specifier> {
        let root = self.links.root_around(folder)?;
        // No package is called so: SvelteKit's `$lib`, and what people set up beside it, are folders.
        let (rest, bases): (&str, &[&str]) = if let Some(rest) = specifier.strip_prefix('$') {
            (rest, &["src"])
        } else if let Some(rest) = ["@/", "~/", "@@/", "~~/", "#/"].iter().find_map(|prefix| specifier.strip_prefix(prefix)) {
            (rest, &["src", "app", ""])
        } else if specifier.starts_with("src/") {
            (specifier, &[""])
        } else {
            return None;
        };
        let found = bases.iter().find_map(|base| self.probe(&paths::join(&paths::join(root, base)?, rest)?, 2));
        Some(found.map_or(Specifier::Missing, Specifier::File))
    }

    pub(super) fn package_entry(&self, package: usize) -> Option<FileId> {
        self.in_package(self.links.root(package), "", 2)
    }

    pub(super) fn source_of(&self, folder: &str, target: &str) -> Option<FileId> {
        self.target_in(folder, target, 1)
    }

    /// The source of a package at a subpath; empty for its entry.
    fn in_package(&self, root: &str, subpath: &str, depth: u8) -> Option<FileId> {
        let entries = self.entries.get(root);
        if subpath.is_empty() {
            let declared = entries.into_iter().flat_map(|entries| &entries.entries);
            return declared.into_iter().find_map(|entry| self.target_in(root, entry, depth)).or_else(|| {
                ["src/index", "index", "src/main", "lib/index", "src/lib/index", "src"]
                    .iter()
                    .find_map(|path| self.probe(&paths::join(root, path)?, 0))
            });
        }
        let exported = entries.and_then(|entries| {
            entries.exports.iter().find_map(|(key, target)| {
                let key = key.strip_prefix("./")?;
                match key.split_once('*') {
                    None => (key == subpath).then(|| target.to_string()),
                    Some((before, after)) => {
                        let inner = subpath.strip_prefix(before)?.strip_suffix(after)?;
                        Some(target.replace('*', inner))
                    }
                }
            })
        });
        if let Some(file) = exported.and_then(|target| self.target_in(root, &target, depth)) {
            return Some(file);
        }
        self.target_in(root, subpath, depth).or_else(|| {
            ["src", "lib", "src/lib"].iter().find_map(|base| self.probe(&paths::join(&paths::join(root, base)?, subpath)?, depth))
        })
    }

    /// A file as a manifest names it, which may be build output: source first.
    fn target_in(&self, root: &str, target: &str, depth: u8) -> Option<FileId> {
        let target = target.strip_prefix("./").unwrap_or(target);
        if target.split('/').any(|part| part == "..") {
            // A folder's own manifest may lead to the build output of the package around it.
            let path = paths::join(root, target)?;
            return self.probe(&path, depth).or_else(|| self.led_back(&path));
        }
        let parts: Vec<&str> = target.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let is_output = parts.first().is_some_and(|first| is_output_folder(first));
        if !is_output {
            return self.probe(&paths::join(root, target)?, depth);
        }
        let source = |skip: usize, base: &str| {
            let rest = parts.get(skip..).filter(|rest| !rest.is_empty())?.join("/");
            self.probe(&paths::join(&paths::join(root, base)?, &rest)?, 0)
        };
        // Each build lays its output out in its own way: `dist/src/x.js`, `dist/esm/x.js`, `dist/packages/common/src/x.js`.
        let skips = 1..=4.min(parts.len().saturating_sub(1));
        skips
            .clone()
            .take_while(|skip| *skip == 1 || parts.get(skip - 1).is_some_and(|part| is_output_folder(part)))
            .find_map(|skip| source(skip, "src"))
            .or_else(|| self.probe(&paths::join(root, target)?, depth))
            .or_else(|| skips.clone().find_map(|skip| source(skip, "")))
            .or_else(|| skips.clone().skip(1).find_map(|skip| source(skip, "src")))
            .or_else(|| skips.clone().find_map(|skip| source(skip, "lib")))
            .or_else(|| (parts.len() == 1).then(|| self.probe(&paths::join(root, "src")?, 0)).flatten())
    }

    /// The source of a path in some package's build output.
    fn led_back(&self, path: &str) -> Option<FileId> {
        let root = self.links.root_around(paths::folder(path))?;
        let rest = path.strip_prefix(root)?.trim_start_matches('/');
        if rest.is_empty() { None } else { self.target_in(root, rest, 0) }
    }

    /// The file at a path, its extension or `index` left out or that of its output.
    fn probe(&self, path: &str, depth: u8) -> Option<FileId> {
        let with = |stem: &str, extension: &str| {
            let mut files = self.by_stem.get(stem)?.iter().filter(|(rank, _)| EXTENSIONS[*rank as usize] == extension);
            files.next().map(|(_, file)| *file)
        };
        if let Some(file) = path.rsplit_once('.').and_then(|(stem, extension)| with(stem, extension)) {
            return Some(file);
        }
        let swaps: &[(&str, &[&str])] = &[
            (".d.ts", &["ts", "tsx", "js"]),
            (".d.mts", &["mts", "ts", "tsx", "mjs", "js"]),
            (".d.cts", &["cts", "ts", "tsx", "cjs", "js"]),
            (".jsx", &["tsx", "jsx"]),
            (".mjs", &["mts", "ts", "js", "tsx"]),
            (".cjs", &["cts", "ts", "js"]),
            (".js", &["ts", "tsx", "jsx", "mjs", "cjs"]),
        ];
        if let Some((base, replacements)) = swaps.iter().find_map(|(ending, with)| Some((path.strip_suffix(ending)?, with)))
            && let Some(file) = replacements.iter().find_map(|extension| with(base, extension))
        {
            return Some(file);
        }
        let first = |stem: &str| self.by_stem.get(stem).and_then(|files| files.first()).map(|(_, file)| *file);
        if let Some(beside) = first(path) {
            return Some(beside);
        }
        if depth > 0
            && let Some(entries) = self.entries.get(path)
            && !entries.entries.is_empty()
            && let Some(file) = self.in_package(path, "", depth - 1)
        {
            return Some(file);
        }
        if path.is_empty() { first("index") } else { first(&format!("{path}/index")) }
    }
}

fn is_output_folder(part: &str) -> bool {
    OUTPUT_FOLDERS.contains(&part) || part.starts_with("dist-") || part.starts_with("dist_")
}
