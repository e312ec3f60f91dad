//! How gateways match the paths of requests, and what they make of them.
//!
//! Paths are texts in which `{}` and `${NAME}` stand for what is decided at run time. What deliberately does not live here: who passes what on
//! to whom. Invariant: patterns are compiled once, where the workspace is built, and one that cannot be compiled matches nothing.

use std::sync::Arc;

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::gateway::{PathMatching, PathStep};
use regex::{Captures, Regex, RegexBuilder};

/// What is decided at run time, in a path.
const HOLE: &str = "{}";

/// Texts that a hole of a path is tried as, to see whether a pattern depends on it.
const TRIES: [&str; 3] = ["0", "x", "a-b"];

/// No pattern may need more memory than this when compiled, in bytes.
const MOST_PATTERN_BYTES: usize = 1 << 18;

/// A regular expression that was compiled.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: Symbol,
    regex: Arc<Regex>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Pattern {
    /// Compiles a pattern; `None` where it is none, or uses what only a backtracking engine knows.
    pub fn new(source: &str, ignore_case: bool) -> Option<Self> {
        let regex = RegexBuilder::new(source).case_insensitive(ignore_case).size_limit(MOST_PATTERN_BYTES).nest_limit(32).build().ok()?;
        Some(Self { source: source.into(), regex: Arc::new(regex) })
    }

    /// Whether a text has a match.
    pub fn is_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The text that every match begins with, where the pattern is anchored: `/api/` of `^/api/(.*)$`.
    pub fn literal_prefix(&self) -> &str {
        let pattern = self.source.strip_prefix('^').unwrap_or("");
        let pattern = pattern.strip_suffix("/?$").unwrap_or(pattern);
        let end = pattern.find(['(', '[', '.', '*', '+', '?', '$', '|', '\\', '{']).unwrap_or(pattern.len());
        // A repeated letter may be missing.
        let repeated = pattern[end..].starts_with(['*', '?', '{']);
        let mut literal = &pattern[..end];
        if repeated && let Some((at, _)) = literal.char_indices().next_back() {
            literal = &literal[..at];
        }
        literal
    }
}

/// Which paths a rule takes.
#[derive(Debug, Clone, PartialEq)]
pub enum PathMatch {
    /// Those that begin so.
    Prefix(Symbol),
    /// One alone.
    Exact(Symbol),
    /// Those that a pattern matches.
    Pattern(Pattern),
}

/// Whether a rule takes a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It does.
    Yes,
    /// It does for some of what the path may be.
    Maybe,
    /// It does not.
    No,
}

impl PathMatch {
    /// From a manifest's rule; `None` where its pattern cannot be compiled.
    pub fn of(matching: PathMatching, path: &str) -> Option<Self> {
        Some(match matching {
            PathMatching::Prefix => PathMatch::Prefix(path.into()),
            PathMatching::Exact => PathMatch::Exact(path.into()),
            PathMatching::Pattern => PathMatch::Pattern(Pattern::new(path, false)?),
            PathMatching::PatternAnyCase => PathMatch::Pattern(Pattern::new(path, true)?),
        })
    }

    /// What all paths that it takes begin with, as far as that is known.
    pub fn prefix(&self) -> &str {
        match self {
            PathMatch::Prefix(prefix) | PathMatch::Exact(prefix) => prefix,
            PathMatch::Pattern(pattern) => pattern.literal_prefix(),
        }
    }

    /// How it is shown: `/api/*`, `/status`.
    pub fn shown(&self) -> Symbol {
        match self {
            PathMatch::Exact(path) => path.trim_end_matches('/').into(),
            _ => format!("{}/*", self.prefix().trim_end_matches('/')).into(),
        }
    }

