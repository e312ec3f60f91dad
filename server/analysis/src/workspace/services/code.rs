//! Whose code a service runs: its folder, its package, the files it starts from.
//!
//! Invariant: a place is taken from what a manifest names before one is taken from what looks alike.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{Dockerfile, Stage, dotenv};

use super::command_lines::{MANAGERS, preloaded, program_paths, programs, runs_script, words, written_commands};
use super::known::{self, is_tool_name, normal, unscoped};
use super::{Context, Draft, image_names, installed, is_cargo, projects, starts};
use crate::words::words as words_of;
use crate::workspace::modules::CrateId;
use crate::workspace::sources::Source;
use crate::workspace::{Ecosystem, Package, paths};
use crate::{FileId, Place};

/// Folders that only sort files: a Dockerfile in one says nothing of whose code it builds.
const GENERIC_FOLDERS: &[&str] = &[
    "docker",
    ".docker",
    "dockerfiles",
    "build",
    "deploy",
    "deployment",
    "deployments",
    "infra",
    "infrastructure",
    "ci",
    "images",
    "ops",
    "devops",
    "containers",
    "docker-compose",
    "scripts",
    "config",
];

/// Finds a draft's folder, package and entries.
pub(super) fn locate(context: &Context<'_>, draft: &mut Draft<'_>) {
    if draft.third_party {
        let built = draft.context.is_some();
        draft.root = context.dockerfile(draft).filter(|_| built).map(|source| source.folder().to_owned()).unwrap_or_default();
        return;
    }
    adopt_base(context, draft);
    if let Some(binary) = binary_of_commands(context, draft).or_else(|| binary_of_image(context, draft)) {
        settle_binary(context, draft, binary);
        return;
    }
    if projects::settle(context, draft) {
        return;
    }
    let folder = context.dockerfile(draft).map(|source| source.folder());
    let own = folder.filter(|folder| !folder.is_empty()).and_then(|folder| package_at(context, folder));
    draft.package = own.or_else(|| referred_package(context, draft)).or_else(|| {
        let at = draft.context.as_deref().filter(|at| !at.is_empty())?;
        package_at(context, at)
    });
    if draft.package.is_none() {
        let named: Vec<&str> = draft
            .image
            .iter()
            .flat_map(|image| image_names(image))
            .chain([draft.name.to_string()])
            .filter_map(|name| context.folder_named(&name).filter(|folder| context.may_run(draft, &name, folder)))
            .filter(|folder| !context.is_library(folder))
            .collect();
        // What is published for others to install is not what an image of its name runs.
        let named = named.iter().find(|folder| !is_published(context, folder)).or(named.first()).copied();
        let specific = folder.filter(|folder| !folder.is_empty() && !GENERIC_FOLDERS.contains(&paths::file_name(folder)));
        let around = || draft.context.clone().filter(|at| !starts_no_code(context, draft, at));
        let Some(at) = specific.or(named).map(str::to_owned).or_else(around) else {
            // Deployed, but built elsewhere, or no code that is read here: nothing says whose it is.
            draft.third_party = true;
            return;
        };
        draft.package = package_at(context, &at);
        draft.root = at;
    }
    if draft.package.is_none() {
        // Which of its programs an image starts is not told: any of them may run, and nothing else of the workspace.
        let held = held_binaries(context, draft);
        draft.entries = held.iter().filter_map(|binary| Some(context.modules.krate(*binary)?.root)).collect();
    }
    settle_package(context, draft);
    projects::settle_called(context, draft);
}

/// Whether a draft, built in a folder of many packages, is known to start what is none of their code: a file that neither an instruction of the
/// image makes nor a folder brings in which the image, or its container, is given code.
fn starts_no_code(context: &Context<'_>, draft: &Draft<'_>, folder: &str) -> bool {
    let (Some(dockerfile), Some((_, target))) = (context.dockerfile(draft), &draft.dockerfile) else { return false };
    let target = target.as_deref();
    let paths: Vec<String> = written_commands(context, draft).iter().flat_map(|(text, _)| program_paths(text)).collect();
    let is_made = |path: &str| {
        let name = paths::file_name(path);
        let runs = dockerfile.facts.stages.iter().flat_map(|stage| &stage.runs);
        runs.into_iter().any(|run| words(&run.value).any(|word| paths::file_name(word) == name))
    };
    let is_foreign = |path: &String| {
        path.starts_with('/')
            && file_named(context, folder, path).is_none()
            && !is_made(path)
            && !installed::is_in_copied_folder(dockerfile.facts, target, path)
    };
    let stages: Vec<Stage> = context.stages(draft).into_iter().cloned().collect();
    !paths.is_empty()
        && paths.iter().all(is_foreign)
        && package_at(context, folder).is_none()
        && !is_given(context, draft, &stages, |path| holds_code_read(context, path))
}

