//! `Procfile`: the processes that Heroku and its like start from a folder.
//!
//! Invariant: a line is one process, `name: command`; all else is left out, as platforms do.

use super::{Manifest, ManifestFacts, Process, Processes};
use crate::facts::{Spanned, Symbol, TextRange};

pub(super) fn matches(name: &str) -> bool {
    name == "Procfile"
}

pub(super) fn read(text: &str) -> ManifestFacts {
    let (mut processes, mut start) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        if let Some((name, command)) = line.split_once(':')
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && !command.trim().is_empty()
        {
            let from = start + name.len() + 1 + (command.len() - command.trim_start().len());
            let command = command.trim();
            let name = Spanned::new(name.into(), TextRange::new(start, start + name.len()));
            processes.push(Process {
                command: Some(Spanned::new(Symbol::new(command), TextRange::new(from, from + command.len()))),
                ..Process::named(name)
            });
        }
        start += line.len();
    }
    ManifestFacts { manifest: Manifest::Processes(Processes { processes, ..Processes::default() }), problems: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_process() {
        let text = "# no process\nweb: node dist/index.js --port $PORT\n\nmail-worker:   npm run worker\r\nrelease:\n: x\n";
        let Manifest::Processes(found) = read(text).manifest else { panic!() };
        let lines: Vec<(&str, &str)> = found
            .processes
            .iter()
            .map(|process| (process.name.value.as_str(), process.command.as_ref().map_or("", |command| command.value.as_str())))
            .collect();
        assert_eq!(lines, [("web", "node dist/index.js --port $PORT"), ("mail-worker", "npm run worker")]);
        for process in &found.processes {
            let command = process.command.as_ref();
            let slice = |range: TextRange| &text[range.start as usize..range.end as usize];
            assert_eq!(slice(process.name.range), process.name.value);
            assert_eq!(command.map(|command| slice(command.range)), command.map(|command| command.value.as_str()));
        }
    }
}
