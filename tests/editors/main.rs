//! The editor extensions' own checks, tests and packages, so that one command tests all; and the server in real editors. They need Node 20 and npm;
//! those in editors, which are run by name, need the editors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::path::Path;
use std::process::Command;

use portolan_tests::disk;

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
#[ignore = "installs VS Code's workbench; needs Chromium"]
fn the_extension_works_in_a_workbench() {
    let extension = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("editors/vscode");
    if outdated(&extension) {
        npm(&extension, &["ci", "--no-audit", "--no-fund"]);
    }
    npm(&extension, &["run", "workbench"]);
}

#[test]
#[ignore = "needs Neovim"]
fn the_server_works_in_neovim() {
    let copy = disk::Folder::empty();
    for (path, text) in disk::texts(&disk::workspace("chandlery")) {
        copy.write(path.as_str(), &text);
    }
    let built = Command::new(env!("CARGO")).args(["build", "--quiet", "-p", "portolan"]).status().unwrap();
    assert!(built.success(), "the server does not build");
    // Tests lie in a folder beside it.
    let server = std::env::current_exe().unwrap().with_file_name("../portolan").with_extension(std::env::consts::EXE_EXTENSION);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("editors/neovim.lua");
    let nvim = Command::new("nvim")
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"])
        .arg(format!("luafile {}", script.display()))
        .arg(copy.path())
        .env("PORTOLAN", server)
        .output()
        .expect("Neovim is installed");
    let said = String::from_utf8_lossy(&nvim.stderr);
    assert!(nvim.status.success(), "{said}");
    println!("{said}");
}

#[test]
#[ignore = "installs libraries"]
fn the_extension_for_zed_compiles() {
    let extension = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("editors/zed");
    let output = Command::new(env!("CARGO")).args(["check", "--quiet", "--locked"]).current_dir(extension).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
