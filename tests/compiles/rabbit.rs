//! A RabbitMQ of a test's own, in a folder that goes with it.
//!
//! Invariant: it has ports and a mapper of ports of its own, and both are stopped when it is dropped.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::programs::{as_user, ended_within, free_port, output};

/// Who runs it, where the tests run as root.
const USER: &str = "rabbitmq";
/// Where Debian's package has its programs.
const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";
/// How long it may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A broker that is running.
pub(super) struct Rabbit {
    folder: PathBuf,
    settings: Vec<(&'static str, String)>,
    server: Child,
    /// Where it is reached.
    pub(super) url: String,
}

impl Rabbit {
    /// Starts a broker with nothing in it.
    pub(super) fn start() -> Self {
        let folder = PathBuf::from(output(as_user(USER, Path::new("mktemp")).arg("-d")).trim());
        let at = |name: &str| folder.join(name).display().to_string();
        let port = free_port();
        let settings = vec![
            ("HOME", folder.display().to_string()),
            ("RABBITMQ_NODENAME", "test@localhost".to_owned()),
            ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".to_owned()),
            ("RABBITMQ_NODE_PORT", port.to_string()),
            ("RABBITMQ_DIST_PORT", free_port().to_string()),
            ("ERL_EPMD_PORT", free_port().to_string()),
            ("RABBITMQ_MNESIA_BASE", at("data")),
            ("RABBITMQ_LOG_BASE", at("log")),
            ("RABBITMQ_PID_FILE", at("pid")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", at("plugins")),
            ("RABBITMQ_CONFIG_FILE", at("settings")),
            ("RABBITMQ_CONF_ENV_FILE", at("environment")),
        ];
        let server = program(&settings, &Path::new(PROGRAMS).join("rabbitmq-server"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("RabbitMQ's programs, as Debian's package `rabbitmq-server` has them");
        let rabbit = Self { folder, settings, server, url: format!("amqp://127.0.0.1:{port}") };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < PATIENCE, "RabbitMQ does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        rabbit
    }

    fn program(&self, path: &Path) -> Command {
        program(&self.settings, path)
    }
}

/// A program that knows of the broker.
fn program(settings: &[(&str, String)], path: &Path) -> Command {
    let mut command = as_user(USER, Path::new("env"));
    command.args(settings.iter().map(|(name, value)| format!("{name}={value}"))).arg(path);
    command
}

impl Drop for Rabbit {
    fn drop(&mut self) {
        let stop = self.program(&Path::new(PROGRAMS).join("rabbitmqctl")).arg("stop").stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let stopped = stop.ok().and_then(|mut stop| ended_within(&mut stop, PATIENCE));
        if stopped.is_none_or(|status| !status.success()) {
            let number = std::fs::read_to_string(self.folder.join("pid")).unwrap_or_default();
            let _ = Command::new("kill").args(["-KILL", number.trim()]).status();
        }
        ended_within(&mut self.server, PATIENCE);
        let _ = self.program(Path::new("epmd")).arg("-kill").output();
        let _ = as_user(USER, Path::new("rm")).arg("-r").arg(&self.folder).output();
    }
}
