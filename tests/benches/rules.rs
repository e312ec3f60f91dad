//! How long the rules take: all as a share of a first chart, which is what they cost after each edit, too, and those that take longest alone.
//!
//! `cargo bench -p portolan-tests --bench rules -- FOLDER [ROUNDS]`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use portolan_analysis::rules;
use portolan_tests::disk;

/// How many rules are shown alone.
const SHOWN: usize = 8;

fn main() {
    // cargo adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let folder = arguments.next().map_or_else(|| disk::workspace("chandlery"), PathBuf::from).canonicalize().unwrap();
    let rounds: usize = arguments.next().map_or(5, |rounds| rounds.parse().unwrap());
    let start = Instant::now();
    let snapshot = portolan::load(&folder).world.snapshot();
    let cold = start.elapsed();
    let all = median(rounds, || rules::check(&snapshot).open.len());
    println!("{}: median of {rounds}", folder.display());
    println!("{:<27} {cold:>10.1?}", "cold chart");
    println!("{:<27} {all:>10.1?}   {:.1} % of it", "all rules", all.as_secs_f64() / cold.as_secs_f64() * 100.0);
    let mut each: Vec<(Duration, &str)> =
        rules::all().iter().map(|rule| (median(rounds, || rules::found_by(&snapshot, rule).len()), rule.name)).collect();
    each.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    for (time, name) in each.into_iter().take(SHOWN) {
        println!("{name:<27} {time:>10.1?}");
    }
}

fn median(rounds: usize, mut run: impl FnMut() -> usize) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(run());
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}
