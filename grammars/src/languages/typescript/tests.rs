//! Tests of the lowering: each reads a short text and compares what was understood, printed compactly.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use camino::Utf8Path;

use super::super::{Edit, Tree, is_skipped};
use super::{read, read_component};
use crate::facts::*;
use printer::*;

mod component;
mod expressions;
mod modules;
mod printer;
mod robust;
mod structure;

fn facts(text: &str) -> SourceFacts {
    read(Utf8Path::new("a.ts"), text, Language::TypeScript, None).0
}

fn facts_tsx(text: &str) -> SourceFacts {
    read(Utf8Path::new("a.tsx"), text, Language::TypeScript, None).0
}

fn facts_js(text: &str) -> SourceFacts {
    read(Utf8Path::new("a.js"), text, Language::JavaScript, None).0
}

#[track_caller]
fn assert_lines(found: Vec<String>, expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, expected, "\nfound:\n{}", found.join("\n"));
}
