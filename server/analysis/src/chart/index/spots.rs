//! What stands at a place: subjects by file and position.
//!
//! One notion for all that asks by place: hovers, definitions, lenses, explanations. Invariant: within a file spots are sorted by their start.

use portolan_grammars::facts::TextRange;
use rustc_hash::FxHashMap;

use super::{AccessRef, CollectionRef, EndRef, RpcRef};
use crate::chart::{CallIndex, EndpointIndex, ServiceIndex, VariableIndex};
use crate::files::Files;
use crate::{FileId, Place};

/// Something of the chart that stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// An outbound call.
    Call(CallIndex),
    /// A call whose target could not be settled, as a position in [`crate::chart::Chart::unresolved`].
    Unresolved(u32),
    /// An endpoint: its declaration, or the name of its handler.
    Endpoint(EndpointIndex),
    /// A publish.
    Producer(EndRef),
    /// A subscription, or the name of its handler.
    Consumer(EndRef),
    /// A query or a call of a model.
    Access(AccessRef),
    /// A declaration of a table or collection.
    Collection(CollectionRef),
    /// An environment variable: where it is read, and where it is set.
    Variable(VariableIndex),
    /// A service, where a manifest names it.
    Service(ServiceIndex),
    /// A declaration of an rpc.
    Rpc(RpcRef),
}

impl Subject {
    /// Whether a boundary is crossed there; else it is a name or a declaration of something beyond one.
    pub fn is_crossing(self) -> bool {
        !matches!(self, Subject::Collection(_) | Subject::Variable(_) | Subject::Service(_) | Subject::Rpc(_))
    }
}

/// What stands where in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    start: u32,
    end: u32,
    subject: Subject,
}

/// The spots of all files.
#[derive(Debug, Default)]
pub(super) struct Spots(FxHashMap<FileId, FileSpots>);

/// The spots of a file by their start, and the length of the longest, which bounds how far to look back.
#[derive(Debug, Default)]
struct FileSpots {
    list: Vec<Spot>,
    longest: u32,
}

impl Spots {
    /// Puts a subject at a place.
    pub(super) fn add(&mut self, place: Place, subject: Subject) {
        let (start, end) = (place.range.start, place.range.end.max(place.range.start));
        self.0.entry(place.file).or_default().list.push(Spot { start, end, subject });
    }

    /// Makes it ready to be asked.
    pub(super) fn finish(&mut self) {
        for spots in self.0.values_mut() {
            spots.list.sort_unstable();
            spots.list.dedup();
            spots.longest = spots.list.iter().map(|spot| spot.end - spot.start).max().unwrap_or(0);
        }
    }

    /// All that stands at `offset`; the narrowest place wins and is the only one left.
    pub(super) fn at(&self, file: FileId, offset: u32) -> Vec<(Subject, Place)> {
        let Some(spots) = self.0.get(&file) else { return Vec::new() };
        let from = spots.list.partition_point(|spot| spot.start < offset.saturating_sub(spots.longest));
        let to = spots.list.partition_point(|spot| spot.start <= offset);
        let hits = || spots.list[from..to].iter().filter(|spot| offset <= spot.end);
        let Some(narrowest) = hits().map(|spot| spot.end - spot.start).min() else { return Vec::new() };
        let narrow = hits().filter(|spot| spot.end - spot.start == narrowest);
        narrow.map(|spot| (spot.subject, spot.place(file))).collect()
    }

    /// All that begins between two offsets, by place.
    pub(super) fn within(&self, file: FileId, start: u32, end: u32) -> Vec<(Subject, Place)> {
        let Some(spots) = self.0.get(&file) else { return Vec::new() };
        let (from, to) = (spots.list.partition_point(|spot| spot.start < start), spots.list.partition_point(|spot| spot.start <= end));
        spots.list[from..to.max(from)].iter().map(|spot| (spot.subject, spot.place(file))).collect()
    }
}

impl Spot {
    fn place(&self, file: FileId) -> Place {
        Place { file, range: TextRange { start: self.start, end: self.end } }
    }
}

/// The part of a place on its first line: a route's declaration may hold its whole handler.
pub(super) fn first_line(files: &Files, at: Place) -> Place {
    let Some(facts) = files.facts(at.file) else { return at };
    let next_line = facts.line_starts.get(facts.line(at.range.start) as usize).copied();
    let end = next_line.map_or(at.range.end, |next| at.range.end.min(next.saturating_sub(1))).max(at.range.start);
    Place { file: at.file, range: TextRange { start: at.range.start, end } }
}
