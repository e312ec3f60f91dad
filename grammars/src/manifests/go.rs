//! Go: what of its files tells who answers rpcs.
//!
//! It is no language that is lowered to facts: services written in it are nodes at which calls end. What is read of a file are its package and
//! imports, which rpc services it registers a server of, and whether it listens; of `go.mod`, the module's path. What deliberately is not: which
//! function does so, and whether that is called. Invariant: one pass over the tokens, without recursion; tests, generated code and what a build
//! leaves out say nothing.

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::{Manifest, ManifestFacts};
use crate::facts::{Symbol, TextRange};
use crate::languages::declares_generated;

/// A file of Go.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GoFile {
    /// Its package; empty where nothing of it is built or was written by hand.
    pub package: Symbol,
    /// The paths of the packages that it imports.
    pub imports: Vec<Symbol>,
    /// The rpc services that it registers servers of.
    pub servers: Vec<GoServer>,
    /// Whether it waits for requests, or is a controller that never ends.
    pub listens: bool,
}

/// A server that is registered for an rpc service by a function of generated code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoServer {
    /// The service's own name, without a package, as generated code writes it.
    pub service: Symbol,
    /// The path of the generated package.
    pub package: Symbol,
    /// Whether Connect's generator made it, whose packages lie beside those of messages.
    pub connect: bool,
    /// Whether what is registered is given a client of the same service: it passes on.
    pub forwards: bool,
    /// The name of the function that is called.
    pub range: TextRange,
}

/// Words without which a file neither registers a server nor listens.
const TELLING: [&[u8]; 6] = [b"Server(", b"Handler(", b"Listen", b"NewManager(", b".Run(", b".Start("];

/// Methods that listen, whatever they are called on, or on a value of the package whose path begins so.
const LISTENING: [(&str, &str); 9] = [
    ("ListenAndServe", ""),
    ("ListenAndServeTLS", ""),
    ("NewManager", "sigs.k8s.io/controller-runtime"),
    ("Run", "github.com/gin-gonic/gin"),
    ("RunTLS", "github.com/gin-gonic/gin"),
    ("Start", "github.com/labstack/echo"),
    ("StartTLS", "github.com/labstack/echo"),
    ("Listen", "github.com/gofiber/fiber"),
    ("ListenTLS", "github.com/gofiber/fiber"),
];

/// `*.go`, but those of tests and those that generators of rpcs write.
pub(super) fn matches(name: &str) -> bool {
    name.strip_suffix(".go").is_some_and(|stem| !["_test", ".pb", ".pb.gw", ".connect"].iter().any(|end| stem.ends_with(end)))
}

/// `go.mod`.
pub(super) fn is_module(name: &str) -> bool {
    name == "go.mod"
}

/// Reads a `go.mod`.
pub(super) fn read_module(text: &str) -> ManifestFacts {
    let mut lines = text.lines().map(|line| line.split("//").next().unwrap_or_default().trim());
    let said = lines.find_map(|line| line.strip_prefix("module").filter(|rest| rest.starts_with([' ', '\t', '(', '"'])));
    let path = match said.map(str::trim) {
        Some("(") => lines.find(|line| !line.is_empty()),
        said => said,
    };
    let path = path.map_or("", |path| path.trim_matches(['"', '`']));
    ManifestFacts { manifest: Manifest::GoModule(path.into()), problems: Vec::new() }
}

/// Reads a file of Go.
pub(super) fn read(text: &str) -> ManifestFacts {
    ManifestFacts { manifest: Manifest::Go(file(text).unwrap_or_default()), problems: Vec::new() }
}

fn file(text: &str) -> Option<GoFile> {
    let mut tokens = Tokens { text, at: 0 };
    let (first, range) = tokens.next()?;
    let is_package = matches!(first, Token::Word(word) if word.trim_start_matches('\u{feff}') == "package");
    let before = &text[..range.start as usize];
    let is_left_out = before.lines().any(|line| matches!(line.trim(), "//go:build ignore" | "// +build ignore"));
    if !is_package || is_left_out || declares_generated(before) {
        return None;
    }
    let Some((Token::Word(package), _)) = tokens.next() else { return None };
    let mut found = GoFile { package: package.into(), ..GoFile::default() };
    let mut names: Vec<(&str, usize)> = Vec::new();
    let mut body = tokens.clone();
    while let Some((token, _)) = tokens.next() {
        match token {
            Token::Word("import") => tokens.imports(&mut found.imports, &mut names),
            Token::Sign(b';') => continue,
            _ => break,
        }
        body = tokens.clone();
    }
    let rest = &text.as_bytes()[body.at..];
    if TELLING.iter().any(|word| memmem::find(rest, word).is_some()) {
        Calls { found: &mut found, names, open: None }.read(body);
    }
    Some(found)
}

