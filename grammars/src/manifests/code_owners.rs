//! `CODEOWNERS` of GitHub, GitLab and Bitbucket: who is asked about changes of which paths.
//!
//! Which rule counts for a path is not decided here. Invariant: rules stand in the order of the file.

use super::{Manifest, ManifestFacts, OwnerRule};
use crate::facts::{Symbol, TextRange};

pub(super) fn matches(name: &str) -> bool {
    name == "CODEOWNERS"
}

pub(super) fn read(text: &str) -> ManifestFacts {
    let (mut rules, mut start) = (Vec::new(), 0);
    // GitLab: who owns what stands in a section without owners of its own.
    let mut section: Vec<Symbol> = Vec::new();
    for line in text.split_inclusive('\n') {
        let words = words(line);
        if let Some(rest) = heading(line) {
            section = owners(&self::words(rest));
        } else if let Some((pattern, rest)) = words.split_first() {
            let own = owners(rest);
            let at = start + line.len() - line.trim_start().len();
            rules.push(OwnerRule {
                pattern: pattern.as_str().into(),
                owners: if own.is_empty() { section.clone() } else { own },
                range: TextRange::new(at, start + line.trim_end().len()),
            });
        }
        start += line.len();
    }
    ManifestFacts { manifest: Manifest::CodeOwners(rules), problems: Vec::new() }
}

/// What follows the name of a section: `[Docs] @writers`, `^[Optional][2]`.
fn heading(line: &str) -> Option<&str> {
    let line = line.trim();
    let (name, rest) = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?.split_once(']')?;
    let is_heading = !name.is_empty() && (rest.is_empty() || rest.starts_with([' ', '\t', '[']));
    is_heading.then_some(rest)
}

/// The words of a line up to a comment; a blank behind `\` is part of a word.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let fresh = words.last().is_none_or(String::is_empty);
        match character {
            '#' if fresh => break,
            '\\' => words.last_mut().into_iter().for_each(|word| word.extend(characters.next())),
            _ if character.is_whitespace() && fresh => {}
            _ if character.is_whitespace() => words.push(String::new()),
            _ => words.last_mut().into_iter().for_each(|word| word.push(character)),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `@person`, `@group/team`, `person@example.com`.
fn owners(words: &[String]) -> Vec<Symbol> {
    words.iter().filter(|word| word.contains('@')).map(Symbol::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_patterns_owners_and_sections() {
        let text = "# all\n* @all # rest\n/a\\ b/  @x/y z@example.com\n^[Docs][2] @writers\ndocs/\n/legacy/ \n[Code]\n/src/\n";
        let Manifest::CodeOwners(rules) = read(text).manifest else { return };
        let rules: Vec<String> = rules.iter().map(|rule| format!("{} {:?}", rule.pattern, rule.owners)).collect();
        let expected =
            ["* [\"@all\"]", "/a b/ [\"@x/y\", \"z@example.com\"]", "docs/ [\"@writers\"]", "/legacy/ [\"@writers\"]", "/src/ []"];
        assert_eq!(rules, expected);
    }
}
