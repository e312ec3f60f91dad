//! How long the rules take: all as a share of a first chart and of an edit, and those that take longest alone.
//!
//! `cargo bench -p portolan-tests --bench rules -- FOLDER [ROUNDS]`. An edit is a function more or less in the largest source: *edit* is from the
//! facts of that file to the next snapshot, rules included; reading the file, which an editor's old tree makes cheap, is left out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portolan_analysis::rules;
use portolan_grammars::{FileFacts, FileKind};
use portolan_tests::disk;

/// How many rules are shown alone.
const SHOWN: usize = 8;

fn main() {
    // cargo adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let folder = arguments.next().map_or_else(|| disk::workspace("chandlery"), PathBuf::from).canonicalize().unwrap();
    let rounds: usize = arguments.next().map_or(5, |rounds| rounds.parse().unwrap());
    let start = Instant::now();
    let mut world = portolan::load(&folder).world;
    let snapshot = world.snapshot();
    let cold = start.elapsed();
    let all = median(rounds, || rules::check(&snapshot).open.len());
    println!("{}: median of {rounds}", folder.display());
    println!("{:<27} {cold:>10.1?}", "cold chart");
    let share = |of: Duration| all.as_secs_f64() / of.as_secs_f64() * 100.0;
    println!("{:<27} {all:>10.1?}   {:.1} % of it", "all rules", share(cold));
    let (file, versions) = edited(&folder);
    let mut turn = versions.into_iter().cycle();
    let edit = median(rounds, || {
        world.set(file.as_str().into(), turn.next().unwrap());
        world.snapshot().findings.len()
    });
    println!("{:<27} {edit:>10.1?}   the rules are {:.1} % of it ({file})", "edit", share(edit));
    let mut each: Vec<(Duration, &str)> =
        rules::all().iter().map(|rule| (median(rounds, || rules::found_by(&snapshot, rule).len()), rule.name)).collect();
    each.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    for (time, name) in each.into_iter().take(SHOWN) {
        println!("{name:<27} {time:>10.1?}");
    }
}

/// The largest source of a folder, and what it says with a function more and as it is.
fn edited(folder: &std::path::Path) -> (String, [Arc<FileFacts>; 2]) {
    let files = portolan::discover(&portolan::roots::Roots::one(folder.to_owned())).files;
    let size = |file: &portolan::discover::Found| std::fs::metadata(&file.disk).map_or(0, |data| data.len());
    let sources =
        files.iter().filter(|file| matches!(file.kind, FileKind::Source(_)) && size(file) <= portolan_grammars::MAX_FILE_BYTES as u64);
    let file = sources.max_by_key(|file| size(file)).expect("the folder has no source");
    let text = std::fs::read_to_string(&file.disk).unwrap();
    let more = if file.relative.extension() == Some("rs") { "\nfn typed() {}\n" } else { "\nfunction typed() {}\n" };
    let read = |text: &str| Arc::new(portolan_grammars::read(&file.relative, text, file.kind));
    (file.relative.to_string(), [read(&format!("{text}{more}")), read(&text)])
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
