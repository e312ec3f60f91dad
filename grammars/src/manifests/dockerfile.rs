//! Dockerfiles.
//!
//! Written by hand: the parsers at hand stop at the first error and lose places in continued lines, and a file being edited needs both.
//! Variables stay as written. Invariant: continuation marks and comments are blanked in place, so an offset in an instruction is one in the file.

mod lines;

use super::{Copy, Dockerfile, Manifest, ManifestFacts, Stage, Variable};
use crate::facts::{Problem, Spanned, Symbol, TextRange};
use lines::{Instruction, Word};

/// `Dockerfile`, `Dockerfile.*`, `*.Dockerfile`, `*.dockerfile`, `Containerfile` likewise.
pub(super) fn matches(name: &str) -> bool {
    let is_whole = |stem: &str| matches!(stem, "Dockerfile" | "dockerfile" | "Containerfile");
    let (first, last) = (name.split('.').next().unwrap_or_default(), name.rsplit('.').next().unwrap_or_default());
    (is_whole(first) || is_whole(last)) && last != "dockerignore"
}

/// Reads a Dockerfile.
pub(super) fn read(text: &str) -> ManifestFacts {
    let mut dockerfile = Dockerfile::default();
    let mut problems = Vec::new();
    for instruction in lines::instructions(text) {
        take(&instruction, &mut dockerfile, &mut problems);
    }
    // One sentence is enough for a file that is something else.
    problems.truncate(1);
    ManifestFacts { manifest: Manifest::Dockerfile(dockerfile), problems }
}

fn take(instruction: &Instruction, dockerfile: &mut Dockerfile, problems: &mut Vec<Problem>) {
    let keyword = instruction.keyword.as_str();
    match (keyword, dockerfile.stages.last_mut()) {
        ("FROM", _) => dockerfile.stages.push(from(instruction)),
        ("ARG", None) => dockerfile.args.extend(pairs(instruction)),
        ("ARG", Some(stage)) => stage.args.extend(pairs(instruction)),
        ("ENV", Some(stage)) => stage.env.extend(env(instruction)),
        ("EXPOSE", Some(stage)) => stage.expose.extend(instruction.words().into_iter().map(exposed)),
        ("ENTRYPOINT", Some(stage)) => stage.entrypoint = Some(command(instruction)),
        ("CMD", Some(stage)) => stage.command = Some(command(instruction)),
        ("RUN", Some(stage)) => {
            stage.binds.extend(instruction.flags("mount").filter_map(bind));
            stage.runs.push(command(instruction));
        }
        ("WORKDIR", Some(stage)) => {
            let folder = command(instruction).value;
            let below = stage.workdir.as_ref().filter(|_| !folder.starts_with(['/', '$']));
            stage.workdir = Some(below.map_or_else(|| folder.clone(), |above| format!("{above}/{folder}").into()));
        }
        ("COPY" | "ADD", Some(stage)) => stage.copies.extend(copy(instruction, stage.workdir.clone())),
        ("HEALTHCHECK", Some(stage)) => stage.has_healthcheck = !instruction.body.trim().eq_ignore_ascii_case("NONE"),
        ("LABEL" | "MAINTAINER" | "ONBUILD" | "SHELL" | "STOPSIGNAL" | "USER" | "VOLUME", Some(_)) => {}
        (_, stage) => {
            let is_known = matches!(keyword, "ENV" | "EXPOSE" | "ENTRYPOINT" | "CMD" | "RUN" | "WORKDIR" | "COPY" | "ADD" | "HEALTHCHECK")
                || matches!(keyword, "LABEL" | "MAINTAINER" | "ONBUILD" | "SHELL" | "STOPSIGNAL" | "USER" | "VOLUME");
            // A template of a Dockerfile, or a file included by one, is not wrong.
            if keyword.starts_with(['{', '#', '<']) || is_known && stage.is_some() {
                return;
            }
            let message = match is_known {
                true => format!("Dockerfile: expected `FROM` before `{keyword}`"),
                false => format!("Dockerfile: `{keyword}` is no instruction"),
            };
            problems.push(Problem { message, range: instruction.keyword_range });
        }
    }
}

fn from(instruction: &Instruction) -> Stage {
    let words = instruction.words();
    let text = |at: usize| words.get(at).map(|word| word.text.clone());
    let is_named = text(1).is_some_and(|word| word.eq_ignore_ascii_case("as"));
    Stage { from: text(0).unwrap_or_default(), name: if is_named { text(2) } else { None }, range: instruction.range, ..Stage::default() }
}

/// `NAME=value` pairs, and names alone.
fn pairs(instruction: &Instruction) -> Vec<Variable> {
    instruction.words().iter().map(pair).collect()
}

