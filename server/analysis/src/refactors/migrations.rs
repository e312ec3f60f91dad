//! A migration in SQL added behind those of a package.
//!
//! Invariant: it is named and written as the last one, and comes after it.

use camino::Utf8Path;

use super::{Context, Edit, Refusal, Source};

/// Adds a migration behind the last one of the package that a file is in: what it does, and what takes it back.
pub(super) fn add(context: &Context<'_>, source: &Source<'_>, name: &str, up: &str, down: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let snapshot = context.snapshot;
    let package = snapshot.workspace.package_of(source.path);
    let refused = || Refusal::new("there is no one folder of numbered migrations in SQL");
    let mut found: Vec<Numbered<'_>> = snapshot
        .files
        .iter()
        .filter(|(_, path, _)| path.extension() == Some("sql") && snapshot.workspace.package_of(path) == package)
        .filter_map(|(_, path, _)| Numbered::of(path.as_str()))
        .collect();
    found.sort_by_key(|numbered| (numbered.number, numbered.path));
    let last = found.last().ok_or_else(refused)?;
    if found.iter().any(|other| other.folder != last.folder) {
        return Err(refused());
    }
    let text = context.texts.text(last.path.into()).map_err(|why| Refusal::new(format!("{} {why}", last.path)))?;
    let next = |rest: &str| format!("{}{rest}", last.next(name));
    if last.path.ends_with(".up.sql") || last.path.ends_with(".down.sql") {
        edit.create(next(".up.sql").into(), up);
        edit.create(next(".down.sql").into(), down);
    } else if text.contains("-- migrate:up") {
        edit.create(next(".sql").into(), format!("-- migrate:up\n{up}\n-- migrate:down\n{down}"));
    } else {
        edit.create(next(".sql").into(), up);
    }
    Ok(())
}

/// Adds a migration as Prisma keeps them: a folder behind the last one of the package that a schema is in. Where there are none, the schema alone
/// says what the database is like.
pub(super) fn add_folder(context: &Context<'_>, schema: &Utf8Path, name: &str, up: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let workspace = &context.snapshot.workspace;
    let all = context.snapshot.files.iter().filter(|(_, path, _)| path.file_name() == Some("migration.sql"));
    let own = all.filter(|(_, path, _)| workspace.package_of(path) == workspace.package_of(schema));
    // Behind one without a number, nothing says where the next would come.
    let found: Option<Vec<Numbered<'_>>> = own.map(|(_, path, _)| Numbered::of(path.parent()?.as_str())).collect();
    let mut found = found.ok_or_else(|| Refusal::new("a migration beside the schema has no number"))?;
    found.sort_by_key(|numbered| (numbered.number, numbered.path));
    let Some(last) = found.last() else { return Ok(()) };
    if found.iter().any(|other| other.folder != last.folder) {
        return Err(Refusal::new("there is no one folder of migrations beside the schema"));
    }
    edit.create(format!("{}/migration.sql", last.next(name)).into(), up);
    Ok(())
}

/// A migration that is known by its number: `migrations/0007_orders.sql`.
struct Numbered<'p> {
    path: &'p str,
    folder: &'p str,
    number: u64,
    width: usize,
    separator: char,
}

impl<'p> Numbered<'p> {
    fn of(path: &'p str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/')?;
        let named = folder.rsplit('/').next()?.to_lowercase();
        let width = name.len() - name.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let number = name[..width].parse().ok()?;
        let separator = name[width..].chars().next().filter(|letter| matches!(letter, '_' | '-'))?;
        named.contains("migration").then_some(Self { path, folder, number, width, separator })
    }

    /// The path of the one behind it.
    fn next(&self, name: &str) -> String {
        format!("{}/{:0width$}{}{name}", self.folder, self.number + 1, self.separator, width = self.width)
    }
}
