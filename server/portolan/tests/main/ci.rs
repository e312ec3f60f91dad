//! What runs in continuous integration, run: the GitHub action as its runner would, the hook, and every command that `docs/ci.md` names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{self, git, read, write_tables};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A command that finds the binary under test.
fn command(program: &str, folder: &Path) -> Command {
    let binaries = Path::new(env!("CARGO_BIN_EXE_portolan")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(program);
    command.current_dir(folder).env("PATH", path);
    command
}

/// A repository in whose folder `deep` two services write a table, and a branch that writes another one.
fn shop() -> TempDir {
    let shop = run::shop("deep/");
    run::commit_all(shop.path());
    git(shop.path(), &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    write_tables(&shop, "deep/", &["orders", "parcels"]);
    git(shop.path(), &["commit", "-qam", "after"]);
    shop
}

/// GitHub's runner, as far as the composite action asks for it: expressions, inputs and their defaults, conditions, outputs of steps, the cache.
/// `cargo` is a stand-in that puts the binary under test where it is told to install.
struct Runner {
    home: TempDir,
    action: Value,
    base: String,
}

/// What came of a run of the action.
struct Job {
    code: i32,
    said: String,
    summary: String,
    /// The steps that did something.
    steps: Vec<String>,
}

impl Runner {
    fn new(base: &str) -> Self {
        let text = std::fs::read_to_string(root().join(".github/actions/check/action.yml")).unwrap();
        let home = tempfile::tempdir().unwrap();
        let cargo = format!(
            "#!/bin/bash\n[ \"$1 $2 $3 $5\" = \"install --locked --root --path\" ] && grep -q 'name = \"portolan\"' \"$6/Cargo.toml\" || exit 9\n\
             mkdir -p \"$4/bin\" && cp {} \"$4/bin/portolan\"\n",
            env!("CARGO_BIN_EXE_portolan")
        );
        run::write(&home, "tools/cargo", &cargo);
        assert!(Command::new("chmod").arg("+x").arg(home.path().join("tools/cargo")).status().unwrap().success());
        Self { home, action: serde_saphyr::from_str(&text).unwrap(), base: base.to_owned() }
    }

    fn job(&self, workspace: &Path, given: &[(&str, &str)]) -> Job {
        let mut values = BTreeMap::from([
            ("runner.os".to_owned(), "Linux".to_owned()),
            ("runner.arch".to_owned(), "X64".to_owned()),
            ("github.event.pull_request.base.sha".to_owned(), self.base.clone()),
        ]);
        for (name, input) in self.action["inputs"].as_object().unwrap() {
            let default = filled(&values, input["default"].as_str().unwrap());
            let given = given.iter().find(|(key, _)| key == name).map(|(_, value)| (*value).to_owned());
            values.insert(format!("inputs.{name}"), given.unwrap_or(default));
        }
        assert!(given.iter().all(|(name, _)| values.contains_key(&format!("inputs.{name}"))), "{given:?}");
        let cache = self.home.path().join(".cache/portolan/bin");
        let mut job = Job { code: 0, said: String::new(), summary: String::new(), steps: Vec::new() };
        for step in self.action["runs"]["steps"].as_array().unwrap() {
            let output = |name: &str| step["id"].as_str().map(|id| format!("steps.{id}.outputs.{name}"));
            if let Some(condition) = step["if"].as_str() {
                let (value, other) = condition.split_once(" != ").expect("a condition that is known");
                if format!("'{}'", values[value]) == other {
                    continue;
                }
            }
            job.steps.push(step["name"].as_str().unwrap().to_owned());
            if let Some(action) = step["uses"].as_str() {
                assert!(action.starts_with("actions/cache@"), "{action}");
                assert_eq!(step["with"]["path"], "~/.cache/portolan/bin");
                let key = filled(&values, step["with"]["key"].as_str().unwrap());
                assert!(key.starts_with("portolan-Linux-X64-") && !key.ends_with('-'), "{key}");
                values.insert(output("cache-hit").unwrap(), if cache.exists() { "true".to_owned() } else { String::new() });
                continue;
            }
            assert_eq!(step["shell"], "bash");
            run::write(&self.home, "step.sh", step["run"].as_str().unwrap());
            run::write(&self.home, "output", "");
            let of = |name: &str| self.home.path().join(name);
            let path = format!("{}:{}", of("tools").display(), std::env::var("PATH").unwrap());
            let mut bash = Command::new("bash");
            bash.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(of("step.sh")).current_dir(workspace);
            bash.env_clear().env("PATH", path).env("HOME", self.home.path()).env("GITHUB_OUTPUT", of("output"));
            bash.env("GITHUB_ACTION_PATH", root().join(".github/actions/check")).env("GITHUB_STEP_SUMMARY", of("summary.md"));
            for (name, value) in step["env"].as_object().into_iter().flatten() {
                bash.env(name, filled(&values, value.as_str().unwrap()));
            }
            let ran = bash.output().unwrap();
            job.said += &format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            job.code = ran.status.code().unwrap();
            if job.code != 0 {
                break;
            }
            for (name, value) in read(&self.home, "output").lines().filter_map(|line| line.split_once('=')) {
                values.insert(output(name).unwrap(), value.to_owned());
            }
        }
        job.summary = std::fs::read_to_string(self.home.path().join("summary.md")).unwrap_or_default();
        job
    }
}

/// A text with its expressions' values.
fn filled(values: &BTreeMap<String, String>, text: &str) -> String {
    let mut parts = text.split("${{");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        let (expression, rest) = part.split_once("}}").expect("an expression ends");
        all + values.get(expression.trim()).unwrap_or_else(|| panic!("{expression} is not known")) + rest
    })
}

