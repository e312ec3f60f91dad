//! The editor extensions' own checks, tests and packages, so that one command tests all; and the server in real editors, set up as their pages in
//! `editors/` say. They need Node 20 and npm; those in editors, which are run by name, need the editors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod helix;

use std::path::Path;
use std::process::{Command, Output};

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
#[ignore = "installs VS Code's workbench; needs Chromium and a C++ compiler"]
fn the_extension_works_in_a_workbench() {
    let extension = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("editors/vscode");
    if outdated(&extension) {
        npm(&extension, &["ci", "--no-audit", "--no-fund"]);
    }
    npm(&extension, &["run", "workbench"]);
}

/// A copy of the demonstration workspace.
fn shop() -> disk::Folder {
    let copy = disk::Folder::empty();
    for (path, text) in disk::texts(&disk::workspace("chandlery")) {
        copy.write(path.as_str(), &text);
    }
    copy
}

/// The search path, with the server in front, built anew.
fn path_with_server() -> String {
    let built = Command::new(env!("CARGO")).args(["build", "--quiet", "-p", "portolan"]).status().unwrap();
    assert!(built.success(), "the server does not build");
    // Tests lie in a folder beside it.
    let server = std::env::current_exe().unwrap().parent().unwrap().with_file_name("");
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(server).chain(std::env::split_paths(&others));
    std::env::join_paths(all).unwrap().into_string().unwrap()
}

/// One of the blocks of code in a language on an editor's page.
fn page_block(editor: &str, language: &str, number: usize) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("editors").join(editor).join("README.md");
    let text = std::fs::read_to_string(page).unwrap();
    let block = text.split(&format!("```{language}\n")).nth(number + 1).expect("the page has the block");
    block.split("```").next().unwrap().to_owned()
}

fn shown(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    println!("{said}");
}

#[test]
#[ignore = "needs Neovim"]
fn the_server_works_in_neovim() {
    let shop = shop();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("editors/neovim.lua");
    let nvim = Command::new("nvim")
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"])
        .arg(format!("luafile {}", script.display()))
        .arg(shop.path())
        .env("PATH", path_with_server())
        .output();
    shown(&nvim.expect("Neovim is installed"));
}

#[test]
#[ignore = "needs Emacs 29 or later, whose own Eglot it drives"]
fn the_server_works_in_emacs() {
    let shop = shop();
    let home = disk::Folder::with(&[("setup.el", &page_block("emacs", "elisp", 0))]);
    let emacs = Command::new("emacs")
        .args(["-Q", "--batch", "-l"])
        .arg(home.path().join("setup.el"))
        .arg("-l")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("editors/emacs.el"))
        .arg(shop.path())
        .env("PATH", path_with_server())
        .output();
    shown(&emacs.expect("Emacs is installed"));
}

#[test]
#[ignore = "needs Helix and tmux"]
fn the_server_works_in_helix() {
    helix::shows_the_shop(&shop(), &page_block("helix", "toml", 0), &page_block("helix", "toml", 1), &path_with_server());
}

#[test]
#[ignore = "installs libraries"]
fn the_extension_for_zed_compiles() {
    let extension = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("editors/zed");
    let output = Command::new(env!("CARGO")).args(["check", "--quiet", "--locked"]).current_dir(extension).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
