//! Protocol buffer files: package, services and their methods.
//!
//! Written by hand: the parser at hand reads nothing of a file with an error and rejects `edition`, while the few things wanted here can be found in
//! any state of the text. Messages are not read. Invariant: one pass over the tokens, no recursion.

use super::{HttpRule, Manifest, ManifestFacts, Proto, ProtoMethod, ProtoService, http_rules};
use crate::facts::{Problem, Spanned, Symbol, TextRange};

/// The option that says how an rpc is asked over HTTP.
const HTTP_OPTION: &str = "google.api.http";

/// `*.proto`.
pub(super) fn matches(name: &str) -> bool {
    name.ends_with(".proto")
}

/// Reads a `.proto` file.
pub(super) fn read(text: &str) -> ManifestFacts {
    let mut reader = Reader { text, tokens: tokens(text), at: 0, http: Vec::new(), problems: Vec::new() };
    let mut proto = Proto::default();
    let mut is_start = true;
    while let Some(token) = reader.next() {
        let was_start = std::mem::replace(&mut is_start, matches!(token, ";" | "{" | "}"));
        match token {
            "package" if was_start && reader.is_word(0) => proto.package = Symbol::new(reader.next().unwrap_or_default()),
            "option" if was_start && reader.peek(0) == Some("go_package") && reader.peek(1) == Some("=") => {
                proto.go_package = reader.peek(2).unwrap_or_default().trim_matches(['"', '\'']).into();
            }
            // No field looks like this, so nothing left open before it hides a service.
            "service" if reader.is_word(0) && reader.peek(1) == Some("{") => {
                proto.services.extend(reader.service());
                is_start = true;
            }
            _ => {}
        }
    }
    let whole = |rule: HttpRule| match proto.package.as_str() {
        "" => rule,
        package => HttpRule { rpc: format!("{package}.{}", rule.rpc).into(), ..rule },
    };
    proto.http = reader.http.into_iter().map(whole).collect();
    ManifestFacts { manifest: Manifest::Proto(proto), problems: reader.problems }
}

struct Reader<'t> {
    text: &'t str,
    tokens: Vec<TextRange>,
    at: usize,
    /// Rules of rpcs by `Service/Method`.
    http: Vec<HttpRule>,
    problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    fn peek(&self, ahead: usize) -> Option<&'t str> {
        self.tokens.get(self.at + ahead).map(|range| &self.text[range.start as usize..range.end as usize])
    }

    fn next(&mut self) -> Option<&'t str> {
        let token = self.peek(0)?;
        self.at += 1;
        Some(token)
    }

    fn is_word(&self, ahead: usize) -> bool {
        self.peek(ahead).is_some_and(|token| token.starts_with(|letter: char| is_word(letter)))
    }

    /// The place of the token ahead, or of the end.
    fn place(&self) -> TextRange {
        self.tokens.get(self.at).copied().unwrap_or(TextRange::new(self.text.len(), self.text.len()))
    }

    fn word(&mut self) -> Option<Spanned<Symbol>> {
        let range = self.place();
        if !self.is_word(0) {
            return None;
        }
        self.next().map(|word| Spanned::new(Symbol::new(word), range))
    }

    /// Reads on behind the word `service`.
    fn service(&mut self) -> Option<ProtoService> {
        let name = self.word()?;
        self.at += 1;
        let mut methods = Vec::new();
        let mut depth = 0_usize;
        loop {
            let starts_another = self.is_word(1) && self.peek(2) == Some("{");
            match self.peek(0) {
                Some("service" | "message") if starts_another => break,
                None => break,
                Some("}") if depth == 0 => {
                    self.at += 1;
                    return Some(ProtoService { name, methods });
                }
                Some("rpc") if depth == 0 && self.is_word(1) && !self.is_word(2) => {
                    self.at += 1;
                    methods.extend(self.method());
                    continue;
                }
                Some("{") => depth += 1,
                Some("}") => depth -= 1,
                Some(HTTP_OPTION) => {
                    self.at += 1;
                    if let Some(method) = methods.last() {
                        self.rules(&format!("{}/{}", name.value, method.name.value).into());
                    }
                    continue;
                }
                Some(_) => {}
            }
            self.at += 1;
        }
        self.problem(format!("the service `{}` is not closed", name.value), name.range);
        Some(ProtoService { name, methods })
    }

    /// Reads on behind `google.api.http`: `) = { get: "/v1/{id}" additional_bindings { … } };`, `).get = "/v1/{id}";`.
    fn rules(&mut self, rpc: &Symbol) {
        self.at += usize::from(self.peek(0) == Some(")"));
        let mut depth = 0_usize;
        while let Some(token) = self.peek(0) {
            match token {
                ";" if depth == 0 => return,
                "{" => depth += 1,
                "}" if depth == 0 => return,
                "}" => depth -= 1,
                word => {
                    let verb = http_rules::VERBS.iter().find(|verb| **verb == word.trim_start_matches('.'));
                    let path = self.peek(2).filter(|_| matches!(self.peek(1), Some(":" | "="))).map(|path| path.trim_matches(['"', '\'']));
                    if let Some((verb, path)) = verb.zip(path.filter(|path| path.starts_with('/'))) {
                        self.http.push(http_rules::http_rule(rpc.clone(), verb, path));
                    }
                }
            }
            self.at += 1;
        }
    }

    /// Reads on behind the word `rpc`, up to its options.
    fn method(&mut self) -> Option<ProtoMethod> {
        let name = self.word()?;
        let types = self.operand().and_then(|input| {
            let returns = self.peek(0) == Some("returns");
            self.at += usize::from(returns);
            returns.then(|| self.operand()).flatten().map(|output| (input, output))
        });
        let Some(((input, streams_in), (output, streams_out))) = types else {
            self.problem(format!("expected `rpc {}(Request) returns (Response)`", name.value), name.range);
            return None;
        };
        Some(ProtoMethod { name, input, output, streaming: streams_in || streams_out })
    }

    /// `(Type)` or `(stream Type)`.
    fn operand(&mut self) -> Option<(Symbol, bool)> {
        if self.peek(0) != Some("(") {
            return None;
        }
        self.at += 1;
        let streams = self.peek(0) == Some("stream") && self.is_word(1);
        self.at += usize::from(streams);
        let ty = self.word()?;
        let closed = self.peek(0) == Some(")");
        self.at += usize::from(closed);
        closed.then_some((ty.value, streams))
    }

    fn problem(&mut self, message: String, range: TextRange) {
        const MOST: usize = 16;
        if self.problems.len() < MOST {
            self.problems.push(Problem { message: format!("proto file: {message}"), range });
        }
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '.')
}

