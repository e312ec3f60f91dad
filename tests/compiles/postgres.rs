//! A PostgreSQL of a test's own, in a folder that goes with it.
//!
//! Invariant: it runs as somebody who is not root, which PostgreSQL asks for, and is stopped when it is dropped.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A server that is running.
pub(super) struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    /// Where it is reached.
    pub(super) url: String,
}

impl Postgres {
    /// Makes a database and starts a server for it.
    pub(super) fn start() -> Self {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin"));
        let programs = versions.max().expect("PostgreSQL's programs, as Debian's package `postgresql` has them");
        let folder = PathBuf::from(output(unprivileged(Path::new("mktemp")).arg("-d")).trim());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { programs, folder, url: format!("postgres://app@127.0.0.1:{port}/postgres") };
        output(server.program("initdb").args(["--username=app", "--auth=trust", "--no-sync", "--pgdata"]).arg(server.data()));
        let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {}", server.folder.display());
        let log = server.folder.join("log");
        output(
            server.program("pg_ctl").args(["start", "--wait", "--options", &options, "--pgdata"]).arg(server.data()).arg("--log").arg(log),
        );
        server
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn program(&self, name: &str) -> Command {
        unprivileged(&self.programs.join(name))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.program("pg_ctl").args(["stop", "--mode=immediate", "--pgdata"]).arg(self.data()).output();
        let _ = unprivileged(Path::new("rm")).arg("-r").arg(&self.folder).output();
    }
}

/// A program as the user that Debian's package makes, where the tests run as root.
fn unprivileged(program: &Path) -> Command {
    if output(Command::new("id").arg("-u")).trim() != "0" {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program).current_dir("/");
    command
}

fn output(command: &mut Command) -> String {
    // What it starts may keep a pipe open.
    let output = tempfile::tempfile().unwrap();
    let mut read = output.try_clone().unwrap();
    let status = command.stdout(output.try_clone().unwrap()).stderr(output).status();
    let mut text = String::new();
    std::io::Seek::rewind(&mut read).unwrap();
    std::io::Read::read_to_string(&mut read, &mut text).unwrap();
    assert!(status.is_ok_and(|status| status.success()), "{command:?} failed:\n{text}");
    text
}
