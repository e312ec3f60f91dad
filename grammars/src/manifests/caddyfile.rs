//! Caddyfiles: which requests a site passes on, and where.
//!
//! Snippets of the same file are put in where they are imported; other files are not. Environment variables are handed on as `${NAME}` and
//! `${NAME:-default}`. Invariant: a directive that is not known is gone over with its block, and what follows it is read.

mod tree;

use super::gateway::{GatewayRule, PathMatching, PathStep};
use super::{Caddy, Manifest, ManifestFacts};
use crate::facts::{Spanned, Symbol, TextRange};
use tree::Directive;

/// Blocks and imports deeper than this are gone over.
const DEEPEST: usize = 16;
/// No more rules than this are kept.
const MOST_RULES: usize = 512;
/// No more directives than this are looked at, imports counted as often as they are used.
const MOST_DIRECTIVES: usize = 20_000;

/// `Caddyfile`, `Caddyfile.dev`, `site.caddyfile`, `site.caddy`.
pub(super) fn matches(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    name == "Caddyfile" || name.starts_with("Caddyfile.") || matches!(extension.as_deref(), Some("caddyfile" | "caddy"))
}

/// Reads a Caddyfile.
pub(super) fn read(text: &str) -> ManifestFacts {
    let (directives, problems) = tree::read(text);
    let mut reader = Reader { snippets: Vec::new(), rules: Vec::new(), seen: 0 };
    let (snippets, sites): (Vec<&Directive>, Vec<&Directive>) = directives.iter().partition(|site| snippet_name(site).is_some());
    reader.snippets = snippets;
    // Without braces the whole file is one site: its first line is the address.
    let is_bare = sites.first().is_some_and(|first| first.block.is_none() && !first.words.is_empty());
    if is_bare && let Some((address, rest)) = sites.split_first() {
        let rest: Vec<Directive> = rest.iter().map(|directive| (*directive).clone()).collect();
        reader.site(address, &rest);
    } else {
        for site in sites.iter().filter(|site| !site.words.is_empty()) {
            reader.site(site, site.block.as_deref().unwrap_or_default());
        }
    }
    ManifestFacts { manifest: Manifest::Caddy(Caddy { rules: reader.rules }), problems }
}

fn snippet_name(site: &Directive) -> Option<&str> {
    site.words.first()?.value.strip_prefix('(')?.strip_suffix(')')
}

struct Reader<'d> {
    snippets: Vec<&'d Directive>,
    rules: Vec<GatewayRule>,
    seen: usize,
}

/// What the blocks around a directive say of the requests that reach it.
#[derive(Clone, Default)]
struct Scope {
    hosts: Vec<Symbol>,
    /// Its paths; none for all.
    paths: Vec<(PathMatching, Symbol)>,
    steps: Vec<PathStep>,
    /// What was cut off of the path so far.
    stripped: String,
    /// Matchers by name.
    matchers: Vec<(Symbol, Matcher)>,
    depth: usize,
}

/// A named matcher, as far as it is about hosts and paths.
#[derive(Clone, Default)]
struct Matcher {
    hosts: Vec<Symbol>,
    paths: Vec<(PathMatching, Symbol)>,
}

impl Matcher {
    fn add(&mut self, words: &[Spanned<Symbol>]) {
        let Some((kind, values)) = words.split_first() else { return };
        match kind.value.as_str() {
            "host" => self.hosts.extend(values.iter().filter_map(|host| host_of(&host.value))),
            "path" => self.paths.extend(values.iter().map(|path| path_of(&path.value))),
            "path_regexp" => self.paths.extend(values.last().map(|pattern| (PathMatching::Pattern, pattern.value.clone()))),
            _ => {}
        }
    }
}

/// A path as a matcher: exact unless a `*` ends it.
fn path_of(path: &str) -> (PathMatching, Symbol) {
    match path.strip_suffix('*') {
        Some(prefix) => (PathMatching::Prefix, prefix.into()),
        None => (PathMatching::Exact, path.into()),
    }
}

/// The public host of a site's address; none where it is any, or this machine.
fn host_of(address: &str) -> Option<Symbol> {
    let address = variables(address.trim_end_matches(','));
    let rest = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
    // A variable may hold a colon itself.
    let end =
        if rest.starts_with("${") { rest.find('}').map_or(rest.len(), |at| at + 1) } else { rest.find([':', '/']).unwrap_or(rest.len()) };
    let host = rest[..end].to_owned();
    let telling = host.contains('.') || host.contains("${");
    telling.then(|| if host.contains("${") { host.into() } else { host.to_ascii_lowercase().into() })
}

