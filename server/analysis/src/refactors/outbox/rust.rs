//! The same in Rust: statements that write with a pool of sqlx become a transaction, or one that is there is committed later, and what sends
//! becomes what keeps.
//!
//! A function of the workspace sends, as its arguments are the row. What the parts are: [`scene`] is the code that writes and sends, [`sender`]
//! what is kept and for whom, [`module`] what is written into a file of its own, [`start`] where the relay begins. Invariant: the message is kept
//! by the transaction that writes the row.

use camino::Utf8PathBuf;

use super::super::packages::library;
use super::super::{Context, Edit, Refusal, Source, migrations, modules, sqlx};
use super::module::TABLE;
use super::{NAME, edge, pg};
use crate::chart::Channel;
use crate::rules::Finding;

mod module;
mod scene;
mod sender;
mod start;

use scene::Scene;
use sender::Sender;

/// Crates that the module names, and those it names where the process traces.
const CRATES: [&str; 3] = ["serde", "serde_json", "tokio"];
const TRACING: [&str; 3] = ["opentelemetry", "tracing", "tracing-opentelemetry"];

pub(super) fn edit(context: &Context<'_>, finding: &Finding, channel: &Channel) -> Result<Edit, Refusal> {
    let snapshot = context.snapshot;
    let source = context.source(finding.place.file)?;
    sqlx::takes_transactions(context, &source)?;
    let mut edit = Edit::default();
    let scene = Scene::set(context, &source, finding, &mut edit)?;
    let root = modules::root(context, &source)?;
    let sender = Sender::of(context, &source, &root, scene.sends)?;
    scene.leaves_no_name(&sender)?;
    let traced = finding.services.first().is_some_and(|service| snapshot.chart.traced(*service).is_some());
    let needed = CRATES.into_iter().chain(TRACING.into_iter().filter(|_| traced));
    if let Some(name) = needed.into_iter().find(|name| library(snapshot, source.file, name).is_none()) {
        return Err(Refusal::new(format!("{name} is no dependency of this crate")));
    }
    let logs = library(snapshot, source.file, "tracing").is_some();
    let text = module::text(&source, &sender, traced, logs);
    let path = modules::path(&root, NAME);
    if snapshot.files.id(&path).is_none() {
        migrations::is_new(snapshot, &finding.services, TABLE)?;
        pg::migration(context, &source, traced, &mut edit)?;
        tell(context, &sender, (&source, &scene), channel, &path, &mut edit)?;
        start::start(context, &root, &sender, finding, &mut edit)?;
    }
    modules::make(context, &root, NAME, &text, &mut edit)?;
    scene.rewrite(&sender, &mut edit);
    Ok(edit)
}

/// Tells the chart that what is kept is sent.
fn tell(
    context: &Context<'_>,
    sender: &Sender,
    (source, scene): (&Source<'_>, &Scene<'_, '_>),
    channel: &Channel,
    path: &Utf8PathBuf,
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let kept: Vec<_> = sender.kept.iter().filter_map(|kept| scene.sends.args.get(kept.at)).map(|given| given.value).collect();
    let Some(place) = edge::said(context, source.facts, &kept, &channel.name) else { return Ok(()) };
    edge::tell(context, ("rust", path), channel, &place, edit)
}
