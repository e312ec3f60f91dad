//! What command lines say: the commands of a shell's line, their words, the programs and scripts that they start.
//!
//! What deliberately does not live here: whose code that is, see [`super::code`]. Invariant: quotes are taken away and nothing is expanded.

use portolan_grammars::facts::{Spanned, Symbol};

use super::code::with_build_args;
use super::{Context, Draft};
use crate::workspace::paths;
use crate::{FileId, Place};

/// Command lines that start a draft, the deploying manifest's first.
pub(crate) fn written_commands(context: &Context<'_>, draft: &Draft<'_>) -> Vec<(Symbol, Place)> {
    let mut found = Vec::new();
    let mut add = |text: &Spanned<Symbol>, file: FileId| {
        if !text.value.is_empty() {
            found.push((text.value.clone(), Place { file, range: text.range }));
        }
    };
    for (source, service, _) in &draft.compose {
        service.entrypoint.iter().chain(&service.command).for_each(|text| add(text, source.file));
    }
    for (file, process) in &draft.processes {
        process.command.iter().for_each(|text| add(text, *file));
    }
    for (file, _, _, container) in &draft.workloads {
        container.command.iter().for_each(|text| add(text, *file));
    }
    if let Some(dockerfile) = context.dockerfile(draft).filter(|_| !draft.shares_image) {
        let stages = context.stages(draft);
        if let Some(stage) = stages.iter().find(|stage| stage.starts()) {
            for text in stage.started() {
                add(&Spanned::new(with_build_args(context, draft, &text.value), text.range), dockerfile.file);
            }
        }
    }
    found
}

/// Words of a command line, quotes and shell signs taken away.
pub(crate) fn words(command: &str) -> impl Iterator<Item = &str> {
    command
        .split(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '(' | ')' | ',' | '[' | ']'))
        .filter(|word| !word.is_empty())
}

/// The commands of a shell's line, each as its words. What stands in quotes is one word.
pub(crate) fn commands(line: &str) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    let mut word = String::new();
    let mut quote = None;
    let push = |word: &mut String, all: &mut Vec<Vec<String>>| {
        if !word.is_empty() {
            all.last_mut().into_iter().for_each(|command| command.push(std::mem::take(word)));
        }
    };
    // A line goes on behind a backslash.
    for letter in line.replace("\\\n", " ").chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => word.push(letter),
            (None, '"' | '\'') => quote = Some(letter),
            (None, '&' | ';' | '|' | '\n' | '(' | ')') => {
                push(&mut word, &mut all);
                all.push(Vec::new());
            }
            (None, _) if letter.is_whitespace() => push(&mut word, &mut all),
            (None, _) => word.push(letter),
        }
    }
    push(&mut word, &mut all);
    all.retain(|command| !command.is_empty());
    all
}

/// The same with those that a shell is given as a text: `sh -c "while true; do shop; done"`.
pub(crate) fn inner_commands(line: &str) -> Vec<Vec<String>> {
    let is_keyword = |word: &String| matches!(word.as_str(), "do" | "then" | "else");
    let all = commands(&line.replace(['"', '\''], " "));
    all.iter().flat_map(|command| command.split(is_keyword)).filter(|command| !command.is_empty()).map(<[String]>::to_vec).collect()
}

/// The names of the programs a command line starts, shells and wrappers left out.
pub(super) fn programs(line: &str) -> Vec<String> {
    program_paths(line).iter().map(|path| paths::file_name(path).to_owned()).collect()
}

/// The same as they are written.
pub(crate) fn program_paths(line: &str) -> Vec<String> {
    const WRAPPERS: &[&str] = &["sh", "bash", "ash", "exec", "env", "tini", "dumb-init", "sudo", "nohup", "time", "init"];
    let is_program = |word: &String| !(word.starts_with('-') || word.contains('=') || WRAPPERS.contains(&paths::file_name(word)));
    let mut found = Vec::new();
    for command in inner_commands(line) {
        let first = command.iter().position(is_program);
        let is_named = |at: usize| at > 0 && matches!(command[at - 1].as_str(), "--bin" | "-p" | "--package");
        let started = (0..command.len()).filter(|at| Some(*at) == first || is_named(*at));
        found.extend(started.map(|at| command[at].clone()));
    }
    found
}

/// Options of Node.js that load a module before the program.
const PRELOADS: [&str; 4] = ["-r", "--require", "--import", "--experimental-loader"];

/// The modules that a command line has Node.js load before the program: `--import ./tracer.js`, `--require=dd-trace/init`.
pub(crate) fn preloaded(line: &str) -> Vec<&str> {
    let all: Vec<&str> = line.split([' ', '=', '"', '\'', ',']).filter(|word| !word.is_empty()).collect();
    all.windows(2).filter(|pair| PRELOADS.contains(&pair[0])).map(|pair| pair[1]).collect()
}

/// Programs that run the scripts of a `package.json`.
pub(super) const MANAGERS: &[&str] = &["npm", "yarn", "pnpm", "bun"];

/// Whether a command line runs a script of `package.json`.
pub(super) fn runs_script(command: &str, script: &str) -> bool {
    let list: Vec<&str> = words(command).map(|word| word.trim_end_matches(';')).collect();
    list.iter().enumerate().any(|(at, word)| {
        if *word != script || at == 0 {
            return false;
        }
        match list[at - 1] {
            "run" => true,
            before if MANAGERS.contains(&before) => script == "start" || before != "npm",
            _ => {
                list[..at].iter().any(|word| MANAGERS.contains(word))
                    && list[..at].iter().any(|word| matches!(*word, "workspace" | "--filter" | "-F" | "-w"))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{commands, preloaded, programs, runs_script};

    #[test]
    fn lines_are_commands_of_words() {
        let found = commands("A=1 nginx && pnpm run dev; concurrently \"npm:x\" 'yarn y' \\\n z");
        assert_eq!(found, [vec!["A=1", "nginx"], vec!["pnpm", "run", "dev"], vec!["concurrently", "npm:x", "yarn y", "z"]]);
    }

    #[test]
    fn programs_stand_first_or_behind_an_option_of_cargo() {
        assert_eq!(programs("sh -c \"while true; do /usr/bin/shop --a b; done\""), ["while", "shop", "done"]);
        assert_eq!(programs("exec cargo run --bin shop -- api | tee log"), ["cargo", "shop", "tee"]);
    }

    #[test]
    fn modules_are_loaded_before_a_program() {
        assert_eq!(preloaded("node --import=./a.js -r b/init \"--require=./c.js\" d.js"), ["./a.js", "b/init", "./c.js"]);
    }

    #[test]
    fn scripts_are_run_by_their_managers() {
        assert!(runs_script("npm run dev", "dev") && runs_script("npm start", "start") && runs_script("yarn dev", "dev"));
        assert!(!runs_script("npm dev", "dev") && !runs_script("dev", "dev"));
    }
}