/// `{$NAME:default}` and `{env.NAME}` in the way of the other manifests.
fn variables(text: &str) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        whole.push_str(&rest[..at]);
        let inner = rest[at + 1..].split_once('}');
        let named = inner.and_then(|(inner, behind)| Some((inner.strip_prefix('$').or_else(|| inner.strip_prefix("env."))?, behind)));
        match named {
            Some((name, behind)) => {
                match name.split_once(':') {
                    Some((name, default)) => whole += &format!("${{{name}:-{default}}}"),
                    None => whole += &format!("${{{name}}}"),
                }
                rest = behind;
            }
            None => {
                whole.push('{');
                rest = &rest[at + 1..];
            }
        }
    }
    whole.push_str(rest);
    whole
}

/// A replacement with groups of a named expression (`{re.name.1}`) as `${1}`, and what stands for the path cut off: the text before it.
fn replacement(text: &str) -> (Symbol, bool) {
    for whole in ["{uri}", "{path}", "{http.request.uri}", "{http.request.uri.path}"] {
        if let Some((head, _)) = text.split_once(whole) {
            return (head.into(), true);
        }
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        let Some((inner, behind)) = rest[at + 1..].split_once('}') else { break };
        match inner.rsplit_once('.') {
            Some((kind, number)) if kind.contains("re.") || kind.contains("regexp") => filled += &format!("${{{number}}}"),
            _ => filled.push_str("{}"),
        }
        rest = behind;
    }
    filled.push_str(rest);
    (filled.split('?').next().unwrap_or_default().into(), false)
}

impl<'d> Reader<'d> {
    fn site(&mut self, address: &Directive, block: &[Directive]) {
        let words = address.words.iter().flat_map(|word| word.value.split(',').map(str::to_owned).collect::<Vec<_>>());
        let hosts: Vec<Option<Symbol>> = words.filter(|word| !word.is_empty()).map(|word| host_of(&word)).collect();
        // Where one of the addresses is any host, all are.
        let hosts = if hosts.iter().any(Option::is_none) { Vec::new() } else { hosts.into_iter().flatten().collect() };
        self.block(block, &Scope { hosts, ..Scope::default() });
    }

    /// The directives of a block with snippets put in.
    fn imported(&mut self, block: &[Directive], depth: usize) -> Vec<Directive> {
        let mut all = Vec::new();
        for directive in block {
            self.seen += 1;
            if self.seen > MOST_DIRECTIVES {
                break;
            }
            if directive.name() != "import" {
                all.push(directive.clone());
                continue;
            }
            let Some((name, arguments)) = directive.words.get(1..).and_then(<[_]>::split_first) else { continue };
            let Some(snippet) = self.snippets.iter().find(|snippet| snippet_name(snippet) == Some(&name.value)).copied() else { continue };
            if depth < DEEPEST {
                let block: Vec<Directive> =
                    snippet.block.iter().flatten().map(|directive| directive.with_arguments(arguments, DEEPEST)).collect();
                all.extend(self.imported(&block, depth + 1));
            }
        }
        all
    }

    fn block(&mut self, block: &[Directive], around: &Scope) {
        if around.depth > DEEPEST {
            return;
        }
        let block = self.imported(block, 0);
        let mut scope = Scope { depth: around.depth + 1, ..around.clone() };
        for matcher in block.iter().filter(|directive| directive.name().starts_with('@')) {
            let mut found = Matcher::default();
            found.add(matcher.words.get(1..).unwrap_or_default());
            matcher.block.iter().flatten().for_each(|inner| found.add(&inner.words));
            scope.matchers.push((matcher.name().into(), found));
        }
        // Rewrites come before anything is passed on, wherever in the block they stand.
        for directive in &block {
            match directive.name() {
                "uri" => scope.uri(directive),
                "rewrite" => scope.rewrite(directive),
                _ => {}
            }
        }
        for directive in &block {
            let (matched, arguments) = scope.matched(directive);
            let Some(inner) = matched else { continue };
            match directive.name() {
                "reverse_proxy" => self.pass_on(directive, arguments, inner),
                "handle" | "route" => self.block(directive.block.as_deref().unwrap_or_default(), &inner),
                "handle_path" => {
                    let mut inner = inner;
                    // The matcher's own path, without its star, is cut off.
                    if let Some((PathMatching::Prefix, _)) = inner.paths.first()
                        && let Some(written) = directive.words.get(1)
                    {
                        let prefix = written.value.trim_end_matches('*').trim_end_matches('/').to_owned();
                        inner.steps.push(PathStep::Prefix { from: prefix.as_str().into(), to: Symbol::default() });
                        inner.stripped.push_str(&prefix);
                    }
                    self.block(directive.block.as_deref().unwrap_or_default(), &inner);
                }
                _ => {}
            }
        }
    }