/// What calls say.
struct Calls<'f, 't> {
    found: &'f mut GoFile,
    /// Names that imports were given, each with the position of its path.
    names: Vec<(&'t str, usize)>,
    /// The call that registers a server and whose arguments are read, as a position, with how many parentheses are open within it.
    open: Option<(usize, usize)>,
}

impl<'t> Calls<'_, 't> {
    fn read(&mut self, mut tokens: Tokens<'t>) {
        // The tokens before, the nearest first.
        let mut before: [Option<Token<'t>>; 3] = [None; 3];
        while let Some((token, range)) = tokens.next() {
            match token {
                Token::Word(name) if tokens.is_next(b'(') => self.call(name, before, range),
                Token::Sign(b'(') => {
                    if let Some((_, depth)) = &mut self.open {
                        *depth += 1;
                    }
                }
                Token::Sign(b')') => {
                    self.open = self.open.and_then(|(at, depth)| Some((at, depth.checked_sub(1).filter(|depth| *depth > 0)?)));
                }
                _ => {}
            }
            before = [Some(token), before[0], before[1]];
        }
    }

    /// A call of a name, or a declaration of it.
    fn call(&mut self, name: &str, before: [Option<Token<'t>>; 3], range: TextRange) {
        if let Some((at, _)) = self.open
            && between(name, "New", "Client").is_some_and(|service| self.found.servers[at].service == service)
        {
            self.found.servers[at].forwards = true;
        }
        let [Some(Token::Sign(b'.')), object, outer] = before else { return };
        let qualifier = match object {
            Some(Token::Word(name)) if outer != Some(Token::Sign(b'.')) => Some(name),
            _ => None,
        };
        let imports = &self.found.imports;
        self.found.listens |= name == "Listen" && matches!(qualifier, Some("net" | "tls"));
        self.found.listens |=
            LISTENING.iter().any(|(method, of)| *method == name && (of.is_empty() || imports.iter().any(|path| path.starts_with(of))));
        let service = between(name, "Register", "Server").map(|service| (service, false));
        let Some((service, connect)) = service.or_else(|| Some((between(name, "New", "Handler")?, true))) else { return };
        let Some(package) = qualifier.and_then(|name| self.path_of(name)) else { return };
        if connect && !package.ends_with("connect") {
            return;
        }
        self.open = Some((self.found.servers.len(), 0));
        self.found.servers.push(GoServer { service: service.into(), package, connect, forwards: false, range });
    }

    /// The path of the package that a name means.
    fn path_of(&self, name: &str) -> Option<Symbol> {
        let given = self.names.iter().find(|(known, _)| *known == name).map(|(_, at)| *at);
        let is_given = |at: &usize| self.names.iter().any(|(_, of)| of == at);
        let mut others = (0..self.found.imports.len()).filter(|at| !is_given(at));
        let at = given.or_else(|| others.find(|at| may_be_called(&self.found.imports[*at], name)))?;
        Some(self.found.imports[at].clone())
    }
}

/// Whether a package may have a name, by its path: `shop/api`, `shop/api/v2`, `gopkg.in/api.v2`, `shop/go-api`.
fn may_be_called(path: &str, name: &str) -> bool {
    let is_version =
        |part: &str| part.strip_prefix('v').is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or_default();
    let before = parts.next().filter(|_| is_version(last));
    [Some(last), before].into_iter().flatten().any(|part| {
        let part = part.rsplit_once(".v").map_or(part, |(part, _)| part);
        part == name || part.strip_prefix("go-") == Some(name) || part.rsplit('-').next() == Some(name)
    })
}

fn between<'n>(name: &'n str, start: &str, end: &str) -> Option<&'n str> {
    name.strip_prefix(start)?.strip_suffix(end).filter(|rest| !rest.is_empty())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    /// What stands between the quotes of a text.
    Text(&'t str),
    Sign(u8),
}

/// The tokens of a file, one by one; comments are left out.
#[derive(Clone)]
struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    fn next(&mut self) -> Option<(Token<'t>, TextRange)> {
        let bytes = self.text.as_bytes();
        loop {
            let start = self.at;
            let byte = *bytes.get(start)?;
            let rest = &bytes[start..];
            let token = match byte {
                b'/' if rest.starts_with(b"//") => {
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    continue;
                }
                b'/' if rest.starts_with(b"/*") => {
                    self.at += memmem::find(rest, b"*/").map_or(rest.len(), |length| length + 2);
                    continue;
                }
                b'"' | b'\'' | b'`' => {
                    let end = start + closed_at(rest, byte);
                    self.at = (end + 1).min(bytes.len());
                    Token::Text(&self.text[start + 1..end.max(start + 1)])
                }
                _ if is_word(byte) => {
                    self.at += rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
                    Token::Word(&self.text[start..self.at])
                }
                _ => {
                    self.at += 1;
                    if byte.is_ascii_whitespace() {
                        continue;
                    }
                    Token::Sign(byte)
                }
            };
            return Some((token, TextRange::new(start, self.at)));
        }
    }