/// Whether a folder of that name sorts files of all packages.
pub(super) fn is_generic(folder: &str) -> bool {
    GENERIC_FOLDERS.contains(&folder)
}

/// Whether the npm package of a folder is a tool or library from a registry.
fn is_published(context: &Context<'_>, folder: &str) -> bool {
    context.npm_at.get(folder).is_some_and(|at| {
        let npm = context.sources.npm[*at].facts;
        !npm.private && (!npm.bins.is_empty() || !npm.exports.is_empty())
    })
}

/// A draft built from another image of the workspace runs that image's program, unless it starts what it adds itself.
fn adopt_base(context: &Context<'_>, draft: &mut Draft<'_>) {
    let stages = context.stages(draft);
    let Some(last) = stages.last().copied() else { return };
    let starts = stages.iter().any(|stage| stage.starts());
    if starts && stages.iter().any(|stage| !stage.copies.is_empty()) || !held_binaries(context, draft).is_empty() {
        return;
    }
    let name = known::image_name(&with_build_args(context, draft, &last.from));
    let mut fitting = dockerfiles_of(context, draft, &name);
    if let (Some(index), None) = (fitting.next(), fitting.next()) {
        draft.dockerfile = Some((index, None));
        // That image has a context of its own, which its Dockerfile does not tell.
        draft.context = Some(String::new());
    }
}