#[test]
fn the_action_annotates_what_a_pull_request_brings() {
    let shop = shop();
    let runner = Runner::new(&git(shop.path(), &["rev-parse", "origin/main"]));
    // As a runner has it: the last commit alone.
    let clone = tempfile::tempdir().unwrap();
    git(clone.path(), &["clone", "-q", "--depth=1", &format!("file://{}", shop.path().display()), "."]);
    let run = |given: &[(&str, &str)]| runner.job(clone.path(), given);

    let job = run(&[("path", "deep")]);
    assert_eq!(job.code, 1, "{}", job.said);
    assert_eq!(job.steps, ["Name the version", "Keep the binary", "Build portolan", "Check"]);
    assert!(job.said.starts_with("::warning file=deep/shipping/src/index.ts,line=4,"), "{}", job.said);
    assert_eq!(job.said.matches("::").count(), 2, "only what is new: {}", job.said);
    assert!(job.summary.contains("parcels"), "{}", job.summary);

    let again = run(&[("path", "deep"), ("fail-on", "never")]);
    assert_eq!((again.code, again.steps.len()), (0, 3), "what was built is kept: {}", again.said);
    let all = run(&[("path", "deep"), ("changed-since", "")]).said;
    assert!(all.contains("title=shared-database"), "without a revision, all is told: {all}");
    assert_eq!(run(&[("path", "deep"), ("fail-on", "doom")]).code, 2);
    if Command::new("jq").arg("--version").output().is_ok() {
        assert_eq!(command("portolan", clone.path()).args(["baseline", "deep"]).status().unwrap().code(), Some(0));
        let job = run(&[("path", "deep"), ("changed-since", ""), ("sarif", "out.sarif")]);
        assert_eq!((job.code, job.said.as_str()), (0, ""));
        let sarif: Value = serde_json::from_str(&read(&clone, "out.sarif")).unwrap();
        assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]), "what is accepted is no alert");
    }
}

#[test]
fn the_action_names_its_version() {
    let folder = root().join(".github/actions/check");
    let version = || String::from_utf8(command("bash", &folder).arg("version.sh").output().unwrap().stdout).unwrap();
    assert_eq!(version(), version());
    assert!(version().trim().len() == 16 && version().trim().chars().all(|letter| letter.is_ascii_hexdigit()), "{}", version());
}

#[test]
fn the_hook_lets_a_commit_pass_that_brings_nothing() {
    let hooks = std::fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap();
    let entry = hooks.lines().find_map(|line| line.trim().strip_prefix("entry: portolan ")).unwrap();
    let shop = shop();
    let run = || command("portolan", &shop.path().join("deep")).args(entry.split_whitespace()).status().unwrap().code();
    assert_eq!(run(), Some(0));
    git(shop.path(), &["reset", "-q", "--soft", "HEAD~1"]);
    assert_eq!(run(), Some(1), "what is staged is new");
}

/// The commands that a page names: in shell sessions, and in lists of a script.
fn commands(page: &str) -> Vec<String> {
    let line = |line: &str| {
        let line = line.trim().strip_prefix("- ").unwrap_or(line.trim());
        line.starts_with("portolan ").then(|| line.to_owned())
    };
    let mut fenced = false;
    let mut commands = Vec::new();
    for text in page.lines() {
        if text.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            commands.extend(line(text));
        }
    }
    commands
}

#[test]
fn every_command_of_the_page_does_its_work() {
    let page = std::fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let commands = commands(&page);
    assert!(commands.len() > 8, "{commands:?}");
    for line in commands {
        let shop = shop();
        let base = git(shop.path(), &["rev-parse", "origin/main"]);
        let mut shell = command("bash", &shop.path().join("deep"));
        let output = shell.args(["-c", &line]).env("CI_MERGE_REQUEST_DIFF_BASE_SHA", base).output().unwrap();
        let code = output.status.code().unwrap();
        assert!(code == 0 || (code == 1 && line.contains("check")), "{line}: {code}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