    /// Whether it takes a path.
    pub fn fit(&self, path: &str) -> Fit {
        let bare = path.split('?').next().unwrap_or(path);
        match self {
            PathMatch::Exact(exact) if bare.trim_end_matches('/') == exact.trim_end_matches('/') => Fit::Yes,
            PathMatch::Exact(exact) => may_be(exact, bare, true),
            PathMatch::Prefix(prefix) => {
                let cut = prefix.trim_end_matches('/');
                let goes_on =
                    |rest: &str| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/') && !cut.is_empty() && rest.is_empty();
                match bare.strip_prefix(cut) {
                    Some(rest) if goes_on(rest) || rest.starts_with('{') || cut.is_empty() => Fit::Yes,
                    _ => may_be(prefix, bare, false),
                }
            }
            PathMatch::Pattern(pattern) => {
                if !bare.contains(HOLE) {
                    return if pattern.regex.is_match(bare) { Fit::Yes } else { Fit::No };
                }
                let fitting = TRIES.iter().filter(|text| pattern.regex.is_match(&bare.replace(HOLE, text))).count();
                match fitting {
                    0 => may_be(pattern.literal_prefix(), bare, false),
                    count if count == TRIES.len() => Fit::Yes,
                    _ => Fit::Maybe,
                }
            }
        }
    }
}

/// Whether a path may be, or begin with, another, if what is not known of it is what it takes.
fn may_be(wanted: &str, path: &str, whole: bool) -> Fit {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut open = false;
    for wanted in wanted.split('/').filter(|segment| !segment.is_empty()) {
        match segments.next() {
            Some(segment) if segment.starts_with('{') || segment.starts_with("${") => open = true,
            Some(segment) if segment == wanted => {}
            // A hole may be several segments, if the path ends with it.
            None if open => return Fit::Maybe,
            _ => return Fit::No,
        }
    }
    if open && (!whole || segments.next().is_none()) { Fit::Maybe } else { Fit::No }
}

/// What is done to a path, one step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// One prefix becomes another; a path without it stays.
    Prefix(Symbol, Symbol),
    /// All of the path becomes this; `$1` is a group of the rule's pattern.
    Whole(Symbol),
    /// The first match of a pattern becomes a text, or the whole path does.
    Pattern {
        /// What is looked for.
        pattern: Pattern,
        /// What it becomes; `$1` is a group.
        to: Symbol,
        /// Whether all of the path is replaced.
        whole: bool,
    },
}

impl Step {
    /// From a manifest's step; `None` where its pattern cannot be compiled.
    pub fn of(step: &PathStep) -> Option<Self> {
        Some(match step {
            PathStep::Prefix { from, to } => Step::Prefix(from.clone(), to.clone()),
            PathStep::Whole(to) => Step::Whole(to.clone()),
            PathStep::Pattern { pattern, to, whole } => {
                Step::Pattern { pattern: Pattern::new(pattern, false)?, to: to.clone(), whole: *whole }
            }
        })
    }
}

/// The path that a target sees.
pub fn rewritten(path: &str, matched: &PathMatch, steps: &[Step]) -> String {
    let (bare, query) = path.find('?').map_or((path, ""), |at| path.split_at(at));
    let mut now = bare.to_owned();
    for step in steps {
        match step {
            Step::Prefix(from, to) => {
                if let Some(rest) = now.strip_prefix(from.as_str()) {
                    now = slashed(&format!("{to}{rest}"));
                }
            }
            Step::Whole(to) => {
                let pattern = match matched {
                    PathMatch::Pattern(pattern) => Some(pattern),
                    _ => None,
                };
                let groups = pattern.and_then(|pattern| pattern.regex.captures(bare));
                now = slashed(&filled(to, pattern, groups.as_ref()));
            }
            Step::Pattern { pattern, to, whole } => {
                let Some(groups) = pattern.regex.captures(&now) else { continue };
                let text = filled(to, Some(pattern), Some(&groups));
                let all = groups.get(0).map_or(0..0, |all| all.range());
                now = slashed(&if *whole { text } else { format!("{}{text}{}", &now[..all.start], &now[all.end..]) });
            }
        }
    }
    if now.contains('?') { now } else { now + query }
}

