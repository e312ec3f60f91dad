//! Classes that a framework's modules list as what may be injected, and what a file says of who is given them.
//!
//! A class that only stands in such lists is made by the framework, and its methods are called by nobody: whoever calls one was given an
//! instance, by a type, a token or a container, and for that the class is named somewhere else, too. What deliberately does not live here: which
//! files a process loads, and so who names what in it, see [`super::assemble`]. Invariant: names tell, not what they lead to, so one name too many
//! only keeps a class that nobody is given.

use portolan_grammars::catalog::{Family, ListedClass, Meaning};
use portolan_grammars::facts::{
    Attribute, Entry, Expr, ExprId, FunctionId, FunctionKind, Imported, Object, SourceFacts, Symbol, TypeDef, TypeId, TypeKind, TypeRef,
};
use rustc_hash::FxHashSet;

use super::link::Linker;
use super::spans::Walk;

/// What an ECMAScript file says of classes that modules list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listed {
    /// Its own classes of which methods run only for who is given an instance.
    pub classes: Vec<TypeId>,
    /// What modules of the file list by name, be it a class or a list.
    pub named: Vec<Symbol>,
    /// Constant lists of the file's own, each with what stands in it by name.
    pub lists: Vec<(Symbol, Symbol)>,
    /// What it names in any other way than in lists, sorted; of capitalized names alone, as classes and such lists have.
    pub held: Vec<Symbol>,
}

impl<'w> Linker<'w> {
    /// Notes which classes of an ECMAScript file modules may list, and which it names in another way.
    pub(super) fn listed_classes(&mut self, walk: &Walk<'w>) {
        let facts = walk.facts;
        if !facts.language.is_ecmascript() {
            return;
        }
        let cx = self.evaluator.cx;
        let libraries = cx.catalog.listing(Family::from(facts.language)).filter(|library| cx.workspace_depends_on(&library.packages));
        let entries: Vec<&ListedClass> = libraries.flat_map(|library| &library.listed_class).collect();
        // Who names a class in a workspace that no such module can be in, nobody asks.
        if entries.is_empty() {
            return;
        }
        let mut listed = Listed::default();
        let in_lists = self.names_in_lists(facts, &entries, &mut listed);
        listed.held = held(facts, &in_lists);
        let classes = (0..facts.types.len() as u32).map(TypeId);
        listed.classes = classes.filter(|class| self.runs_for_holders(facts, *class)).collect();
        self.link.listed = listed;
    }

    /// Whether the methods of a class run for nobody but who is given an instance of it.
    fn runs_for_holders(&mut self, facts: &SourceFacts, class: TypeId) -> bool {
        let def = facts.type_def(class);
        // Whatever it implements or is derived from, somebody may be given it as that.
        let is_plain =
            def.kind == TypeKind::Class && def.function == FunctionId::MODULE && def.bases.is_empty() && def.superclass.is_none();
        let [decorator] = def.attributes.as_slice() else { return false };
        if !is_plain || def.name.is_empty() || is_handed_out_by_default(facts, class) || gives_itself_away(facts, def) {
            return false;
        }
        let Some(called) = self.called_when_listed(def, decorator) else { return false };
        let methods = || def.methods.iter().map(|method| facts.function(*method));
        methods().all(|method| method.attributes.is_empty() && !called.contains(&method.name))
    }

    /// The methods that a library calls by name on what is listed, if a decorator says that a class is.
    fn called_when_listed(&mut self, def: &TypeDef, decorator: &Attribute) -> Option<FxHashSet<Symbol>> {
        let found = self.evaluator.attribute_callees(self.file, def.function, &decorator.path);
        let catalog = self.evaluator.cx.catalog;
        let mut meanings = found.iter().flat_map(|found| catalog.attribute_meanings(found.library, &found.name).iter());
        match (meanings.next(), meanings.next()) {
            (Some(Meaning::ListedClass(entry)), None) => Some(entry.called.iter().cloned().collect()),
            _ => None,
        }
    }

    /// The names that stand in lists of modules, and in constants that such lists may be made of.
    fn names_in_lists(&mut self, facts: &SourceFacts, entries: &[&ListedClass], listed: &mut Listed) -> FxHashSet<ExprId> {
        let mut found = FxHashSet::default();
        for attribute in facts.types.iter().flat_map(|def| &def.attributes).filter(|attribute| !attribute.args.is_empty()) {
            if self.evaluator.is_decorated_by_library(self.file, &attribute.path) {
                attribute.args.iter().for_each(|argument| add_lists_of(facts, entries, *argument, &mut found));
            }
        }
        for (at, expression) in facts.exprs.iter().enumerate() {
            if let Expr::Object(object) = &expression.kind
                && entries.iter().any(|entry| is_module(object, entry))
            {
                add_lists_of(facts, entries, ExprId(at as u32), &mut found);
            }
        }
        let names = found.iter().filter_map(|name| if let Expr::Name(name) = facts.expr(*name) { Some(name.clone()) } else { None });
        listed.named = names.collect();
        listed.named.sort_unstable();
        for binding in facts.bindings.iter().filter(|binding| binding.constant && binding.function == FunctionId::MODULE) {
            let Some(value) = binding.value.filter(|_| is_capitalized(&binding.name)) else { continue };
            if matches!(facts.expr(value), Expr::Array(_)) {
                for name in names_in(facts, value) {
                    found.insert(name);
                    if let Expr::Name(name) = facts.expr(name) {
                        listed.lists.push((binding.name.clone(), name.clone()));
                    }
                }
            }
        }
        found
    }
}

