//! The binary; everything is in the library, so that tests can call it.

use std::process::ExitCode;

fn main() -> ExitCode {
    portolan::cli::run(std::env::args_os())
}
