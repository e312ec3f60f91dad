//! nginx configurations, also as templates: which requests go where.
//!
//! `include` is not followed, and placeholders such as `${VAR}` stay as written. A file without `server`, `location` or `upstream` blocks is some
//! other program's configuration: it reads as empty and has no problems.

mod tokens;

use rustc_hash::FxHashMap;

use super::{Manifest, ManifestFacts, Nginx, NginxLocation};
use crate::facts::{Problem, Spanned, Symbol, TextRange};
use tokens::{Token, Tokens};

/// `*.conf`, `*.conf.template`, `nginx*.conf*`, `*.nginx`.
pub(super) fn matches(name: &str) -> bool {
    let is_own = name.starts_with("nginx") && name.contains(".conf");
    is_own || name.ends_with(".conf") || name.ends_with(".conf.template") || name.ends_with(".nginx")
}

/// Reads an nginx configuration.
pub(super) fn read(text: &str) -> ManifestFacts {
    let mut reader = Reader::default();
    if ["server", "location", "upstream"].iter().any(|word| text.contains(word)) {
        reader.read(text);
    }
    let problems = if reader.is_nginx { reader.problems } else { Vec::new() };
    let mut nginx = if reader.is_nginx { reader.nginx } else { Nginx::default() };
    reader.found.sort_by_key(|(start, _)| *start);
    let found = reader.found.into_iter().map(|(_, location)| location);
    nginx.locations = found.flat_map(|location| mapped(location, &reader.maps)).collect();
    ManifestFacts { manifest: Manifest::Nginx(nginx), problems }
}

#[derive(Default)]
struct Reader {
    nginx: Nginx,
    blocks: Vec<Block>,
    /// How many blocks too deep to keep are open.
    skipped: usize,
    /// Locations that pass on, with where they begin: inner ones are finished first.
    found: Vec<(u32, NginxLocation)>,
    is_nginx: bool,
    /// Whether a server was seen.
    has_server: bool,
    maps: Vec<Map>,
    problems: Vec<Problem>,
}

/// An open block.
#[derive(Default)]
struct Block {
    kind: BlockKind,
    range: TextRange,
    variables: FxHashMap<Symbol, Symbol>,
    rewrites: Vec<(Symbol, Symbol)>,
    targets: Vec<Spanned<Symbol>>,
    /// Hosts that a server names.
    hosts: Vec<Symbol>,
    /// Whether a server says that it is the one for other hosts.
    is_default: bool,
    /// How many locations were finished before it.
    locations_before: usize,
}

#[derive(Default)]
enum BlockKind {
    Upstream,
    Server,
    /// A `map`: its values by key.
    Map(Map),
    Location {
        modifier: Symbol,
        path: Symbol,
    },
    #[default]
    Other,
}

/// A `map` from one variable to another.
#[derive(Default, Clone)]
struct Map {
    /// The variable that it makes, without `$`.
    name: Symbol,
    /// The variable that decides.
    key: Symbol,
    entries: Vec<(Symbol, Symbol)>,
}

/// Blocks deeper than this are gone over.
const DEEPEST: usize = 64;
/// No more entries of a `map` than this are kept.
const MOST_ENTRIES: usize = 64;
/// No more `listen` ports than this are kept.
const MOST_LISTENS: usize = 256;
/// A value that variables make longer than this stays as written.
const LONGEST: usize = 4096;

impl Reader {
    fn read(&mut self, text: &str) {
        let mut words: Vec<Spanned<Symbol>> = Vec::new();
        let mut tokens = Tokens::new(text);
        while let Some(token) = tokens.next() {
            match token {
                Token::Word(word) => words.push(word),
                Token::End => self.directive(&std::mem::take(&mut words)),
                Token::Open => {
                    if words.first().is_some_and(|word| word.value.ends_with("_by_lua_block")) {
                        tokens.skip_block();
                    } else {
                        self.open(&words);
                    }
                    words.clear();
                }
                Token::Close => {
                    // A directive whose semicolon is still missing counts too.
                    self.directive(&std::mem::take(&mut words));
                    self.close();
                }
            }
        }
        if let Some(open) = self.blocks.first() {
            self.problems.push(Problem { message: "nginx configuration: this block is not closed".to_owned(), range: open.range });
        }
        self.skipped = 0;
        while !self.blocks.is_empty() {
            self.close();
        }
    }

