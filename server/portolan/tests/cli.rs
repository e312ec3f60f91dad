//! The real binary: what it prints, where, and how it ends.
//!
//! `INSTA_UPDATE=always` rewrites the snapshots; read what it wrote.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// What came of a run.
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs the binary without anything of the user's environment that could change its output.
fn portolan(arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(arguments)
        .env_clear()
        .env("NO_COLOR", "1")
        .env("COLUMNS", "140")
        .current_dir(demo())
        .output()
        .unwrap();
    Run {
        code: output.status.code().expect("ended by a signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The workspace that everything is shown with.
fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/workspaces/chandlery").canonicalize().unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The run as one text, machine paths and versions taken out.
fn shown(run: &Run) -> String {
    let text = format!("exit {}\n--- stdout\n{}--- stderr\n{}", run.code, run.stdout, run.stderr);
    text.replace(demo().to_str().unwrap(), "[DEMO]").replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
}

#[test]
fn check_shows_the_findings_of_the_demo() {
    insta::assert_snapshot!("check", shown(&portolan(&["check", "."])));
}

#[test]
fn chart_shows_the_demo() {
    for format in ["text", "mermaid", "json"] {
        insta::assert_snapshot!(format!("chart_{format}"), shown(&portolan(&["chart", "--format", format, "."])));
    }
}

#[test]
fn paths_do_not_depend_on_where_one_stands() {
    let chart = |arguments: &[&str]| portolan(&[&["chart", "--format", "json"], arguments].concat()).stdout;
    assert_eq!(chart(&["."]), chart(&[demo().to_str().unwrap()]));
    assert_eq!(chart(&["."]), chart(&[]));
}

#[test]
fn threads_change_nothing() {
    let chart = |jobs| portolan(&["chart", "--format", "json", "--jobs", jobs, "."]).stdout;
    let one = chart("1");
    for _ in 0..3 {
        assert_eq!(one, chart("4"));
    }
}

#[test]
fn the_exit_code_follows_the_severity_asked_for() {
    let findings = portolan(&["check", "--format", "json", "."]);
    let report: serde_json::Value = serde_json::from_str(&findings.stdout).unwrap();
    let count = report["findings"].as_array().unwrap().len();
    assert!(count > 0, "the demo has nothing to show");
    assert_eq!(portolan(&["check", "--fail-on", "hint", "."]).code, 1);
    assert_eq!(portolan(&["check", "--fail-on", "never", "."]).code, 0);
}

#[test]
fn a_missing_folder() {
    let run = portolan(&["check", "nowhere"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("no such folder: nowhere"), "{}", run.stderr);
}

#[test]
fn a_file_instead_of_a_folder() {
    for command in ["check", "chart"] {
        let run = portolan(&[command, "compose.yaml"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains("compose.yaml is a file: give its folder"), "{}", run.stderr);
    }
}

#[test]
fn an_empty_folder() {
    let folder = folder(&[]);
    let run = portolan(&["check", folder.path().to_str().unwrap()]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    assert!(run.stderr.contains("no services found"), "{}", run.stderr);
    let chart = portolan(&["chart", "--format", "json", folder.path().to_str().unwrap()]);
    assert_eq!(chart.code, 0);
    let chart: serde_json::Value = serde_json::from_str(&chart.stdout).unwrap();
    assert_eq!(chart["services"], serde_json::json!([]));
}

#[test]
fn problems_are_counted_and_listed_on_demand() {
    let folder = folder(&[("compose.yaml", "services: [\n"), ("src/a.ts", "export const a = 1;\n")]);
    let path = folder.path().to_str().unwrap();
    let brief = portolan(&["check", path]);
    assert!(brief.stderr.contains("1 problem while reading"), "{}", brief.stderr);
    assert!(!brief.stderr.contains("compose.yaml:"), "{}", brief.stderr);
    let full = portolan(&["check", "-v", path]);
    assert!(full.stderr.contains("compose.yaml:"), "{}", full.stderr);
}

#[test]
fn the_chart_goes_to_a_file_if_asked() {
    let folder = folder(&[]);
    let file = folder.path().join("chart.json");
    let run = portolan(&["chart", "--output", file.to_str().unwrap(), "."]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), portolan(&["chart", "."]).stdout);
    let nowhere = portolan(&["chart", "--output", folder.path().to_str().unwrap(), "."]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.stderr.contains("cannot write"), "{}", nowhere.stderr);
}

#[test]
fn nonsense_is_refused() {
    for arguments in [&["chek"][..], &["check", "--fail-on", "doom"], &["check", "--jobs", "0"], &["chart", "--format", "png"], &[]] {
        let run = portolan(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!run.stderr.is_empty());
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    let help = portolan(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("check") && help.stdout.contains("chart"));
    let version = portolan(&["--version"]);
    assert_eq!((version.code, version.stdout.as_str()), (0, concat!("portolan ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(["chart", "."])
        .current_dir(demo())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
}
