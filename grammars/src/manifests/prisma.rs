//! Prisma schemas: where the data is and which tables the models are.
//!
//! Of fields only their keys are read. Prisma's own grammar is one statement a line, so this goes line by line, which any half-typed text allows.

use super::{Manifest, ManifestFacts, Prisma, PrismaModel};
use crate::facts::{Problem, Spanned, Symbol, TextRange};

/// `*.prisma`.
pub(super) fn matches(name: &str) -> bool {
    name.ends_with(".prisma")
}

/// Reads a Prisma schema.
pub(super) fn read(text: &str) -> ManifestFacts {
    let mut prisma = Prisma::default();
    let mut problems = Vec::new();
    let mut block: Option<Block> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len());
        let content = without_comment(&text[start..at + line.len()]).trim_end();
        at += line.len();
        if let Some(open) = Block::open(content, start) {
            if let Some(left_open) = block.replace(open) {
                problems.push(left_open.problem());
                left_open.close(&mut prisma);
            }
        } else if content.starts_with('}') {
            if let Some(closed) = block.take() {
                closed.close(&mut prisma);
            }
        } else if let Some(block) = &mut block {
            block.line(content, start);
        }
    }
    if let Some(left_open) = block {
        problems.push(left_open.problem());
        left_open.close(&mut prisma);
    }
    ManifestFacts { manifest: Manifest::Prisma(prisma), problems }
}

/// A block that is not closed yet.
struct Block {
    keyword: Symbol,
    name: Spanned<Symbol>,
    /// `provider`, and whatever else is assigned: name, function around the value, value.
    assigned: Vec<(Symbol, Symbol, Spanned<Symbol>)>,
    table: Option<Symbol>,
    schema: Option<Symbol>,
    has_unique_key: bool,
}

impl Block {
    /// `keyword name {`.
    fn open(content: &str, start: usize) -> Option<Self> {
        let header = content.strip_suffix('{')?.trim_end();
        let (keyword, name) = header.split_once([' ', '\t'])?;
        if !matches!(keyword, "datasource" | "generator" | "model" | "view" | "enum" | "type") {
            return None;
        }
        let name = name.trim_start();
        let start = start + header.len() - name.len();
        Some(Self {
            keyword: Symbol::new(keyword),
            name: Spanned::new(Symbol::new(name), TextRange::new(start, start + name.len())),
            assigned: Vec::new(),
            table: None,
            schema: None,
            has_unique_key: false,
        })
    }

    fn line(&mut self, content: &str, start: usize) {
        let mut words = content.split([' ', '\t', '(']);
        let made = content.contains("@default(");
        self.has_unique_key |= words.any(|word| matches!(word, "@unique" | "@@unique" | "@@id") || (word == "@id" && !made));
        if let Some(rest) = content.strip_prefix("@@map") {
            self.table = string(rest, 0).map(|table| table.value);
        } else if let Some(rest) = content.strip_prefix("@@schema") {
            self.schema = string(rest, 0).map(|schema| schema.value);
        } else if let Some((name, value)) = content.split_once('=')
            && let Some(string) = string(value, start + name.len() + 1)
        {
            let function = value.split(['(', '"']).next().unwrap_or_default().trim();
            self.assigned.push((Symbol::new(name.trim()), Symbol::new(function), string));
        }
    }

    fn close(self, prisma: &mut Prisma) {
        let get = |name: &str, function: &str| {
            self.assigned.iter().find(|entry| entry.0 == name && entry.1 == function).map(|entry| entry.2.clone())
        };
        match self.keyword.as_str() {
            "datasource" => {
                prisma.provider = get("provider", "").map(|provider| provider.value);
                prisma.url_env = get("url", "env");
                prisma.url = get("url", "");
            }
            "generator" => {
                let is_client =
                    get("provider", "").is_some_and(|provider| matches!(provider.value.as_str(), "prisma-client" | "prisma-client-js"));
                if is_client && prisma.output.is_none() {
                    prisma.output = get("output", "").map(|output| output.value);
                }
            }
            "model" | "view" => {
                let table = self.table.unwrap_or_else(|| self.name.value.clone());
                prisma.models.push(PrismaModel { name: self.name, table, schema: self.schema, has_unique_key: self.has_unique_key });
            }
            _ => {}
        }
    }

