//! Which file of the workspace a service's process finds under a path: what is mounted there, what its image copies there, else what lies there as seen
//! from where it is built or started.
//!
//! What deliberately does not live here: which paths a process looks at. Invariant: a path of a container that nothing of the workspace is put to
//! means no file.

use super::paths;
use super::services::{Context, Draft};

/// What a service's process sees of the workspace's files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mounts {
    /// Absolute paths in its container, without the first slash, and what of the workspace lies there, the strongest first.
    held: Vec<(String, String)>,
    /// The folder in its container that it starts in.
    start: String,
    /// Folders of the workspace that relative paths may count from.
    folders: Vec<String>,
}

impl Mounts {
    pub(super) fn of(context: &Context<'_>, draft: &Draft<'_>) -> Self {
        let mut mounts = Self::default();
        let stages = context.stages(draft);
        mounts.start = stages.iter().find_map(|stage| paths::join("", stage.workdir.as_deref()?)).unwrap_or_default();
        for (source, service, _) in &draft.compose {
            for volume in &service.volumes {
                let volume = context.variables.fill(source.folder(), &volume.value);
                let mut parts = volume.split(':');
                let (Some(from), Some(to)) = (parts.next(), parts.next()) else { continue };
                if from.starts_with('.')
                    && let (Some(from), Some(to)) = (paths::join(source.folder(), from), paths::join("", to))
                {
                    mounts.held.push((to, from));
                }
            }
        }
        let folder = context.dockerfile(draft).map(|source| source.folder()).unwrap_or_default();
        // Without a compose file the context is not known: the Dockerfile's folder, or the root.
        let bases = match draft.context.as_deref() {
            Some(around) => vec![around],
            None => vec![folder, ""],
        };
        for copy in stages.iter().flat_map(|stage| &stage.copies).filter(|copy| copy.from.is_none()) {
            let from = if copy.destination.starts_with('/') { "" } else { mounts.start.as_str() };
            let Some(to) = paths::join(from, &copy.destination) else { continue };
            for source in bases.iter().flat_map(|base| copy.sources.iter().filter_map(|source| paths::join(base, source))) {
                // What is copied may be a file that is put into a folder.
                let inside = paths::join(&to, paths::file_name(&source));
                mounts.held.push((to.clone(), source.clone()));
                mounts.held.extend(inside.map(|inside| (inside, source)));
            }
        }
        let mut folders = vec![draft.root.clone()];
        folders.extend(draft.context.clone());
        folders.extend(draft.compose.iter().map(|(source, ..)| source.folder().to_owned()));
        folders.push(String::new());
        for folder in folders {
            if !mounts.folders.contains(&folder) {
                mounts.folders.push(folder);
            }
        }
        mounts
    }

    /// The paths in the workspace that a path may mean to the process, the likeliest first.
    pub fn places(&self, path: &str) -> Vec<String> {
        let is_absolute = path.starts_with('/');
        let mut found = Vec::new();
        if let Some(inside) = paths::join(if is_absolute { "" } else { &self.start }, path) {
            let mut held: Vec<_> = self.held.iter().filter(|(at, _)| paths::is_within(&inside, at)).collect();
            held.sort_by_key(|(at, _)| std::cmp::Reverse(at.len()));
            found.extend(held.into_iter().filter_map(|(at, source)| paths::join(source, &inside[at.len()..])));
        }
        if !is_absolute {
            found.extend(self.folders.iter().filter_map(|folder| paths::join(folder, path)));
        }
        found
    }
}
