//! The editor extensions' own checks, tests and packages, so that one command tests all. They need Node 20 and npm.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

fn npm(extension: &Path, arguments: &[&str]) {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(npm).args(arguments).current_dir(extension).output().expect("npm runs: the extension needs Node 20 or later");
    let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "npm {} fails:\n{out}\n{error}", arguments.join(" "));
}

/// Whether what is installed is older than what should be.
fn outdated(extension: &Path) -> bool {
    let changed = |file: &str| extension.join(file).metadata().and_then(|file| file.modified()).ok();
    changed("node_modules/.package-lock.json") < changed("package-lock.json")
}

#[test]
fn the_extension_for_vs_code_passes_its_tests_and_packages() {
    let extension = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("editors/vscode");
    if outdated(&extension) {
        npm(&extension, &["ci", "--no-audit", "--no-fund"]);
    }
    npm(&extension, &["test"]);
    npm(&extension, &["run", "package", "--", "--without-server"]);
}

#[test]
#[ignore = "installs libraries"]
fn the_extension_for_zed_compiles() {
    let extension = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("editors/zed");
    let output = Command::new(env!("CARGO")).args(["check", "--quiet", "--locked"]).current_dir(extension).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
