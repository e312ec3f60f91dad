//! How long a first chart takes, as a ratio to a floor: walking, reading and parsing the same files, with the same threads, in the same run.
//!
//! Times are shown by the clock and as processor time of all threads: on a machine that others use too, the second says more.
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
    let (mut floors, mut reads, mut colds) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = 0;
    // One round for the disk's cache.
    floor(&folder);
    for _ in 0..rounds {
        let start = Start::now();
        bytes = floor(&folder);
        floors.push(start.elapsed());
        let start = Start::now();
        let mut loaded = portolan::load(&folder);
        reads.push(start.elapsed());
        let snapshot = loaded.world.snapshot();
        colds.push(start.elapsed());
        assert!(snapshot.revision > 0);
    }
    let threads = rayon::current_num_threads();
    println!("{}: {:.1} MB of source, {threads} threads, median of {rounds}", folder.display(), bytes as f64 / 1e6);
    let base = show("floor (walk, read, parse)", floors, None);
    show("all files read to facts", reads, Some(base));
    show("cold chart", colds, Some(base));
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

/// A time by the clock, and of the processor.
type Times = (Duration, Duration);

struct Start(Instant, Duration);

impl Start {
    fn now() -> Self {
        Self(Instant::now(), processor())
    }
    fn elapsed(&self) -> Times {
        (self.0.elapsed(), processor().saturating_sub(self.1))
    }
}

/// How long all threads of this process have run, as Linux tells: in hundredths of a second.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in parentheses may hold anything; user and system time are the 12th and 13th field behind it.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    Duration::from_millis(fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10)
}

fn show(name: &str, times: Vec<Times>, base: Option<Times>) -> Times {
    let (mut clock, mut processor): (Vec<_>, Vec<_>) = times.into_iter().unzip();
    let (clock, processor) = (median(&mut clock), median(&mut processor));
    let ratio = |time: Duration, base: Duration| time.as_secs_f64() / base.as_secs_f64();
    let ratios = base.map_or_else(String::new, |base| format!("   ratios {:.2}, {:.2}", ratio(clock, base.0), ratio(processor, base.1)));
    println!("{name:<27} {clock:>10.1?}   processor {processor:>8.2?}{ratios}");
    (clock, processor)
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
