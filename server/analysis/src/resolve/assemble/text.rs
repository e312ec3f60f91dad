//! Texts as one service sees them: its environment put in place of variables.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::Manifest;

use super::{Input, Places};
use crate::Place;
use crate::chart::{Evidence, ServiceIndex};
use crate::resolve::paths::HOLE;
use crate::resolve::value::{Part, Pattern, Source};

/// Texts that one pattern may be in one service.
const MAX_TEXTS: usize = 8;

/// Prefixes by which bundlers tell which variables browsers may see.
const PUBLIC_PREFIXES: [&str; 7] = ["NEXT_PUBLIC_", "REACT_APP_", "VITE_", "EXPO_PUBLIC_", "NUXT_PUBLIC_", "GATSBY_", "VUE_APP_"];

/// A text as one service sees it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Text {
    /// The text; holes are `{}`, variables that nobody sets `${NAME}`.
    pub(super) text: String,
    /// Where its parts are decided.
    pub(super) evidence: Vec<Evidence>,
    /// Whether the name of a settings key was taken for a variable's.
    pub(super) guessed: bool,
    /// The variable that decides its beginning, be it with nothing.
    pub(super) variable: Option<Symbol>,
    /// Whether it is an address on this machine with the port that the process itself listens on.
    pub(super) is_own: bool,
}

/// What a pattern may be in a service.
pub(super) fn texts(input: &Input<'_>, service: ServiceIndex, pattern: &Pattern) -> Vec<Text> {
    let places = Places { files: input.files };
    let mut all = vec![Text::default()];
    for part in &pattern.parts {
        let options: Vec<Text> = match part {
            Part::Text(text) => vec![Text { text: text.to_string(), ..Text::default() }],
            Part::Param(_, path, Some(default)) => {
                let mut options = texts(input, service, default);
                // A member of something that nobody here passes is passed from elsewhere, a request's for one, and may be another segment than
                // its default.
                let is_segment =
                    all.iter().all(|head| head.text.ends_with(['/', '='])) && !options.iter().any(|text| text.text.contains('/'));
                if !path.is_empty() && is_segment {
                    options.retain(|option| !option.text.is_empty());
                    options.push(Text { text: HOLE.to_owned(), ..Text::default() });
                }
                options
            }
            Part::NamedByCaller { .. } | Part::Param(..) | Part::Hole(_) => match guessed_variable(part) {
                Some(name) => {
                    let mut options = variable(input, service, &name, None, true);
                    if options.iter().all(|option| option.text.starts_with("${")) {
                        options = vec![Text { text: HOLE.to_owned(), ..Text::default() }];
                    }
                    options
                }
                None => vec![Text { text: HOLE.to_owned(), ..Text::default() }],
            },
            Part::Setting { file, keys, default } => settings(input, service, file, keys, default.as_deref()),
            Part::Origin(of) => texts(input, service, of).into_iter().map(origin).collect(),
            Part::Changed(change, of) => {
                let written = |text: Text| {
                    let known = !text.text.contains(HOLE) && !text.text.contains("${");
                    Text { text: if known { change.apply(&text.text) } else { HOLE.to_owned() }, ..text }
                };
                texts(input, service, of).into_iter().map(written).collect()
            }
            Part::Env { name, default, guessed, source } => {
                let mut options = variable(input, service, name, default.as_deref(), *guessed);
                if let Some(place) = source.as_ref().and_then(|source| places.source(*source)) {
                    for option in &mut options {
                        option.evidence.push(Evidence { what: format!("reads {name}"), place });
                    }
                }
                options
            }
        };
        all = all
            .iter()
            .flat_map(|head| {
                options.iter().map(|tail| Text {
                    text: format!("{}{}", head.text, tail.text),
                    evidence: head.evidence.iter().chain(&tail.evidence).cloned().collect(),
                    guessed: head.guessed || tail.guessed,
                    variable: if begins_address(&head.text, &tail.text) {
                        tail.variable.clone().or_else(|| head.variable.clone())
                    } else {
                        head.variable.clone()
                    },
                    is_own: head.is_own || tail.is_own || (is_own_port(part) && is_local_authority(&head.text)),
                })
            })
            .take(MAX_TEXTS)
            .collect();
    }
    all
}

/// What the configuration file that a service is given says under some keys, else what counts in its place.
fn settings(input: &Input<'_>, service: ServiceIndex, file: &Pattern, keys: &[Symbol], default: Option<&Pattern>) -> Vec<Text> {
    let mut options = Vec::new();
    for named in texts(input, service, file) {
        let Some(id) = input.workspace.config_of(service, &named.text) else { continue };
        let Some(Manifest::Config(tree)) = input.files.facts(id).and_then(|facts| facts.manifest()) else { continue };
        let mut found = vec![tree];
        for key in keys {
            found = found
                .iter()
                .flat_map(|tree| if key == "*" { tree.items().iter().collect() } else { Vec::from_iter(tree.get(key)) })
                .collect();
        }
        for tree in found.into_iter().take(MAX_TEXTS) {
            let Some(text) = tree.text() else { continue };
            let place = Place { file: id, range: tree.range };
            let mut evidence = named.evidence.clone();
            evidence.push(Evidence { what: format!("setting {}", keys.join(".")), place });
            options.push(Text { text: text.to_string(), evidence, ..Text::default() });
        }
    }
    if options.is_empty() {
        options = default.map_or_else(Vec::new, |default| texts(input, service, default));
    }
    if options.is_empty() {
        options.push(Text { text: HOLE.to_owned(), ..Text::default() });
    }
    options
}

