//! A module of Rust in a file of its own, added to a crate.
//!
//! Invariant: from the file that needs it, it is reached by `crate`.

use camino::Utf8PathBuf;
use portolan_grammars::facts::TextRange;

use super::{Context, Edit, Refusal, Source};

/// The root of the crate that a file is part of.
pub(super) fn root<'a>(context: &Context<'a>, source: &Source<'a>) -> Result<Source<'a>, Refusal> {
    let refused = || Refusal::new(format!("which crate {} is part of is not plain to see", source.name()));
    let folder = source.path.ancestors().skip(1).find(|folder| folder.file_name() == Some("src")).ok_or_else(refused)?;
    let mut roots = ["main.rs", "lib.rs"].into_iter().filter_map(|name| context.snapshot.files.id(&folder.join(name)));
    // What lies in `src/bin` are crates of their own.
    let is_within = !source.path.starts_with(folder.join("bin"));
    let root = roots.next().filter(|_| roots.next().is_none() && is_within).ok_or_else(refused)?;
    context.source(root)
}

/// The file of a module right below a crate's root.
pub(super) fn path(root: &Source<'_>, name: &str) -> Utf8PathBuf {
    root.path.with_file_name(format!("{name}.rs"))
}

/// Makes a module with a text, unless it is there, word for word.
pub(super) fn make(context: &Context<'_>, root: &Source<'_>, name: &str, text: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let path = path(root, name);
    if context.has(&path, text)? {
        return Ok(());
    }
    edit.create(path, text);
    declare(root, name, edit)
}

/// Declares a module in the root of its crate, in the order in which others are.
pub(super) fn declare(root: &Source<'_>, name: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let newline = root.newline();
    let modules: Vec<_> = root.facts.modules.iter().filter(|it| it.module.is_empty() && !it.inline).collect();
    if root.declares(name) || root.facts.modules.iter().any(|it| it.name == name) {
        return Err(Refusal::new(format!("the name {name} means something else in {}", root.name())));
    }
    let start = |range: TextRange| root.line_start(range.start) as u32;
    let behind = modules.iter().find(|module| module.name.as_str() > name);
    match (behind, modules.last()) {
        (Some(module), _) => edit.insert(root.file, start(module.range), format!("mod {name};{newline}")),
        (None, Some(last)) => {
            let end = root.text[last.range.start as usize..].find(';').map(|at| last.range.start + at as u32 + 1);
            let end = end.ok_or_else(|| Refusal::new("there is no place for a module"))?;
            edit.insert(root.file, end, format!("{newline}mod {name};"));
        }
        (None, None) => {
            let (_, first) = root.tree().map(portolan_grammars::languages::Tree::uses).unwrap_or_default();
            let first = first.ok_or_else(|| Refusal::new("there is no place for a module"))?;
            edit.insert(root.file, first, format!("mod {name};{newline}{newline}"));
        }
    }
    Ok(())
}
