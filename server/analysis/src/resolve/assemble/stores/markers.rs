//! Types that tell databases apart which one line opens: of `Pool<Orders>` and `Pool<Stock>` the two empty types, where `Pool<D>` holds its
//! parameter as a phantom only.
//!
//! What deliberately does not live here: databases whose addresses are known. Invariant: a type tells a database only where code asks for something
//! in its name, and only beside another such type.

use portolan_grammars::facts::{Expr, FunctionId, Language, SourceFacts, Symbol, TypeDef, TypeKind, TypeRef};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::chart::ServiceIndex;
use crate::resolve::assemble::Input;
use crate::resolve::assemble::reach::Reach;
use crate::resolve::index::last_segment;
use crate::{FileId, FunctionRef};

/// The types by which functions say which database they mean.
#[derive(Default)]
pub(super) struct Markers {
    /// Types around a phantom, with the packages that declare them.
    holders: Holders,
    /// By function, each with the type that is told apart by it, sorted.
    named: FxHashMap<FunctionRef, Vec<Named>>,
    /// Those that functions name which ask a database.
    asked: FxHashSet<Symbol>,
}

type Holders = FxHashMap<Symbol, Vec<Option<usize>>>;
/// A holder, and what it is given.
type Named = (Symbol, Symbol);

impl Markers {
    /// Those of a workspace in which one of some lines is a method of a type around a phantom.
    pub(super) fn of(input: &Input<'_>, mut lines: impl Iterator<Item = FunctionRef>) -> Self {
        let files = || (0..input.links.len() as u32).map(FileId).filter_map(|file| Some((file, rust(input, file)?)));
        let mut holders = Holders::default();
        for (file, facts) in files() {
            for def in facts.types.iter().filter(|def| holds_phantom(def)) {
                holders.entry(def.name.clone()).or_default().push(input.workspace.package_of(input.files.path(file)));
            }
        }
        if !lines.any(|line| package_of_holder(input, &holders, line).is_some()) {
            return Self::default();
        }
        let is_empty = |def: &&TypeDef| def.kind == TypeKind::Struct && def.fields.is_empty() && def.type_params.is_empty();
        let empty = files().flat_map(|(_, facts)| &facts.types).filter(is_empty).map(|def| &def.name).collect();
        let found = Search { holders: &holders, empty };
        let named: FxHashMap<FunctionRef, Vec<Named>> = files().flat_map(|(file, facts)| found.in_file(file, facts)).collect();
        let asking = input.links.iter().flatten().flat_map(|link| &link.accesses).filter_map(|access| named.get(&access.function));
        let asked: FxHashSet<Symbol> = asking.flatten().map(|(_, marker)| marker.clone()).collect();
        if asked.len() < 2 { Self::default() } else { Self { holders, named, asked } }
    }

    /// The types by which a service tells databases apart that a line opens; none where the line is no method of a type around a phantom.
    pub(super) fn of_line(&self, input: &Input<'_>, reach: &Reach, service: ServiceIndex, line: FunctionRef) -> Vec<Symbol> {
        let Some(package) = package_of_holder(input, &self.holders, line) else { return Vec::new() };
        let is_beside = |holder: &str| self.holders.get(holder).is_some_and(|packages| packages.contains(&package));
        let reached = self.named.iter().filter(|(function, _)| reach.has(service, **function));
        let meant = reached.flat_map(|(_, names)| names).filter(|(holder, marker)| is_beside(holder) && self.asked.contains(marker));
        let mut markers: Vec<Symbol> = meant.map(|(_, marker)| marker.clone()).collect();
        markers.sort_unstable();
        markers.dedup();
        markers
    }

    /// The only type by which a function says which database it means.
    pub(super) fn of_access(&self, function: FunctionRef) -> Option<&Symbol> {
        let (first, others) = self.named.get(&function)?.split_first()?;
        others.iter().all(|(_, marker)| *marker == first.1).then_some(&first.1)
    }
}

/// The package of a line that is a method of a type around a phantom which is declared there, too.
fn package_of_holder(input: &Input<'_>, holders: &Holders, line: FunctionRef) -> Option<Option<usize>> {
    let owner = last_segment(input.files.function(line)?.impl_of.as_ref()?);
    let package = input.workspace.package_of(input.files.path(line.file));
    holders.get(owner).filter(|packages| packages.contains(&package)).map(|_| package)
}

struct Search<'a> {
    holders: &'a Holders,
    /// Types that hold nothing.
    empty: FxHashSet<&'a Symbol>,
}

impl Search<'_> {
    /// What functions of a file name: in their signatures, in the fields of the type whose methods they are, and in what they call.
    fn in_file(&self, file: FileId, facts: &SourceFacts) -> Vec<(FunctionRef, Vec<Named>)> {
        let mut of_types: FxHashMap<&str, Vec<Named>> = FxHashMap::default();
        for def in &facts.types {
            def.fields.iter().filter_map(|field| field.ty.as_ref()).for_each(|ty| self.add(ty, of_types.entry(&def.name).or_default()));
        }
        let mut named: FxHashMap<FunctionId, Vec<Named>> = FxHashMap::default();
        for (at, function) in facts.functions.iter().enumerate() {
            let names = named.entry(FunctionId(at as u32)).or_default();
            let types = function.params.iter().filter_map(|param| param.ty.as_ref()).chain(&function.result);
            types.for_each(|ty| self.add(ty, names));
            let owner = function.impl_of.as_deref().map(last_segment);
            names.extend(owner.and_then(|owner| of_types.get(owner)).into_iter().flatten().cloned());
        }
        for call in facts.calls.iter().filter(|call| !call.type_args.is_empty()) {
            if let Expr::Path(path) = facts.expr(call.callee)
                && let Some(holder) = path.iter().find(|name| self.holders.contains_key(*name))
            {
                self.add_arguments(holder, &call.type_args, named.entry(call.function).or_default());
            }
        }
        let sorted = |(function, mut names): (FunctionId, Vec<Named>)| {
            names.sort_unstable();
            names.dedup();
            (!names.is_empty()).then_some((FunctionRef { file, function }, names))
        };
        named.into_iter().filter_map(sorted).collect()
    }

    fn add(&self, ty: &TypeRef, names: &mut Vec<Named>) {
        if let Some((holder, _)) = self.holders.get_key_value(last_segment(&ty.path)) {
            self.add_arguments(holder, &ty.args, names);
        }
        ty.args.iter().for_each(|argument| self.add(argument, names));
    }

    fn add_arguments(&self, holder: &Symbol, arguments: &[TypeRef], names: &mut Vec<Named>) {
        let markers = arguments.iter().filter_map(|argument| self.empty.get(&Symbol::new(last_segment(&argument.path))));
        names.extend(markers.map(|marker| (holder.clone(), (*marker).clone())));
    }
}

fn rust<'a>(input: &Input<'a>, file: FileId) -> Option<&'a SourceFacts> {
    input.files.source(file).filter(|facts| facts.language == Language::Rust)
}

/// Whether a type has a parameter that it holds as a phantom.
fn holds_phantom(def: &TypeDef) -> bool {
    let is_phantom =
        |ty: &TypeRef| last_segment(&ty.path) == "PhantomData" && ty.args.iter().any(|argument| def.type_params.contains(&argument.path));
    def.fields.iter().filter_map(|field| field.ty.as_ref()).any(is_phantom)
}
