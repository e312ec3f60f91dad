//! What happens in a function, in the order of its code: its own spans, and those of the functions that it calls.
//!
//! What deliberately does not live here: what follows from an order. Invariant: a function's moments are in the order of their places; what is
//! behind a moment is at most [`MAX_HOPS`] functions deep.

use rustc_hash::FxHashMap;

use super::Context;
use crate::chart::ServiceIndex;
use crate::chart::flow::Spot;
use crate::chart::index::Runner;
use crate::chart::operation::SpanRef;
use crate::{FunctionRef, Place};

/// Functions between a moment and a span behind it.
const MAX_HOPS: u32 = 2;
/// Functions that are looked at for one span.
const MAX_AROUND: usize = 40;

/// Something that happens in a function.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// Where: a span, or the call of the function that it is behind.
    pub(super) place: Place,
    /// The spans, each with whether nobody waits for it.
    pub(super) spans: Vec<(SpanRef, bool)>,
}

/// Functions whose moments were asked for.
#[derive(Debug)]
pub(super) struct Moments<'a> {
    context: &'a Context<'a>,
    behind: FxHashMap<(FunctionRef, u32), Vec<(SpanRef, bool)>>,
}

impl<'a> Moments<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self { context, behind: FxHashMap::default() }
    }

    /// What happens in a function when the process of a service runs it.
    pub(super) fn of(&mut self, service: ServiceIndex, function: FunctionRef) -> Vec<Moment> {
        let (chart, index) = (self.context.chart, self.context.index);
        let mut moments: Vec<Moment> = Vec::new();
        for span in index.spans_in(function).filter(|span| span.service(chart) == service) {
            let place = span.place(chart);
            match moments.iter_mut().find(|moment| moment.place == place) {
                Some(moment) => moment.spans.push((span, self.is_detached(span))),
                None => moments.push(Moment { place, spans: vec![(span, self.is_detached(span))] }),
            }
        }
        let files = &self.context.snapshot.files;
        for edge in index.edges_of(function) {
            let dropped = edge.detached || Spot::at(files, edge.place).is_some_and(|spot| spot.is_dropped());
            let behind = self.behind(edge.callee, MAX_HOPS).iter().filter(|(span, _)| span.service(chart) == service);
            let spans: Vec<(SpanRef, bool)> = behind.map(|(span, detached)| (*span, *detached || dropped)).collect();
            if !spans.is_empty() {
                moments.push(Moment { place: edge.place, spans });
            }
        }
        moments.sort_by_key(|moment| moment.place);
        moments
    }

    /// Whether nobody waits for a span, be it because what is called there does not.
    fn is_detached(&self, span: SpanRef) -> bool {
        let (chart, index) = (self.context.chart, self.context.index);
        index.is_detached(span.place(chart)) || matches!(span, SpanRef::Access(access) if access.of(chart).detached)
    }

    /// The spans that a function reaches. Recurses at most [`MAX_HOPS`] deep.
    fn behind(&mut self, function: FunctionRef, hops: u32) -> &[(SpanRef, bool)] {
        if !self.behind.contains_key(&(function, hops)) {
            let index = self.context.index;
            let mut spans: Vec<(SpanRef, bool)> = index.spans_in(function).map(|span| (span, self.is_detached(span))).collect();
            if hops > 0 {
                for edge in index.edges_of(function) {
                    let dropped = edge.detached || index.is_detached(edge.place);
                    let deeper: Vec<(SpanRef, bool)> = self.behind(edge.callee, hops - 1).to_vec();
                    spans.extend(deeper.into_iter().map(|(span, detached)| (span, detached || dropped)));
                }
            }
            spans.sort_unstable();
            spans.dedup_by_key(|(span, _)| *span);
            self.behind.insert((function, hops), spans);
        }
        self.behind.get(&(function, hops)).map_or(&[], Vec::as_slice)
    }

    /// The functions in which something happens: a span's own, and those that run it, at most [`MAX_HOPS`] away, the nearest first; each with
    /// the place in it.
    pub(super) fn around(&self, function: FunctionRef, place: Place) -> Vec<(FunctionRef, Place)> {
        let mut around = vec![(function, place, 0)];
        let mut at = 0;
        while let Some(&(function, _, hops)) = around.get(at) {
            at += 1;
            if hops < MAX_HOPS {
                let waits = |runner: &&Runner| !runner.detached || self.context.chart.is_after_commit(runner.place);
                let runners = self.context.index.runners_of(function).iter().filter(waits);
                for runner in runners {
                    if around.len() < MAX_AROUND && !around.iter().any(|(known, ..)| *known == runner.function) {
                        around.push((runner.function, runner.place, hops + 1));
                    }
                }
            }
        }
        around.into_iter().map(|(function, place, _)| (function, place)).collect()
    }
}

/// Whether something happens once something else of the same function has.
pub(super) fn follows(context: &Context<'_>, later: Place, earlier: Place) -> bool {
    let files = &context.snapshot.files;
    later.file == earlier.file
        && Spot::at(files, later).zip(Spot::at(files, earlier)).is_some_and(|(later, earlier)| later.follows(&earlier))
}
