//! Finds the files of a workspace that can be read.
//!
//! Git's ignore rules hold, whether or not there is a repository, but for examples of dotenv files; hidden files count, as `.env` is one.
//! Symbolic links are not followed, so that no file is found twice and no loop is entered, but where code names one as a document. What
//! deliberately does not live here: what a path means, which is [`portolan_grammars::classify`]'s to say. Invariant: the result is sorted and
//! the same on every machine; hence the ignore file of the user alone is not asked.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use camino::Utf8PathBuf;
use ignore::{DirEntry, WalkBuilder, WalkState};
use portolan_grammars::manifests::ManifestFormat;
use portolan_grammars::manifests::dotenv::EXAMPLE_WORDS;
use portolan_grammars::{FileKind, classify};
use rustc_hash::FxHashSet;

use crate::load::FileProblem;
use crate::roots::{Root, Roots};

#[cfg(test)]
mod tests;

/// Folders that hold other people's code or a tool's own files.
const SKIPPED_FOLDERS: &[&str] = &[".git", ".hg", ".jj", ".svn", ".yarn", ".pnpm-store", ".venv", "bower_components", "node_modules"];

/// How a `CACHEDIR.TAG` begins, by its specification.
const CACHE_TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// A file that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its path in the world.
    pub path: Utf8PathBuf,
    /// Its path below its root, by which it is classified.
    pub relative: Utf8PathBuf,
    /// Where it is on disk.
    pub disk: PathBuf,
    /// How it is to be read.
    pub kind: FileKind,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The files, sorted by path.
    pub files: Vec<Found>,
    /// Paths in the world of files that are there but not read, sorted: their names tell of other languages.
    pub others: Vec<Utf8PathBuf>,
    /// Paths in the world of symbolic links, which are not followed.
    pub links: Vec<Utf8PathBuf>,
    /// What could not be looked at.
    pub problems: Vec<FileProblem>,
}

/// Finds all files of a workspace.
pub fn discover(roots: &Roots) -> Discovery {
    finish(roots.iter().map(|root| walk(root, None)))
}

/// Finds the files at and below some paths on disk, by the same rules as [`discover`]: what lies in an ignored folder is not found.
pub fn discover_at(roots: &Roots, paths: &[PathBuf]) -> Discovery {
    finish(roots.iter().filter_map(|root| {
        let targets: FxHashSet<PathBuf> = paths.iter().filter(|path| path.starts_with(&root.folder)).cloned().collect();
        if targets.is_empty() {
            return None;
        }
        let ancestors = targets.iter().flat_map(|path| path.ancestors().skip(1).map(Path::to_owned)).collect();
        Some(walk(root, Some(Targets { paths: targets, ancestors })))
    }))
}

/// Documents that code names, by their paths in the world, as files that can be read, in the order of these. Where one is a link, it is what that leads to. What
/// lies in an ignored folder is none: another machine need not have it.
pub fn documents_at(roots: &Roots, paths: impl IntoIterator<Item = Utf8PathBuf>) -> Vec<Found> {
    let disk: Vec<PathBuf> = paths.into_iter().filter_map(|path| roots.to_disk(&path)).collect();
    if disk.is_empty() {
        return Vec::new();
    }
    let Discovery { files, others, links, .. } = discover_at(roots, &disk);
    let known: FxHashSet<Utf8PathBuf> = files.into_iter().map(|file| file.path).chain(others).chain(links).collect();
    let document = |disk: PathBuf| {
        let (root, path) = roots.to_world(&disk).filter(|(_, path)| known.contains(path))?;
        let relative = root.relative(&disk)?;
        let is_file = std::fs::metadata(&disk).is_ok_and(|found| found.is_file());
        is_file.then_some(Found { path, relative, disk, kind: FileKind::Manifest(ManifestFormat::OpenApi) })
    };
    disk.into_iter().filter_map(document).collect()
}

/// How a path is read, if at all: what [`discover`] would say, were there such a file in a folder that is not ignored.
pub fn kind_at(roots: &Roots, path: &Path) -> Option<Found> {
    let (root, world) = roots.to_world(path)?;
    let relative = root.relative(&crate::roots::normalize(path))?;
    if relative.components().any(|part| SKIPPED_FOLDERS.contains(&part.as_str())) {
        return None;
    }
    let kind = classify(&relative)?;
    Some(Found { path: world, relative, disk: path.to_owned(), kind })
}

struct Targets {
    paths: FxHashSet<PathBuf>,
    ancestors: FxHashSet<PathBuf>,
}

impl Targets {
    fn wants(&self, path: &Path) -> bool {
        self.ancestors.contains(path) || path.ancestors().any(|outer| self.paths.contains(outer))
    }
}

