//! Calls that are made only by one of several kinds of one thing: `kind === "s3" ? new S3Files() : new AzureFiles()`.
//!
//! Where a decision makes one of several classes that have a base in common, or types that have a trait, what only one of them calls is called
//! only if it is chosen. That is told as evidence, with the place of the choice. What deliberately does not live here: what is chosen, which most
//! often a setting says. Invariant: a kind that is made anywhere without a decision between kinds is not said to be chosen.

use std::collections::BTreeMap;

use portolan_grammars::facts::{Expr, ExprId, FunctionId, RegionId, RegionKind, ResultUse, SourceFacts, Symbol, TextRange, TypeKind};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Input;
use crate::chart::{Call, Evidence};
use crate::resolve::evaluate::{around, regions_around};
use crate::resolve::index::last_segment;
use crate::resolve::link::FileLink;
use crate::resolve::switches::region_at;
use crate::resolve::value::ClassRef;
use crate::{FileId, FunctionRef, Place};

/// What a method needs an instance of: an ECMAScript class, or a Rust type by its own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kind<'a> {
    Class(ClassRef),
    Type(&'a str),
}

/// A place where a kind is made or named.
#[derive(Debug, Clone, Copy)]
struct Site<'a> {
    kind: Kind<'a>,
    place: TextRange,
    region: RegionId,
    /// Whether it is what its function gives back: the last of several kinds needs no arm of its own.
    returned: bool,
}

/// Says of calls that only a chosen kind makes where that is chosen.
pub(super) fn tell(input: &Input<'_>, calls: &mut [Call]) {
    let choices = Choices::of(input, calls.iter().map(|call| call.function));
    let mut known: FxHashMap<Kind<'_>, Option<Evidence>> = FxHashMap::default();
    for call in calls {
        let Some(kind) = kind_of(input, call.function) else { continue };
        if let Some(chosen) = known.entry(kind).or_insert_with(|| choices.chosen(kind)) {
            call.evidence.push(chosen.clone());
        }
    }
}

/// Where kinds are made.
struct Choices<'a> {
    input: &'a Input<'a>,
    /// All places where kinds are made, of the files in which one is that is asked for.
    made: Vec<(FileId, &'a SourceFacts, Vec<Site<'a>>)>,
    /// The workspace's traits that each Rust type implements.
    traits: FxHashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Choices<'a> {
    fn of(input: &'a Input<'a>, functions: impl Iterator<Item = FunctionRef>) -> Self {
        let kinds: FxHashSet<Kind<'a>> = functions.filter_map(|function| kind_of(input, function)).collect();
        // Only files that name one of them are looked at as a whole.
        let names = |link: &FileLink| {
            link.classes.iter().any(|(_, class)| kinds.contains(&Kind::Class(*class)))
                || link.named_types.iter().any(|named| kinds.contains(&Kind::Type(&named.name)))
        };
        let made = linked(input).filter(|(_, link, _)| names(link)).map(|(file, link, facts)| {
            let sites =
                if facts.language.is_ecmascript() { classes_made(input, link, facts) } else { types_made(input, file, link, facts) };
            (file, facts, sites)
        });
        let made = made.collect();
        let traits = if kinds.iter().any(|kind| matches!(kind, Kind::Type(_))) { traits(input) } else { FxHashMap::default() };
        Self { input, made, traits }
    }

    /// Where a kind is chosen, if it is made nowhere without being chosen.
    fn chosen(&self, kind: Kind<'a>) -> Option<Evidence> {
        let mut found = None;
        for (file, facts, sites) in &self.made {
            for site in sites.iter().filter(|site| site.kind == kind) {
                let (base, count) = self.beside(facts, sites, site)?;
                let what = format!("one of {count} kinds of {base}, chosen here");
                found.get_or_insert(Evidence { what, place: Place { file: *file, range: site.place } });
            }
        }
        found
    }

    /// What a kind has in common with others that the same decision makes, and how many of these there are with it.
    fn beside(&self, facts: &SourceFacts, sites: &[Site<'a>], site: &Site<'a>) -> Option<(&'a str, usize)> {
        let decision = |site: &Site<'_>| match arm(facts, site.region) {
            Some(arm) => facts.region(arm).parent,
            None => site.returned.then_some(site.region),
        };
        let here = decision(site)?;
        let own = self.bases(site.kind);
        let mut shared: BTreeMap<&'a str, FxHashSet<Kind<'a>>> = BTreeMap::new();
        for other in sites.iter().filter(|other| other.kind != site.kind && decision(other) == Some(here)) {
            for base in self.bases(other.kind).into_iter().filter(|base| own.contains(base)) {
                shared.entry(base).or_default().insert(other.kind);
            }
        }
        let (base, others) = shared.into_iter().max_by_key(|(_, others)| others.len())?;
        Some((base, others.len() + 1))
    }

    /// The names of what a class extends and implements, or of the workspace's traits that a type implements.
    fn bases(&self, kind: Kind<'a>) -> Vec<&'a str> {
        match kind {
            Kind::Class(class) => {
                let facts = self.input.files.source(class.file);
                facts.map_or(Vec::new(), |facts| facts.type_def(class.class).bases.iter().map(|base| last_segment(&base.path)).collect())
            }
            Kind::Type(name) => self.traits.get(name).cloned().unwrap_or_default(),
        }
    }
}

