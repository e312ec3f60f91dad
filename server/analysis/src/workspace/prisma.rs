//! Prisma schemas: which data source and which tables the code around them means, and where their clients are generated to.
//!
//! A schema may be one file or a folder of them, and a workspace may have several. What deliberately does not live here: the reading of one
//! file, and the code that asks. Invariant: schemas are in the order of their paths.

use camino::Utf8Path;
use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{Compose, Manifest, NpmManifest, Prisma};
use rustc_hash::{FxHashMap, FxHashSet};

use super::paths;
use super::services::known::image_name;
use super::sources::Source;
use crate::files::Files;
use crate::{FileId, Place};

/// All schemas of a workspace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PrismaSchemas {
    all: Vec<PrismaSchema>,
    /// Folders of npm packages.
    packages: FxHashSet<Symbol>,
}

/// A schema.
#[derive(Debug, Clone, PartialEq)]
pub struct PrismaSchema {
    /// The file that names the data source.
    pub file: FileId,
    /// Its path.
    pub path: Symbol,
    /// `datasource.provider`.
    pub provider: Option<Symbol>,
    /// `datasource.url`: the variable of `env("…")`.
    pub url_env: Option<Symbol>,
    /// `datasource.url`, where written out.
    pub url: Option<Symbol>,
    /// Whether a compose file starts a database of that kind.
    deployed: bool,
    /// Where its client is generated to, if the schema says it: a folder of the workspace, or a package.
    output: Option<Output>,
    /// Tables by the name that code has for their models: `orderItem` → `order_items`.
    tables: FxHashMap<Symbol, Symbol>,
    /// Where the model of a table is declared.
    declarations: FxHashMap<Symbol, Place>,
    /// Tables whose rows are told apart by more than a key that the database makes.
    keyed: FxHashSet<Symbol>,
}

#[derive(Debug, Clone, PartialEq)]
enum Output {
    Folder(String),
    Package(Symbol),
}

impl PrismaSchemas {
    pub(super) fn of(files: &Files, npm: &[Source<'_, NpmManifest>], compose: &[Source<'_, Compose>]) -> Self {
        let images: FxHashSet<String> = compose
            .iter()
            .flat_map(|source| &source.facts.services)
            .filter_map(|service| service.image.as_ref())
            .map(|image| image_name(&image.value))
            .collect();
        // `postgres` for `postgresql`, `mongo` for `mongodb`.
        let is_deployed = |provider: &Symbol| images.iter().any(|image| image.len() > 4 && provider.starts_with(image.as_str()));
        let mut read: Vec<(FileId, &str, &Prisma)> = files
            .iter()
            .filter_map(|(file, path, facts)| match facts.manifest() {
                Some(Manifest::Prisma(schema)) => Some((file, path.as_str(), schema)),
                _ => None,
            })
            .collect();
        read.sort_by_key(|(_, path, _)| *path);
        // A schema among the sources, by a name of its own and without a client of its own, is data.
        let is_data = |path: &str, schema: &Prisma| {
            schema.output.is_none()
                && paths::file_name(path) != "schema.prisma"
                && paths::upwards(path).any(|folder| paths::file_name(folder) == "src")
        };
        let named = |(_, path, schema): &&(FileId, &str, &Prisma)| schema.provider.is_some() && !is_data(path, schema);
        let any_named = read.iter().any(|one| named(&one));
        let mut all: Vec<PrismaSchema> = read
            .iter()
            .filter(|one| if any_named { named(one) } else { one.2.provider.is_some() })
            .map(|(file, path, schema)| PrismaSchema {
                file: *file,
                path: Symbol::new(path),
                provider: schema.provider.clone(),
                url_env: schema.url_env.as_ref().map(|name| name.value.clone()),
                url: schema.url.as_ref().map(|url| url.value.clone()),
                deployed: schema.provider.as_ref().is_some_and(is_deployed),
                output: None,
                tables: FxHashMap::default(),
                declarations: FxHashMap::default(),
                keyed: FxHashSet::default(),
            })
            .collect();
        for (file, path, part) in &read {
            // Files without a data source belong to the schema of their folder, or of one around it.
            let folder = paths::folder(path);
            let owner = match part.provider {
                Some(_) => all.iter_mut().find(|schema| schema.path == *path),
                None => {
                    let around = |schema: &&mut PrismaSchema| paths::is_within(folder, paths::folder(&schema.path));
                    all.iter_mut().filter(around).max_by_key(|schema| paths::folder(&schema.path).len())
                }
            };
            if let Some(owner) = owner {
                owner.add(*file, folder, part);
            }
        }
        Self { all, packages: npm.iter().map(|manifest| Symbol::new(manifest.folder())).collect() }
    }

