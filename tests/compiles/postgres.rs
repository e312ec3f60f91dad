//! A PostgreSQL of a test's own, in a folder that goes with it.
//!
//! Invariant: it runs as somebody who is not root, which PostgreSQL asks for, and is stopped when it is dropped.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::{as_user, free_port, output};

/// Who runs it, where the tests run as root.
const USER: &str = "postgres";

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
        let folder = PathBuf::from(output(as_user(USER, Path::new("mktemp")).arg("-d")).trim());
        let port = free_port();
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
        as_user(USER, &self.programs.join(name))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.program("pg_ctl").args(["stop", "--mode=immediate", "--pgdata"]).arg(self.data()).output();
        let _ = as_user(USER, Path::new("rm")).arg("-r").arg(&self.folder).output();
    }
}