/// Whether an object is a module where no decorator takes it: it says so, or has several of a module's lists.
fn is_module(object: &Object, entry: &ListedClass) -> bool {
    object.field(&entry.module).is_some() || entry.lists.iter().filter(|list| object.field(list).is_some()).count() > 1
}

/// Collects the names in the lists of what is a module.
fn add_lists_of(facts: &SourceFacts, entries: &[&ListedClass], module: ExprId, found: &mut FxHashSet<ExprId>) {
    let Expr::Object(object) = facts.expr(module) else { return };
    let is_list = |key: &Symbol| entries.iter().any(|entry| entry.lists.iter().any(|list| list == key));
    for entry in &object.entries {
        if let Entry::Field { name, value, .. } = entry
            && is_list(name)
        {
            found.extend(names_in(facts, *value));
        }
    }
}

/// The names that a list is made of, or the one by which it goes.
fn names_in(facts: &SourceFacts, list: ExprId) -> Vec<ExprId> {
    let elements = match facts.expr(list) {
        Expr::Name(_) => return vec![list],
        Expr::Array(elements) => elements,
        _ => return Vec::new(),
    };
    let names = elements.iter().filter_map(|element| match facts.expr(*element) {
        Expr::Name(_) => Some(*element),
        Expr::Element(list) => matches!(facts.expr(*list), Expr::Name(_)).then_some(*list),
        _ => None,
    });
    names.collect()
}

/// What a file names, but for names in lists, what it only hands out or on under the same name, and what a class says of itself.
fn held(facts: &SourceFacts, in_lists: &FxHashSet<ExprId>) -> Vec<Symbol> {
    let mut held: FxHashSet<Symbol> = FxHashSet::default();
    let handed_out: FxHashSet<ExprId> = facts.exports.iter().map(|export| export.value).collect();
    for (at, expression) in facts.exprs.iter().enumerate() {
        match &expression.kind {
            Expr::Name(name) if is_capitalized(name) => {
                let at = ExprId(at as u32);
                let is_itself = || facts.types.iter().any(|def| def.name == *name && def.range.contains(expression.range));
                if !in_lists.contains(&at) && !handed_out.contains(&at) && !is_itself() {
                    held.insert(name.clone());
                }
            }
            Expr::Member { name, .. } if is_capitalized(name) => _ = held.insert(name.clone()),
            _ => {}
        }
    }
    for export in &facts.exports {
        if let Expr::Name(name) = facts.expr(export.value)
            && *name != export.name
        {
            held.insert(name.clone());
        }
    }
    for import in &facts.imports {
        if let Imported::Named(name) = &import.imported
            && *name != import.local
        {
            held.insert(name.clone());
        }
    }
    let of_functions =
        facts.functions.iter().flat_map(|function| function.params.iter().filter_map(|param| param.ty.as_ref()).chain(&function.result));
    let of_types = facts.types.iter().flat_map(|def| def.fields.iter().filter_map(|field| field.ty.as_ref()).chain(&def.bases));
    let mut types: Vec<&TypeRef> =
        of_functions.chain(of_types).chain(facts.bindings.iter().filter_map(|binding| binding.ty.as_ref())).collect();
    while let Some(ty) = types.pop() {
        types.extend(&ty.args);
        held.extend(ty.path.split('.').filter(|name| is_capitalized(name)).map(Symbol::new));
    }
    let mut held: Vec<Symbol> = held.into_iter().collect();
    held.sort_unstable();
    held
}

/// Whether a file hands a class out by default, or as all that it is: it has whatever name it is imported by.
fn is_handed_out_by_default(facts: &SourceFacts, class: TypeId) -> bool {
    let name = &facts.type_def(class).name;
    let is_it = |value: ExprId| match facts.expr(value) {
        Expr::Name(named) => named == name,
        Expr::Class(named) => *named == class,
        _ => false,
    };
    facts.exports.iter().any(|export| export.name != *name && is_it(export.value))
}

/// Whether somebody may have an instance of a class because that hands itself on, or its constructor calls anything.
fn gives_itself_away(facts: &SourceFacts, def: &TypeDef) -> bool {
    let members: FxHashSet<ExprId> = facts
        .exprs
        .iter()
        .filter_map(|expression| match &expression.kind {
            Expr::Member { object, .. } if def.range.contains(expression.range) => Some(*object),
            _ => None,
        })
        .collect();
    let mut own = facts.exprs.iter().enumerate().filter(|(_, expression)| def.range.contains(expression.range));
    let hands_on = own.any(|(at, expression)| matches!(expression.kind, Expr::This) && !members.contains(&ExprId(at as u32)));
    let constructors = def.methods.iter().map(|method| facts.function(*method)).filter(|method| method.kind == FunctionKind::Constructor);
    hands_on || constructors.into_iter().any(|constructor| facts.calls.iter().any(|call| constructor.range.contains(call.range)))
}

fn is_capitalized(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
}
