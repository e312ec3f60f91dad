//! The language table, and what all languages share: which files are source, which are skipped, how a component's script block is found,
//! and how an open document's tree is kept between edits.

use camino::Utf8Path;

use crate::FileKind;
use crate::facts::{Language, SourceFacts};

mod layout;
mod nodes;
mod reads;
pub mod rust;
mod shape;
mod statements;
pub mod typescript;

pub use shape::{Binds, EachLoop, Statement, TextAt, TextRole};

/// A syntax tree kept for an open document, so that the next edit parses only what changed.
#[derive(Debug, Clone)]
pub struct Tree(tree_sitter::Tree);

/// One edit of a text, in bytes and in rows and byte columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// Where it begins.
    pub start: usize,
    /// Where the old text ended.
    pub old_end: usize,
    /// Where the new text ends.
    pub new_end: usize,
    /// `start` as row and byte column.
    pub start_point: (usize, usize),
    /// `old_end` as row and byte column, before the edit.
    pub old_end_point: (usize, usize),
    /// `new_end` as row and byte column, after the edit.
    pub new_end_point: (usize, usize),
}

impl Tree {
    /// Tells the tree of an edit of its text, so that it can be handed to the next [`read`].
    pub fn edit(&mut self, edit: &Edit) {
        let point = |(row, column)| tree_sitter::Point { row, column };
        self.0.edit(&tree_sitter::InputEdit {
            start_byte: edit.start,
            old_end_byte: edit.old_end,
            new_end_byte: edit.new_end,
            start_position: point(edit.start_point),
            old_end_position: point(edit.old_end_point),
            new_end_position: point(edit.new_end_point),
        });
    }
}

/// Parts of a text as the parser is told of them. They come in order.
fn included(text: &str, parts: &[std::ops::Range<usize>]) -> Vec<tree_sitter::Range> {
    let mut at = 0;
    let mut point = tree_sitter::Point { row: 0, column: 0 };
    let mut advance = |to: usize| {
        for byte in text.as_bytes().get(at..to).unwrap_or_default() {
            point = if *byte == b'\n' {
                tree_sitter::Point { row: point.row + 1, column: 0 }
            } else {
                tree_sitter::Point { row: point.row, column: point.column + 1 }
            };
        }
        at = to.max(at);
        point
    };
    let range = |part: &std::ops::Range<usize>| tree_sitter::Range {
        start_byte: part.start,
        end_byte: part.end,
        start_point: advance(part.start),
        end_point: advance(part.end),
    };
    parts.iter().map(range).collect()
}

/// Reads one source file. `old` is the tree of its former text, told of every edit since.
pub fn read(path: &Utf8Path, text: &str, kind: FileKind, old: Option<&Tree>) -> (SourceFacts, Option<Tree>) {
    let (facts, tree) = match kind {
        FileKind::Source(Language::Rust) => rust::read(text, old),
        FileKind::Source(language) => typescript::read(path, text, language, old),
        FileKind::Component | FileKind::Manifest(_) => typescript::read_component(path, text, old),
    };
    (facts.fitted(), tree)
}

/// What Express' generator calls the program that starts a server; it has no extension.
const EXTENSIONLESS: &str = "bin/www";

/// The language of a file, by its extension.
pub fn language_of(path: &Utf8Path) -> Option<FileKind> {
    let Some(extension) = path.extension() else {
        return path.ends_with(EXTENSIONLESS).then_some(FileKind::Source(Language::JavaScript));
    };
    Some(match extension {
        "rs" => FileKind::Source(Language::Rust),
        "ts" | "tsx" | "mts" | "cts" => FileKind::Source(Language::TypeScript),
        "js" | "jsx" | "mjs" | "cjs" => FileKind::Source(Language::JavaScript),
        "vue" | "svelte" => FileKind::Component,
        _ => return None,
    })
}

