//! How long a first chart takes, as a ratio to a floor: walking, reading and parsing the same files, with the same threads, in the same run.
//!
//! `cargo bench -p portolan-tests --bench cold -- FOLDER [ROUNDS]`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portolan_grammars::FileKind;
use portolan_grammars::facts::Language;
use portolan_tests::disk;
use rayon::prelude::*;

fn main() {
    // cargo adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let folder = arguments.next().map_or_else(|| disk::workspace("chandlery"), PathBuf::from).canonicalize().unwrap();
    let rounds: usize = arguments.next().map_or(5, |rounds| rounds.parse().unwrap());
    let (mut floors, mut colds) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    // One round for the disk's cache.
    floor(&folder);
    for _ in 0..rounds {
        let start = Instant::now();
        bytes = floor(&folder);
        floors.push(start.elapsed());
        let start = Instant::now();
        let mut loaded = portolan::load(&folder);
        let snapshot = loaded.world.snapshot();
        colds.push(start.elapsed());
        assert!(snapshot.revision > 0);
    }
    let (floor, cold) = (median(&mut floors), median(&mut colds));
    let threads = rayon::current_num_threads();
    println!("{}: {:.1} MB of source, {threads} threads, median of {rounds}", folder.display(), bytes as f64 / 1e6);
    println!("floor (walk, read, parse)   {floor:>10.1?}");
    println!("cold chart                  {cold:>10.1?}   ratio {:.2}", cold.as_secs_f64() / floor.as_secs_f64());
    println!("peak memory                 {:>10}", peak_memory().unwrap_or_else(|| "unknown".to_owned()));
}

/// Walks, reads and parses every source file; the result is how many bytes they have.
fn floor(folder: &Path) -> usize {
    let roots = portolan::roots::Roots::one(folder.to_owned());
    let files = portolan::discover(&roots).files;
    let read = |file: &portolan::discover::Found| {
        let text = std::fs::read_to_string(&file.disk).ok()?;
        let parsed = text.len() <= portolan_grammars::MAX_FILE_BYTES && parse(file, &text);
        parsed.then_some(text.len())
    };
    files.par_iter().filter_map(read).sum()
}

fn parse(file: &portolan::discover::Found, text: &str) -> bool {
    let FileKind::Source(language) = file.kind else { return false };
    let grammar = match language {
        Language::Rust => tree_sitter_rust::LANGUAGE,
        Language::TypeScript | Language::JavaScript if file.path.extension() == Some("ts") => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        Language::TypeScript | Language::JavaScript => tree_sitter_typescript::LANGUAGE_TSX,
    };
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&grammar.into()).unwrap();
    parser.parse(text, None).is_some()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The most memory this process has held, as Linux tells.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib: f64 = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").parse().ok()?;
    Some(format!("{:.0} MB", kib / 1024.0))
}