    fn pass_on(&mut self, directive: &Directive, arguments: &[Spanned<Symbol>], mut scope: Scope) {
        let mut upstreams: Vec<&Spanned<Symbol>> = arguments.iter().collect();
        for inner in directive.block.iter().flatten() {
            match inner.name() {
                "to" => upstreams.extend(&inner.words[1..]),
                "rewrite" => scope.rewrite(inner),
                _ => {}
            }
        }
        if scope.paths.is_empty() {
            scope.paths.push((PathMatching::Prefix, "/".into()));
        }
        for upstream in upstreams {
            let address = variables(&upstream.value);
            let target = if address.starts_with(':') { format!("localhost{address}") } else { address };
            for (matching, path) in &scope.paths {
                if self.rules.len() >= MOST_RULES {
                    return;
                }
                self.rules.push(GatewayRule {
                    hosts: scope.hosts.clone(),
                    path: path.clone(),
                    matching: *matching,
                    steps: scope.steps.clone(),
                    target: Spanned::new(target.as_str().into(), upstream.range),
                    range: directive.range(),
                });
            }
        }
    }
}

impl Scope {
    /// The scope within a directive's matcher, and its arguments behind that; `None` where the matcher fits nothing here.
    fn matched<'w>(&self, directive: &'w Directive) -> (Option<Scope>, &'w [Spanned<Symbol>]) {
        let arguments = directive.words.get(1..).unwrap_or_default();
        let mut scope = self.clone();
        let Some((first, rest)) = arguments.split_first() else { return (Some(scope), arguments) };
        let paths = match first.value.as_str() {
            "*" => return (Some(scope), rest),
            path if path.starts_with('/') => vec![path_of(path)],
            name if name.starts_with('@') => {
                let Some((_, matcher)) = self.matchers.iter().rev().find(|(known, _)| known == name) else { return (None, rest) };
                if !matcher.hosts.is_empty() {
                    scope.hosts.clone_from(&matcher.hosts);
                }
                matcher.paths.clone()
            }
            _ => return (Some(scope), arguments),
        };
        if !paths.is_empty() {
            // Within a block that cuts a prefix off, paths begin behind it.
            let absolute = |(matching, path): (PathMatching, Symbol)| match matching {
                PathMatching::Prefix | PathMatching::Exact => (matching, format!("{}{path}", self.stripped).into()),
                pattern => (pattern, path),
            };
            scope.paths = paths.into_iter().map(absolute).collect();
        }
        (Some(scope), rest)
    }

    fn uri(&mut self, directive: &Directive) {
        let words: Vec<&str> = directive.words.iter().skip(1).map(|word| word.value.as_str()).collect();
        let words = match words.split_first() {
            Some((first, rest)) if first.starts_with(['/', '@', '*']) => rest,
            _ => words.as_slice(),
        };
        match words {
            ["strip_prefix", prefix] => {
                let from: Symbol = format!("/{}", prefix.trim_matches('/')).into();
                self.steps.push(PathStep::Prefix { from, to: Symbol::default() });
            }
            ["path_regexp", pattern, to] => {
                self.steps.push(PathStep::Pattern { pattern: (*pattern).into(), to: (*to).into(), whole: false });
            }
            _ => {}
        }
    }

    fn rewrite(&mut self, directive: &Directive) {
        let words: Vec<&str> = directive.words.iter().skip(1).map(|word| word.value.as_str()).collect();
        match words.as_slice() {
            [to] | ["*", to] if to.starts_with(['/', '{']) => {
                let (to, keeps) = replacement(to);
                match keeps {
                    true if !to.is_empty() => self.steps.push(PathStep::Prefix { from: Symbol::default(), to }),
                    true => {}
                    false => self.steps.push(PathStep::Whole(to)),
                }
            }
            _ => {}
        }
    }
}

impl Directive {
    fn name(&self) -> &str {
        self.words.first().map(|word| word.value.as_str()).unwrap_or_default()
    }

    fn range(&self) -> TextRange {
        match (self.words.first(), self.words.last()) {
            (Some(first), Some(last)) => TextRange { start: first.range.start, end: last.range.end },
            _ => TextRange::default(),
        }
    }

