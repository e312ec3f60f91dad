//! Reads the files of a workspace into a world.
//!
//! Files are read and handed to the world in parallel; the world orders them by path, so that nothing depends on a thread's timing. What
//! deliberately does not live here: the texts an editor holds. Invariant: no file, whatever it holds, keeps the others from being read.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use portolan_analysis::World;
use portolan_grammars::catalog::Catalog;
use portolan_grammars::{FileFacts, FileKind, MAX_FILE_BYTES};
use rayon::prelude::*;

use crate::discover::{Discovery, Found, discover, documents_at};
use crate::guard::guarded;
use crate::roots::Roots;

/// Something that kept a file, or a part of it, from being read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileProblem {
    /// The file's path in the world; empty where no file can be named.
    pub path: Utf8PathBuf,
    /// The 1-based line, where there is one.
    pub line: Option<u32>,
    /// One sentence for the user, without the file's name.
    pub message: String,
}

impl FileProblem {
    /// A problem of a whole file.
    pub fn new(path: Utf8PathBuf, message: impl Into<String>) -> Self {
        Self { path, line: None, message: message.into() }
    }
}

impl std::fmt::Display for FileProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.path.as_str(), self.line) {
            ("", _) => write!(f, "{}", self.message),
            (path, Some(line)) => write!(f, "{path}:{line}: {}", self.message),
            (path, None) => write!(f, "{path}: {}", self.message),
        }
    }
}

/// A workspace that was read.
#[derive(Debug)]
pub struct Loaded {
    /// Its world; ask it for a snapshot.
    pub world: World,
    /// What could not be read, sorted by path.
    pub problems: Vec<FileProblem>,
    /// How many files were read.
    pub files: usize,
}

/// Told how far reading has come: files done, files in all. Called from many threads.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Reads the workspace in one folder, given as an absolute path.
pub fn load(root: &Path) -> Loaded {
    load_roots(&Roots::one(root.to_owned()), &|_, _| {})
}

/// Reads a workspace and says how far it has come.
pub fn load_roots(roots: &Roots, progress: Progress<'_>) -> Loaded {
    let (Discovery { files, others, mut problems, .. }, catalog) = rayon::join(|| discover(roots), Catalog::builtin);
    let done = AtomicUsize::new(0);
    let total = files.len();
    let mut world = World::new(catalog);
    world.set_others(others);
    let found: Vec<FileProblem> = files
        .into_par_iter()
        // Files differ much in size: none waits in a queue behind a large one.
        .with_max_len(1)
        .flat_map_iter(|file| {
            let found = read_into(&world, file);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            found
        })
        .collect();
    problems.extend(found);
    let documents = documents_at(roots, world.documents());
    let read = total + documents.len();
    problems.extend(documents.into_par_iter().flat_map_iter(|file| read_into(&world, file)).collect::<Vec<_>>());
    problems.sort();
    Loaded { world, problems, files: read }
}

/// Reads one file into a world, and says what could not be read of it.
fn read_into(world: &World, file: Found) -> Vec<FileProblem> {
    let text = match read_disk(&file.disk, file.kind.max_bytes()) {
        Ok(text) => text,
        Err(Unread::Gone) => return Vec::new(),
        Err(Unread::Because(message)) => return vec![FileProblem::new(file.path, message)],
    };
    let mut problems: Vec<FileProblem> = text.problem.into_iter().map(|message| FileProblem::new(file.path.clone(), message)).collect();
    match read_text(&file.relative, &text.text, file.kind) {
        Ok(facts) => {
            problems.extend(problems_of(&file.path, &facts));
            world.set(file.path, Arc::new(facts));
        }
        Err(message) => problems.push(FileProblem::new(file.path, message)),
    }
    problems
}

/// Why there is no text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It is not there.
    Gone,
    /// A sentence for the user.
    Because(String),
}

/// A file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text. Its offsets are those of the file as long as there is no problem.
    pub text: String,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Reads the text of a file of at most so many bytes from disk.
pub fn read_disk(path: &Path, limit: usize) -> Result<Text, Unread> {
    use std::io::Read;
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Unread::Gone,
        _ => Unread::Because(format!("cannot be read: {error}")),
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > limit as u64 {
        return Err(too_large(size, limit));
    }
    // The file may grow while it is read.
    let mut bytes = Vec::with_capacity(size as usize + 1);
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        return Err(too_large(bytes.len() as u64, limit));
    }
    decode(bytes)
}

/// The text of a file on disk that may be written; an error says, behind the file's name, why it may not.
pub fn text_to_edit(path: &Path) -> Result<String, String> {
    let writable = std::fs::metadata(path).is_ok_and(|data| !data.permissions().readonly());
    if !writable {
        return Err("is read-only".to_owned());
    }
    whole_text(path)
}

/// The text of a file on disk of which nothing may be missing; an error says, behind the file's name, why there is none.
pub fn whole_text(path: &Path) -> Result<String, String> {
    match read_disk(path, MAX_FILE_BYTES) {
        Ok(Text { text, problem: None }) => Ok(text),
        Ok(_) => Err("is not valid UTF-8".to_owned()),
        Err(Unread::Gone) => Err("is not there".to_owned()),
        Err(Unread::Because(why)) => Err(why),
    }
}

fn too_large(size: u64, limit: usize) -> Unread {
    Unread::Because(format!("not read: {} KiB is more than the limit of {} KiB", size.div_ceil(1024), limit / 1024))
}

fn decode(bytes: Vec<u8>) -> Result<Text, Unread> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Unread::Because("not read: it is encoded as UTF-16, and only UTF-8 is read".to_owned()));
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Text { text, problem: None },
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            // Each bad byte becomes one byte, so that all offsets stay those of the file.
            let mut text = String::with_capacity(error.as_bytes().len());
            for chunk in error.as_bytes().utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| '?'));
            }
            Text { text, problem: Some(format!("not valid UTF-8 from line {line} on; the bytes in question were read as `?`")) }
        }
    })
}

/// Reads facts from a text; an error tells of a bug in the reader.
pub fn read_text(relative: &Utf8Path, text: &str, kind: FileKind) -> Result<FileFacts, String> {
    guarded(|| portolan_grammars::read(relative, text, kind)).map_err(|panic| format!("not read because of a bug in portolan: {panic}"))
}

/// The problems among a file's facts.
pub fn problems_of(path: &Utf8Path, facts: &FileFacts) -> impl Iterator<Item = FileProblem> {
    facts.problems().iter().map(move |problem| FileProblem {
        path: path.to_owned(),
        line: Some(facts.line(problem.range.start)),
        message: problem.message.clone(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn bad_bytes_keep_their_place() {
        let text = decode(b"a\n\xe9\xe9b \xf0\x9f\xa6\x80".to_vec()).unwrap();
        assert_eq!(text.text, "a\n??b \u{1f980}");
        assert!(text.problem.unwrap().contains("line 2"));
        assert!(matches!(decode(vec![0xff, 0xfe, 65, 0]), Err(Unread::Because(_))));
        assert_eq!(decode("\u{feff}a".into()).unwrap().text, "\u{feff}a");
    }

    #[test]
    fn a_missing_file_is_gone() {
        assert_eq!(read_disk(Path::new("/no/such/file"), MAX_FILE_BYTES), Err(Unread::Gone));
    }
}
