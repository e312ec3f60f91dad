//! Where an image has its programs from: what its stages copy, and what their commands move and rename.
//!
//! What deliberately does not live here: whose binary has a name, see [`super::code`]. Invariant: only what an instruction writes out is followed;
//! where a program came from by a pattern or a variable in its own name, its name says what it is.

use portolan_grammars::manifests::{Dockerfile, Stage};

use super::command_lines::commands;
use super::stage_chain;
use crate::workspace::paths;

/// How many copies one program is followed through.
const MOST_COPIES: usize = 16;

/// Where a program was before it was copied to a path of an image, the nearest place first, the path itself left out: of `/node`, by
/// `COPY --from=build /node /node` and `cp target/release/shop-node /node`, these are `/node` and `/target/release/shop-node`.
pub(super) fn origins(dockerfile: &Dockerfile, target: Option<&str>, path: &str) -> Vec<String> {
    let Some(first) = stage_chain(dockerfile, target).into_iter().next() else { return Vec::new() };
    let mut stage = first;
    let mut path = absolute(dockerfile, stage, path);
    let mut found: Vec<String> = Vec::new();
    for _ in 0..MOST_COPIES {
        let (from, source) = match (moved(dockerfile, stage, &path), copied(dockerfile, stage, &path)) {
            (Some(source), _) => (stage, source),
            (None, Some(origin)) => origin,
            (None, None) => match stage_of(dockerfile, &stage.from, stage) {
                Some(base) => {
                    stage = base;
                    continue;
                }
                None => break,
            },
        };
        stage = from;
        path = source;
        found.push(path.clone());
    }
    found
}

/// Names of the programs that an image takes from its build, as they are called there.
pub(super) fn names(dockerfile: &Dockerfile, target: Option<&str>) -> Vec<String> {
    let chain = stage_chain(dockerfile, target);
    let copies = chain.iter().flat_map(|stage| &stage.copies).filter(|copy| copy.from.is_some());
    let taken = copies.flat_map(|copy| copy.sources.iter().map(move |source| (copy, source)));
    let name = |path: &str| paths::file_name(path).to_owned();
    taken
        .map(|(copy, source)| {
            // Whether the destination is a folder or the program itself, this is how the copy is found again.
            let path = format!("/{}/{}", in_image(copy.workdir.as_deref(), &copy.destination), paths::file_name(source));
            origins(dockerfile, target, &path).pop().map_or_else(|| name(source), |from| name(&from))
        })
        .collect()
}

/// Whether a path of an image lies in a folder that its stages copy something to.
pub(super) fn is_in_copied_folder(dockerfile: &Dockerfile, target: Option<&str>, path: &str) -> bool {
    stage_chain(dockerfile, target).iter().any(|stage| {
        let path = absolute(dockerfile, stage, path);
        let places = stage.copies.iter().map(|copy| in_image(copy.workdir.as_deref(), &copy.destination));
        places.into_iter().any(|place| place != path && paths::is_within(&path, &place))
    })
}

/// Folders of a build in which Cargo is run, as seen from the root of the stage's own files: by `--manifest-path`, `cd` and `WORKDIR`.
pub(super) fn build_folders(dockerfile: &Dockerfile) -> Vec<String> {
    let mut found = Vec::new();
    for stage in &dockerfile.stages {
        for run in &stage.runs {
            let mut at = absolute(dockerfile, stage, "");
            for command in commands(&run.value) {
                match command.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                    ["cd", folder, ..] => at = in_image(Some(&at), folder),
                    ["cargo", "build" | "install", options @ ..] => {
                        let path = options.iter().enumerate().find_map(|(position, word)| match *word {
                            "--manifest-path" => options.get(position + 1).copied(),
                            word => word.strip_prefix("--manifest-path="),
                        });
                        found.push(path.map_or_else(|| at.clone(), |path| paths::folder(&in_image(Some(&at), path)).to_owned()));
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

/// The earlier stage of a name.
fn stage_of<'d>(dockerfile: &'d Dockerfile, name: &str, before: &Stage) -> Option<&'d Stage> {
    let earlier = dockerfile.stages.iter().take_while(|stage| !std::ptr::eq(*stage, before));
    let numbered = || dockerfile.stages.get(name.parse::<usize>().ok()?);
    earlier.filter(|stage| stage.name.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(name))).last().or_else(numbered)
}

/// The stage, and the place in it, that a stage has a file from by `COPY --from`.
fn copied<'d>(dockerfile: &'d Dockerfile, stage: &'d Stage, path: &str) -> Option<(&'d Stage, String)> {
    stage.copies.iter().rev().find_map(|copy| {
        let from = stage_of(dockerfile, copy.from.as_deref()?, stage)?;
        let source = taken(&copy.sources, &in_image(copy.workdir.as_deref(), &copy.destination), path)?;
        Some((from, in_image(None, source)))
    })
}

/// Where a command of a stage copies or moves a file from.
fn moved(dockerfile: &Dockerfile, stage: &Stage, path: &str) -> Option<String> {
    stage.runs.iter().rev().find_map(|run| {
        let mut at = absolute(dockerfile, stage, "");
        let mut origin = None;
        for command in commands(&run.value) {
            let words: Vec<&str> = command.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["cd", folder, ..] => at = in_image(Some(&at), folder),
                ["cp" | "mv" | "install" | "ln", rest @ ..] => {
                    let mut files: Vec<&str> = rest.iter().copied().filter(|word| !word.starts_with('-')).collect();
                    let Some(destination) = files.pop() else { continue };
                    if let Some(source) = taken(&files, &in_image(Some(&at), destination), path) {
                        origin = Some(in_image(Some(&at), source));
                    }
                }
                _ => {}
            }
        }
        origin.filter(|origin| origin != path)
    })
}

/// Which of the sources of a copy a path is: by the destination's name, or within it by its own.
fn taken<'s, S: AsRef<str>>(sources: &'s [S], destination: &str, path: &str) -> Option<&'s str> {
    let mut named = sources.iter().map(AsRef::as_ref);
    if destination == path {
        return named.next_back();
    }
    named.find(|source| paths::folder(path) == destination && paths::file_name(source) == paths::file_name(path))
}

/// A path of a stage, without the `/` it begins with.
fn absolute(dockerfile: &Dockerfile, stage: &Stage, path: &str) -> String {
    let mut workdir = stage.workdir.as_deref();
    let mut at = stage;
    while let (None, Some(base)) = (workdir, stage_of(dockerfile, &at.from, at)) {
        if std::ptr::eq(base, at) {
            break;
        }
        (workdir, at) = (base.workdir.as_deref(), base);
    }
    in_image(workdir, path)
}

/// A path in an image, without the `/` it begins with, as seen from a working directory.
pub(super) fn in_image(workdir: Option<&str>, path: &str) -> String {
    let around = if path.starts_with('/') { "" } else { workdir.unwrap_or_default() };
    paths::join(around.trim_start_matches('/'), path).unwrap_or_else(|| path.to_owned())
}