/// Folders of code that others wrote.
const FOREIGN_FOLDERS: [&str; 8] =
    [".git", ".yarn", "node_modules", "bower_components", "vendor", "vendored", "third_party", "third-party"];

/// Folders of tests, whatever is in them.
const TEST_FOLDERS: [&str; 9] = ["__tests__", "__mocks__", "__fixtures__", "__snapshots__", "test", "tests", "e2e", "cypress", "fixtures"];

/// Folders whose source code is that of tests; other files there may be something else, such as a specification of an interface.
const TEST_SOURCE_FOLDERS: [&str; 4] = ["spec", "specs", "testing", "benches"];

/// Words before the extension that tell a file of tests or demonstrations: `a.test.ts`.
const TEST_WORDS: [&str; 9] = ["test", "tests", "spec", "e2e", "stories", "story", "cy", "bench", "mock"];

/// Tools whose `<tool>.config.<extension>` says how to build or test, and nothing of what runs. Next.js, Vite and webpack are not among
/// them: their configurations route requests.
const TOOLS: [&str; 20] = [
    "astro",
    "babel",
    "commitlint",
    "cypress",
    "esbuild",
    "eslint",
    "jest",
    "karma",
    "lint-staged",
    "metro",
    "panda",
    "playwright",
    "postcss",
    "prettier",
    "rollup",
    "stylelint",
    "svelte",
    "tailwind",
    "tsup",
    "vitest",
];

/// Whether a path is that of a test, a declaration file, a bundle or vendored code, which are never read.
pub fn is_skipped(path: &Utf8Path) -> bool {
    let source = language_of(path).is_some();
    let folders = path.parent().into_iter().flat_map(|parent| parent.components());
    for folder in folders {
        let folder = folder.as_str();
        let underscored = folder.starts_with("__") && folder.ends_with("__");
        if FOREIGN_FOLDERS.contains(&folder)
            || (source && underscored)
            || TEST_FOLDERS.contains(&folder)
            || (source && TEST_SOURCE_FOLDERS.contains(&folder))
        {
            return true;
        }
    }
    source && path.file_name().is_some_and(is_skipped_source)
}

fn is_skipped_source(name: &str) -> bool {
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    if extension == "rs" {
        return stem == "tests" || stem.ends_with("_test") || stem.ends_with("_tests");
    }
    let mut words = stem.split('.');
    let tool = words.next().unwrap_or_default();
    let mut last = None;
    for word in words {
        // `api.servertest.ts`, `cart.e2e-spec.ts` too; `snapshots.latest.ts` is a route.
        if TEST_WORDS.contains(&word) || word.ends_with("test") && word != "latest" || word.ends_with("spec") || word == "min" {
            return true;
        }
        // `rollup.config.dev.js` too.
        if word == "config" && TOOLS.contains(&tool) {
            return true;
        }
        last = Some(word);
    }
    last == Some("d") && matches!(extension, "ts" | "mts" | "cts")
}

/// Whether a text is a bundle or data rather than something a person wrote: large, with a very long line among the first.
pub(crate) fn is_minified(text: &str) -> bool {
    const LARGE: usize = 50 * 1024;
    const LONG_LINE: usize = 2_000;
    text.len() > LARGE && text.lines().take(20).any(|line| line.len() > LONG_LINE)
}

/// Whether a comment at the top of a file declares it to be generated.
pub(crate) fn declares_generated(comment: &str) -> bool {
    comment.lines().take(40).any(|line| {
        let line = line.to_ascii_lowercase();
        if line.contains("@generated") || line.contains("code generated") || line.contains("do not edit") {
            return true;
        }
        let automatic =
            ["auto-generated", "autogenerated", "auto generated", "automatically generated"].iter().any(|words| line.contains(words));
        // A line that only speaks of something generated does not say that this file is.
        automatic && ["this ", "file", "code", "class", " by "].iter().any(|word| line.contains(word))
    })
}
