//! Programs of Debian's packages, run for a test as somebody who is not root.

use std::path::Path;
use std::process::Command;

/// A program as the user that Debian's package makes, where the tests run as root.
pub(super) fn as_user(user: &str, program: &Path) -> Command {
    if output(Command::new("id").arg("-u")).trim() != "0" {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]).arg(program).current_dir("/");
    command
}

/// What a program says, which must succeed.
pub(super) fn output(command: &mut Command) -> String {
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

/// A port that nobody listens at.
pub(super) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