fn pair(word: &Word) -> Variable {
    match word.text.split_once('=') {
        Some((name, value)) => Variable { name: Symbol::new(name), value: Some(Symbol::new(value)), range: word.range },
        None => Variable { name: word.text.clone(), value: None, range: word.range },
    }
}

/// `ENV NAME=value …`, or the old `ENV NAME value`.
fn env(instruction: &Instruction) -> Vec<Variable> {
    let words = instruction.words();
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return Vec::new() };
    if first.text.contains('=') {
        return words.iter().filter(|word| word.text.contains('=')).map(pair).collect();
    }
    let values: Vec<&str> = words[1..].iter().map(|word| word.text.as_str()).collect();
    let value = (!values.is_empty()).then(|| Symbol::from(values.join(" ")));
    vec![Variable { name: first.text.clone(), value, range: TextRange { start: first.range.start, end: last.range.end } }]
}

/// A port without its protocol.
fn exposed(word: Word) -> Spanned<Symbol> {
    let Some((port, "tcp" | "udp" | "TCP" | "UDP")) = word.text.rsplit_once('/') else { return Spanned::new(word.text, word.range) };
    let range = word.range;
    // Quotes and escapes make the text shorter than its place, which then stays whole.
    let is_bare = word.text.len() as u32 == range.end - range.start;
    let end = if is_bare { range.start + port.len() as u32 } else { range.end };
    Spanned::new(Symbol::new(port), TextRange { start: range.start, end })
}

