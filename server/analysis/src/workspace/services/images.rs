//! Which Dockerfile makes an image that a manifest runs and another place builds: a workflow, a bake or skaffold file, a Tiltfile, a script, a
//! Makefile; or a folder, or a stage of a Dockerfile, that is called like the image.
//!
//! Invariant: an image that two Dockerfiles could make is made by neither, unless both start one program of the workspace.

use portolan_grammars::facts::{Symbol, TextRange};
use portolan_grammars::manifests::{ImageBuild, ManifestFormat, builds};
use rustc_hash::{FxHashMap, FxHashSet};

use super::known::{self, image_name, normal};
use super::{Context, Draft, code, evidence, image_names};
use crate::FileId;
use crate::chart::Evidence;
use crate::workspace::paths;

/// A way to build an image.
struct Recipe {
    dockerfile: usize,
    context: String,
    target: Option<Symbol>,
    evidence: Evidence,
}

/// The images that the workspace builds, by the last part of their name.
pub(super) struct Images {
    built: FxHashMap<String, Vec<Recipe>>,
    /// Dockerfiles by the normal name of their folder, or by that in their own name.
    named: FxHashMap<String, Vec<usize>>,
    /// Stages that start something, of Dockerfiles with several, by the normal name of the stage.
    stages: FxHashMap<String, Vec<(usize, Symbol, TextRange)>>,
}

impl Images {
    pub(super) fn of(context: &Context<'_>) -> Self {
        let mut all = Self { built: FxHashMap::default(), named: FxHashMap::default(), stages: FxHashMap::default() };
        // What a Makefile builds on a developer's machine says nothing of an image that something else builds.
        let builds =
            |by_hand: bool| context.sources.builds.iter().filter(move |source| source.is_called(ManifestFormat::Makefile) == by_hand);
        for source in builds(false) {
            // A workflow runs at the root.
            let folder = if source.path.contains(".github/workflows/") { "" } else { source.folder() };
            for build in &source.facts.builds {
                all.add(context, folder, build, source.file, build.range);
            }
        }
        for source in &context.sources.npm {
            for script in source.facts.scripts.iter().filter(|script| script.value.as_ref().is_some_and(|value| value.contains("build"))) {
                for build in builds::commands(script.value.as_deref().unwrap_or_default()) {
                    all.add(context, source.folder(), &build, source.file, script.range);
                }
            }
        }
        let known: FxHashSet<String> = all.built.keys().cloned().collect();
        for source in builds(true).filter(|source| !known::is_test_path(source.path)) {
            for build in source.facts.builds.iter().filter(|build| !known.contains(&image_name(&build.image))) {
                all.add(context, source.folder(), build, source.file, build.range);
            }
        }
        for (index, source) in context.sources.dockerfiles.iter().enumerate().filter(|(_, source)| !known::is_test_path(source.path)) {
            let file = paths::file_name(source.path);
            let stem = file.strip_suffix(".Dockerfile").or_else(|| file.strip_suffix(".dockerfile"));
            let stem = stem.or_else(|| file.strip_prefix("Dockerfile.")).unwrap_or_else(|| paths::file_name(source.folder()));
            all.named.entry(normal(stem)).or_default().push(index);
            let starting = || source.facts.stages.iter().filter(|stage| stage.starts());
            for stage in starting().filter(|_| starting().count() > 1) {
                if let Some(name) = &stage.name {
                    all.stages.entry(normal(name)).or_default().push((index, name.clone(), stage.range));
                }
            }
        }
        all.name_the_only_one(context);
        all
    }

    /// A workspace that makes one image calls it like itself.
    fn name_the_only_one(&mut self, context: &Context<'_>) {
        let is_product = |path: &str| !known::is_test_path(path) && !known::is_example_path(path);
        let mut products = context.sources.dockerfiles.iter().enumerate().filter(|(_, source)| is_product(source.path));
        let (Some((only, _)), None) = (products.next(), products.next()) else { return };
        let root = context.npm_at.get("").and_then(|at| context.sources.npm[*at].facts.name.as_ref());
        if let Some(name) = root {
            self.named.entry(normal(known::unscoped(&name.value))).or_insert_with(|| vec![only]);
        }
    }

