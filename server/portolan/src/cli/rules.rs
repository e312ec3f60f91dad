//! `portolan rules`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use portolan_analysis::World;
use portolan_analysis::rules::{self, Rule};
use portolan_grammars::catalog::Catalog;
use portolan_grammars::manifests::ManifestFormat;
use portolan_grammars::manifests::settings::{FILE_NAME, Level};
use portolan_grammars::{FileKind, MAX_FILE_BYTES};
use serde::Serialize;

use super::{Failure, Folder, Format};
use crate::load::{Unread, read_disk};
use crate::output;

/// Lists the rules: how bad their findings are, whether they look, as the folder's portolan.toml sets it, and what their findings are about.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan rules                    as they are set here
  portolan rules --format json      for programs
  portolan explain sync-chain       one of them in full")]
pub(super) struct Rules {
    #[command(flatten)]
    folder: Folder,
    /// The form of the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    severity: &'static str,
    on: bool,
    recommended: bool,
    theme: &'static str,
    summary: &'static str,
    page: &'static str,
}

impl Rules {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let path = self.folder.resolve()?.join(FILE_NAME);
        let mut world = World::new(Catalog::builtin());
        match read_disk(&path, MAX_FILE_BYTES) {
            Ok(text) => {
                let kind = FileKind::Manifest(ManifestFormat::Settings);
                world.set(FILE_NAME.into(), Arc::new(portolan_grammars::read(FILE_NAME.into(), &text.text, kind)));
            }
            Err(Unread::Gone) => {}
            Err(Unread::Because(why)) => return Err(Failure::new(format!("{} {why}", path.display()))),
        }
        let snapshot = world.snapshot();
        for problem in super::own_problems(&snapshot) {
            output::note(&problem.to_string());
        }
        let policy = snapshot.workspace.settings.rules();
        let rows: Vec<Row> = rules::all().iter().map(|rule| row(rule, policy.level(rule, "".into()))).collect();
        let text = match self.format {
            Format::Json => output::json(&rows).map_err(|error| Failure::new(format!("cannot write the rules: {error}")))?,
            Format::Text => table(&rows),
        };
        output::print(&text).map_err(|error| Failure::new(format!("cannot write the rules: {error}")))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn row(rule: &Rule, level: Level) -> Row {
    let severity = rule.severity_at(level);
    Row {
        name: rule.name,
        severity: severity.unwrap_or(rule.severity).as_str(),
        on: severity.is_some(),
        recommended: rule.recommended,
        theme: rule.theme.as_str(),
        summary: rule.summary,
        page: rule.page,
    }
}

fn table(rows: &[Row]) -> String {
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).len()).max().unwrap_or(0);
    let (names, severities, themes) = (width(|row| row.name), width(|row| row.severity), width(|row| row.theme));
    let line = |row: &Row| {
        let on = if row.on { "on" } else { "off" };
        format!("{:names$}  {on:3}  {:severities$}  {:themes$}  {}\n", row.name, row.severity, row.theme, row.summary)
    };
    rows.iter().map(line).collect()
}
