//! `portolan trace`.

use std::process::ExitCode;

use clap::Args;
use portolan_analysis::chart::document::Site;
use portolan_analysis::chart::operation::Root;
use portolan_analysis::chart::trace::Trace;
use portolan_analysis::{Place, Snapshot};
use portolan_grammars::suggest;

use super::{Failure, Folder, Format};
use crate::output::trace;
use crate::{foretold, output};

/// How many endpoints are named where several are meant.
const MAX_NAMED: usize = 12;

/// Foretells the trace of a request or a message: what happens across services, what a tracer records of it, and where it goes dark.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan trace \"POST /checkout\"            an endpoint, by method and path
  portolan trace \"orders GET /orders/{id}\"   of one service, where several have it
  portolan trace order.placed                who works off the messages of a channel
  portolan trace /checkout --format json     for programs")]
pub(super) struct Foretell {
    /// Method and path of an endpoint, an rpc or the name of a channel, if need be behind the name of the service
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,
    #[command(flatten)]
    folder: Folder,
    /// The form of the trace
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Foretell {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let workspace = self.folder.read()?;
        workspace.is_empty();
        workspace.tell_problems(false);
        let (snapshot, files) = (&workspace.snapshot, &workspace.snapshot.files);
        let site = |place: Place| Site { file: files.path(place.file).to_string(), line: files.line(place) };
        let trace = foretold::told(snapshot, &Trace::of(snapshot, found(snapshot, &self.endpoint)?), site);
        let failure = |error: &dyn std::fmt::Display| Failure::new(format!("cannot write the trace: {error}"));
        let text = match self.format {
            Format::Text => trace::render(&trace),
            Format::Json => output::json(&trace).map_err(|error| failure(&error))?,
        };
        output::print(&text).map_err(|error| failure(&error))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The endpoint or subscription that is meant.
fn found(snapshot: &Snapshot, wanted: &str) -> Result<Root, Failure> {
    let chart = &snapshot.chart;
    let named = |root: Root| (format!("{} {}", chart.service(root.service(chart)).id, root.label(chart)), root);
    let all: Vec<(String, Root)> = Root::all(chart).map(named).collect();
    // The whole, without the service, or the path alone.
    let fitting = |wanted: &str| -> Vec<&(String, Root)> {
        let fits = |name: &str| {
            let ends = std::iter::once(0).chain(name.match_indices(' ').map(|(at, _)| at + 1));
            ends.map(|at| &name[at..]).any(|end| end == wanted)
        };
        all.iter().filter(|(name, _)| fits(&plain(name))).collect()
    };
    let mut found = fitting(&plain(wanted));
    if found.is_empty() {
        found = fitting(&of_any_method(&plain(wanted)));
    }
    match found.as_slice() {
        [(_, root)] => Ok(*root),
        [] => {
            let labels = all.iter().flat_map(|(name, _)| [Some(name.as_str()), name.split_once(' ').map(|(_, label)| label)]).flatten();
            let meant = suggest::nearest(wanted, labels).map(|meant| format!("; did you mean `{meant}`?"));
            Err(Failure::new(format!(
                "there is no endpoint or channel `{wanted}`{}",
                meant.unwrap_or_else(|| "; `portolan chart` lists what there is".to_owned())
            )))
        }
        several => {
            let names: Vec<&str> = several.iter().take(MAX_NAMED).map(|(name, _)| name.as_str()).collect();
            let more = if several.len() > MAX_NAMED { ", …" } else { "" };
            Err(Failure::new(format!("`{wanted}` may be several: {}{more}", names.join(", "))))
        }
    }
}

/// The name of an endpoint that answers whatever the method is.
fn of_any_method(plain: &str) -> String {
    const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];
    plain.split(' ').map(|word| if METHODS.contains(&word) { "any" } else { word }).collect::<Vec<_>>().join(" ")
}

/// A name however its parameters and its letters are written: `get /orders/:id` is `GET /orders/{id}`.
fn plain(name: &str) -> String {
    let words = name.split_whitespace().map(|word| {
        let parts = word.split('/').map(|part| {
            let is_hole =
                part.starts_with(':') || (part.starts_with('{') && part.ends_with('}')) || (part.starts_with('<') && part.ends_with('>'));
            if is_hole { "{}".to_owned() } else { part.to_lowercase() }
        });
        parts.collect::<Vec<_>>().join("/")
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{of_any_method, plain};

    #[test]
    fn names_are_equal_however_they_are_written() {
        for name in ["get /orders/:id", "GET  /orders/{order_id}", "GET /Orders/<id>"] {
            assert_eq!(plain(name), "get /orders/{}", "{name}");
        }
        assert_ne!(plain("GET /orders/open"), plain("GET /orders/{id}"));
        assert_eq!(of_any_method(&plain("web POST /api/{id}")), "web any /api/{}");
    }
}