    fn problem(&self) -> Problem {
        Problem { message: format!("Prisma schema: the {} `{}` is not closed", self.keyword, self.name.value), range: self.name.range }
    }
}

/// The first string of `text`, which begins at byte `base` of the file.
fn string(text: &str, base: usize) -> Option<Spanned<Symbol>> {
    let start = text.find('"')? + 1;
    let length = text[start..].find('"')?;
    Some(Spanned::new(Symbol::new(&text[start..start + length]), TextRange::new(base + start, base + start + length)))
}

/// A line without its comment; `//` in a string opens none.
fn without_comment(line: &str) -> &str {
    let mut is_quoted = false;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'/' if !is_quoted && line.as_bytes().get(at + 1) == Some(&b'/') => return &line[..at],
            _ => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn prisma(text: &str) -> (Prisma, Vec<Problem>) {
        let facts = read(text);
        match facts.manifest {
            Manifest::Prisma(prisma) => (prisma, facts.problems),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_tell_rows_apart() {
        let text = "model A {\n  id Int @id @default(autoincrement())\n  mail String @unique\n}\nmodel B {\n  id String @id\n}\nmodel C {\n  id String @id @default(uuid())\n  text String // @unique\n}\nmodel D {\n  a Int\n  b Int\n  @@unique([a, b])\n}\n";
        let keys: Vec<bool> = prisma(text).0.models.iter().map(|model| model.has_unique_key).collect();
        assert_eq!(keys, [true, true, false, true]);
    }

    #[test]
    fn reads_a_schema() {
        let text = "\u{feff}// größe\r\ngenerator docs {\r\n  provider = \"x\"\r\n  output = \"no\"\r\n}\ngenerator client {\n  provider = \"prisma-client-js\"\n  output   = \"../gen\"\n}\ndatasource db {\n  provider = \"postgresql\"\n  url      = env(\"DATABASE_URL\") // c\n}\nmodel User {\n  id Int @id @default(1)\n  @@map(\"users\")\n  @@schema(\"auth\")\n}\n\n/// doc\nmodel Post { // c\n  id Int @map(\"no\")\n}\nenum Role {\n  A\n}\n";
        let (schema, problems) = prisma(text);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((schema.provider.as_deref(), schema.output.as_deref(), schema.url), (Some("postgresql"), Some("../gen"), None));
        let env = schema.url_env.unwrap();
        assert_eq!(&text[env.range.start as usize..env.range.end as usize], "DATABASE_URL");
        let models: Vec<_> = schema.models.iter().map(|m| (m.name.value.as_str(), m.table.as_str(), m.schema.as_deref())).collect();
        assert_eq!(models, [("User", "users", Some("auth")), ("Post", "Post", None)]);
        let range = schema.models[1].name.range;
        assert_eq!(&text[range.start as usize..range.end as usize], "Post");
    }

    #[test]
    fn reads_other_and_broken_forms() {
        let (schema, _) = prisma("datasource db {\n url = \"file:./dev.db?a=//b\"\n}\n");
        assert_eq!(schema.url.unwrap().value, "file:./dev.db?a=//b");
        let (schema, problems) = prisma("model A {\n id Int\nmodel B {\n @@map(name: \"b\")\n");
        let tables: Vec<_> = schema.models.iter().map(|model| model.table.as_str()).collect();
        assert_eq!((tables, problems.len()), (vec!["A", "b"], 2));
        assert_eq!(problems[0].message, "Prisma schema: the model `A` is not closed");
        for text in ["", "model", "model {", "model  {", "}", "\u{feff}é {", "model é {\n url = \"", "datasource d {\nurl=\n}"] {
            prisma(text);
        }
    }
}
