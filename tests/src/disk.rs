//! Folders on disk for tests of what reads a disk.

use std::path::{Path, PathBuf};

use crate::texts::Texts;

/// A temporary folder with files in it; gone when dropped.
pub struct Folder {
    folder: tempfile::TempDir,
    root: PathBuf,
}

impl Folder {
    /// An empty folder.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The temporary folder may itself be reached by a link.
        let root = folder.path().canonicalize().unwrap();
        Self { folder, root }
    }

    /// A folder with files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::empty();
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Deletes a file.
    pub fn delete(&self, path: &str) {
        std::fs::remove_file(self.root.join(path)).unwrap();
    }

    /// Ends its life now, and says if that failed.
    pub fn close(self) -> std::io::Result<()> {
        self.folder.close()
    }
}

/// The folder of one of the workspaces in `tests/workspaces`.
pub fn workspace(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workspaces").join(name)
}

/// All files of a folder, with paths relative to it.
pub fn texts(root: &Path) -> Texts {
    fn collect(root: &Path, folder: &Path, texts: &mut Texts) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, texts);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let relative = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                texts.insert(relative.into(), text);
            }
        }
    }
    let mut texts = Texts::new();
    collect(root, root, &mut texts);
    texts
}
