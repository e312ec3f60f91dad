//! What runs in continuous integration, run: the scripts of the GitHub action, the hook, and every command that `docs/ci.md` names.

use std::path::{Path, PathBuf};
use std::process::Command;

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

#[test]
fn the_action_annotates_what_a_pull_request_brings() {
    let shop = shop();
    let base = git(shop.path(), &["rev-parse", "origin/main"]);
    // As a runner has it: the last commit alone.
    let clone = tempfile::tempdir().unwrap();
    git(clone.path(), &["clone", "-q", "--depth=1", &format!("file://{}", shop.path().display()), "."]);
    let run = |fail_on: &str, since: &str, sarif: &str| {
        let mut check = command("bash", clone.path());
        check.arg(root().join(".github/actions/check/check.sh"));
        check.env("CHECK_PATH", "deep").env("CHECK_FAIL_ON", fail_on).env("CHECK_CHANGED_SINCE", since).env("CHECK_SARIF", sarif);
        check.env("GITHUB_STEP_SUMMARY", clone.path().join("summary.md"));
        let output = check.output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap(), text)
    };
    let (code, text) = run("warning", &base, "");
    assert_eq!(code, 1, "{text}");
    assert!(text.starts_with("::warning file=deep/shipping/src/index.ts,line=4,"), "{text}");
    assert_eq!(text.matches("::").count(), 2, "only what is new: {text}");
    let summary = read(&clone, "summary.md");
    assert!(summary.contains("parcels"), "{summary}");
    assert_eq!(run("never", &base, "").0, 0);
    assert!(run("warning", "", "").1.contains("title=shared-database"), "without a revision, all is told");
    assert_eq!(run("doom", "", "").0, 2);
    if Command::new("jq").arg("--version").output().is_ok() {
        assert_eq!(command("portolan", clone.path()).args(["baseline", "deep"]).status().unwrap().code(), Some(0));
        let (code, text) = run("warning", "", "out.sarif");
        assert_eq!((code, text.as_str()), (0, ""));
        let sarif: serde_json::Value = serde_json::from_str(&read(&clone, "out.sarif")).unwrap();
        assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]), "what is accepted is no alert");
    }
}

#[test]
fn the_action_names_its_version_and_its_files() {
    let folder = root().join(".github/actions/check");
    let version = || String::from_utf8(command("bash", &folder).arg("version.sh").output().unwrap().stdout).unwrap();
    assert_eq!(version(), version());
    assert!(version().trim().len() == 16 && version().trim().chars().all(|letter| letter.is_ascii_hexdigit()), "{}", version());
    let action = std::fs::read_to_string(folder.join("action.yml")).unwrap();
    for script in ["version.sh", "check.sh"] {
        assert!(action.contains(&format!("$GITHUB_ACTION_PATH/{script}")) && folder.join(script).exists(), "{script}");
        let parsed = Command::new("bash").arg("-n").arg(folder.join(script)).status().unwrap();
        assert!(parsed.success(), "{script}");
    }
    // What the script reads, the action gives it, and every input is used.
    let check = std::fs::read_to_string(folder.join("check.sh")).unwrap();
    for (variable, input) in
        [("CHECK_PATH", "path"), ("CHECK_FAIL_ON", "fail-on"), ("CHECK_CHANGED_SINCE", "changed-since"), ("CHECK_SARIF", "sarif")]
    {
        assert!(
            check.contains(&format!("${variable}")) && action.contains(&format!("{variable}: ${{{{ inputs.{input} }}}}")),
            "{variable}"
        );
    }
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
