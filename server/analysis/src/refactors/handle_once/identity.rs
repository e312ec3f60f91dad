//! What tells a message from all others, as the handler reaches it: of the broker, or of those who send it, who are given it if they do not say it.
//!
//! Invariant: what a sender says is taken only where it is made anew for each message.

use std::collections::BTreeMap;

use portolan_grammars::facts::{Call, Entry, Expr, ExprId, SourceFacts};

use super::super::given::Given;
use super::super::imports::{add, import};
use super::super::option::{add_option, object};
use super::super::way::Way;
use super::super::{Context, Edit, Refusal, Source};
use crate::chart::{Channel, ChannelEnd};
use crate::resolve::link::{MessageLeaf, Site};
use crate::{FileId, FunctionRef};

/// Functions that make something that is never made again.
const FRESH: [&str; 8] = ["randomUUID", "uuid", "uuidv4", "uuidv7", "v4", "v7", "nanoid", "ulid"];

/// A text that is the message's own, as it is written in its handler.
pub(super) fn of(
    context: &Context<'_>,
    channel: &Channel,
    leaf: &MessageLeaf,
    (source, handler): (&Source<'_>, FunctionRef),
    way: &Way<'_>,
    edit: &mut Edit,
) -> Result<String, Refusal> {
    let unknown = || Refusal::new(format!("what tells messages of `{}` apart is not known", channel.name));
    let identity = leaf.identity.as_ref().ok_or_else(unknown)?;
    if identity.sent {
        sent_by_all(context, channel, edit)?;
    }
    let given = Given { facts: source.facts, handler: handler.function, argument: identity.argument, optional: identity.optional };
    let call = way.first(source).ok_or_else(unknown)?;
    let mut parts = Vec::new();
    for key in &identity.keys {
        parts.push(given.taken(source, key, call, edit)?);
    }
    Ok(match parts.as_slice() {
        // It may be missing, which a text would not say.
        [one] => one.clone(),
        several => format!("`{}`", several.iter().map(|part| format!("${{{part}}}")).collect::<Vec<_>>().join("/")),
    })
}

/// Sees to it that all senders give each message something of its own.
pub(super) fn sent_by_all(context: &Context<'_>, channel: &Channel, edit: &mut Edit) -> Result<(), Refusal> {
    if channel.producers.is_empty() {
        return Err(Refusal::new(format!("who sends `{}` is not known", channel.name)));
    }
    let mut names = BTreeMap::new();
    channel.producers.iter().try_for_each(|sender| sent(context, channel, sender, &mut names, edit))
}

/// Sees to it that a sender gives each message something of its own.
fn sent(
    context: &Context<'_>,
    channel: &Channel,
    sender: &ChannelEnd,
    names: &mut BTreeMap<FileId, String>,
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let snapshot = context.snapshot;
    let unknown = || Refusal::new(format!("how `{}` is sent is not plain to see", channel.name));
    let here = |site: Site| matches!(site, Site::Call(call) if snapshot.files.called_at(call) == Some(sender.place));
    let messages = snapshot.links.iter().flatten().flat_map(|link| &link.messages).filter(|it| !it.consumes && here(it.site));
    let mut leaves = messages.flat_map(|message| &message.leaves).peekable();
    leaves.peek().ok_or_else(unknown)?;
    for leaf in leaves {
        let identity = leaf.identity.as_ref().ok_or_else(unknown)?;
        let [key] = identity.keys.as_slice() else { return Err(unknown()) };
        let source = context.source(leaf.call.file)?;
        let (facts, call) = (source.facts, source.facts.call(leaf.call.call));
        if !facts.language.is_ecmascript() {
            let given = call.args.get(identity.argument).map(|given| source.slice(facts.expr_range(given.value))).unwrap_or_default();
            let made = given.split_once(&format!("{key}(")).map(|(_, value)| value.starts_with("Uuid::"));
            match made {
                Some(true) => continue,
                Some(false) => {
                    return Err(Refusal::new(format!("whether {} gives each message an id of its own is not known", source.name())));
                }
                None => {
                    return Err(Refusal::new(format!("{} sends `{}` without an id, as `{key}` gives it one", source.name(), channel.name)));
                }
            }
        }
        let options = match call.args.get(identity.argument) {
            Some(given) => Some(object(facts, call, given.value).ok_or_else(unknown)?),
            None => None,
        };
        match options.map(|options| field(facts, options, key)) {
            Some(Field::Of(value)) if is_fresh(facts, value) => {}
            Some(Field::Of(value)) => {
                let value = source.slice(facts.expr_range(value));
                return Err(Refusal::new(format!("whether `{value}` is a message's own is not known")));
            }
            Some(Field::Unknown) => return Err(unknown()),
            Some(Field::Missing) | None => {
                let called = match names.get(&source.file) {
                    Some(known) => known.clone(),
                    None => made_by(context, &source, call, edit)?,
                };
                add_option(&source, call, identity.argument, &format!("{key}: {called}()"), edit)?;
                names.insert(source.file, called);
            }
        }
    }
    Ok(())
}

/// What a file calls the function that makes something new, which it imports if it did not.
fn made_by(context: &Context<'_>, source: &Source<'_>, call: &Call, edit: &mut Edit) -> Result<String, Refusal> {
    let old = source.facts.imports.iter().any(|import| import.source == "crypto");
    let mut names = import(context, source, if old { "crypto" } else { "node:crypto" }, &["randomUUID"], edit)?;
    if let Some(statement) = names.statement {
        add(source, call.range.start, Some(statement), None, edit);
    }
    names.called.pop().ok_or_else(|| Refusal::new("there is nothing to make it with"))
}

enum Field {
    Of(ExprId),
    Missing,
    /// It may come along with something else.
    Unknown,
}

fn field(facts: &SourceFacts, object: ExprId, key: &str) -> Field {
    let Expr::Object(object) = facts.expr(object) else { return Field::Unknown };
    let mut found = Field::Missing;
    for entry in &object.entries {
        match entry {
            Entry::Field { name, value, .. } if name == key => found = Field::Of(*value),
            Entry::Field { .. } => {}
            Entry::Computed { .. } | Entry::Spread(_) => return Field::Unknown,
        }
    }
    found
}

/// Whether a value is made by a function that makes no other like it.
fn is_fresh(facts: &SourceFacts, value: ExprId) -> bool {
    let Expr::Call(call) = facts.expr(value) else { return false };
    match facts.expr(facts.call(*call).callee) {
        Expr::Name(name) | Expr::Member { name, .. } => FRESH.contains(&name.as_str()),
        _ => false,
    }
}
