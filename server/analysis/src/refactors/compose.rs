//! A variable added to the environment of a service in a compose file, in the way the file is written.
//!
//! Invariant: lines that are there keep their text, and what the file says afterwards is read again; an entry that would not be found there is not
//! added.

use portolan_grammars::facts::TextRange;
use portolan_grammars::manifests::{Compose, ComposeService, Manifest};

use super::{Edit, Refusal};
use crate::chart::Service;
use crate::rules::hard_coded_endpoint::is_local;
use crate::{FileId, Snapshot};

/// A variable by which one service is told where another one is.
pub(super) struct Entry<'a> {
    pub(super) from: &'a Service,
    pub(super) to: &'a Service,
    pub(super) name: &'a str,
    /// The address that the code has: scheme, host and port.
    pub(super) address: &'a str,
}

impl Entry<'_> {
    /// Adds the variable wherever a compose file builds who asks; the address is one that leads there from a container.
    pub(super) fn add(&self, context: &super::Context<'_>, edit: &mut Edit) -> Result<(), Refusal> {
        for (file, compose) in files(context.snapshot).filter(|(file, _)| self.from.evidence.iter().any(|it| it.place.file == *file)) {
            let built = compose.services.iter().find(|service| is(self.from, service) && service.build_context.is_some());
            let Some(service) = built.filter(|service| service.environment.iter().all(|variable| variable.name != self.name)) else {
                continue;
            };
            let text = context.manifest(file)?;
            let Some(value) = self.value(compose, service, &text) else { continue };
            let Some((at, added)) = insertion(&text, service, self.name, &value) else { continue };
            if self.is_read(context, file, &format!("{}{added}{}", &text[..at], &text[at..]), &value) {
                edit.insert(file, at as u32, added);
            }
        }
        Ok(())
    }

    /// The address as it is reached from a container of the file.
    fn value(&self, compose: &Compose, service: &ComposeService, text: &str) -> Option<String> {
        let (scheme, host) = self.address.split_once("://")?;
        if !is_local(host) {
            return Some(self.address.to_owned());
        }
        // What shares the machine's network, or has networks of its own, may not see the other by its name.
        let to = compose.services.iter().find(|service| is(self.to, service))?;
        if [service, to].iter().any(|service| slice(text, service.range).contains("network")) {
            return None;
        }
        let (_, port) = host.split_once(':')?;
        let published = to.ports.iter().find(|it| it.host.as_deref() == Some(port)).map(|it| it.container.as_str());
        let own = || to.ports.iter().any(|it| it.container == port) || to.ports.is_empty();
        let port = published.or_else(|| own().then_some(port)).filter(|port| port.chars().all(|digit| digit.is_ascii_digit()))?;
        Some(format!("{scheme}://{}:{port}", to.name.value))
    }

    /// Whether the variable is what a text says.
    fn is_read(&self, context: &super::Context<'_>, file: FileId, text: &str, value: &str) -> bool {
        let path = context.snapshot.files.path(file);
        let Some(kind) = portolan_grammars::classify(path) else { return false };
        let facts = portolan_grammars::read(path, text, kind);
        let Some(Manifest::Compose(compose)) = facts.manifest() else { return false };
        let is_it = |service: &&ComposeService| is(self.from, service) && service.build_context.is_some();
        let set = |service: &ComposeService| {
            service.environment.iter().filter(|variable| variable.name == self.name && variable.value.as_deref() == Some(value)).count()
        };
        facts.problems().is_empty() && compose.services.iter().find(is_it).is_some_and(|service| set(service) == 1)
    }
}

fn files(snapshot: &Snapshot) -> impl Iterator<Item = (FileId, &Compose)> {
    snapshot.files.iter().filter_map(|(file, _, facts)| match facts.manifest() {
        Some(Manifest::Compose(compose)) => Some((file, compose)),
        _ => None,
    })
}

/// Whether a service of the chart is that of a file.
fn is(service: &Service, written: &ComposeService) -> bool {
    service.id == written.name.value || service.aliases.contains(&written.name.value)
}

fn slice(text: &str, range: TextRange) -> &str {
    text.get(range.start as usize..range.end as usize).unwrap_or_default()
}

/// Where a variable is put, and as what.
fn insertion(text: &str, service: &ComposeService, name: &str, value: &str) -> Option<(usize, String)> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    match service.environment.last() {
        // What comes from an anchor is written elsewhere.
        Some(last) if !service.range.contains(last.range) => None,
        Some(last) => beside(text, last.range, name, value, newline),
        None if slice(text, service.range).contains("<<:") || slice(text, service.range).contains("environment") => None,
        None => anew(text, service, name, value, newline),
    }
}

/// Behind the last variable, as that is written.
fn beside(text: &str, last: TextRange, name: &str, value: &str, newline: &str) -> Option<(usize, String)> {
    let (start, mut end) = (last.start as usize, last.end as usize);
    let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let quote = text[end..].chars().next().filter(|letter| matches!(letter, '"' | '\''));
    let quoted = quote.map(String::from).unwrap_or_default();
    end += quoted.len();
    let before = &text[line..start];
    let bare = before.trim_start().trim_end_matches(['"', '\'']);
    let entry = if bare.starts_with('-') { format!("{quoted}{name}={value}{quoted}") } else { format!("{name}: {quoted}{value}{quoted}") };
    let rest = text[end..].lines().next().unwrap_or_default();
    let indent = &before[..before.len() - before.trim_start().len()];
    if matches!(bare.trim_end(), "" | "-") {
        let dash = bare;
        return (rest.trim().is_empty() || rest.trim_start().starts_with('#'))
            .then(|| (end + rest.len(), format!("{newline}{indent}{dash}{entry}")));
    }
    // `{ A: b }` and `["A=b"]`, on one line.
    match rest.trim_start().chars().next()? {
        '}' => Some((end, format!(", {name}: \"{value}\""))),
        ']' => Some((end, format!(", \"{name}={value}\""))),
        _ => None,
    }
}

/// An environment, where a service has none.
fn anew(text: &str, service: &ComposeService, name: &str, value: &str, newline: &str) -> Option<(usize, String)> {
    let key = service.name.range;
    let whole = slice(text, service.range).trim_end();
    let end = service.range.start as usize + whole.len();
    let rest = text[key.end as usize..].lines().next()?.trim_start_matches(['"', '\'']).strip_prefix(':')?.trim();
    if rest.starts_with('{') {
        let inner = whole.strip_suffix('}')?.trim_end();
        return (!inner.ends_with(['{', ',']))
            .then(|| (end - (whole.len() - inner.len()), format!(", environment: {{ {name}: \"{value}\" }}")));
    }
    if !(rest.is_empty() || rest.starts_with('#')) {
        return None;
    }
    let indent_of = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let line = text[..key.start as usize].rfind('\n').map_or(0, |newline| newline + 1);
    let mut lines = text[line..].lines();
    let outer = indent_of(lines.next()?);
    let inner = lines.find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')).map(indent_of)?;
    let unit = " ".repeat(inner.checked_sub(outer).filter(|unit| *unit > 0)?);
    let indent = " ".repeat(inner);
    // What stands behind the last value on its line stays there.
    let end = end + text[end..].lines().next().map_or(0, str::len);
    Some((end, format!("{newline}{indent}environment:{newline}{indent}{unit}{name}: {value}")))
}
