//! The folders of a workspace, and the paths by which its world knows their files.
//!
//! A world's paths are relative and use `/`. With one folder they are relative to it; with several, each is preceded by its folder's name.
//! What deliberately does not live here: URIs, which are the protocol's. Invariant: a path of the world and a path on disk lead back to each
//! other, and no file is reached through two folders.

use std::path::{Component, Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};

/// One folder of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The folder on disk, absolute.
    pub folder: PathBuf,
    /// What its files' paths begin with in the world; empty where there is one folder only.
    pub prefix: Utf8PathBuf,
}

/// The folders of a workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roots(Vec<Root>);

impl Roots {
    /// A workspace of one folder, given as an absolute path.
    pub fn one(folder: PathBuf) -> Self {
        Self(vec![Root { folder, prefix: Utf8PathBuf::new() }])
    }

    /// A workspace of several folders, given as absolute paths. A folder within another one is part of it already; names that occur twice get
    /// a number.
    pub fn new(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut folders: Vec<PathBuf> = folders.into_iter().map(|folder| normalize(&folder)).collect();
        folders.sort();
        let mut kept: Vec<PathBuf> = Vec::new();
        for folder in folders {
            if !kept.iter().any(|outer| folder.starts_with(outer)) {
                kept.push(folder);
            }
        }
        if kept.len() <= 1 {
            return Self(kept.into_iter().map(|folder| Root { folder, prefix: Utf8PathBuf::new() }).collect());
        }
        let mut roots: Vec<Root> = Vec::new();
        for folder in kept {
            let name = folder.file_name().map_or_else(|| "root".to_owned(), |name| name.to_string_lossy().into_owned());
            let mut prefix = Utf8PathBuf::from(&name);
            let mut number = 2;
            while roots.iter().any(|root| root.prefix == prefix) {
                prefix = Utf8PathBuf::from(format!("{name}-{number}"));
                number += 1;
            }
            roots.push(Root { folder, prefix });
        }
        Self(roots)
    }

    /// The folders, sorted by their place on disk.
    pub fn iter(&self) -> impl Iterator<Item = &Root> {
        self.0.iter()
    }

    /// The world's path of something on disk, and the root it lies in; `None` outside of all folders or where its name is no UTF-8.
    pub fn to_world(&self, path: &Path) -> Option<(&Root, Utf8PathBuf)> {
        let path = normalize(path);
        self.0.iter().find_map(|root| Some((root, root.to_world(&path)?)))
    }

    /// Where a file of the world is on disk.
    pub fn to_disk(&self, path: &Utf8Path) -> Option<PathBuf> {
        self.0.iter().find_map(|root| {
            let relative = path.strip_prefix(&root.prefix).ok()?;
            Some(if relative.as_str().is_empty() { root.folder.clone() } else { root.folder.join(relative) })
        })
    }
}

impl Root {
    /// The path below this root, with `/`; `None` outside of it or where a name is no UTF-8.
    pub fn relative(&self, path: &Path) -> Option<Utf8PathBuf> {
        let relative = path.strip_prefix(&self.folder).ok()?;
        let mut result = String::with_capacity(relative.as_os_str().len());
        for component in relative.components() {
            let Component::Normal(name) = component else { return None };
            if !result.is_empty() {
                result.push('/');
            }
            result.push_str(name.to_str()?);
        }
        Some(result.into())
    }

    /// As [`Self::relative`], with this root's prefix.
    pub fn to_world(&self, path: &Path) -> Option<Utf8PathBuf> {
        let relative = self.relative(path)?;
        Some(if self.prefix.as_str().is_empty() {
            relative
        } else if relative.as_str().is_empty() {
            self.prefix.clone()
        } else {
            format!("{}/{relative}", self.prefix).into()
        })
    }
}

/// Takes `.` and `..` out of an absolute path without asking the disk.
pub fn normalize(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            other => result.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_folder_has_plain_paths() {
        let roots = Roots::new([PathBuf::from("/w/shop")]);
        assert_eq!(roots.to_world(Path::new("/w/shop/src/./a/../b.ts")).unwrap().1, "src/b.ts");
        assert!(roots.to_world(Path::new("/w/shopping/b.ts")).is_none());
        assert_eq!(roots.to_disk(Utf8Path::new("src/b.ts")).unwrap(), Path::new("/w/shop/src/b.ts"));
    }

    #[test]
    fn several_folders_are_told_apart() {
        let roots = Roots::new(["/w/b/api", "/w/a/api", "/w/a/api/inner", "/w/web"].map(PathBuf::from));
        let prefixes: Vec<_> = roots.iter().map(|root| root.prefix.as_str()).collect();
        assert_eq!(prefixes, ["api", "api-2", "web"]);
        for path in ["/w/a/api/inner/x.ts", "/w/b/api/x.ts", "/w/web/x.ts"] {
            let world = roots.to_world(Path::new(path)).unwrap().1;
            assert_eq!(roots.to_disk(&world).unwrap(), Path::new(path));
        }
        assert!(roots.to_disk(Utf8Path::new("elsewhere/x.ts")).is_none());
    }
}