/// A replacement with its groups filled in: `$1`, `${1}`, `\1`, `$name`. A variable of the gateway is not known: a hole, or nothing where it is
/// the query's.
fn filled(replacement: &str, pattern: Option<&Pattern>, groups: Option<&Captures<'_>>) -> String {
    let is_own = |name: &str| pattern.is_some_and(|pattern| pattern.regex.capture_names().flatten().any(|own| own == name));
    let mut text = String::new();
    let mut rest = replacement;
    while let Some(at) = rest.find(['$', '\\']) {
        text.push_str(&rest[..at]);
        let escape = rest[at..].starts_with('\\');
        rest = &rest[at + 1..];
        let (name, length) = match rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, _)) if !escape => (name, name.len() + 2),
            _ => {
                let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
                let word = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
                let length = if digits > 0 || escape { digits } else { word };
                (&rest[..length], length)
            }
        };
        rest = &rest[length..];
        let group = match name.parse::<usize>() {
            Ok(number) => groups.and_then(|groups| groups.get(number)),
            Err(_) => groups.and_then(|groups| groups.name(name)),
        };
        match group {
            Some(group) => text.push_str(group.as_str()),
            None if is_own(name) || name.is_empty() || name.contains("arg") || name.parse::<usize>().is_ok() => {}
            None => text.push_str(HOLE),
        }
    }
    text.push_str(rest);
    text
}

/// A text as a pattern that matches it alone.
pub fn escaped(text: &str) -> Symbol {
    regex::escape(text).into()
}

/// The pattern of a route with named parameters (`/api/:path*`, `/:id(\\d+)`), and its parameters' names; `None` where it cannot be read.
pub fn named_route(route: &str) -> Option<Pattern> {
    let mut pattern = "^".to_owned();
    let mut rest = route;
    while let Some(letter) = rest.chars().next() {
        let parameter = rest.strip_prefix("/:").map(|rest| ("/", rest)).or_else(|| rest.strip_prefix(':').map(|rest| ("", rest)));
        let Some((slash, after)) =
            parameter.filter(|(_, after)| after.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_'))
        else {
            if letter == '(' {
                let (inner, behind) = bracketed(rest)?;
                pattern += &format!("({inner})");
                rest = behind;
            } else {
                pattern.push_str(&regex::escape(&rest[..letter.len_utf8()]));
                rest = &rest[letter.len_utf8()..];
            }
            continue;
        };
        let length = after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(after.len());
        let name = &after[..length];
        rest = &after[length..];
        let mut own = None;
        if rest.starts_with('(') {
            let (inner, behind) = bracketed(rest)?;
            (own, rest) = (Some(inner), behind);
        }
        let modifier = rest.chars().next().filter(|modifier| matches!(modifier, '*' | '+' | '?'));
        rest = &rest[modifier.map_or(0, char::len_utf8)..];
        let text = own.unwrap_or(if matches!(modifier, Some('*' | '+')) { ".+" } else { "[^/]+" });
        let optional = if matches!(modifier, Some('*' | '?')) { "?" } else { "" };
        pattern += &format!("(?:{slash}(?P<{name}>{text})){optional}");
    }
    Pattern::new(&format!("{pattern}/?$"), false)
}

/// What stands in the brackets that a text begins with, and what stands behind them.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some((&text[1..at], &text[at + 1..]));
        }
    }
    None
}

/// A destination with named parameters as a replacement: `/v1/:path*` becomes `/v1/${path}`.
pub fn named_replacement(destination: &str) -> Symbol {
    let mut text = String::new();
    let mut rest = destination;
    while let Some(at) = rest.find(':') {
        text.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let length = after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(after.len());
        if !after.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_') {
            text.push(':');
            rest = after;
            continue;
        }
        text += &format!("${{{}}}", &after[..length]);
        rest = after[length..].strip_prefix(['*', '+', '?']).unwrap_or(&after[length..]);
    }
    text.push_str(rest);
    text.into()
}

