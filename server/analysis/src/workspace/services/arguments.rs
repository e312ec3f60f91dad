//! The words that a service's Rust binary is started with, as far as manifests tell.
//!
//! What deliberately does not live here: what the words mean to the program, which its code says. Invariant: rather no words than some of those
//! it is started with.

use portolan_grammars::facts::{Spanned, Symbol};

use super::code;
use super::command_lines::inner_commands;
use super::{Context, Draft};
use crate::workspace::paths;

/// Words behind which the name of a program stands, though they are written like options.
const BEFORE_PROGRAMS: [&str; 3] = ["-c", "--bin", "--"];

/// The words behind the name of a draft's binary, of each command line that starts it; none where one of them is not known.
pub(super) fn of(context: &Context<'_>, draft: &Draft<'_>) -> Vec<Vec<Symbol>> {
    let Some(binary) = draft.binary.and_then(|binary| context.modules.krate(binary)) else { return Vec::new() };
    let mut all = Vec::new();
    for line in lines(context, draft) {
        let is_binary = |word: &str| {
            paths::file_name(word) == binary.target
                || word.contains('/') && code::built_as(context, draft, word).is_some_and(|name| name == binary.target)
        };
        let found = in_line(&line, is_binary);
        if found.is_empty() {
            return Vec::new();
        }
        all.extend(found);
    }
    all
}

/// The whole command lines of a draft's process: what a manifest says, with what of its image counts then.
fn lines(context: &Context<'_>, draft: &Draft<'_>) -> Vec<String> {
    let dockerfile = context.dockerfile(draft).filter(|_| !draft.shares_image);
    let stages = dockerfile.map(|_| context.stages(draft)).unwrap_or_default();
    let stage = stages.iter().find(|stage| stage.starts());
    let of_image = |text: Option<&Spanned<Symbol>>| text.map(|text| code::with_build_args(context, draft, &text.value));
    let entrypoint = stage.and_then(|stage| of_image(stage.entrypoint.as_ref()));
    let command = stage.and_then(|stage| of_image(stage.command.as_ref()));
    let joined = |parts: [Option<&Symbol>; 2]| parts.into_iter().flatten().map(Symbol::as_str).collect::<Vec<_>>().join(" ");
    let mut lines = Vec::new();
    for (source, service, _) in &draft.compose {
        let said = |text: &Option<Spanned<Symbol>>| text.as_ref().map(|text| context.variables.fill(source.folder(), &text.value));
        let (own, given) = (said(&service.entrypoint), said(&service.command));
        // An entrypoint of its own takes the image's command away.
        let command = if own.is_some() { given.as_ref() } else { given.as_ref().or(command.as_ref()) };
        lines.push(joined([own.as_ref().or(entrypoint.as_ref()), command]));
    }
    let processes = draft.processes.iter().map(|(_, process)| process.command.as_ref());
    let containers = draft.workloads.iter().map(|(.., container)| container.command.as_ref());
    for given in processes.chain(containers) {
        lines.push(joined([entrypoint.as_ref(), given.map(|text| &text.value).or(command.as_ref())]));
    }
    if lines.is_empty() {
        lines.push(joined([entrypoint.as_ref(), command.as_ref()]));
    }
    lines
}

/// The words behind a program's name, each time that a command line names it as what is run.
fn in_line(line: &str, is_named: impl Fn(&str) -> bool) -> Vec<Vec<Symbol>> {
    let behind = inner_commands(line).into_iter().filter_map(|command| {
        let is_run = |at: usize| {
            let before = at.checked_sub(1).map(|before| command[before].as_str());
            before.is_none_or(|before| !before.starts_with('-') || BEFORE_PROGRAMS.contains(&before))
        };
        let is_program = |(at, word): (usize, &String)| is_named(word) && (word.contains('/') || is_run(at));
        let at = command.iter().enumerate().rposition(is_program)?;
        Some(handed_on(&command[at + 1..]).map(Symbol::new).collect())
    });
    behind.collect()
}

/// The words behind a program, where a shell's text hands its own on to it: `sh -c 'exec shop "$@"' -- orders` starts `shop orders`. The first
/// behind the text is what the shell calls itself.
fn handed_on(words: &[String]) -> impl Iterator<Item = &String> {
    const CALLED: [&str; 6] = ["--", "-", "_", "sh", "bash", "$0"];
    let at = words.windows(2).position(|pair| pair[0] == "$@" && CALLED.contains(&pair[1].as_str()));
    let (own, given) = at.map_or((words, &[][..]), |at| (&words[..at], &words[at + 2..]));
    own.iter().chain(given)
}

#[cfg(test)]
mod tests {
    use super::in_line;

    #[test]
    fn words_stand_behind_what_is_run() {
        let found = |line: &str| {
            in_line(line, |word| super::paths::file_name(word) == "shop").iter().map(|words| words.join(" ")).collect::<Vec<_>>()
        };
        assert_eq!(found("/shop orders api --dev"), ["orders api --dev"]);
        assert_eq!(found("/bin/sh -c while [ x ]; do sleep 1\ndone\n/shop orders \\\n  api"), ["orders api"]);
        assert_eq!(found("cargo run --bin shop -- api"), ["-- api"]);
        assert_eq!(found("/bin/sh -c shop migrate && exec shop api --name shop"), ["migrate", "api --name shop"]);
        assert_eq!(found("/shop /shop api"), ["api"]);
        assert_eq!(found("sh -c exec shop --dev \"$@\" -- orders api"), ["--dev orders api"]);
        assert_eq!(found("sh -c exec shop \"$@\" --"), [""]);
        assert_eq!(found("sh -c exec shop \"$@\" --dev -- api"), ["$@ --dev -- api"]);
        assert!(found("/start.sh api").is_empty());
    }
}
