//! What the chart is told of an outbox: that whoever keeps a message there sends it. Through a table, no code can be followed.
//!
//! Invariant: it is said only where the channel is among what is kept, as it is for all messages that are sent so.

use camino::Utf8Path;
use portolan_grammars::facts::{Entry, Expr, ExprId};
use portolan_grammars::manifests::settings::FILE_NAME;

use super::super::mirror::named;
use super::super::{Context, Edit, Refusal};
use super::scene::Scene;
use super::told;
use crate::chart::Channel;

/// Says in `portolan.toml` that the outbox sends.
pub(super) fn tell(
    context: &Context<'_>,
    scene: &Scene<'_, '_>,
    channel: &Channel,
    outbox: &Utf8Path,
    edit: &mut Edit,
) -> Result<(), Refusal> {
    // What a queue is called is known where the relay calls its method, which is told other things.
    let by_receiver = told::leaf(context, scene).is_some_and(|leaf| leaf.by_receiver);
    let place = said(context, scene, channel).filter(|_| !by_receiver);
    let Some(place) = place else { return Ok(()) };
    let own = outbox.strip_prefix(context.folder).unwrap_or(outbox);
    let id = own.as_str().trim_end_matches(".ts").replace(['/', '.'], "-");
    let lines = [
        "# What `enqueue` keeps, `relay` sends.".to_owned(),
        "[[clients]]".to_owned(),
        format!("id = \"{id}\""),
        "language = \"typescript\"".to_owned(),
        format!("packages = [\"./{own}\"]"),
        String::new(),
        "[[clients.producer]]".to_owned(),
        "callee = \"enqueue\"".to_owned(),
        format!("system = \"{}\"", channel.system),
        "kept = true".to_owned(),
        format!("destination = {{ {place} }}"),
        String::new(),
    ];
    let path = context.folder.join(FILE_NAME);
    let Some(file) = context.snapshot.files.id(&path) else {
        edit.create(path, lines.join("\n"));
        return Ok(());
    };
    let text = context.text(file)?;
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = if text.is_empty() || text.ends_with('\n') { newline.to_owned() } else { newline.repeat(2) };
    edit.insert(file, text.len() as u32, format!("{gap}{}", lines.join(newline)));
    Ok(())
}

/// Where `enqueue` is told the channel, behind its client: an argument, or a key of one.
fn said(context: &Context<'_>, scene: &Scene<'_, '_>, channel: &Channel) -> Option<String> {
    let facts = scene.source.facts;
    let arguments: Vec<ExprId> = scene.sends.args.iter().map(|argument| argument.value).collect();
    let range = named(context.snapshot, facts, &arguments, &channel.name)?.range;
    let at = arguments.iter().position(|argument| facts.expr_range(*argument).contains(range))?;
    let keyed = match facts.expr(arguments[at]) {
        Expr::Object(object) => object.entries.iter().find_map(|entry| match entry {
            Entry::Field { name, value, .. } if facts.expr_range(*value) == range => Some(format!(", key = \"{name}\"")),
            _ => None,
        })?,
        _ if facts.expr_range(arguments[at]) == range => String::new(),
        _ => return None,
    };
    Some(format!("argument = {}{keyed}", at + 1))
}