/// Whether a text begins an address behind another one: behind its scheme alone, or as a whole URL that a client puts no base before.
fn begins_address(head: &str, tail: &str) -> bool {
    let is_blank = |text: &str| text.trim_start_matches(HOLE).trim_start_matches('/').is_empty();
    head.trim_start_matches("http://").trim_start_matches("https://").is_empty()
        || (is_blank(head) && ["http://", "https://"].iter().any(|scheme| tail.starts_with(scheme)))
}

/// Whether a part is the variable by which a process is told where to listen.
fn is_own_port(part: &Part) -> bool {
    matches!(part, Part::Env { name, .. } if name == "PORT")
}

/// Whether a text is an address on this machine up to its port.
fn is_local_authority(text: &str) -> bool {
    let authority = text.split_once("://").map_or(text, |(_, rest)| rest);
    authority.strip_suffix(':').is_some_and(crate::workspace::is_local)
}

/// Scheme and authority of a URL.
fn origin(of: Text) -> Text {
    let authority = of.text.find("://").map_or(0, |at| at + 3);
    let end = of.text[authority..].find('/').map_or(of.text.len(), |at| authority + at);
    Text { text: of.text[..end].to_owned(), ..of }
}

/// A member of something unknown that is written like a variable is taken for the variable.
fn guessed_variable(part: &Part) -> Option<Symbol> {
    let name = match part {
        Part::Param(_, path, _) => path.last()?,
        Part::Hole(name) => name,
        _ => return None,
    };
    let constant = name.contains('_') && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    constant.then(|| name.clone())
}

fn variable(input: &Input<'_>, service: ServiceIndex, name: &Symbol, default: Option<&Pattern>, guessed: bool) -> Vec<Text> {
    let values = input.workspace.deployments[service.index()].environment.get(name).map_or(&[][..], Vec::as_slice);
    let best = values.iter().map(|value| value.rank).min();
    let mut options: Vec<Text> = Vec::new();
    for value in values.iter().filter(|value| Some(value.rank) == best && !value.value.is_empty()) {
        if options.iter().all(|known| known.text != value.value.as_str()) && options.len() < MAX_TEXTS {
            let sort = if name.starts_with('-') { "option" } else { "env" };
            let evidence = vec![Evidence { what: format!("{sort} {name} = {}", value.value), place: value.place }];
            options.push(Text { text: value.value.to_string(), evidence, guessed, variable: Some(name.clone()), is_own: false });
        }
    }
    // Bundlers hand variables with a prefix to browsers: a service set up at its start copies them from those without.
    if options.is_empty()
        && let Some(bare) = PUBLIC_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).filter(|bare| !bare.is_empty())
    {
        options = variable(input, service, &bare.into(), None, true);
        options.retain(|option| !option.text.starts_with("${"));
    }
    if options.is_empty()
        && let Some(default) = default
    {
        options = texts(input, service, default);
        // A file that does not say it leaves the variable unset.
        if matches!(default.parts.as_slice(), [Part::Setting { .. }]) {
            options.retain(|option| option.text != HOLE);
        }
        options.iter_mut().filter(|option| option.text.is_empty()).for_each(|option| option.variable = Some(name.clone()));
        let places = Places { files: input.files };
        let settings = default.sources.iter().filter(|source| matches!(source, Source::Setting(..)));
        let evidence: Vec<Evidence> =
            settings.filter_map(|source| Some(Evidence { what: places.words(*source)?, place: places.source(*source)? })).collect();
        options.iter_mut().for_each(|option| option.evidence.extend(evidence.iter().cloned()));
    }
    if options.is_empty() {
        options.push(Text { text: format!("${{{name}}}"), evidence: Vec::new(), guessed, variable: Some(name.clone()), is_own: false });
    }
    options
}

/// A URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A path without a host.
    Relative(String),
    /// A host.
    Host {
        /// Its name, in lower case.
        host: String,
        /// Its port.
        port: Option<String>,
        /// The path behind it.
        path: String,
    },
    /// A host that a variable decides which nobody sets.
    Unset(Symbol, String),
    /// A host that is decided at run time.
    Unknown(String),
}