    /// This with the arguments of an import filled in.
    fn with_arguments(&self, arguments: &[Spanned<Symbol>], depth: usize) -> Directive {
        let fill = |word: &Spanned<Symbol>| {
            if !word.value.contains("{args") {
                return vec![word.clone()];
            }
            if matches!(word.value.as_str(), "{args[:]}" | "{args.*}") {
                return arguments.to_vec();
            }
            let mut text = word.value.to_string();
            for (at, argument) in arguments.iter().enumerate() {
                text = text.replace(&format!("{{args[{at}]}}"), &argument.value).replace(&format!("{{args.{at}}}"), &argument.value);
            }
            vec![Spanned::new(text.into(), word.range)]
        };
        let words = self.words.iter().flat_map(fill).collect();
        let within = |block: &Vec<Directive>| {
            let keep = if depth == 0 { &[][..] } else { block.as_slice() };
            keep.iter().map(|directive| directive.with_arguments(arguments, depth - 1)).collect()
        };
        Directive { words, block: self.block.as_ref().map(within) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    fn rules(text: &str) -> Vec<String> {
        let facts = read(text);
        assert!(facts.problems.is_empty(), "{:?}", facts.problems);
        let Manifest::Caddy(caddy) = facts.manifest else { panic!() };
        let shown = |rule: &GatewayRule| {
            let steps: Vec<String> = rule.steps.iter().map(|step| format!("{step:?}")).collect();
            format!("{} {:?} {} -> {} {}", rule.hosts.join(","), rule.matching, rule.path, rule.target.value, steps.join(" "))
                .trim()
                .to_owned()
        };
        caddy.rules.iter().map(shown).collect()
    }

    #[test]
    fn reads_sites() {
        let text = "\u{feff}{\n\temail a@b.example\n}\n(api) {\n\thandle_path {args[0]} {\n\t\treverse_proxy {args[1]}\n\t}\n}\nhttps://Shop.example:443, www.shop.example {\n\timport api /api/* api:8080\n\t@old path /old /older/*\n\trewrite @x /y\n\treverse_proxy @old {$OLD:old:80} {\n\t\trewrite /v0{uri}\n\t}\n\t@re path_regexp r ^/f/(.*)$\n\thandle @re {\n\t\trewrite * /files/{re.r.1}\n\t\treverse_proxy files:1\n\t}\n\thandle {\n\t\turi strip_prefix /ui # c\n\t\treverse_proxy {\n\t\t\tto web:1\n\t\t}\n\t}\n}\n:8081 {\n\tfile_server\n\treverse_proxy /x :9 \n}\n";
        let expected = [
            "shop.example,www.shop.example Prefix /api/ -> api:8080 Prefix { from: \"/api\", to: \"\" }",
            "shop.example,www.shop.example Exact /old -> ${OLD:-old:80} Prefix { from: \"\", to: \"/v0\" }",
            "shop.example,www.shop.example Prefix /older/ -> ${OLD:-old:80} Prefix { from: \"\", to: \"/v0\" }",
            "shop.example,www.shop.example Pattern ^/f/(.*)$ -> files:1 Whole(\"/files/${1}\")",
            "shop.example,www.shop.example Prefix / -> web:1 Prefix { from: \"/ui\", to: \"\" }",
            "Exact /x -> localhost:9",
        ];
        assert_eq!(rules(text), expected);
    }

    #[test]
    fn reads_a_site_without_braces() {
        assert_eq!(rules("localhost\n\nreverse_proxy /api/* api:1\nreverse_proxy web:1\n"), ["Prefix /api/ -> api:1", "Prefix / -> web:1"]);
        let nested = "x.example {\n handle_path /a/* {\n  handle /b/* {\n   reverse_proxy b:1\n  }\n }\n}";
        assert_eq!(rules(nested), ["x.example Prefix /a/b/ -> b:1 Prefix { from: \"/a\", to: \"\" }"]);
    }

    #[test]
    fn survives_half_typed_text() {
        for text in [
            "",
            "{",
            "}",
            "a {",
            "a {\n reverse_proxy",
            "(s) {\n import s\n}\nb {\n import s\n}",
            "a { \"x",
            "a {\n handle @n {\n",
            "import",
            "a {\n to {$X\n}",
        ] {
            read(text);
        }
        read(&"a {\n".repeat(50_000));
        let doubling: String = (1..40).map(|at| format!("(s{at}) {{\n import s{}\n import s{}\n}}\n", at - 1, at - 1)).collect();
        read(&format!("(s0) {{\n reverse_proxy a:1\n}}\n{doubling}b {{\n import s39\n}}"));
    }
}