    /// Whether a sign comes next, right behind the token before.
    fn is_next(&self, sign: u8) -> bool {
        self.text.as_bytes().get(self.at) == Some(&sign)
    }

    /// Reads on behind the word `import`.
    fn imports(&mut self, paths: &mut Vec<Symbol>, names: &mut Vec<(&'t str, usize)>) {
        let mut is_list = false;
        let mut name = None;
        while let Some((token, _)) = self.next() {
            match token {
                Token::Sign(b'(') => is_list = true,
                Token::Word(given) => name = Some(given),
                Token::Text(path) => {
                    names.extend(name.take().filter(|name| *name != "_").map(|name| (name, paths.len())));
                    paths.push(path.into());
                    if !is_list {
                        return;
                    }
                }
                Token::Sign(b'.' | b';') => {}
                Token::Sign(_) => return,
            }
        }
    }
}

/// Letters beyond ASCII are parts of words.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Where the text at the start ends, before its closing quote. One of a line that is not closed ends with the line.
fn closed_at(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if quote != b'`' => at += 1,
            b'\n' if quote != b'`' => return at,
            byte if *byte == quote => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    fn go(text: &str) -> GoFile {
        match read(text).manifest {
            Manifest::Go(file) => file,
            other => panic!("{other:?}"),
        }
    }

    fn servers(text: &str) -> Vec<String> {
        let word = |is: bool, word: &'static str| if is { word } else { "" };
        let found = go(text).servers;
        found
            .iter()
            .map(|server| {
                format!("{}/{}{}{}", server.package, server.service, word(server.connect, " connect"), word(server.forwards, " forwards"))
            })
            .collect()
    }

    #[test]
    fn reads_package_and_imports() {
        let text = "// größe\n\npackage main // x\n\nimport \"fmt\"\nimport pb \"shop/api\"; import (\n\t_ \"a/b\" // \"no\"\n\t. `c`\n\td \"e/v2\"\n)\nvar import_ = \"x\"\n";
        let file = go(text);
        assert_eq!(file.package, "main");
        assert_eq!(file.imports, ["fmt", "shop/api", "a/b", "c", "e/v2"]);
        assert!(!file.listens && file.servers.is_empty());
    }

    #[test]
    fn reads_servers() {
        let text = "package x
import (
    \"net\"
    \"shop/api/v1\"
    pb \"shop/stock\"
    \"shop/stock/stockconnect\"
    \"shop/otel\"
)
func RegisterOwnServer(s int) {}
func (x T) RegisterOwnServer(s int) {}
func main() {
    l, _ := net.Listen(\"tcp\", `pb.RegisterRawServer(s)`)
    // pb.RegisterCommentedServer(s)
    pb.RegisterStockServer(s, proxy(pb.NewStockClient(c)))
    v1.RegisterMapsServer(s, &m{}); _ = pb.NewMapsClient(c)
    api.RegisterSeaServer(s, m)
    x.pb.RegisterFieldServer(s)
    srv.RegisterUnknownServer(s)
    mux.Handle(stockconnect.NewStockHandler(h))
    otel.NewServerHandler()
    f(pb.RegisterValueServer)
}";
        assert_eq!(
            servers(text),
            ["shop/stock/Stock forwards", "shop/api/v1/Maps", "shop/api/v1/Sea", "shop/stock/stockconnect/Stock connect"]
        );
        let file = go(text);
        assert!(file.listens);
        let range = file.servers[0].range;
        assert_eq!(&text[range.start as usize..range.end as usize], "RegisterStockServer");
    }

    #[test]
    fn what_is_generated_or_not_built_says_nothing() {
        for before in ["// Code generated by protoc-gen-go. DO NOT EDIT.\n", "//go:build ignore\n"] {
            assert_eq!(go(&format!("{before}package main\nimport pb \"a\"\nfunc x() {{ pb.RegisterAServer(s) }}")), GoFile::default());
        }
        assert!(matches("a.go") && !matches("a_test.go") && !matches("a.pb.go") && !matches("a.pb.gw.go") && !matches("a.connect.go"));
    }

    #[test]
    fn half_typed_text_is_no_harm() {
        for text in [
            "package",
            "package x\nimport (",
            "package x\nimport \"",
            "package x\nfunc a() { pb.RegisterAServer(",
            "package x\n var a = 'Server(",
        ] {
            go(text);
        }
        let text = "package x\nimport pb \"a\"\nvar a = \"open\nfunc b() { pb.RegisterAServer(s) }";
        assert_eq!(servers(text), ["a/A"]);
    }

    #[test]
    fn modules_have_paths() {
        let path = |text: &str| match read_module(text).manifest {
            Manifest::GoModule(path) => path,
            other => panic!("{other:?}"),
        };
        assert_eq!(path("// x\nmodule shop.dev/api // y\n\ngo 1.25\n"), "shop.dev/api");
        assert_eq!(path("module (\n\t\"shop\"\n)\n"), "shop");
        assert_eq!(path("modules x\n"), "");
    }
}