    fn add(&mut self, context: &Context<'_>, folder: &str, build: &ImageBuild, file: FileId, range: TextRange) {
        let name = image_name(&build.image);
        if name.is_empty() || name.contains(['*', '$', '{']) {
            return;
        }
        let given = |path: &Option<Symbol>| path.as_deref().filter(|path| !path.contains("://") && !path.contains('$')).map(str::to_owned);
        let at = given(&build.context).unwrap_or_default();
        let Some(at) = paths::join(folder, &at) else { return };
        // `docker build -f` counts from where it runs; bake and skaffold from the context.
        let found = match given(&build.dockerfile) {
            Some(path) => [paths::join(folder, &path), paths::join(&at, &path)]
                .into_iter()
                .flatten()
                .find_map(|path| context.dockerfile_at.get(path.as_str()).copied()),
            None => paths::join(&at, "Dockerfile").and_then(|path| context.dockerfile_at.get(path.as_str()).copied()),
        };
        let Some(dockerfile) = found else { return };
        let known = self.built.entry(name).or_default();
        if !known.iter().any(|recipe| recipe.dockerfile == dockerfile && recipe.target == build.target) {
            let evidence = evidence(format!("builds {}", build.image), file, range);
            known.push(Recipe { dockerfile, context: at, target: build.target.clone(), evidence });
        }
    }

    /// The names of the images that a Dockerfile alone makes.
    pub(super) fn names_of(&self, dockerfile: usize) -> impl Iterator<Item = &str> {
        let made = move |recipes: &[Recipe]| matches!(recipes, [one] if one.dockerfile == dockerfile && one.target.is_none());
        self.built.iter().filter(move |(_, recipes)| made(recipes)).map(|(name, _)| name.as_str())
    }

    /// Finds how a draft's image is built, where its own manifest does not say.
    pub(super) fn settle(&self, context: &Context<'_>, draft: &mut Draft<'_>) {
        if draft.context.is_some() || draft.dockerfile.is_some() {
            return;
        }
        // What only a template knows is more often than not called like the workload that runs it.
        let unnamed = || (draft.image.is_none() && !draft.workloads.is_empty()).then_some(draft.name.as_str());
        let Some(image) = draft.image.as_deref().or_else(unnamed).filter(|image| !known::is_stock_image(image)) else { return };
        let name = image_name(image);
        if let Some(recipe) = self.built.get(&name).and_then(|recipes| one_of(context, recipes)) {
            draft.dockerfile = Some((recipe.dockerfile, recipe.target.clone()));
            draft.context = Some(recipe.context.clone());
            draft.evidence.push(recipe.evidence.clone());
            return;
        }
        if let Some([(index, stage, range)]) = self.stages.get(&normal(&name)).map(Vec::as_slice) {
            let source = &context.sources.dockerfiles[*index];
            draft.dockerfile = Some((*index, Some(stage.clone())));
            draft.context = Some(String::new());
            draft.evidence.push(evidence(format!("stage {stage} of its Dockerfile"), source.file, *range));
            return;
        }
        let named = image_names(image).into_iter().find_map(|name| Some((self.named.get(&normal(&name))?.as_slice(), name)));
        // What a template builds is called like the product that it is made for.
        let is_of_example = |index: &usize, name: &str| {
            let folder = context.folder_named(name);
            known::is_example_path(context.sources.dockerfiles[*index].path) && folder.is_some_and(|folder| !known::is_example_path(folder))
        };
        let is_others = |index: &usize| context.systems.is_of_another(draft, context.sources.dockerfiles[*index].folder());
        let is_foreign = |index: &usize, name: &str| is_of_example(index, name) || is_others(index);
        if let Some(([index], name)) = named.filter(|(all, name)| !all.iter().any(|index| is_foreign(index, name))) {
            let source = &context.sources.dockerfiles[*index];
            draft.dockerfile = Some((*index, None));
            // A folder that only sorts Dockerfiles is no context: such an image is built at the root.
            let own =
                context.roots.of_file(camino::Utf8Path::new(source.path)).is_some_and(|at| context.packages[at].root == source.folder());
            draft.context = Some(if own { source.folder().to_owned() } else { String::new() });
            let range = source.facts.stages.first().map(|stage| stage.range).unwrap_or_default();
            draft.evidence.push(evidence(format!("Dockerfile of {name}"), source.file, range));
        }
    }
}

/// The only recipe of an image; of several that start one program of the workspace, as images of it for several systems do, the first.
fn one_of<'r>(context: &Context<'_>, recipes: &'r [Recipe]) -> Option<&'r Recipe> {
    let (first, others) = recipes.split_first()?;
    let program = |recipe: &Recipe| {
        let dockerfile = Some((recipe.dockerfile, recipe.target.clone()));
        code::program(context, &Draft { dockerfile, context: Some(recipe.context.clone()), ..Draft::default() })
    };
    let is_same = || program(first).is_some_and(|own| others.iter().all(|other| program(other) == Some(own)));
    (others.is_empty() || is_same()).then_some(first)
}