    /// Whether a path is that of a generated client, or of a file in it.
    pub(super) fn is_client(&self, path: &str) -> bool {
        self.all.iter().any(|schema| matches!(&schema.output, Some(Output::Folder(folder)) if paths::is_within(path, folder)))
    }

    /// Whether a package is a generated client.
    pub(super) fn is_client_package(&self, name: &str) -> bool {
        self.all.iter().any(|schema| matches!(&schema.output, Some(Output::Package(package)) if package == name))
    }

    /// The schema that code means: of those with the model, if one is asked for, the one whose client is generated into the code's package, or
    /// that lies there; else the nearest.
    pub fn of_code(&self, code: &Utf8Path, model: Option<&Symbol>) -> Option<&PrismaSchema> {
        let package = self.package_of(code.as_str());
        let near = |schema: &&PrismaSchema| {
            let client = match &schema.output {
                Some(Output::Folder(folder)) => folder,
                _ => schema.path.as_str(),
            };
            // What lies in a package's source folder without a client is data of its own.
            let own = package.is_some_and(|package| {
                let within = client.strip_prefix(package).filter(|_| paths::is_within(client, package));
                within.is_some_and(|rest| schema.output.is_some() || !rest.trim_start_matches('/').starts_with("src/"))
            });
            (own, paths::shared(client, code.as_str()).max(paths::shared(&schema.path, code.as_str())), schema.deployed)
        };
        let known = |schema: &&PrismaSchema| model.is_none_or(|model| schema.tables.contains_key(model));
        // Of two as near the one whose database is started here, else the first by path.
        self.all.iter().rev().filter(known).max_by_key(near).or_else(|| self.all.iter().rev().max_by_key(near))
    }

    fn package_of<'p>(&self, path: &'p str) -> Option<&'p str> {
        paths::upwards(paths::folder(path)).find(|folder| self.packages.contains(*folder))
    }
}

impl PrismaSchema {
    fn add(&mut self, file: FileId, folder: &str, part: &Prisma) {
        if self.output.is_none()
            && let Some(output) = &part.output
        {
            self.output = match output.rsplit_once("node_modules/") {
                Some((_, package)) => Some(Output::Package(package.trim_end_matches('/').into())),
                None => paths::join(folder, output).map(Output::Folder),
            };
        }
        for model in &part.models {
            let mut characters = model.name.value.chars();
            let Some(first) = characters.next() else { continue };
            let accessor: Symbol = format!("{}{}", first.to_lowercase(), characters.as_str()).into();
            let table = match &model.schema {
                Some(schema) if schema != "public" => format!("{schema}.{}", model.table).into(),
                _ => model.table.clone(),
            };
            if model.has_unique_key {
                self.keyed.insert(table.clone());
            }
            self.declarations.entry(table.clone()).or_insert(Place { file, range: model.name.range });
            self.tables.entry(accessor).or_insert(table);
        }
    }

    /// The table of a model, by the name that code has for it.
    pub fn table(&self, model: &Symbol) -> Option<&Symbol> {
        self.tables.get(model)
    }

    /// Whether the rows of a table are told apart by more than a key that the database makes.
    pub fn has_unique_key(&self, table: &Symbol) -> bool {
        self.keyed.contains(table)
    }

    /// Where the model of a table is declared.
    pub fn declaration(&self, table: &Symbol) -> Option<Place> {
        self.declarations.get(table).copied()
    }
}