fn finish(parts: impl Iterator<Item = Discovery>) -> Discovery {
    let mut all = Discovery::default();
    for part in parts {
        all.files.extend(part.files);
        all.others.extend(part.others);
        all.links.extend(part.links);
        all.problems.extend(part.problems);
    }
    // As texts, which is much faster than part by part.
    all.files.sort_by(|a, b| a.path.as_str().cmp(b.path.as_str()));
    // An example of a dotenv file that no rule ignores was come across twice.
    all.files.dedup_by(|a, b| a.path == b.path);
    all.others.sort();
    all.problems.sort();
    all
}

fn walk(root: &Root, targets: Option<Targets>) -> Discovery {
    let targets = targets.map(Arc::new);
    let wanted = targets.clone();
    // The ignore files above the root count only as far as the repository reaches; without one, they are somebody else's.
    let in_repository = root.folder.ancestors().any(|folder| folder.join(".git").exists());
    let walker = WalkBuilder::new(&root.folder)
        .hidden(false)
        .parents(in_repository)
        .ignore(true)
        .git_ignore(true)
        .git_exclude(true)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        .threads(rayon::current_num_threads())
        .filter_entry(move |entry| enters(entry) && wanted.as_ref().is_none_or(|targets| targets.wants(entry.path())))
        .build_parallel();
    let found = Mutex::new(Discovery::default());
    walker.run(|| {
        let targets = targets.clone();
        let mut part = Part { found: &found, targets, files: Vec::new(), others: Vec::new(), links: Vec::new(), problems: Vec::new() };
        Box::new(move |entry| {
            part.visit(root, entry);
            WalkState::Continue
        })
    });
    found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether a folder is walked, or a file looked at.
fn enters(entry: &DirEntry) -> bool {
    if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return true;
    }
    if entry.file_name().to_str().is_some_and(|name| SKIPPED_FOLDERS.contains(&name)) {
        return false;
    }
    !is_cache(entry.path())
}

/// Whether there is a file, and no link to one.
fn is_own_file(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

fn is_cache(folder: &Path) -> bool {
    use std::io::Read;
    let Ok(mut tag) = std::fs::File::open(folder.join("CACHEDIR.TAG")) else { return false };
    let mut start = [0; CACHE_TAG.len()];
    tag.read_exact(&mut start).is_ok() && start == CACHE_TAG
}

/// What one thread of the walk found; handed over when the thread is done.
struct Part<'a> {
    found: &'a Mutex<Discovery>,
    targets: Option<Arc<Targets>>,
    files: Vec<Found>,
    others: Vec<Utf8PathBuf>,
    links: Vec<Utf8PathBuf>,
    problems: Vec<FileProblem>,
}

impl Part<'_> {
    fn visit(&mut self, root: &Root, entry: Result<DirEntry, ignore::Error>) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // A file that went away between listing and looking is no problem.
                if error.io_error().is_none_or(|error| error.kind() != std::io::ErrorKind::NotFound) {
                    self.problems.push(FileProblem::new(Utf8PathBuf::new(), error.to_string()));
                }
                return;
            }
        };
        match entry.file_type() {
            Some(kind) if kind.is_file() => self.add(root, entry.into_path()),
            Some(kind) if kind.is_symlink() => self.links.extend(root.to_world(entry.path())),
            Some(kind) if kind.is_dir() => {
                // Ignore rules that keep secrets out of a repository (`.env.*`) cover the names of examples, too, though they are in it.
                let examples = EXAMPLE_WORDS.map(|word| entry.path().join(format!(".env.{word}")));
                let is_wanted = |path: &Path| self.targets.as_ref().is_none_or(|targets| targets.wants(path));
                let found: Vec<PathBuf> = examples.into_iter().filter(|path| is_wanted(path) && is_own_file(path)).collect();
                found.into_iter().for_each(|path| self.add(root, path));
            }
            _ => {}
        }
    }

    fn add(&mut self, root: &Root, disk: PathBuf) {
        let Some(relative) = root.relative(&disk) else {
            let lossy = Utf8PathBuf::from(disk.to_string_lossy().into_owned());
            if classify(&lossy).is_some() {
                self.problems.push(FileProblem::new(lossy, "its name is not valid UTF-8"));
            }
            return;
        };
        let Some(path) = root.to_world(&disk) else { return };
        let Some(kind) = classify(&relative) else {
            self.others.push(path);
            return;
        };
        self.files.push(Found { path, relative, disk, kind });
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        let mut found = self.found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        found.files.append(&mut self.files);
        found.others.append(&mut self.others);
        found.links.append(&mut self.links);
        found.problems.append(&mut self.problems);
    }
}