/// A path with a slash before it, and no two in a row.
pub fn slashed(path: &str) -> String {
    let mut whole = String::with_capacity(path.len() + 1);
    whole.push('/');
    for letter in path.chars() {
        if letter != '/' || !whole.ends_with('/') {
            whole.push(letter);
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rules_take_paths() {
        let prefix = PathMatch::Prefix("/api".into());
        assert_eq!(
            ["/api", "/api/x", "/api{}", "/apiary", "/x"].map(|path| prefix.fit(path)),
            [Fit::Yes, Fit::Yes, Fit::Yes, Fit::No, Fit::No]
        );
        assert_eq!((prefix.fit("/{}/x"), prefix.fit("/api?x=/y")), (Fit::Maybe, Fit::Yes));
        let root = PathMatch::Prefix("/".into());
        assert_eq!((root.fit("/"), root.fit("/x")), (Fit::Yes, Fit::Yes));
        let exact = PathMatch::Exact("/a/b".into());
        assert_eq!(["/a/b/", "/a/b/c", "/a/{}"].map(|path| exact.fit(path)), [Fit::Yes, Fit::No, Fit::Maybe]);
        let pattern = PathMatch::of(PathMatching::Pattern, "^/orders/\\d+$").unwrap();
        assert_eq!(["/orders/1", "/orders/x", "/orders/{}"].map(|path| pattern.fit(path)), [Fit::Yes, Fit::No, Fit::Maybe]);
        assert_eq!(PathMatch::of(PathMatching::Pattern, "^/(?!api).*"), None);
    }

    #[test]
    fn routes_have_names() {
        let through = |route: &str, destination: &str, path: &str| {
            let matched = PathMatch::Pattern(named_route(route)?);
            (matched.fit(path) == Fit::Yes).then(|| rewritten(path, &matched, &[Step::Whole(named_replacement(destination))]))
        };
        assert_eq!(through("/api/:path*", "/v1/:path*", "/api/a/{}").as_deref(), Some("/v1/a/{}"));
        assert_eq!(through("/api/:path*", "/v1/:path*", "/api").as_deref(), Some("/v1/"));
        assert_eq!(through("/api/:path*", "/", "/apis"), None);
        assert_eq!(through("/:a/x/:b(\\d+)", "/:b/:a", "/q/x/12").as_deref(), Some("/12/q"));
        assert_eq!(through("/:a/x", "/:a", "/q/x/12"), None);
        assert_eq!(named_route("/:path((?!api).*)").map(|_| ()), None);
        assert_eq!(named_route("/api/:path*").unwrap().literal_prefix(), "/api");
    }

    #[test]
    fn paths_are_rewritten() {
        let any = PathMatch::Prefix("/".into());
        let swap = |from: &str, to: &str| Step::Prefix(from.into(), to.into());
        assert_eq!(rewritten("/api/x?y=/z", &any, &[swap("/api", "")]), "/x?y=/z");
        assert_eq!(rewritten("/api/x", &any, &[swap("/api", "/")]), "/x");
        assert_eq!(rewritten("/x", &any, &[swap("", "/v1")]), "/v1/x");
        let pattern =
            |pattern: &str, to: &str, whole| Step::Pattern { pattern: Pattern::new(pattern, false).unwrap(), to: to.into(), whole };
        assert_eq!(rewritten("/api/{}/x", &any, &[pattern("^/api/(.*)", "/$1", true)]), "/{}/x");
        assert_eq!(rewritten("/a/api/x", &any, &[pattern("/api", "", false)]), "/a/x");
        let group = PathMatch::of(PathMatching::PatternAnyCase, "^/API(/|$)(.*)").unwrap();
        assert_eq!(rewritten("/api/x/{}", &group, &[Step::Whole("/v2/$2".into())]), "/v2/x/{}");
        assert_eq!(rewritten("/api", &group, &[Step::Whole("/\\2".into())]), "/");
        assert_eq!(rewritten("/api/x", &group, &[Step::Whole("/${2}$is_args$args".into())]), "/x");
    }
}
