//! What Dockerfiles put side by side: files that import one another in the image and lie in different folders of the workspace.
//!
//! What deliberately does not live here: whose image it is. Invariant: where two Dockerfiles lead an import to different files, it is led to neither.

use portolan_grammars::FileKind;
use portolan_grammars::facts::Symbol;
use portolan_grammars::languages::language_of;

use crate::workspace::paths;
use crate::workspace::sources::Sources;

/// Endings of what bundlers import, and no code.
const NO_CODE: &[&str] = &[
    "avif", "css", "csv", "eot", "gif", "gql", "graphql", "html", "ico", "jpeg", "jpg", "json", "less", "md", "mdx", "mp3", "mp4", "otf",
    "pdf", "png", "sass", "scss", "svg", "ttf", "txt", "wasm", "webm", "webp", "woff", "woff2", "yaml", "yml",
];

/// A folder that a stage copies.
#[derive(Debug, Clone, PartialEq)]
struct Copied {
    /// Its path from the context's root; a part with a `$` stands for any name.
    source: Vec<Symbol>,
    /// Whether only the files in it are copied, not its folders: `COPY common/*.js ./`.
    files_only: bool,
    /// Where it is put.
    destination: String,
}

/// What one stage copies.
#[derive(Debug, Clone, PartialEq)]
struct Layout {
    /// The Dockerfile's folder: the context's root is that or one around it.
    folder: Symbol,
    copied: Vec<Copied>,
}

/// The folders that images are put together of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Images {
    layouts: Vec<Layout>,
}

impl Images {
    pub(super) fn of(sources: &Sources<'_>) -> Self {
        let mut layouts: Vec<Layout> = Vec::new();
        for dockerfile in &sources.dockerfiles {
            for stage in &dockerfile.facts.stages {
                let mut copied = Vec::new();
                for copy in stage.copies.iter().filter(|copy| copy.from.is_none()) {
                    let workdir = copy.workdir.as_deref().unwrap_or_default();
                    let Some(destination) = destination(workdir, &copy.destination) else { continue };
                    copied.extend(copy.sources.iter().filter_map(|source| folder_copied(source, &destination)));
                }
                let layout = Layout { folder: dockerfile.folder().into(), copied };
                if layout.copied.len() > 1 && !layouts.contains(&layout) {
                    layouts.push(layout);
                }
            }
        }
        Self { layouts }
    }

    /// The paths, without repetition, that a relative specifier of a file in a folder may mean in images.
    pub(super) fn candidates(&self, folder: &str, specifier: &str) -> Vec<String> {
        let mut found = Vec::new();
        // Styles, pictures and data are no code that anything is led through.
        let ending = specifier.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
        if ending.is_some_and(|ending| NO_CODE.contains(&ending)) {
            return found;
        }
        for layout in &self.layouts {
            for context in paths::upwards(&layout.folder) {
                for (at, from) in layout.copied.iter().enumerate() {
                    let Some(target) = from.image_folder(context, folder).and_then(|folder| paths::join(&folder, specifier)) else {
                        continue;
                    };
                    let others = layout.copied.iter().enumerate().filter(|(other, _)| *other != at);
                    for path in others.filter_map(|(_, other)| other.led_back(context, &target)) {
                        if !found.contains(&path) {
                            found.push(path);
                        }
                    }
                }
            }
        }
        found
    }
}

impl Copied {
    /// Where a folder of the workspace is in the image.
    fn image_folder(&self, context: &str, folder: &str) -> Option<String> {
        let below = if context.is_empty() { folder } else { folder.strip_prefix(context)?.strip_prefix('/')? };
        let parts: Vec<&str> = below.split('/').collect();
        let (own, rest) = parts.split_at_checked(self.source.len())?;
        let same = own.iter().zip(&self.source).all(|(part, source)| source.contains('$') || source == part);
        if !same || self.files_only && !rest.is_empty() {
            return None;
        }
        paths::join(&self.destination, &rest.join("/"))
    }

    /// The path in the workspace of what is at a path in the image.
    fn led_back(&self, context: &str, path: &str) -> Option<String> {
        let rest = if self.destination.is_empty() { path } else { path.strip_prefix(&self.destination)?.strip_prefix('/')? };
        if self.source.iter().any(|part| part.contains('$')) || self.files_only && rest.contains('/') {
            return None;
        }
        paths::join(&paths::join(context, &self.source.join("/"))?, rest)
    }
}

/// A destination as a path from the image's root.
fn destination(workdir: &str, written: &str) -> Option<String> {
    if written.contains('$') {
        return None;
    }
    match written.strip_prefix('/') {
        Some(absolute) => paths::join("", absolute),
        None => paths::join(workdir.trim_start_matches('/'), written),
    }
}

fn folder_copied(source: &str, destination: &str) -> Option<Copied> {
    let mut parts: Vec<Symbol> = source.split('/').filter(|part| !matches!(*part, "" | ".")).map(Symbol::new).collect();
    let files_only = parts.last().is_some_and(|last| last.contains("*."));
    let everything = parts.last().is_some_and(|last| last == "*");
    if files_only || everything {
        parts.pop();
    }
    // A single file, or the whole context, lies beside nothing new; and `package*.json` is no code.
    let is_source = || source.ends_with(".*") || matches!(language_of(source.into()), Some(FileKind::Source(_)));
    if files_only && !is_source() {
        return None;
    }
    let is_folder = files_only || everything || parts.last().is_some_and(|last| last.contains('$') || !last.contains('.'));
    let plain = !parts.iter().any(|part| part.contains('*') || part == "..");
    (is_folder && plain && !parts.is_empty()).then(|| Copied { source: parts, files_only, destination: destination.to_owned() })
}
