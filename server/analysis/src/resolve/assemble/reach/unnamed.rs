//! Methods of ECMAScript classes that nothing in the workspace names: no process runs them.
//!
//! A name counts wherever it stands as a member, as a key or as a text, whatever it is read from. What deliberately does not live here: functions
//! outside of classes, see [`super::idle`]. Invariant: what a library may call by itself is never said to run nowhere: decorated methods, those of
//! classes with a base or an interface that the workspace does not declare, and those that are called like hooks.

use portolan_grammars::facts::{Entry, Expr, FunctionId, FunctionKind, SourceFacts, Symbol, TypeDef, TypeId, TypeKind};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::resolve::assemble::Input;
use crate::resolve::index::last_segment;
use crate::{FileId, FunctionRef};

/// First words of methods that libraries call on objects of their users: `onModuleInit`, `componentDidMount`.
const HOOKS: [&str; 11] = ["on", "before", "after", "handle", "did", "will", "should", "can", "component", "ng", "to"];

/// Keys by which a decorator gives a class a page whose text calls its methods.
const TEMPLATES: [&str; 2] = ["template", "templateUrl"];

/// The methods that nothing names.
pub(super) fn methods(input: &Input<'_>) -> FxHashSet<FunctionRef> {
    let sources = || (0..input.links.len() as u32).map(FileId).filter_map(|file| Some((file, input.files.source(file)?)));
    let ecmascript: Vec<(FileId, &SourceFacts)> = sources().filter(|(_, facts)| facts.language.is_ecmascript()).collect();
    let families = Families::of(ecmascript.iter().map(|(_, facts)| *facts));
    let mut asked: Vec<(FunctionRef, &Symbol)> = Vec::new();
    for (file, facts) in &ecmascript {
        for (at, class) in (0..).map(TypeId).zip(&facts.types).filter(|(_, def)| def.kind == TypeKind::Class) {
            if families.is_open(&class.name) || has_template(facts, class) || takes_itself_apart(facts, at) {
                continue;
            }
            asked.extend(class.methods.iter().filter_map(|method| {
                let declared = facts.function(*method);
                let is_plain = declared.kind == FunctionKind::Method && declared.attributes.is_empty() && !is_hook(&declared.name);
                is_plain.then_some((FunctionRef { file: *file, function: *method }, &declared.name))
            }));
        }
    }
    let names: FxHashSet<&Symbol> = asked.iter().map(|(_, name)| *name).collect();
    let named = ecmascript.par_iter().flat_map_iter(|(_, facts)| named_in(facts).filter(|name| names.contains(name)));
    let named: FxHashSet<&Symbol> = named.collect();
    asked.into_iter().filter(|(_, name)| !named.contains(name)).map(|(method, _)| method).collect()
}

/// Whether libraries may call a method for what it is called: a single word says little.
fn is_hook(name: &str) -> bool {
    let first = name.trim_start_matches('_').split(|letter: char| letter.is_ascii_uppercase() || letter == '_').next().unwrap_or_default();
    first.len() == name.trim_start_matches('_').len() || HOOKS.contains(&first)
}

fn has_template(facts: &SourceFacts, class: &TypeDef) -> bool {
    let options = class.attributes.iter().flat_map(|decorator| &decorator.args).filter_map(|argument| match facts.expr(*argument) {
        Expr::Object(object) => Some(object),
        _ => None,
    });
    options.into_iter().any(|object| TEMPLATES.iter().any(|key| object.field(key).is_some()))
}

/// Whether code of a class takes members of its own object by names that only running code knows: `this[name]()`.
fn takes_itself_apart(facts: &SourceFacts, class: TypeId) -> bool {
    let range = facts.type_def(class).range;
    let is_own = |object: &Expr| matches!(object, Expr::This | Expr::Super);
    facts.exprs.iter().any(|expression| match &expression.kind {
        Expr::Index { object, .. } => range.contains(expression.range) && is_own(facts.expr(*object)),
        _ => false,
    })
}

/// All that a file names which may be a method: members, keys, texts, and what interfaces ask for.
fn named_in(facts: &SourceFacts) -> impl Iterator<Item = &Symbol> {
    let in_code = facts.exprs.iter().flat_map(|expression| match &expression.kind {
        Expr::Member { name, .. } | Expr::Str(name) => vec![name],
        Expr::Object(object) => {
            let keys = object.entries.iter().filter_map(|entry| match entry {
                Entry::Field { name, .. } => Some(name),
                _ => None,
            });
            keys.collect()
        }
        _ => Vec::new(),
    });
    let interfaces = facts.types.iter().filter(|def| def.kind != TypeKind::Class);
    let asked = interfaces.flat_map(|def| {
        let methods = def.methods.iter().map(|method: &FunctionId| &facts.function(*method).name);
        def.fields.iter().map(|field| &field.name).chain(methods)
    });
    in_code.chain(asked)
}

/// Classes and interfaces by what they derive from, in either direction; all of one name are taken together.
struct Families<'a> {
    /// Another name of the same family, or itself.
    parent: FxHashMap<&'a str, &'a str>,
    /// Families with a base that the workspace does not declare.
    open: FxHashSet<&'a str>,
}

impl<'a> Families<'a> {
    fn of(sources: impl Iterator<Item = &'a SourceFacts> + Clone) -> Self {
        let types = || sources.clone().flat_map(|facts| &facts.types);
        let declared: FxHashSet<&str> = types().map(|def| def.name.as_str()).collect();
        let mut families = Self { parent: FxHashMap::default(), open: FxHashSet::default() };
        let mut open = Vec::new();
        for def in types() {
            let name = def.name.as_str();
            for base in def.bases.iter().map(|base| last_segment(&base.path)) {
                let (one, other) = (families.root(name), families.root(base));
                families.parent.insert(one, other);
                open.extend((!declared.contains(base)).then_some(base));
            }
            // A base that a call makes has no name.
            open.extend((def.superclass.is_some() && def.bases.is_empty()).then_some(name));
        }
        families.open = open.into_iter().map(|name| families.root(name)).collect();
        families
    }

    fn root(&self, name: &'a str) -> &'a str {
        let mut at = name;
        while let Some(parent) = self.parent.get(at).filter(|parent| **parent != at) {
            at = parent;
        }
        at
    }

    fn is_open(&self, name: &'a str) -> bool {
        name.is_empty() || self.open.contains(self.root(name))
    }
}