    fn open(&mut self, words: &[Spanned<Symbol>]) {
        if self.skipped > 0 || self.blocks.len() >= DEEPEST {
            self.skipped += 1;
            return;
        }
        let word = |at: usize| words.get(at).map(|word| word.value.as_str()).unwrap_or_default();
        let kind = match word(0) {
            "upstream" => {
                self.nginx.upstreams.push((Symbol::new(word(1)), Vec::new()));
                BlockKind::Upstream
            }
            "location" => {
                let (modifier, glued) =
                    ["^~", "~*", "~", "="].iter().find_map(|m| Some((*m, word(1).strip_prefix(m)?))).unwrap_or(("", word(1)));
                let path = if glued.is_empty() { word(2) } else { glued };
                BlockKind::Location { modifier: Symbol::new(modifier), path: Symbol::new(path) }
            }
            "server" => BlockKind::Server,
            "map" => {
                let name = word(2).trim_start_matches('$').into();
                BlockKind::Map(Map { name, key: Symbol::new(word(1)), entries: Vec::new() })
            }
            _ => BlockKind::Other,
        };
        self.is_nginx |= matches!(word(0), "server" | "location" | "upstream");
        let range = words
            .first()
            .zip(words.last())
            .map_or_else(TextRange::default, |(first, last)| TextRange { start: first.range.start, end: last.range.end });
        self.blocks.push(Block { kind, range, locations_before: self.found.len(), ..Block::default() });
    }

    fn close(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        let Some(block) = self.blocks.pop() else { return };
        match block.kind {
            BlockKind::Location { modifier, path } => self.found.extend(block.targets.into_iter().map(|target| {
                let (modifier, path, rewrites) = (modifier.clone(), path.clone(), block.rewrites.clone());
                (block.range.start, NginxLocation { modifier, path, hosts: Vec::new(), rewrites, target })
            })),
            BlockKind::Map(map) => self.maps.push(map),
            BlockKind::Server => {
                // The first server is the one for all hosts that none names, unless another says that it is.
                let is_default = block.is_default || !self.has_server;
                self.has_server = true;
                let mut hosts = block.hosts;
                if !hosts.is_empty() && is_default {
                    hosts.push("*".into());
                }
                let own = self.found.iter_mut().skip(block.locations_before);
                own.for_each(|(_, location)| location.hosts.clone_from(&hosts));
            }
            // What an `if` in a location says, the location does.
            _ => {
                if let Some(location) = self.location() {
                    location.targets.extend(block.targets);
                    location.rewrites.extend(block.rewrites);
                }
            }
        }
    }

    /// The innermost open block, if it lies in a location.
    fn location(&mut self) -> Option<&mut Block> {
        let is_in_location = self.blocks.iter().any(|block| matches!(block.kind, BlockKind::Location { .. }));
        self.blocks.last_mut().filter(|_| is_in_location)
    }

    fn directive(&mut self, words: &[Spanned<Symbol>]) {
        let Some((name, arguments)) = words.split_first().filter(|_| self.skipped == 0) else { return };
        let (first, second) = (arguments.first(), arguments.get(1));
        if let Some(BlockKind::Map(map)) = self.blocks.last_mut().map(|block| &mut block.kind) {
            if let Some(value) = first.filter(|_| map.entries.len() < MOST_ENTRIES) {
                map.entries.push((name.value.clone(), value.value.clone()));
            }
            return;
        }
        match (name.value.as_str(), first, second) {
            ("set", Some(variable), Some(value)) => {
                let value = self.fold(&value.value);
                if let (Some(name), Some(block)) = (variable.value.strip_prefix('$'), self.blocks.last_mut()) {
                    block.variables.insert(Symbol::new(name), value);
                }
            }
            ("proxy_pass" | "grpc_pass" | "uwsgi_pass", Some(target), _) => {
                let target = Spanned::new(self.fold(&target.value), target.range);
                if let Some(location) = self.location() {
                    location.targets.push(target);
                }
            }
            ("rewrite", Some(pattern), Some(replacement)) => {
                if let Some(location) = self.location() {
                    location.rewrites.push((pattern.value.clone(), replacement.value.clone()));
                }
            }
            ("include", Some(path), _) if self.nginx.includes.len() < MOST_LISTENS => self.nginx.includes.push(path.value.clone()),
            ("server_name", Some(_), _) => {
                if let Some(block) = self.blocks.last_mut().filter(|block| matches!(block.kind, BlockKind::Server)) {
                    block.hosts.extend(arguments.iter().filter_map(|name| host(&name.value)));
                }
            }
            ("listen", Some(address), _) => {
                if let Some(block) = self.blocks.last_mut() {
                    block.is_default |= arguments.iter().any(|word| word.value == "default_server");
                }
                let port = port(&address.value);
                let is_room = self.nginx.listens.len() < MOST_LISTENS;
                if is_room && !port.is_empty() && !self.nginx.listens.contains(&port) {
                    self.nginx.listens.push(port);
                }
            }
            ("server", Some(server), _) if matches!(self.blocks.last().map(|block| &block.kind), Some(BlockKind::Upstream)) => {
                if let Some((_, servers)) = self.nginx.upstreams.last_mut() {
                    servers.push(server.clone());
                }
            }
            _ => {}
        }
    }

