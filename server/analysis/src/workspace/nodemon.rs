//! What scripts of npm packages run by nodemon that name no file: its configuration does.
//!
//! What deliberately does not live here: which services that makes ([`super::services`]). Invariant: a script is what it would be without nodemon, as
//! that only runs again what is told.

use std::borrow::Cow;
use std::ops::Range;

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{NpmManifest, Variable};
use rustc_hash::FxHashMap;

use super::paths;
use super::sources::Sources;
use crate::FileId;

/// Options that stand before a value.
const WITH_VALUE: [&str; 12] = ["--watch", "-w", "--ext", "-e", "--ignore", "-i", "--delay", "-d", "--signal", "-s", "--config", "--cwd"];

/// Manifests of packages whose scripts have nodemon run what its configuration says, by their folders, with scripts that run it themselves.
pub(super) fn watching<'a>(sources: &Sources<'a>) -> FxHashMap<&'a str, (FileId, NpmManifest)> {
    let files: FxHashMap<&str, &Symbol> = sources.nodemon.iter().map(|source| (source.path, source.facts)).collect();
    let mut found = FxHashMap::default();
    for source in &sources.npm {
        let file = |name: &str| files.get(paths::join(source.folder(), name)?.as_str()).copied();
        // A file beside the manifest comes before what that says itself.
        let usual = || file("nodemon.json").or(source.facts.nodemon.as_ref());
        let said = |script: &Variable| {
            let command = script.value.as_deref()?;
            let (call, config) = bare(command)?;
            let exec = config.map_or_else(usual, file).filter(|exec| !exec.is_empty())?;
            let value = format!("{}{exec}{}", &command[..call.start], &command[call.end..]);
            Some(Variable { value: Some(value.into()), ..script.clone() })
        };
        let scripts: Vec<Cow<'_, Variable>> =
            source.facts.scripts.iter().map(|script| said(script).map_or(Cow::Borrowed(script), Cow::Owned)).collect();
        if scripts.iter().any(|script| matches!(script, Cow::Owned(_))) {
            let scripts = scripts.into_iter().map(Cow::into_owned).collect();
            found.insert(source.folder(), (source.file, NpmManifest { scripts, ..source.facts.clone() }));
        }
    }
    found
}

/// Where a command line calls nodemon without saying what it is to run, and the configuration file that it is told.
fn bare(command: &str) -> Option<(Range<usize>, Option<&str>)> {
    let is_sign = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | ';' | '&' | '|' | '(' | ')');
    let names = command.match_indices("nodemon").map(|(at, name)| (at, at + name.len()));
    let is_word = |(at, end): &(usize, usize)| {
        command[..*at].chars().next_back().is_none_or(|letter| is_sign(letter) || letter == '/')
            && command[*end..].chars().next().is_none_or(is_sign)
    };
    let (at, end) = names.into_iter().find(is_word)?;
    // A quote ends the call that one before it began; any other is an argument's.
    let is_quoted = command[..at].matches(['"', '\'']).count() % 2 == 1;
    let ends = |letter: char| matches!(letter, '&' | ';' | '|') || is_quoted && matches!(letter, '"' | '\'');
    let own = command[end..].split(ends).next().unwrap_or_default().trim_end();
    let (mut config, mut words) = (None, own.split_whitespace());
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word) {
            let value = words.next();
            config = if word == "--config" { value } else { config };
        } else if !word.starts_with('-') || matches!(word, "--exec" | "-x") || word.starts_with("--exec=") {
            return None;
        }
    }
    Some((at..end + own.len(), config))
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn a_call_without_a_file_is_told_by_its_configuration() {
        for (command, expected) in [
            ("nodemon", Some(("nodemon", None))),
            ("tsc && NODE_ENV=dev nodemon -q --watch src && true", Some(("nodemon -q --watch src", None))),
            ("concurrently \"tsc -w\" \"nodemon\"", Some(("nodemon", None))),
            ("nodemon --config a.json", Some(("nodemon --config a.json", Some("a.json")))),
            ("nodemon src/main.ts", None),
            ("nodemon --watch src --exec 'tsx src/main.ts'", None),
            ("nodemon -x tsx src/main.ts", None),
            ("nodemon --watch \"src/**/*.ts\" --exec \"ts-node src/main.ts\"", None),
            ("nodemon --watch 'src/**/*.ts' src/main.ts", None),
            ("nodemon-start", None),
        ] {
            assert_eq!(bare(command).map(|(call, config)| (&command[call], config)), expected, "{command}");
        }
    }
}