/// The words of an array or of a command line, joined by a space. Quotes of a command line stay.
fn command(instruction: &Instruction) -> Spanned<Symbol> {
    let (body, range) = instruction.arguments();
    let joined = match array(body) {
        Some(words) => words.join(" "),
        None => body.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    Spanned::new(Symbol::from(joined), range)
}

fn array(body: &str) -> Option<Vec<String>> {
    body.starts_with('[').then(|| serde_json::from_str(body).ok()).flatten()
}

/// What a `--mount` takes from the build context; without a type it is a bind.
fn bind(mount: &Symbol) -> Option<Symbol> {
    let option = |names: &[&str]| {
        let mut options = mount.split(',').filter_map(|option| option.split_once('='));
        options.find(|(name, _)| names.contains(name)).map(|(_, value)| value)
    };
    let is_own = option(&["type"]).is_none_or(|kind| kind == "bind") && option(&["from"]).is_none();
    is_own.then(|| Symbol::new(option(&["source", "src"]).unwrap_or(".")))
}

fn copy(instruction: &Instruction, workdir: Option<Symbol>) -> Option<Copy> {
    let (body, _) = instruction.arguments();
    let mut places: Vec<Symbol> = match array(body) {
        Some(words) => words.into_iter().map(Symbol::from).collect(),
        None => instruction.words().into_iter().map(|word| word.text).collect(),
    };
    places.retain(|place| !place.starts_with("<<"));
    let destination = places.pop()?;
    Some(Copy { from: instruction.flag("from"), sources: places, destination, workdir, range: instruction.range })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn dockerfile(text: &str) -> (Dockerfile, Vec<Problem>) {
        let facts = read(text);
        match facts.manifest {
            Manifest::Dockerfile(dockerfile) => (dockerfile, facts.problems),
            other => panic!("{other:?}"),
        }
    }

    fn pairs(list: &[Variable]) -> Vec<(&str, Option<&str>)> {
        list.iter().map(|variable| (variable.name.as_str(), variable.value.as_deref())).collect()
    }

    #[test]
    fn names_of_files() {
        for name in ["Dockerfile", "Dockerfile.web", "dev.Dockerfile", "a.dockerfile", "Containerfile", "Containerfile.x"] {
            assert!(matches(name), "{name}");
        }
        for name in ["Dockerfile.dockerignore", "dockerfiles.md", "docker.md", "MyDockerfile"] {
            assert!(!matches(name), "{name}");
        }
    }

    #[test]
    fn reads_stages() {
        let text = "# syntax=docker/dockerfile:1\r\nARG V=20\r\nFROM --platform=$BUILDPLATFORM node:${V} AS build\r\nARG A\r\nARG B=\"x y\"\r\nWORKDIR /app\r\nCOPY . .\r\nRUN npm ci && \\\r\n  # größe\r\n  npm  run build\r\nfrom build\nENV P=8080 Q=\"a b\" \\\n    R=é\\ f\nENV OLD some value\nEXPOSE 80/tcp ${P}\nCOPY --from=build --chown=a:b [\"/a b\", \"/c\", \"/d/\"]\nHEALTHCHECK CMD true\nENTRYPOINT [ \"node\", \"--x\" ]\nCMD server.js  --port 1\n";
        let (file, problems) = dockerfile(text);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(pairs(&file.args), [("V", Some("20"))]);
        let [build, run] = &file.stages[..] else { panic!("{file:?}") };
        assert_eq!((build.from.as_str(), build.name.as_deref()), ("node:${V}", Some("build")));
        assert_eq!(pairs(&build.args), [("A", None), ("B", Some("x y"))]);
        assert_eq!(build.workdir.as_deref(), Some("/app"));
        assert_eq!(build.runs[0].value, "npm ci && npm run build");
        assert_eq!((run.from.as_str(), run.name.as_deref()), ("build", None));
        assert_eq!(pairs(&run.env), [("P", Some("8080")), ("Q", Some("a b")), ("R", Some("é f")), ("OLD", Some("some value"))]);
        let slice = |range: TextRange| &text[range.start as usize..range.end as usize];
        assert_eq!(slice(run.env[2].range), "R=é\\ f");
        let ports: Vec<_> = run.expose.iter().map(|port| (port.value.as_str(), slice(port.range))).collect();
        assert_eq!(ports, [("80", "80"), ("${P}", "${P}")]);
        assert_eq!(run.copies[0].from.as_deref(), Some("build"));
        assert_eq!((&run.copies[0].sources[..], run.copies[0].destination.as_str()), (&["/a b".into(), "/c".into()][..], "/d/"));
        assert!(run.has_healthcheck);
        assert_eq!(run.entrypoint.as_ref().unwrap().value, "node --x");
        assert_eq!(slice(run.entrypoint.as_ref().unwrap().range), "[ \"node\", \"--x\" ]");
        assert_eq!(run.command.as_ref().unwrap().value, "server.js --port 1");
        assert_eq!(slice(run.range), "from build");
    }

    #[test]
    fn reads_what_a_run_is_lent() {
        let (file, _) = dockerfile(
            "FROM a\nRUN --mount=type=cache,target=/c --mount=type=bind,target=/s cp -r /s /app\nRUN --mount=source=a.yaml,target=/a x\nRUN --mount=type=bind,from=b,target=/b y\n",
        );
        assert_eq!(file.stages[0].binds, [".", "a.yaml"]);
        assert_eq!(file.stages[0].runs[0].value, "cp -r /s /app");
    }

    #[test]
    fn skips_heredocs() {
        let text = "FROM a\nRUN <<EOF\nCMD no\nEOF\nRUN cat <<-'X' <<Y > f && echo $((1<<2))\nENV no=1\n\tX\nENV no=2\nY\nCOPY <<EOF /x\nEOF\nRUN a <<<word\nCMD yes\n";
        let (file, problems) = dockerfile(text);
        assert!(problems.is_empty(), "{problems:?}");
        let stage = &file.stages[0];
        assert_eq!(stage.command.as_ref().unwrap().value, "yes");
        assert_eq!((stage.env.len(), stage.runs.len()), (0, 3));
        assert_eq!(stage.copies[0].destination, "/x");
    }

    #[test]
    fn knows_the_escape_directive() {
        let (file, _) = dockerfile("# escape=`\nFROM a\nRUN one `\n two\nENV P=c:\\x\n");
        assert_eq!(file.stages[0].runs[0].value, "one two");
        assert_eq!(pairs(&file.stages[0].env), [("P", Some("c:\\x"))]);
    }

    #[test]
    fn reads_on_past_what_is_wrong() {
        let (file, problems) = dockerfile("FROM a\nENTRYPONT x\nCMD [\"a\", \nEXPOSE 1");
        assert_eq!(problems[0].message, "Dockerfile: `ENTRYPONT` is no instruction");
        assert_eq!(file.stages[0].expose.len(), 1);
        let (_, problems) = dockerfile("RUN x\n");
        assert_eq!(problems[0].message, "Dockerfile: expected `FROM` before `RUN`");
        for text in [
            "",
            "\u{feff}FROM a",
            "FROM",
            "FROM a AS",
            "\\",
            "FROM a\nENV",
            "FROM a\nENV A=\"x",
            "FROM a\nCOPY",
            "FROM é\\",
            "FROM a\nRUN <<E",
            "FROM a\nRUN --",
        ] {
            dockerfile(text);
        }
        let (file, _) = dockerfile("FROM a\nEXPOSE \"80\"/tcp \\é/udp");
        assert_eq!(file.stages[0].expose.iter().map(|port| port.range.end).collect::<Vec<_>>(), [22, 30]);
        dockerfile(&"FROM a \\\n".repeat(20_000));
        dockerfile(&"RUN <<E\n".repeat(2_000));
    }
}
