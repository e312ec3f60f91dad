//! Markdown for narrow windows: short lines, lists, links to places.
//!
//! Invariant: text of the workspace never becomes markup.

use std::fmt::Write;

use camino::Utf8Path;

use crate::{Place, Snapshot};

/// How many rows of a list are shown.
const MAX_ROWS: usize = 8;

/// A page in the making.
pub(super) struct Page<'a> {
    snapshot: &'a Snapshot,
    out: String,
}

impl<'a> Page<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, out: String::new() }
    }

    /// A paragraph, already Markdown.
    pub(super) fn paragraph(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push_str("\n\n");
        }
        self.out.push_str(text);
    }

    /// A heading line and a list below it, rows already Markdown; nothing at all for an empty list.
    pub(super) fn list(&mut self, heading: &str, rows: &[String]) {
        if rows.is_empty() {
            return;
        }
        self.paragraph(heading);
        self.out.push('\n');
        for row in rows.iter().take(MAX_ROWS) {
            let _ = write!(self.out, "\n- {row}");
        }
        if rows.len() > MAX_ROWS {
            let _ = write!(self.out, "\n- and {} more", rows.len() - MAX_ROWS);
        }
    }

    /// A list whose rows have depths, the outermost 0.
    pub(super) fn tree(&mut self, heading: &str, rows: &[(usize, String)]) {
        if rows.is_empty() {
            return;
        }
        self.paragraph(heading);
        self.out.push('\n');
        for (depth, row) in rows {
            let _ = write!(self.out, "\n{:indent$}- {row}", "", indent = depth * 2);
        }
    }

    /// A link to a place, named by file and line.
    pub(super) fn link(&self, place: Place) -> String {
        let (path, line) = (self.snapshot.files.path(place.file), self.snapshot.files.line(place));
        let name = telling_name(path);
        format!("[{}:{line}](portolan:{}#{line})", escape(name), encode(path.as_str()))
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// The name of a file, with its folders up to one that tells more than `index.ts` and `src`.
fn telling_name(path: &Utf8Path) -> &str {
    const COMMON: &[&str] = &["index", "layout", "lib", "main", "mod", "page", "route", "routes", "src"];
    let mut of_path = path.ancestors().filter(|part| part.file_stem().is_some());
    let first = of_path.find(|part| part.file_stem().is_some_and(|stem| !COMMON.contains(&stem)));
    let start = first.and_then(Utf8Path::parent).map_or(0, |folder| folder.as_str().len());
    path.as_str()[start..].trim_start_matches('/')
}

/// Text as code.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace(['\n', '\r'], " "))
}

/// Text as text, whatever it holds.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(character);
            }
            '\n' | '\r' => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

/// Words of ours: what stands between backticks in them is code, and so is a URL, of which an editor would make a link.
pub(super) fn prose(text: &str) -> String {
    let word = |word: &str| if word.contains("://") { code(word) } else { escape(word) };
    let part = |(index, part): (usize, &str)| match index % 2 {
        0 => part.split(' ').map(word).collect::<Vec<_>>().join(" "),
        _ => code(part),
    };
    text.split('`').enumerate().map(part).collect()
}

fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for character in path.chars() {
        match character {
            ' ' => out.push_str("%20"),
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '#' => out.push_str("%23"),
            '%' => out.push_str("%25"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_tell_them_apart() {
        for (path, name) in [
            ("shop/src/cart.ts", "cart.ts"),
            ("shop/src/index.ts", "shop/src/index.ts"),
            ("services/web/app/orders/page.tsx", "orders/page.tsx"),
            ("src/main.rs", "src/main.rs"),
        ] {
            assert_eq!(telling_name(path.into()), name);
        }
    }

    #[test]
    fn code_and_addresses_in_words_are_code() {
        assert_eq!(prose("env A_B = http://shop:80 of `/a_b/`"), "env A\\_B = `http://shop:80` of `/a_b/`");
    }
}
