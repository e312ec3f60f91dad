//! traefik's rules and middlewares, which stand in labels of containers as well as in Kubernetes objects.
//!
//! What deliberately does not live here: the files and objects around them. Invariant: a rule that asks for what is not known here (headers,
//! methods, a negation) still says which hosts and paths it is about, as far as it does.

use super::gateway::{PathMatching, PathStep};
use crate::facts::Symbol;

/// Alternatives of one rule that are kept.
const MOST_ALTERNATIVES: usize = 32;
/// Brackets deeper than this are gone over.
const DEEPEST: usize = 32;

/// One way for a request to fit a rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alternative {
    /// Hosts of which it must be for one; none for any.
    pub hosts: Vec<Symbol>,
    /// What its path must be; a rule without one takes all.
    pub path: Option<(PathMatching, Symbol)>,
}

/// The alternatives of a rule such as ``Host(`a`) && (PathPrefix(`/x`) || Path(`/y`))``; none where it cannot be read.
pub fn alternatives(rule: &str) -> Vec<Alternative> {
    let mut reader = Reader { rest: rule, depth: 0 };
    let found = reader.any().unwrap_or_default();
    if reader.rest.trim().is_empty() { found } else { Vec::new() }
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl Reader<'_> {
    fn take(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self) -> Option<Vec<Alternative>> {
        let mut all = self.every()?;
        while self.take("||") {
            all.extend(self.every()?);
            all.truncate(MOST_ALTERNATIVES);
        }
        Some(all)
    }

    fn every(&mut self) -> Option<Vec<Alternative>> {
        let mut all = self.one()?;
        while self.take("&&") {
            let others = self.one()?;
            all = all.iter().flat_map(|left| others.iter().map(move |right| both(left, right))).take(MOST_ALTERNATIVES).collect();
        }
        Some(all)
    }

    fn one(&mut self) -> Option<Vec<Alternative>> {
        if self.depth > DEEPEST {
            return None;
        }
        let negated = self.take("!");
        self.depth += 1;
        let found = if self.take("(") {
            let found = self.any()?;
            self.take(")").then_some(found)
        } else {
            self.matcher()
        };
        self.depth -= 1;
        // What must not be says nothing of what is.
        found.map(|found| if negated { vec![Alternative::default()] } else { found })
    }

    fn matcher(&mut self) -> Option<Vec<Alternative>> {
        self.rest = self.rest.trim_start();
        let (name, rest) = self.rest.split_once('(')?;
        self.rest = rest;
        let name = name.trim();
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let mut arguments = Vec::new();
        while !self.take(")") {
            self.rest = self.rest.trim_start();
            let quote = self.rest.chars().next().filter(|quote| matches!(quote, '`' | '"' | '\''))?;
            let (argument, rest) = self.rest[1..].split_once(quote)?;
            arguments.push(argument);
            self.rest = rest;
            self.take(",");
        }
        let paths = |matching: PathMatching| {
            arguments.iter().map(|path| Alternative { hosts: Vec::new(), path: Some((matching, braced(matching, path))) }).collect()
        };
        Some(match name {
            "Host" | "HostSNI" => {
                vec![Alternative { hosts: arguments.iter().map(|host| Symbol::from(host.to_ascii_lowercase())).collect(), path: None }]
            }
            "PathPrefix" => paths(PathMatching::Prefix),
            "Path" => paths(PathMatching::Exact),
            "PathRegexp" => paths(PathMatching::Pattern),
            _ => vec![Alternative::default()],
        })
    }
}

/// A path of the second version may hold `{name:expression}`, which is cut off.
fn braced(matching: PathMatching, path: &str) -> Symbol {
    match path.find('{') {
        Some(at) if matching != PathMatching::Pattern => path[..at].into(),
        _ => path.into(),
    }
}

fn both(left: &Alternative, right: &Alternative) -> Alternative {
    let hosts = if left.hosts.is_empty() { right.hosts.clone() } else { left.hosts.clone() };
    Alternative { hosts, path: left.path.clone().or_else(|| right.path.clone()) }
}

/// What a middleware does to paths: its kind (`stripPrefix`), and the values of one of its options, by name.
pub fn steps(kind: &str, values: &dyn Fn(&str) -> Vec<Symbol>) -> Vec<PathStep> {
    let first = |option: &str| values(option).into_iter().next();
    match kind.to_ascii_lowercase().as_str() {
        "stripprefix" => values("prefixes")
            .into_iter()
            .filter(|prefix| prefix.starts_with('/'))
            .map(|from| PathStep::Prefix { from, to: "".into() })
            .collect(),
        "stripprefixregex" => {
            let anchored = |pattern: Symbol| if pattern.starts_with('^') { pattern } else { format!("^{pattern}").into() };
            let patterns = values("regex").into_iter();
            patterns.map(|pattern| PathStep::Pattern { pattern: anchored(pattern), to: "".into(), whole: false }).collect()
        }
        "addprefix" => first("prefix").map(|to| PathStep::Prefix { from: "".into(), to }).into_iter().collect(),
        "replacepath" => first("path").map(PathStep::Whole).into_iter().collect(),
        "replacepathregex" => match (first("regex"), first("replacement")) {
            (Some(pattern), Some(to)) => vec![PathStep::Pattern { pattern, to, whole: false }],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rule: &str) -> Vec<String> {
        let one = |one: Alternative| {
            format!("{} {}", one.hosts.join(","), one.path.map(|(how, path)| format!("{how:?} {path}")).unwrap_or_default())
        };
        alternatives(rule).into_iter().map(one).collect()
    }

    #[test]
    fn rules_are_read() {
        assert_eq!(shown("Host(`A.example`) && PathPrefix(`/api`, `/v1`)"), ["a.example Prefix /api", "a.example Prefix /v1"]);
        assert_eq!(shown("(Host(`a`) || Host(\"b\")) && (Path(`/x`) || Method(`GET`))"), ["a Exact /x", "a ", "b Exact /x", "b "]);
        assert_eq!(shown("PathPrefix(`/orders/{id:[0-9]+}`) && !PathPrefix(`/orders/x`)"), [" Prefix /orders/"]);
        assert_eq!(shown("PathRegexp(`^/a(/.*)?$`)"), [" Pattern ^/a(/.*)?$"]);
        for broken in ["Host(`a`", "Host(", "&&", "Host(a)", "", "Host(`a`) x", &"(".repeat(9999)] {
            assert!(shown(broken).is_empty(), "{broken}");
        }
    }
}
