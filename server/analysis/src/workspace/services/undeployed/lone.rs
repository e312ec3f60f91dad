//! Dockerfiles of other languages that no manifest builds: an image that starts something, with code beside it.
//!
//! A plain `Dockerfile` says enough. What one of another name is for, as `tools.Dockerfile`, its name leaves open: it counts where it starts a
//! program of the component that it lies beside, and that is known to listen. Invariant: no folder has two services but for programs of its own.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::Dockerfile;
use rustc_hash::FxHashSet;

use super::{is_aside, join, starts};
use crate::workspace::paths;
use crate::workspace::services::installed::in_image;
use crate::workspace::services::{Context, Draft, command_lines, evidence, known, stage_chain};
use crate::workspace::sources::Source;

/// Manifests of applications in languages that are not read.
const MANIFESTS: [&str; 11] = [
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "setup.py",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "Gemfile",
    "composer.json",
    "mix.exs",
    "build.sbt",
];

/// Words of a Dockerfile's name that tell of an image for those who write the component.
const FOR_DEVELOPERS: [&str; 8] = ["dev", "development", "debug", "local", "test", "tests", "testing", "ci"];

/// Adds their services.
pub(super) fn add<'a>(context: &Context<'a>, drafts: &mut Vec<Draft<'a>>) {
    let mut used: FxHashSet<usize> = drafts.iter().filter_map(|draft| draft.dockerfile.as_ref().map(|(index, _)| *index)).collect();
    let mut roots: FxHashSet<String> = drafts.iter().filter(|draft| !draft.third_party).map(|draft| draft.root.clone()).collect();
    for (_, service, _) in drafts.iter().flat_map(|draft| &draft.compose) {
        if let Some(path) = service.dockerfile.as_ref() {
            used.extend(context.dockerfile_at.get(path.value.trim_start_matches("./")));
        }
    }
    let coded: FxHashSet<&str> = context
        .files
        .foreign()
        .filter(|path| known::language(path).is_some())
        .flat_map(|path| paths::upwards(paths::folder(path)).take(4))
        .collect();
    let mut order: Vec<(usize, &Source<'a, Dockerfile>)> = context.sources.dockerfiles.iter().enumerate().collect();
    // Of several in a folder, the plain one counts, else one that is not for those who write it.
    order.sort_by_key(|(_, source)| (word(source.path).is_some(), word(source.path).is_some_and(|word| FOR_DEVELOPERS.contains(&word))));
    for (index, source) in order {
        let mut component = Component { folder: source.folder().to_owned(), answers_rpcs: false };
        let folder = component.folder.as_str();
        if used.contains(&index) || folder.is_empty() || is_aside(source.path) || !starts(source.facts) || !coded.contains(folder) {
            continue;
        }
        if let Some(word) = word(source.path) {
            let Some(found) = listening(context, source, word) else { continue };
            component = found;
        }
        let Component { folder, answers_rpcs } = component;
        let name = paths::file_name(&folder);
        // What answers rpcs is no tool, though it builds something.
        let is_tool = known::is_tool_image(name) && !answers_rpcs;
        let is_within_one = paths::upwards(&folder).any(|folder| !folder.is_empty() && roots.contains(folder));
        let is_named = drafts.iter().any(|draft| known::normal(&draft.name) == known::normal(name));
        if is_tool || is_within_one || is_named {
            continue;
        }
        roots.insert(folder.clone());
        let range = stage_chain(source.facts, None).first().map(|stage| stage.range).unwrap_or_default();
        let mut draft = Draft { name: Symbol::new(name), root: folder, dockerfile: Some((index, None)), ..Draft::default() };
        draft.evidence.push(evidence(paths::file_name(source.path), source.file, range));
        drafts.push(draft);
    }
}

/// What the name of a Dockerfile says besides: `prod` of `prod.Dockerfile` and `Dockerfile.prod`.
fn word(path: &str) -> Option<&str> {
    let (before, behind) = paths::file_name(path).split_once('.')?;
    let is_dockerfile = |part: &str| part.eq_ignore_ascii_case("dockerfile");
    if is_dockerfile(before) {
        return Some(behind);
    }
    let (word, end) = paths::file_name(path).rsplit_once('.')?;
    is_dockerfile(end).then_some(word)
}

/// What an image is made of.
struct Component {
    folder: String,
    /// Whether it registers servers of rpcs.
    answers_rpcs: bool,
}

/// The component that a Dockerfile lies beside, where the image starts its program and that waits for requests. One of several programs may be
/// called like the Dockerfile.
fn listening(context: &Context<'_>, source: &Source<'_, Dockerfile>, word: &str) -> Option<Component> {
    let folder = source.folder();
    if context.npm_at.contains_key(folder) && !context.go.is_program(folder) {
        return None;
    }
    let own = join(folder, &format!("cmd/{word}"));
    let only = |root: &str| context.go.programs_in(root).filter(|program| *program == root).collect::<Vec<_>>();
    let (root, programs) = match (only(&own), only(folder)) {
        (programs, _) if !programs.is_empty() => (own.as_str(), programs),
        (_, programs) if !programs.is_empty() => (folder, programs),
        _ => (folder, context.go.programs_in(&join(folder, "cmd")).collect()),
    };
    if !programs.is_empty() {
        let listens = holds_program(source.facts) && context.go.listens(&programs);
        return listens.then(|| Component { folder: root.to_owned(), answers_rpcs: context.go.answers_rpcs(&programs) });
    }
    let has = |name: &str| context.files.paths().iter().chain(context.files.others()).any(|path| *path == join(folder, name));
    let has_project = || {
        let mut there = context.files.others().iter().filter(|path| paths::folder(path.as_str()) == folder);
        there.any(|path| path.extension().is_some_and(|extension| matches!(extension, "csproj" | "fsproj")))
    };
    let listens = stage_chain(source.facts, None).iter().any(|stage| !stage.expose.is_empty());
    let is_application = || MANIFESTS.iter().any(|name| has(name)) || has_project();
    (listens && is_application()).then(|| Component { folder: folder.to_owned(), answers_rpcs: false })
}

/// Whether the program that an image starts is one that it is given or builds, and none of a shell or of the image that it is made on.
fn holds_program(dockerfile: &Dockerfile) -> bool {
    let chain = stage_chain(dockerfile, None);
    let Some(line) = chain.iter().find_map(|stage| stage.started().next()) else { return false };
    let Some(program) = command_lines::program_paths(&line.value).into_iter().next() else { return false };
    let is_called_so = |path: &str| paths::file_name(path) == paths::file_name(&program);
    let mut runs = chain.iter().flat_map(|stage| &stage.runs);
    if runs.any(|run| run.value.contains("go build") && command_lines::words(&run.value).any(is_called_so)) {
        return true;
    }
    let workdir = chain.iter().find_map(|stage| stage.workdir.as_deref());
    let path = in_image(workdir, &program);
    let mut copies = chain.iter().flat_map(|stage| &stage.copies);
    copies.any(|copy| {
        let destination = in_image(copy.workdir.as_deref(), &copy.destination);
        let is_named = copy.sources.iter().any(|source| is_called_so(source)) || is_called_so(&copy.destination);
        // A name alone is looked up among all programs of the image.
        is_named || program.contains('/') && paths::is_within(&path, &destination)
    })
}
