//! Programs that a test runs, among them those of Debian's packages as somebody who is not root.
//!
//! Invariant: none is waited for without an end, so that a test which would never end fails and says what it waited for.

use std::io::Seek;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// A program as the user that Debian's package makes, where the tests run as root.
pub(super) fn as_user(user: &str, program: &Path) -> Command {
    if output(Command::new("id").arg("-u")).trim() != "0" {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]).arg(program).current_dir("/");
    command
}

/// How long a program may take: a busy machine fetches and compiles large libraries.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What a program says, which must succeed.
pub(super) fn output(command: &mut Command) -> String {
    // What it starts may keep a pipe open.
    let (out, err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command.stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let status = ended_within(&mut child, PATIENCE);
    let [out, err] = [out, err].map(|mut file| {
        file.rewind().unwrap();
        std::io::read_to_string(file).unwrap()
    });
    let how = status.map_or_else(|| format!("took more than {PATIENCE:?}"), |status| status.to_string());
    assert!(status.is_some_and(|status| status.success()), "{command:?}: {how}\n{out}\n{err}");
    out
}

/// How a program ended; nothing if it had to be killed, because it did not end in time.
pub(super) fn ended_within(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < patience {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// A port that nobody listens at.
pub(super) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