impl Address {
    /// Takes a text apart.
    pub(super) fn parse(text: &str) -> Self {
        let text = single_slashes(absolute_tail(text.trim()));
        let text = text.as_str();
        if let Some(rest) = text.strip_prefix("${") {
            let (name, rest) = rest.split_once('}').unwrap_or((rest, ""));
            return Address::Unset(name.into(), behind_authority(rest));
        }
        if text.starts_with('/') {
            return Address::Relative(text.to_owned());
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let (authority, own) = behind_port(authority);
        let path = if own.is_empty() { path.to_owned() } else { format!("/{own}{path}") };
        if let Some(at) = authority.find("${") {
            let name = authority[at + 2..].split('}').next().unwrap_or_default();
            return Address::Unset(name.into(), path);
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port == HOLE || port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
            _ => (authority, None),
        };
        if host.is_empty() && port.is_none() && scheme.is_some() && path.starts_with('/') {
            return Address::Relative(path);
        }
        if host.contains(HOLE) || host.is_empty() || (host.contains(':') && !host.starts_with('[')) {
            return Address::Unknown(path);
        }
        if scheme.is_none() && port.is_none() && !host.contains('.') {
            // `<the address of orders>` says that there is one, and not which.
            return if host.contains(is_no_path) { Address::Unknown(path) } else { Address::Relative(format!("/{text}")) };
        }
        let port = port.filter(|port| *port != HOLE).map(str::to_owned);
        Address::Host { host: host.to_ascii_lowercase(), port, path }
    }

    /// The path behind the host.
    pub(super) fn path(&self) -> &str {
        match self {
            Address::Relative(path) | Address::Host { path, .. } | Address::Unset(_, path) | Address::Unknown(path) => path,
        }
    }
}

/// Whether a letter stands in no path as it is (RFC 3986, section 3.3).
fn is_no_path(letter: char) -> bool {
    letter.is_ascii() && !letter.is_ascii_alphanumeric() && !"-._~%!$&'()*+,;=:@".contains(letter)
}

/// What is written behind a port without a slash: a `Uri` that is put into a text ends with one. Too few digits may be the beginning of a port.
fn behind_port(authority: &str) -> (&str, &str) {
    let Some(at) = authority.rfind(':') else { return (authority, "") };
    let digits = authority[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
    let (before, rest) = authority.split_at(at + 1 + digits);
    let begins = rest.starts_with(|first: char| first.is_ascii_alphabetic()) && digits >= 2 || rest.starts_with(HOLE) && digits >= 4;
    if begins { (before, rest) } else { (authority, "") }
}

/// An absolute URL put behind a base replaces it.
fn absolute_tail(text: &str) -> &str {
    let before_query = &text[..text.find('?').unwrap_or(text.len())];
    let at = ["http://", "https://"].iter().filter_map(|scheme| before_query.rfind(scheme)).max();
    at.map_or(text, |at| &text[at..])
}

/// Each run of slashes as one, but for those behind a scheme: texts put together are careless of them, and so are servers.
fn single_slashes(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + 3);
    let (head, rest) = text.split_at(start);
    let mut whole = head.to_owned();
    for character in rest.chars() {
        if character != '/' || !whole[start..].ends_with('/') {
            whole.push(character);
        }
    }
    whole
}

/// What stands behind a host: after `:port`, from the first slash.
fn behind_authority(rest: &str) -> String {
    match rest.find('/') {
        Some(at) => rest[at..].to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn urls_are_taken_apart() {
        let host =
            |host: &str, port: Option<&str>, path: &str| Address::Host { host: host.into(), port: port.map(Into::into), path: path.into() };
        assert_eq!(Address::parse("http://Orders:8080/a/{}"), host("orders", Some("8080"), "/a/{}"));
        assert_eq!(Address::parse("cart:7070"), host("cart", Some("7070"), ""));
        assert_eq!(Address::parse("https://api.stripe.com/v1"), host("api.stripe.com", None, "/v1"));
        assert_eq!(Address::parse("http://a:80/api//x/"), host("a", Some("80"), "/api/x/"));
        assert_eq!(Address::parse("/api/x"), Address::Relative("/api/x".into()));
        assert_eq!(Address::parse("orders"), Address::Relative("/orders".into()));
        assert_eq!(Address::parse("http://localhost:3000https://orders/x"), host("orders", None, "/x"));
        assert_eq!(Address::parse("${A_URL}/x"), Address::Unset("A_URL".into(), "/x".into()));
        assert_eq!(Address::parse("http://${A_HOST}:80/x"), Address::Unset("A_HOST".into(), "/x".into()));
        assert_eq!(Address::parse("https:///x"), Address::Relative("/x".into()));
        assert_eq!(Address::parse("{}/v1/x"), Address::Unknown("/v1/x".into()));
        assert_eq!(Address::parse("<where orders are>/v1/x"), Address::Unknown("/v1/x".into()));
        assert_eq!(Address::parse("http://{}:{}/v1"), Address::Unknown("/v1".into()));
        assert_eq!(Address::parse("http://orders:8080open/x"), host("orders", Some("8080"), "/open/x"));
        assert_eq!(Address::parse("http://orders:8080{}"), host("orders", Some("8080"), "/{}"));
        assert_eq!(Address::parse("http://orders:80{}/x"), Address::Unknown("/x".into()));
        assert_eq!(Address::parse("postgres://user:pass@db:5432/shop"), host("db", Some("5432"), "/shop"));
    }
}