    /// Fills in the variables that `set` gave a value.
    fn fold(&self, text: &Symbol) -> Symbol {
        let mut folded = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find('$') {
            folded.push_str(&rest[..at]);
            rest = &rest[at..];
            let braced = rest[1..].strip_prefix('{').and_then(|inner| inner.split_once('}')).map(|(name, _)| (name, name.len() + 3));
            let bare = rest[1..].find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len() - 1);
            let (name, length) = braced.unwrap_or((&rest[1..=bare], bare + 1));
            match self.blocks.iter().rev().find_map(|block| block.variables.get(name)) {
                Some(value) => folded.push_str(value),
                None => folded.push_str(&rest[..length]),
            }
            rest = &rest[length..];
        }
        folded.push_str(rest);
        if folded.len() > LONGEST { text.clone() } else { Symbol::from(folded) }
    }
}

/// A host of a `server_name`; none for expressions and names that say nothing.
fn host(name: &str) -> Option<Symbol> {
    let name = if name.starts_with('.') { format!("*{name}") } else { name.to_ascii_lowercase() };
    let telling = name.contains('.') && !name.starts_with('~') && !name.contains('$') && !name.ends_with('.');
    telling.then(|| name.into())
}

/// A location whose target a `map` decides, once for each of its values.
fn mapped(location: NginxLocation, maps: &[Map]) -> Vec<NginxLocation> {
    let decides = |map: &&Map| {
        let rest = location.target.value.split_once(&format!("${}", map.name)).map(|(_, rest)| rest);
        let braced = location.target.value.contains(&format!("${{{}}}", map.name));
        !map.name.is_empty()
            && (braced || rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_')))
    };
    let Some(map) = maps.iter().find(decides) else { return vec![location] };
    let by_path = matches!(map.key.as_str(), "$uri" | "$request_uri" | "$document_uri");
    let by_host = matches!(map.key.as_str(), "$host" | "$http_host" | "$server_name");
    let mut all = Vec::new();
    for (key, value) in &map.entries {
        let mut one = location.clone();
        let target = one.target.value.replace(&format!("${{{}}}", map.name), value).replace(&format!("${}", map.name), value);
        one.target.value = target.into();
        match key.as_str() {
            "hostnames" | "volatile" | "include" => continue,
            "default" => {}
            pattern if by_path && pattern.starts_with('~') => {
                one.modifier = if pattern.starts_with("~*") { "~*".into() } else { "~".into() };
                one.path = pattern.trim_start_matches(['~', '*']).into();
            }
            path if by_path => (one.modifier, one.path) = ("=".into(), path.into()),
            name if by_host => one.hosts = host(name).into_iter().collect(),
            _ => {}
        }
        all.push(one);
    }
    all
}

/// The port of a `listen` address; empty for a socket file, and for a bare host.
fn port(address: &str) -> Symbol {
    // A placeholder may hold colons, as in `${PORT:-80}`.
    let placeholder = address.find("${").unwrap_or(address.len());
    let port = match address[..placeholder].rfind(':') {
        Some(colon) if !address.starts_with("unix:") => &address[colon + 1..],
        _ if address.starts_with(|letter: char| letter.is_ascii_digit() || letter == '$') => address,
        _ => "",
    };
    let is_port = port.starts_with('$') || !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    Symbol::new(if is_port { port } else { "" })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    fn nginx(text: &str) -> (Nginx, Vec<Problem>) {
        let facts = read(text);
        match facts.manifest {
            Manifest::Nginx(nginx) => (nginx, facts.problems),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_of_files() {
        for name in ["nginx.conf", "nginx.conf.template", "nginx-dev.conf.tmpl", "default.conf", "default.conf.template", "site.nginx"] {
            assert!(matches(name), "{name}");
        }
        assert!(!matches("jest.config.js") && !matches("nginx.yaml") && !matches("conf.d"));
    }

    #[test]
    fn reads_gateways() {
        let text = "\u{feff}# größe { \r\nhttp {\n  map $uri $x { default 1; }\n  upstream shop { server shop:80 weight=2; server \"${HOST}:81\"; keepalive 3; }
  server {
    listen ${PORT}; listen [::]:${PORT}; listen 127.0.0.1:8080 ssl; listen 90 default_server; listen unix:/x; listen [::]:80;
    set $up \"http://cart:1\";
    location /é/ { proxy_pass http://shop/; }
    location = /exact { proxy_pass $up$request_uri; }
    location ~* \"^/a{2}/(.*)$\" {
      rewrite ^/a/(.*)$ /$1 break;
      if ($args) { set $up ${up}/x; proxy_pass ${up}/y; }
      grpc_pass grpc://${GRPC}:9;
      location ^~ /in { uwsgi_pass app:3031; }
    }
    location /static { root /x; }
    location @named { proxy_pass http://named }
  }
}";
        let (nginx, problems) = nginx(text);
        assert!(problems.is_empty(), "{problems:?}");
        let servers: Vec<_> = nginx.upstreams[0].1.iter().map(|server| server.value.as_str()).collect();
        assert_eq!((nginx.upstreams[0].0.as_str(), servers), ("shop", vec!["shop:80", "${HOST}:81"]));
        assert_eq!(nginx.listens, ["${PORT}", "8080", "90", "80"]);
        let locations: Vec<_> = nginx.locations.iter().map(|l| (l.modifier.as_str(), l.path.as_str(), l.target.value.as_str())).collect();
        let expected = [
            ("", "/é/", "http://shop/"),
            ("=", "/exact", "http://cart:1$request_uri"),
            ("~*", "^/a{2}/(.*)$", "http://cart:1/x/y"),
            ("~*", "^/a{2}/(.*)$", "grpc://${GRPC}:9"),
            ("^~", "/in", "app:3031"),
            ("", "@named", "http://named"),
        ];
        assert_eq!(locations, expected);
        assert_eq!(nginx.locations[2].rewrites, [("^/a/(.*)$".into(), "/$1".into())]);
        let range = nginx.locations[0].target.range;
        assert_eq!(&text[range.start as usize..range.end as usize], "http://shop/");
    }

    #[test]
    fn servers_and_maps_decide() {
        let text = "map $uri $to { ~^/a/ http://a; default http://b; }\nserver { server_name x.example _; include sub/*.conf; location / { proxy_pass $to; } }\nserver { server_name .y.example localhost; location / { proxy_pass http://y; } }";
        let (nginx, problems) = nginx(text);
        assert!(problems.is_empty(), "{problems:?}");
        let shown: Vec<_> =
            nginx.locations.iter().map(|l| format!("{} {}{} {}", l.hosts.join(","), l.modifier, l.path, l.target.value)).collect();
        assert_eq!(shown, ["x.example,* ~^/a/ http://a", "x.example,* / http://b", "*.y.example / http://y"]);
        assert_eq!(nginx.includes, ["sub/*.conf"]);
    }

    #[test]
    fn other_configurations_are_empty() {
        for text in ["listen_addresses = '*'\nserver = x {", "input { beats { port => 1 } } # server", "", "template(name=\"x\") { server"]
        {
            assert_eq!(nginx(text), (Nginx::default(), Vec::new()), "{text}");
        }
    }

    #[test]
    fn survives_half_typed_text() {
        let (nginx_, problems) = nginx("server {\n location / { proxy_pass http://a;\n");
        assert_eq!((nginx_.locations.len(), problems.len()), (1, 1));
        for text in [
            "server {",
            "}}} server {}",
            "server { listen \"",
            "server { location",
            "location {",
            "location = {}",
            "server { set $a $a; listen é $",
            "server { x_by_lua_block { if } }",
        ] {
            nginx(text);
        }
        nginx(&"server {".repeat(50_000));
        let doubling = "set $a \"$a$a\";".repeat(60);
        nginx(&format!("server {{ set $a xx; {doubling} location / {{ proxy_pass $a; }} }}"));
    }
}