/// Other Dockerfiles than a draft's own whose names say that they make an image of that name.
pub(super) fn dockerfiles_of<'c>(context: &'c Context<'_>, draft: &Draft<'_>, image: &'c str) -> impl Iterator<Item = usize> + use<'c> {
    let own = draft.dockerfile.as_ref().map(|(index, _)| *index);
    let makes = move |path: &str| {
        let file = paths::file_name(path);
        let stem =
            file.strip_suffix(".Dockerfile").or_else(|| file.strip_suffix(".dockerfile")).or_else(|| file.strip_prefix("Dockerfile."));
        stem.is_some_and(|stem| stem.len() >= 4 && image.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
    };
    let all = context.sources.dockerfiles.iter().enumerate();
    all.filter(move |(index, source)| Some(*index) != own && makes(source.path)).map(|(index, _)| index)
}

/// What a draft's Dockerfile says, with the build arguments that its compose file gives, or their defaults, in place of their names.
pub(super) fn with_build_args(context: &Context<'_>, draft: &Draft<'_>, text: &str) -> Symbol {
    let Some(dockerfile) = context.dockerfile(draft) else { return text.into() };
    let of = |name: &str| {
        let given = draft.compose.iter().find_map(|(source, service, _)| {
            let argument = service.build_args.iter().find(|argument| argument.name == name)?;
            Some(context.variables.fill(source.folder(), argument.value.as_deref()?))
        });
        let stages = dockerfile.facts.stages.iter().flat_map(|stage| &stage.args);
        given.or_else(|| dockerfile.facts.args.iter().chain(stages).find(|argument| argument.name == name)?.value.clone())
    };
    dotenv::expand(text, &of)
}

/// Whether an image starts a program that it installs, and neither copies source files of the workspace nor is given any:
/// `RUN go install …/cmd/goose@v3`, `COPY ./migrations ./migrations`, `CMD ["goose", "up"]`. What only runs scripts and files of a package is
/// no such program.
pub(super) fn installs_its_program(context: &Context<'_>, draft: &Draft<'_>) -> bool {
    let Some(dockerfile) = context.dockerfile(draft) else { return false };
    let Some((command, _)) = written_commands(context, draft).into_iter().next() else { return false };
    let runs_others =
        |program: &str| [MANAGERS, known::RUNNERS, known::FILE_SERVERS].concat().contains(&program) || known::serves_pages(&[program]);
    let Some(program) = programs(&command).into_iter().next().filter(|program| !runs_others(program)) else { return false };
    let stages = &dockerfile.facts.stages;
    let names = |word: &str| paths::file_name(unscoped(word).split('@').next().unwrap_or(word)) == program;
    let is_install = |run: &str| words(run).any(|word| matches!(word, "install" | "add" | "-i")) && words(run).any(names);
    let installs = stages.iter().flat_map(|stage| &stage.runs).any(|run| is_install(&run.value));
    // Another image than one of a language or a system may bring code.
    let is_bare = |stage: &&Stage| known::is_bare_image(&with_build_args(context, draft, &stage.from));
    installs && context.stages(draft).last().is_some_and(is_bare) && !is_given_source(context, draft, stages)
}

/// Whether an image is given source files of the workspace, as it is built or as it is started.
fn is_given_source(context: &Context<'_>, draft: &Draft<'_>, stages: &[Stage]) -> bool {
    is_given(context, draft, stages, |path| holds_source(context, path))
}

/// Whether an image is given files or folders of the workspace that are of some sort.
fn is_given(context: &Context<'_>, draft: &Draft<'_>, stages: &[Stage], is_of_sort: impl Fn(&str) -> bool) -> bool {
    let around = draft.context.as_deref().unwrap_or_default();
    let copied = stages.iter().flat_map(|stage| &stage.copies).filter(|copy| copy.from.is_none()).flat_map(|copy| &copy.sources);
    let built = copied.chain(stages.iter().flat_map(|stage| &stage.binds)).map(|source| (around, source.clone()));
    let volumes = draft.compose.iter().flat_map(|(source, service, _)| service.volumes.iter().map(|volume| (source.folder(), volume)));
    let mounted = volumes.filter_map(|(folder, volume)| {
        let volume = context.variables.fill(folder, &volume.value);
        let source = volume.split(':').next()?;
        source.starts_with(['.', '$']).then(|| (folder, Symbol::new(source)))
    });
    built.chain(mounted).any(|(folder, source)| {
        // Of what a pattern or a variable names anything may be code.
        let path = if source.contains(['*', '$']) { Some(folder.to_owned()) } else { paths::join(folder, &source) };
        path.is_none_or(|path| is_of_sort(&path))
    })
}

/// Whether a path is a source file of any language, or a folder that holds one.
fn holds_source(context: &Context<'_>, path: &str) -> bool {
    let mut others = context.files.foreign().filter(|file| known::language(file).is_some());
    holds_code_read(context, path) || others.any(|file| paths::is_within(file, path))
}

/// The same of the languages that are read.
fn holds_code_read(context: &Context<'_>, path: &str) -> bool {
    let mut read = context.files.iter().filter(|(id, ..)| context.files.source(*id).is_some()).map(|(_, file, _)| file);
    read.any(|file| paths::is_within(file.as_str(), path))
}

/// The package whose folder this is: of Cargo where it has binaries, else of npm.
pub(super) fn package_at(context: &Context<'_>, folder: &str) -> Option<usize> {
    let cargo = context.roots.at(folder, Ecosystem::Cargo).filter(|package| default_binary(context, *package).is_some());
    cargo.or_else(|| context.roots.at(folder, Ecosystem::Npm))
}

/// The binary a package is run as where none is named.
pub(super) fn default_binary(context: &Context<'_>, package: usize) -> Option<CrateId> {
    let name = &context.packages[package].name;
    let of = context.modules.crates.iter().enumerate().filter(|(_, krate)| krate.package == package && !krate.library);
    let bins: Vec<(CrateId, &str)> = of.map(|(index, krate)| (CrateId(index as u32), krate.target.as_str())).collect();
    let named = bins.iter().find(|(_, target)| normal(target) == normal(name));
    let mut products = bins.iter().filter(|(_, target)| !is_tool_name(target));
    named.or_else(|| products.next().filter(|_| products.next().is_none())).or(bins.first()).map(|(id, _)| *id)
}

/// Makes a binary what a draft runs.
pub(super) fn settle_binary(context: &Context<'_>, draft: &mut Draft<'_>, binary: CrateId) {
    if let Some(krate) = context.modules.krate(binary) {
        draft.binary = Some(binary);
        draft.package = Some(krate.package);
        draft.root = context.packages[krate.package].root.as_str().to_owned();
        draft.entries = vec![krate.root];
        draft.aliases.insert(krate.target.clone());
    }
}

/// Takes folder and entries from a draft's package.
pub(super) fn settle_package(context: &Context<'_>, draft: &mut Draft<'_>) {
    if draft.package.is_none() {
        draft.package = package_at(context, &draft.root.clone());
    }
    let Some(package) = draft.package else { return };
    draft.root = context.packages[package].root.as_str().to_owned();
    if is_cargo(&context.packages[package])
        && let Some(krate) = default_binary(context, package).and_then(|binary| context.modules.krate(binary))
    {
        draft.entries = vec![krate.root];
    }
}

/// The Rust binary that a draft's image starts, or is the only one that it holds.
pub(super) fn program(context: &Context<'_>, draft: &Draft<'_>) -> Option<CrateId> {
    binary_of_commands(context, draft).or_else(|| match held_binaries(context, draft).as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}

/// The Rust binary that a draft's command lines name.
pub(super) fn binary_of_commands(context: &Context<'_>, draft: &Draft<'_>) -> Option<CrateId> {
    if context.binaries.is_empty() {
        return None;
    }
    let may_run = |name: &str, binary: CrateId| context.may_run(draft, name, context.root_of(binary)) || can_only_mean_own(draft, name);
    let held = |path: &str| match built_as(context, draft, path) {
        Some(name) => binary_named(context, draft, &name),
        None => {
            let name = paths::file_name(path);
            binary_named(context, draft, name).filter(|binary| may_run(name, *binary))
        }
    };
    let started = |text: &str| program_paths(text).iter().find_map(|path| held(path));
    // Behind what the image starts, a manifest's command is its arguments, though a word of them be called like another program.
    let of_image = image_entrypoint(context, draft).and_then(|text| started(&with_build_args(context, draft, &text)));
    of_image.or_else(|| written_commands(context, draft).iter().find_map(|(text, _)| started(text)))
}

/// What a draft's image starts, where nothing of compose takes its place.
fn image_entrypoint(context: &Context<'_>, draft: &Draft<'_>) -> Option<Symbol> {
    let is_kept = draft.workloads.is_empty()
        && draft.processes.is_empty()
        && draft.compose.iter().all(|(_, service, _)| service.entrypoint.is_none());
    let stages = context.stages(draft);
    let entrypoint = stages.iter().find(|stage| stage.starts())?.entrypoint.as_ref();
    Some(entrypoint.filter(|_| is_kept && !draft.shares_image)?.value.clone())
}

/// What the build calls the program that a draft's image has at a path, where the image takes it from its build.
pub(super) fn built_as(context: &Context<'_>, draft: &Draft<'_>, path: &str) -> Option<Symbol> {
    let (_, target) = draft.dockerfile.as_ref()?;
    let origin = installed::origins(context.dockerfile(draft)?.facts, target.as_deref(), path).pop()?;
    Some(with_build_args(context, draft, paths::file_name(&origin)))
}

/// Whether a workload that starts a program of that name can only mean the workspace's: of its image nothing is told, as where a chart is to be
/// given one, and the name has several words.
fn can_only_mean_own(draft: &Draft<'_>, name: &str) -> bool {
    let is_told = |image: &str| image.replace("TEMPLATE", "").contains(char::is_alphanumeric);
    !draft.image.as_deref().is_some_and(is_told) && !draft.workloads.is_empty() && name.contains(['-', '_'])
}

/// The binary of a name that a draft can hold: the one nearest to its Dockerfile.
fn binary_named(context: &Context<'_>, draft: &Draft<'_>, name: &str) -> Option<CrateId> {
    let around = draft.context.as_deref().unwrap_or_default();
    let candidates = context.binaries_named(name).iter().copied();
    nearest(context, context.dockerfile(draft), candidates.filter(|binary| paths::is_within(context.root_of(*binary), around)))
}

/// Of binaries of one name, that of the Cargo workspace which a Dockerfile builds, else the one nearest to it.
pub(super) fn nearest(
    context: &Context<'_>,
    dockerfile: Option<Source<'_, Dockerfile>>,
    candidates: impl Iterator<Item = CrateId>,
) -> Option<CrateId> {
    let mut candidates: Vec<CrateId> = candidates.collect();
    if candidates.len() < 2 {
        return candidates.pop();
    }
    let at = dockerfile.map(|source| source.folder()).unwrap_or_default();
    let folders = dockerfile.map(|source| installed::build_folders(source.facts)).unwrap_or_default();
    // Where an image keeps the workspace is not known.
    let is_in = |built: &String, folder: &str| !folder.is_empty() && format!("/{built}").ends_with(&format!("/{folder}"));
    let is_built = |root: &str| paths::upwards(root).any(|folder| folders.iter().any(|built| is_in(built, folder)));
    let root = |binary: &CrateId| context.root_of(*binary);
    candidates.into_iter().max_by_key(|binary| (is_built(root(binary)), paths::shared(root(binary), at), std::cmp::Reverse(*binary)))
}

/// The binary that a draft's image holds, where it is the only one; else one with the draft's own name.
fn binary_of_image(context: &Context<'_>, draft: &Draft<'_>) -> Option<CrateId> {
    if context.binaries.is_empty() {
        return None;
    }
    let held = held_binaries(context, draft);
    if let [one] = held.as_slice() {
        return Some(*one);
    }
    // Of several, the one that is called like the image.
    let names: Vec<String> = draft.image.iter().flat_map(|image| image_names(image)).chain([draft.name.to_string()]).collect();
    let target = |binary: &CrateId| context.modules.krate(*binary).map_or("", |krate| krate.target.as_str());
    let called = |binary: &CrateId| {
        let target = normal(target(binary));
        names.iter().map(|name| normal(name)).any(|name| name.len() > 3 && target.ends_with(&name))
    };
    let mut fitting = held.iter().filter(|binary| called(binary));
    if let (Some(one), None) = (fitting.next(), fitting.next()) {
        return Some(*one);
    }
    if let Some(one) = named_alike(&held, target, &names) {
        return Some(one);
    }
    let own = [draft.name.to_string()].iter().chain(&names).find_map(|name| binary_named(context, draft, name))?;
    let own = if draft.dockerfile.is_none() { started_with(context, own)? } else { own };
    let fits = draft.dockerfile.is_none() || held.contains(&own) || context.stages(draft).iter().any(|stage| stage.from.contains("rust"));
    fits.then_some(own)
}

/// What the images start that hold a binary, where that is one program: not each program of an image is what it runs, whatever that is called.
/// A binary that no image holds is started by itself.
fn started_with(context: &Context<'_>, binary: CrateId) -> Option<CrateId> {
    let image = |index| Draft { dockerfile: Some((index, None)), context: Some(String::new()), ..Draft::default() };
    let products = context.sources.dockerfiles.iter().enumerate().filter(|(_, source)| !known::is_example_path(source.path));
    let holding = products.map(|(index, _)| image(index)).filter(|image| held_binaries(context, image).contains(&binary));
    let mut started: Vec<CrateId> = holding.map(|image| binary_of_commands(context, &image).unwrap_or(binary)).collect();
    started.sort_unstable();
    started.dedup();
    match started.as_slice() {
        [] => Some(binary),
        [one] => Some(*one),
        several => several.contains(&binary).then_some(binary),
    }
}

/// The binaries that a draft's image holds, tools left out: those that it takes from its build, or out of the folder that Cargo builds into.
fn held_binaries(context: &Context<'_>, draft: &Draft<'_>) -> Vec<CrateId> {
    let stages = context.stages(draft);
    let given = stages.iter().flat_map(|stage| &stage.copies).filter(|copy| copy.from.is_none()).flat_map(|copy| &copy.sources);
    let built: Vec<Symbol> = given
        .map(|source| with_build_args(context, draft, source))
        .filter(|source| source.split('/').any(|part| matches!(part, "release" | "debug")))
        .collect();
    let taken =
        draft.dockerfile.as_ref().and_then(|(_, target)| Some(installed::names(context.dockerfile(draft)?.facts, target.as_deref())));
    let taken: Vec<Symbol> = taken.iter().flatten().map(|name| with_build_args(context, draft, name)).collect();
    let names = taken.iter().map(Symbol::as_str).chain(built.iter().map(|source| paths::file_name(source)));
    let mut held: Vec<CrateId> = names.filter_map(|name| binary_named(context, draft, name)).collect();
    held.retain(|binary| context.modules.krate(*binary).is_some_and(|krate| !is_tool_name(&krate.target)));
    held.dedup();
    held
}

/// Of several binaries the one that has more words in common with a service's names than any other, and none beside them that says something.
fn named_alike<'a>(held: &[CrateId], target: impl Fn(&CrateId) -> &'a str, names: &[String]) -> Option<CrateId> {
    const SAY_NOTHING: &[&str] = &["service", "server", "app", "bin", "main", "node", "chart", "api", "web", "worker"];
    let telling = |name: &str| words_of(name).into_iter().filter(|word| !SAY_NOTHING.contains(&word.as_str())).collect::<Vec<_>>();
    let own: Vec<String> = names.iter().flat_map(|name| telling(name)).collect();
    let in_common = |binary: &CrateId| {
        let words = telling(target(binary));
        if words.iter().all(|word| own.contains(word)) { words.len() } else { 0 }
    };
    let most = held.iter().map(in_common).max().filter(|most| *most > 0)?;
    let mut best = held.iter().filter(|binary| in_common(binary) == most);
    best.next().copied().filter(|_| best.next().is_none())
}

/// The package that a draft's Dockerfile and command lines speak of.
fn referred_package(context: &Context<'_>, draft: &Draft<'_>) -> Option<usize> {
    let around = draft.context.clone().unwrap_or_default();
    let own = normal(&draft.name);
    let fits = |package: usize| {
        let package = &context.packages[package];
        let names = [normal(unscoped(&package.name)), normal(paths::file_name(package.root.as_str()))];
        let images = draft.image.iter().flat_map(|image| image_names(image)).map(|name| normal(&name));
        names.contains(&own) || images.into_iter().any(|image| names.contains(&image))
    };
    if let Some(package) = package_of_working_dir(context, draft, &around) {
        return Some(package);
    }
    for (command, _) in written_commands(context, draft) {
        for word in words(&command).filter(|word| word.contains('/')) {
            if let Some(file) = file_named(context, &around, word)
                && let Some(package) = context.roots.of_file(context.files.path(file))
                && context.packages[package].root != around.as_str()
            {
                return Some(package);
            }
        }
        if let Some(package) = workspace_named(context, &command) {
            return Some(package);
        }
    }
    if let Some(package) = package_of_script(context, draft, &around).or_else(|| package_of_program(context, draft, &around)) {
        return Some(package);
    }
    let (index, target) = draft.dockerfile.as_ref()?;
    // Of a Dockerfile for several images, what other targets hold says nothing of this one.
    if target.is_some()
        && let Some(package) = package_of_build(context, draft, &around)
    {
        return Some(package);
    }
    let stages = &context.sources.dockerfiles.get(*index)?.facts.stages;
    let mut copied: Vec<usize> = Vec::new();
    for source in stages.iter().flat_map(|stage| &stage.copies).filter(|copy| copy.from.is_none()).flat_map(|copy| &copy.sources) {
        let Some(path) = paths::join(&around, &with_build_args(context, draft, source)) else { continue };
        let package = paths::upwards(&path)
            .take_while(|folder| !folder.is_empty() && *folder != around)
            .find_map(|folder| package_at(context, folder));
        copied.extend(package.filter(|package| !copied.contains(package)));
    }
    if let Some(package) = copied.iter().copied().find(|package| fits(*package)) {
        return Some(package);
    }
    let mut told = copied.iter().copied().filter(|package| is_told(&context.packages[*package], draft));
    if let (Some(package), None) = (told.next(), told.next()) {
        return Some(package);
    }
    let runs = stages.iter().rev().flat_map(|stage| stage.runs.iter().rev());
    let built = runs.into_iter().find_map(|run| workspace_named(context, &with_build_args(context, draft, &run.value)));
    if built.is_some() {
        return built;
    }
    let libraries: Vec<usize> = copied.iter().flat_map(|package| context.packages[*package].dependencies.iter().copied()).collect();
    copied.retain(|package| !libraries.contains(package));
    match copied.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// The package in whose folder a compose file starts a draft; where the image keeps the repository is not known: `/usr/app/services/shop`.
fn package_of_working_dir(context: &Context<'_>, draft: &Draft<'_>, around: &str) -> Option<usize> {
    let (source, folder) = draft.compose.iter().find_map(|(source, service, _)| Some((source, service.working_dir.as_ref()?)))?;
    let folder = context.variables.fill(source.folder(), folder);
    let rests = std::iter::successors(Some(folder.trim_matches('/')), |rest| rest.split_once('/').map(|(_, rest)| rest));
    rests.filter(|rest| !rest.is_empty() && !rest.contains('$')).find_map(|rest| package_at(context, &paths::join(around, rest)?))
}

/// The package that a script leads to which a draft's command line runs at the root of a monorepo: `cd packages/shop && npm start`.
fn package_of_script(context: &Context<'_>, draft: &Draft<'_>, around: &str) -> Option<usize> {
    let npm = context.sources.npm[*context.npm_at.get(around)?].facts;
    // An entry point may be the beginning of the line only: `npm run`.
    let line = written_commands(context, draft).iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(" ");
    let run = npm.scripts.iter().filter(|script| runs_script(&line, &script.name)).filter_map(|script| script.value.as_deref());
    run.into_iter().find_map(|script| {
        let entered = words(script).zip(words(script).skip(1)).find(|(word, _)| *word == "cd").map(|(_, folder)| folder);
        let entered = entered.and_then(|folder| package_at(context, &paths::join(around, folder)?));
        entered.filter(|package| context.packages[*package].root != around).or_else(|| workspace_named(context, script))
    })
}

/// The only package of whose folder in an earlier stage the image of a draft has something: `COPY --from=build /app/apps/shop/dist /site`.
fn package_of_build(context: &Context<'_>, draft: &Draft<'_>, around: &str) -> Option<usize> {
    let stages = context.stages(draft);
    let sources = stages.iter().flat_map(|stage| &stage.copies).filter(|copy| copy.from.is_some()).flat_map(|copy| &copy.sources);
    let mut found = None;
    for source in sources {
        let mut inner = source.trim_matches('/');
        // Where the image keeps the repository is not known: the longest way that is one of the repository's.
        let package = loop {
            let folders = paths::join(around, inner).unwrap_or_default();
            let package = paths::upwards(&folders)
                .take_while(|folder| !folder.is_empty() && *folder != around)
                .find_map(|folder| context.roots.at(folder, Ecosystem::Npm));
            match (package, inner.split_once('/')) {
                (None, Some((_, rest))) => inner = rest,
                (package, _) => break package,
            }
        };
        if let Some(package) = package
            && *found.get_or_insert(package) != package
        {
            return None;
        }
    }
    found
}

/// The only package that installs the program which a draft's command line starts: `shop start` of `"bin": { "shop": "./bin/run.js" }`.
fn package_of_program(context: &Context<'_>, draft: &Draft<'_>, around: &str) -> Option<usize> {
    written_commands(context, draft).iter().find_map(|(command, _)| {
        let name = programs(command).into_iter().next()?;
        let within = context.sources.npm.iter().filter(|npm| paths::is_within(npm.folder(), around));
        let mut installing = within.filter(|npm| npm.facts.bins.iter().any(|(bin, _)| *bin == name));
        let (Some(one), None) = (installing.next(), installing.next()) else { return None };
        package_at(context, one.folder())
    })
}

/// Whether a variable that names a program names that of a package, of the several that an image has: `SERVICE_NAME=mailer`.
fn is_told(package: &Package, draft: &Draft<'_>) -> bool {
    let names_program = |name: &str| {
        let name = name.strip_suffix("_NAME").unwrap_or(name);
        matches!(name.rsplit('_').next().unwrap_or(name), "SERVICE" | "APP" | "PROGRAM" | "COMPONENT" | "PROCESS" | "ROLE")
    };
    let names = [normal(unscoped(&package.name)), normal(paths::file_name(package.root.as_str()))];
    let of_compose = draft.compose.iter().flat_map(|(_, service, _)| &service.environment);
    let of_workloads = draft.workloads.iter().flat_map(|(_, _, _, container)| &container.environment);
    let mut values = of_compose.chain(of_workloads).filter(|variable| names_program(&variable.name));
    values.any(|variable| variable.value.as_ref().is_some_and(|value| names.contains(&normal(value))))
}

/// The npm package that a command line picks out of its monorepo.
fn workspace_named(context: &Context<'_>, command: &str) -> Option<usize> {
    let list: Vec<&str> = words(command).collect();
    let manager = list.iter().any(|word| matches!(*word, "yarn" | "pnpm" | "npm" | "turbo" | "nx" | "lerna" | "npx" | "bun"));
    if !manager {
        return None;
    }
    let named = |name: &str| {
        let name = name.trim_matches(|letter| matches!(letter, '{' | '}' | '.' | '^'));
        let mut fitting = context.packages.iter().enumerate().filter(|(_, package)| !is_cargo(package) && package.name == name);
        let folder = || context.roots.at(name.trim_start_matches(['.', '/']), Ecosystem::Npm);
        fitting.next().map(|(index, _)| index).or_else(folder)
    };
    for (at, word) in list.iter().enumerate() {
        let next = list.get(at + 1).copied();
        let name = match *word {
            "workspace" | "--filter" | "-F" | "-w" | "--workspace" | "--scope" | "prune" | "--project" | "focus" => next,
            // `nx build shop`, `nx run shop:build`.
            "build" | "serve" | "run" if at > 0 && list[at - 1] == "nx" => next.and_then(|next| next.split(':').next()),
            _ => ["--filter=", "--workspace=", "--scope=", "-w=", "--project="].iter().find_map(|option| word.strip_prefix(option)),
        };
        if let Some(package) = name.and_then(named) {
            return Some(package);
        }
    }
    None
}

/// The source file that a word of a command line names, as seen from a folder; leading folders of the image are taken away.
pub(super) fn file_named(context: &Context<'_>, folder: &str, word: &str) -> Option<FileId> {
    let word = word.trim_start_matches("file://");
    if word.starts_with('-') || word.contains("://") || word.contains('$') {
        return None;
    }
    let mut rest = word.trim_start_matches('/');
    for _ in 0..5 {
        if let Some(file) = context.modules.source_of(folder, rest) {
            return Some(file);
        }
        if !word.starts_with('/') {
            return None;
        }
        rest = rest.split_once('/')?.1;
    }
    None
}

/// Fills in a draft's command lines, npm scripts they name included, and the files it starts from.
pub(super) fn commands(context: &Context<'_>, draft: &mut Draft<'_>) {
    let mut found = written_commands(context, draft);
    if draft.third_party {
        draft.commands = found;
        return;
    }
    let npm = context.npm_at.get(draft.root.as_str()).map(|index| &context.sources.npm[*index]);
    if let Some(npm) = npm {
        let script = |name: &str| npm.facts.scripts.iter().find(|script| script.name == name);
        let mut at = 0;
        let mut named: Vec<&str> = Vec::new();
        if found.is_empty() {
            let usual = ["start:prod", "start", "serve", "dev"].into_iter().find(|name| script(name).is_some());
            named.extend(usual);
        }
        // Scripts call scripts; each is looked at once.
        loop {
            for name in std::mem::take(&mut named) {
                if let Some(script) = script(name) {
                    let text = (script.value.clone().unwrap_or_default(), Place { file: npm.file, range: script.range });
                    if !found.contains(&text) {
                        found.push(text);
                    }
                }
            }
            let Some((text, _)) = found.get(at) else { break };
            named = npm.facts.scripts.iter().map(|script| script.name.as_str()).filter(|name| runs_script(text, name)).collect();
            at += 1;
        }
    }
    // What a bundler hands out starts from no file of the package's own program.
    let has_program = |package: usize| !is_cargo(&context.packages[package]) && !starts::serves_bundle(context, draft);
    if draft.entries.is_empty() && draft.package.is_some_and(has_program) {
        draft.entries = npm_entries(context, draft, &found);
        if draft.entries.is_empty() {
            draft.starts_missing = found.iter().any(|(command, _)| names_missing_source(context, draft, command));
        }
    }
    draft.commands = found;
}

/// Whether a command line runs a source file that the workspace does not have: `tsx src/bin/gone.ts`. What is built first is not there either.
fn names_missing_source(context: &Context<'_>, draft: &Draft<'_>, line: &str) -> bool {
    let around = draft.context.as_deref().unwrap_or_default();
    let is_source = |word: &str| [".ts", ".mts", ".cts", ".tsx"].iter().any(|ending| word.ends_with(ending)) && !word.ends_with(".d.ts");
    let is_there = |word: &str| [draft.root.as_str(), around].iter().any(|folder| file_named(context, folder, word).is_some());
    let is_open = |word: &str| word.contains(['$', '*', '{', '=']) || word.contains("node_modules");
    super::command_lines::commands(line).iter().any(|command| {
        let runner = command.iter().position(|word| matches!(paths::file_name(word), "tsx" | "ts-node" | "ts-node-dev" | "bun" | "deno"));
        let Some(runner) = runner else { return false };
        let file = (runner + 1..command.len()).find(|at| is_source(&command[*at]) && !command[at - 1].starts_with('-'));
        file.is_some_and(|at| !is_open(&command[at]) && !command[at].starts_with('-') && !is_there(&command[at]))
    })
}

fn npm_entries(context: &Context<'_>, draft: &Draft<'_>, commands: &[(Symbol, Place)]) -> Vec<FileId> {
    let mut found: Vec<FileId> = Vec::new();
    let around = draft.context.as_deref().unwrap_or_default();
    let own_file = |word: &str| {
        let file = file_named(context, &draft.root, word).or_else(|| file_named(context, around, word));
        file.filter(|file| paths::is_within(context.files.path(*file).as_str(), &draft.root))
    };
    for (command, _) in commands {
        for word in words(command) {
            let is_file = [".js", ".ts", ".mjs", ".cjs", ".mts", ".tsx"].iter().any(|ending| word.ends_with(ending));
            let may_be_path = word.contains('/') && !word.contains("node_modules") && !word.starts_with("--");
            if !is_file && !may_be_path {
                continue;
            }
            found.extend(own_file(word).filter(|file| !found.contains(file)));
        }
        if words(command).any(|word| word == "nest")
            && let Some(file) = context.modules.source_of(&draft.root, "src/main")
            && !found.contains(&file)
        {
            found.push(file);
        }
    }
    if found.is_empty() && !commands.iter().any(|(command, _)| names_missing_source(context, draft, command)) {
        let usual = ["src/main", "src/index", "src/server", "src/app", "main", "index", "server", "app"];
        let declared = draft.package.and_then(|package| context.modules.package_entry(package));
        found.extend(declared.or_else(|| usual.iter().find_map(|path| context.modules.source_of(&draft.root, path))));
    }
    for module in commands.iter().flat_map(|(command, _)| preloaded(command)) {
        found.extend(own_file(module).filter(|file| !found.contains(file)));
    }
    found
}