fn linked<'a>(input: &'a Input<'a>) -> impl Iterator<Item = (FileId, &'a FileLink, &'a SourceFacts)> {
    let links = (0..).map(FileId).zip(input.links);
    links.filter_map(|(file, link)| Some((file, link.as_deref()?, input.files.source(file)?)))
}

/// The class or type whose method a function is, or stands in.
fn kind_of<'a>(input: &'a Input<'a>, function: FunctionRef) -> Option<Kind<'a>> {
    let facts = input.files.source(function.file)?;
    around(facts, function.function).map(|at| facts.function(at)).find_map(|here| match (here.owner, &here.impl_of) {
        (Some(class), _) => Some(facts.language.is_ecmascript().then_some(Kind::Class(ClassRef { file: function.file, class }))),
        (None, Some(of)) => Some(Some(Kind::Type(last_segment(of)))),
        (None, None) => None,
    })?
}

/// The classes that functions of a file construct or name, each with its places.
fn classes_made<'a>(input: &'a Input<'a>, link: &FileLink, facts: &'a SourceFacts) -> Vec<Site<'a>> {
    let mut named: FxHashMap<(FunctionId, &Symbol), Vec<ExprId>> = FxHashMap::default();
    for (at, expr) in facts.exprs.iter().enumerate() {
        if let Expr::Name(name) = &expr.kind {
            named.entry((expr.function, name)).or_default().push(ExprId(at as u32));
        }
    }
    let returned: FxHashSet<ExprId> =
        facts.calls.iter().filter(|call| call.result == ResultUse::Returned).map(|call| call.callee).collect();
    let mut made = Vec::new();
    for &(maker, class) in &link.classes {
        let Some(declared) = input.files.source(class.file).map(|facts| facts.type_def(class.class)) else { continue };
        for expr in named.get(&(maker, &declared.name)).into_iter().flatten() {
            let place = facts.expr_range(*expr);
            if let Some(region) = region_at(facts, place) {
                made.push(Site { kind: Kind::Class(class), place, region, returned: returned.contains(expr) });
            }
        }
    }
    made
}

/// The Rust types of which functions of a file call what makes one, each with the place of the call. What a type's own functions do is left out.
fn types_made<'a>(input: &'a Input<'a>, file: FileId, link: &FileLink, facts: &'a SourceFacts) -> Vec<Site<'a>> {
    let calls = link.edges.iter().filter_map(|edge| Some((edge, edge.call.filter(|call| call.file == file)?)));
    let made = calls.filter_map(|(edge, call)| {
        let callee = input.files.function(edge.callee)?;
        let kind = Kind::Type(last_segment(callee.impl_of.as_deref().filter(|_| !callee.has_self)?));
        let is_own = kind_of(input, FunctionRef { file, function: edge.caller }) == Some(kind);
        let call = facts.call(call.call);
        (!is_own).then_some(Site { kind, place: call.name_range, region: call.region, returned: call.result == ResultUse::Returned })
    });
    made.collect()
}

fn traits<'a>(input: &'a Input<'a>) -> FxHashMap<&'a str, Vec<&'a str>> {
    let rust = || linked(input).filter(|(_, _, facts)| !facts.language.is_ecmascript()).map(|(_, _, facts)| facts);
    let declared = rust().flat_map(|facts| &facts.types).filter(|def| def.kind == TypeKind::Trait);
    let declared: FxHashSet<&str> = declared.map(|def| def.name.as_str()).collect();
    let mut traits: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
    for block in rust().flat_map(|facts| &facts.impls) {
        let name = block.trait_ref.as_ref().map(|of| last_segment(&of.path));
        if let Some(name) = name.filter(|name| declared.contains(name)) {
            traits.entry(last_segment(&block.self_type.path)).or_default().push(name);
        }
    }
    traits
}

/// The innermost arm of a decision that a region is, or lies in; also of one around the closure that it is in.
fn arm(facts: &SourceFacts, region: RegionId) -> Option<RegionId> {
    regions_around(facts, region).find(|at| facts.region(*at).kind == RegionKind::Branch)
}
