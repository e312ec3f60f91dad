//! What the tests share: runs of the real binary, the workspaces that they look at, and git.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// What came of a run.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the binary in a folder, without anything of the user's environment that could change its output.
pub(crate) fn portolan(folder: &Path, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(arguments)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("COLUMNS", "140")
        .current_dir(folder)
        .output()
        .unwrap();
    Run {
        code: output.status.code().expect("ended by a signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Run {
    /// All of it as one text, in which a folder has a name and the version none.
    pub(crate) fn shown(&self, folder: &Path, name: &str) -> String {
        let text = format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr);
        text.replace(folder.canonicalize().unwrap().to_str().unwrap(), name)
            .replace(folder.to_str().unwrap(), name)
            .replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
    }
}

/// The workspace that everything is shown with.
pub(crate) fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/workspaces/chandlery").canonicalize().unwrap()
}

/// A folder with files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(path, text)| write(&folder, path, text));
    folder
}

pub(crate) fn write(folder: &TempDir, path: &str, text: &str) {
    let path = folder.path().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

pub(crate) fn read(folder: &TempDir, path: &str) -> String {
    std::fs::read_to_string(folder.path().join(path)).unwrap()
}

/// Runs git, and gives what it says.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Makes a folder a repository with one commit.
pub(crate) fn commit_all(folder: &Path) {
    for arguments in [&["init", "-q"][..], &["add", "."], &["commit", "-qm", "before"]] {
        git(folder, arguments);
    }
}

/// Two services that write a table of one database.
pub(crate) fn shop(under: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let service =
        |name: &str| format!("  {name}:\n    build: ./{name}\n    environment: {{ DATABASE_URL: \"postgres://app@db:5432/shop\" }}\n");
    let compose = format!("services:\n{}{}  db: {{ image: \"postgres:16\" }}\n", service("orders"), service("shipping"));
    write(&folder, &format!("{under}compose.yaml"), &compose);
    for name in ["orders", "shipping"] {
        let package = format!(r#"{{ "name": "{name}", "main": "src/index.ts", "dependencies": {{ "pg": "8.12.0" }} }}"#);
        write(&folder, &format!("{under}{name}/package.json"), &package);
    }
    write_tables(&folder, under, &["orders"]);
    folder
}

/// Lets both services of a shop write these tables.
pub(crate) fn write_tables(shop: &TempDir, under: &str, tables: &[&str]) {
    for name in ["orders", "shipping"] {
        write(shop, &format!("{under}{name}/src/index.ts"), &writing(tables));
    }
}

/// Code that writes tables.
pub(crate) fn writing(tables: &[&str]) -> String {
    const POOL: &str = "import { Pool } from \"pg\";\nconst pool = new Pool({ connectionString: process.env.DATABASE_URL });\n";
    let line = |table: &&str| format!("setInterval(() => pool.query(\"UPDATE {table} SET state = 1\"), 1000);\n");
    POOL.to_owned() + &tables.iter().map(line).collect::<String>()
}
