//! Channels: who sends and who receives by one name on one system.

use std::collections::BTreeMap;

use portolan_grammars::facts::Symbol;

use super::reach::Reach;
use super::text;
use super::tracing::Coverages;
use super::{Input, Places};
use crate::chart::{Channel, ChannelEnd, Coverage, ServiceIndex, Status};
use crate::resolve::link::MessageDecl;

/// All channels, by system and name.
pub(super) fn find(input: &Input<'_>, reach: &Reach, coverage: &Coverages<'_>) -> Vec<Channel> {
    let places = Places { files: input.files };
    let mut channels: BTreeMap<(Symbol, Symbol), Channel> = BTreeMap::new();
    let declared: Vec<&MessageDecl> = input.links.iter().flatten().flat_map(|link| &link.messages).collect();
    for message in &declared {
        // A subscription's handler is often named by another call on the same value.
        let handler = message.handler.or_else(|| {
            let group = message.group?;
            declared.iter().find(|other| other.consumes && other.group == Some(group) && other.handler.is_some())?.handler
        });
        for at in 0..input.workspace.services.len() {
            let service = ServiceIndex(at as u32);
            if input.workspace.services[at].third_party || !reach.has(service, message.function) {
                continue;
            }
            let mut names: Vec<(Symbol, Status)> = Vec::new();
            for destination in &message.destinations {
                for text in text::texts(input, service, destination) {
                    let key = match &message.routing_key {
                        Some(key) => text::texts(input, service, key).into_iter().next().map(|text| text.text),
                        None => None,
                    };
                    let whole = match key {
                        // The default exchange delivers to the queue of the key's name.
                        Some(key) if text.text.is_empty() => key,
                        Some(key) if !key.is_empty() => format!("{}/{key}", text.text),
                        _ => text.text.clone(),
                    };
                    if whole.is_empty() || whole.contains("{}") || whole.contains("${") {
                        continue;
                    }
                    let status = if text.guessed { Status::Likely } else { Status::Exact };
                    names.push((whole.into(), status));
                }
            }
            names.sort();
            names.dedup_by(|a, b| a.0 == b.0);
            for (name, status) in names {
                let channel = channels.entry((message.system.clone(), name.clone())).or_insert_with(|| Channel {
                    name,
                    system: message.system.clone(),
                    producers: Vec::new(),
                    consumers: Vec::new(),
                });
                let place = places.site(message.site);
                let end = ChannelEnd {
                    service,
                    place,
                    function: if message.consumes { handler.or(Some(message.function)) } else { Some(message.function) },
                    coverage: if message.consumes { coverage.consumer(input, service, message, handler) } else { Coverage::Unknown },
                    status,
                };
                let ends = if message.consumes { &mut channel.consumers } else { &mut channel.producers };
                if !ends.iter().any(|known| known.service == service && known.place == place) {
                    ends.push(end);
                }
            }
        }
    }
    let mut all: Vec<Channel> = channels.into_values().collect();
    for channel in &mut all {
        let key = |end: &ChannelEnd| (end.service, input.files.path(end.place.file).to_owned(), end.place.range);
        channel.producers.sort_by_cached_key(key);
        channel.consumers.sort_by_cached_key(key);
    }
    all
}