/// Words with their dots, strings, and other characters one by one; comments are left out.
fn tokens(text: &str) -> Vec<TextRange> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = match letter {
            '/' if rest.starts_with("//") => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '/' if rest.starts_with("/*") => {
                at += rest.find("*/").map_or(rest.len(), |length| length + 2);
                continue;
            }
            '"' | '\'' => string_length(rest, letter),
            _ if is_word(letter) => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
            _ => letter.len_utf8(),
        };
        if !letter.is_whitespace() && letter != '\u{feff}' {
            tokens.push(TextRange::new(at, at + length));
        }
        at += length;
    }
    tokens
}

/// The length of the string at the start; one that is not closed ends with its line.
fn string_length(text: &str, quote: char) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '\n' => return at,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    fn proto(text: &str) -> (Proto, Vec<Problem>) {
        let facts = read(text);
        match facts.manifest {
            Manifest::Proto(proto) => (proto, facts.problems),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_services() {
        let text = "\u{feff}// größe: service X {\r\nsyntax = \"proto3\";\r\npackage shop.v1; /* rpc */\r\nimport \"a;b.proto\";\r\noption go_package = \"x\";
message Order { string service = 1; message package { } rpc rpc = 2; }
service Orders {
  option (a.b) = { x: 1 };
  rpc Get (GetRequest) returns (.shop.v1.Order) { option (google.api.http) = { get: \"/v1/{id}\" }; }
  rpc Watch(stream a.Watch) returns(stream Order);
}
service Empty {}";
        let (proto, problems) = proto(text);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((proto.package.as_str(), proto.go_package.as_str()), ("shop.v1", "x"));
        let [orders, empty] = &proto.services[..] else { panic!("{proto:?}") };
        assert_eq!((orders.name.value.as_str(), empty.name.value.as_str()), ("Orders", "Empty"));
        let methods: Vec<_> =
            orders.methods.iter().map(|m| (m.name.value.as_str(), m.input.as_str(), m.output.as_str(), m.streaming)).collect();
        assert_eq!(methods, [("Get", "GetRequest", ".shop.v1.Order", false), ("Watch", "a.Watch", "Order", true)]);
        let rules: Vec<_> = proto.http.iter().map(|rule| format!("{} {} {}", rule.rpc, rule.method, rule.path)).collect();
        assert_eq!(rules, ["shop.v1.Orders/Get GET /v1/{id}"]);
        let range = orders.methods[1].name.range;
        assert_eq!(&text[range.start as usize..range.end as usize], "Watch");
    }

    #[test]
    fn reads_what_a_half_typed_text_has() {
        let (proto, problems) = proto(
            "edition = \"2023\";\nmessage A {\n  string x = \nservice S {\n  rpc A(X)\n  rpc B(X) returns (Y);\n  rpc\nservice T { rpc C(X) returns (Y) {} }",
        );
        let names: Vec<_> = proto.services.iter().map(|s| (s.name.value.as_str(), s.methods.len())).collect();
        assert_eq!(names, [("S", 1), ("T", 1)]);
        let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["proto file: expected `rpc A(Request) returns (Response)`", "proto file: the service `S` is not closed"]);
    }

    #[test]
    fn survives_anything() {
        for text in ["", "package", "service", "service S", "service S {", "rpc", "\"", "'\\", "/*", "é", "service S { rpc A(", "}}"] {
            proto(text);
        }
        proto(&"message A {".repeat(50_000));
        proto(&"service A {".repeat(5_000));
    }
}
