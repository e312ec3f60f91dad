//! The index of one file: what its facts have by a name.
//!
//! What deliberately does not live here: who else uses a name, see [`super::uses`]. Invariant: an index depends on its file's facts and the catalog alone.

use std::sync::Arc;

use portolan_grammars::catalog::Catalog;
use portolan_grammars::facts::{
    Binding, CallId, Entry, Expr, ExprId, FunctionId, FunctionKind, Imported, Object, SourceFacts, Symbol, TypeId,
};
use rustc_hash::FxHashMap;

use super::kept::Kept;
use super::uses::{UseKey, module_name, uses};

type ByName<T> = FxHashMap<Symbol, Vec<T>>;

/// What a source file has, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileIndex {
    /// Positions in `bindings`.
    pub bindings: ByName<u32>,
    /// Named functions.
    pub functions: ByName<FunctionId>,
    /// Types.
    pub types: ByName<TypeId>,
    /// Positions in `imports`, by local name.
    pub imports: ByName<u32>,
    /// Other names that what is imported has here, by its own: `__request` for `request`.
    pub aliases: ByName<Symbol>,
    /// Positions of glob imports.
    pub globs: Vec<u32>,
    /// Positions in `exports`, by outer name.
    pub exports: ByName<u32>,
    /// Positions in `assignments`, by the name or last member assigned to.
    pub assignments: ByName<u32>,
    /// Calls, by the last name of what is called.
    pub calls: ByName<CallId>,
    /// Struct literals, by the last segment of their type; `Self` is replaced by the type of the `impl`.
    pub literals: ByName<ExprId>,
    /// Positions in `impls`, by the last segment of the type's path.
    pub impls: ByName<u32>,
    /// Positions in `impls`, by the last segment of the trait's path.
    pub trait_impls: ByName<u32>,
    /// Types, by the last segment of each base.
    pub subtypes: ByName<TypeId>,
    /// Closures by the binding, assignment or object field that holds them: what a caller's name for them is.
    pub closure_names: FxHashMap<FunctionId, Symbol>,
    /// Objects, by the methods that are written in them: what `this` is there.
    pub object_of: FxHashMap<FunctionId, ExprId>,
    /// For functions, the call that they are an argument of, with the position.
    pub argument_of: FxHashMap<FunctionId, (CallId, u32)>,
    /// The same for functions that are fields of an object among the arguments, with the key.
    pub option_of: FxHashMap<FunctionId, (CallId, u32, Symbol)>,
    /// Objects that say what is injected for a token, by the token's name or text.
    pub providers: ByName<ExprId>,
    /// Objects with a text that may name an rpc or its service: what generated code describes services by.
    pub identities: Vec<ExprId>,
    /// The `super(…)` of each constructor that has one.
    pub super_calls: FxHashMap<FunctionId, CallId>,
    /// Whether its functions may make routers: it imports a library that has them, or loads what is known at run time only.
    pub may_make_routers: bool,
    /// Functions that constant objects of the module keep: ECMAScript only.
    pub kept: Vec<Kept>,
    /// Positions in `cases`, by the function that their regions are of.
    pub cases: FxHashMap<FunctionId, Vec<u32>>,
    /// Initializers that take long to evaluate, sorted.
    pub long_initializers: Box<[ExprId]>,
    /// How it uses names, sorted.
    pub uses: Box<[UseKey]>,
}

/// The last segment of a path written with `::` or `.`.
pub fn last_segment(path: &str) -> &str {
    path.rsplit(['.', ':']).next().unwrap_or(path)
}

/// A path with the import that its first segment stands for in place of that; `None` where none does.
pub fn with_import(facts: &SourceFacts, index: &FileIndex, path: &[Symbol]) -> Option<Vec<Symbol>> {
    let (first, rest) = path.split_first()?;
    let import = &facts.imports[*index.imports.get(first)?.first()? as usize];
    let Imported::Named(name) = &import.imported else { return None };
    let before = import.source.split("::").filter(|segment| !segment.is_empty()).map(Symbol::new);
    Some(before.chain([name.clone()]).chain(rest.iter().cloned()).collect())
}

/// The own name of what a path's last name means, where the file brought it in by another: `Mutex` of `use std::sync::Mutex as StdMutex`.
pub fn own_name<'a>(facts: &'a SourceFacts, path: &'a str) -> &'a str {
    let name = last_segment(path);
    let renamed = facts.imports.iter().find(|import| import.local == name).and_then(|import| match &import.imported {
        Imported::Named(own) => Some(last_segment(own)),
        _ => None,
    });
    renamed.unwrap_or(name)
}

/// The name or text that an expression is written as.
pub fn spelled(facts: &SourceFacts, expr: ExprId) -> Option<Symbol> {
    match facts.expr(expr) {
        Expr::Str(name) | Expr::Name(name) | Expr::Member { name, .. } => Some(name.clone()),
        _ => None,
    }
}

/// The name that a callee is looked up by.
pub fn callee_name(facts: &SourceFacts, callee: ExprId) -> Option<&Symbol> {
    match facts.expr(callee) {
        Expr::Name(name) => Some(name),
        Expr::Path(path) => path.last(),
        Expr::Member { name, .. } => Some(name),
        _ => None,
    }
}

/// Whether a binding comes before a byte, and is not one whose own value the byte stands in: `let x = f(x)`.
pub fn is_bound_before(facts: &SourceFacts, binding: &Binding, at: u32) -> bool {
    let inside = |value| facts.expr_range(value).start <= at && at < facts.expr_range(value).end;
    binding.range.end <= at && !binding.value.is_some_and(inside)
}

impl FileIndex {
    /// The bindings of a name, in order.
    pub fn bindings_of<'f>(&'f self, facts: &'f SourceFacts, name: &str) -> impl DoubleEndedIterator<Item = &'f Binding> + Clone {
        self.bindings.get(name).map_or(&[][..], Vec::as_slice).iter().map(|position| &facts.bindings[*position as usize])
    }

    /// The binding that a name means where it is used: the nearest before, in the innermost function that has one. What a module binds once, its
    /// functions may use wherever they stand: they run later.
    pub fn binding_at<'f>(&'f self, facts: &'f SourceFacts, at: ExprId, name: &Symbol) -> Option<&'f Binding> {
        let start = facts.expr_range(at).start;
        let mut function = facts.exprs[at.index()].function;
        loop {
            let mut own = self.bindings_of(facts, name).filter(|binding| binding.function == function);
            let before = own.clone().rfind(|binding| binding.range.end <= start);
            if before.is_some() {
                return before;
            }
            if function == FunctionId::MODULE {
                let is_within = facts.exprs[at.index()].function != FunctionId::MODULE;
                return own.next().filter(|_| is_within && own.next().is_none());
            }
            // A parameter by that name hides what stands around.
            if facts.function(function).params.iter().any(|param| param.name == *name) {
                return None;
            }
            function = facts.function(function).parent;
        }
    }

    /// An expression, or what is bound to the name that it is.
    pub fn written(&self, facts: &SourceFacts, expr: ExprId) -> ExprId {
        let value = match facts.expr(expr) {
            Expr::Name(name) => self.binding_at(facts, expr, name).and_then(|binding| binding.value),
            _ => None,
        };
        value.unwrap_or(expr)
    }

    /// Indexes the facts of one file.
    pub fn build(facts: &SourceFacts, catalog: &Catalog) -> Self {
        let mut index = Self::default();
        index.add_bindings(facts);
        index.add_functions(facts);
        index.add_types(facts);
        index.add_imports(facts);
        index.add_exports(facts);
        index.add_assignments(facts);
        index.add_calls(facts);
        index.add_objects(facts, catalog);
        index.add_impls(facts);
        index.add_cases(facts);
        index.may_make_routers = super::made_anew::may_make_routers(facts, catalog);
        index.kept = super::kept::kept(facts);
        index.long_initializers = super::shared_values::long_initializers(facts);
        index.uses = uses(facts, &index);
        index
    }

    /// Remembers what a closure is called, if a value is one; says which function that is.
    fn name_closure(&mut self, facts: &SourceFacts, value: ExprId, name: &Symbol) -> Option<FunctionId> {
        let function = closure_in(facts, value)?;
        self.closure_names.insert(function, name.clone());
        Some(function)
    }

    fn add_bindings(&mut self, facts: &SourceFacts) {
        for (at, binding) in facts.bindings.iter().enumerate() {
            self.bindings.entry(binding.name.clone()).or_default().push(at as u32);
            if let Some(value) = binding.value {
                self.name_closure(facts, value, &binding.name);
            }
        }
    }

    fn add_functions(&mut self, facts: &SourceFacts) {
        for (at, function) in facts.functions.iter().enumerate() {
            if !function.name.is_empty() {
                self.functions.entry(function.name.clone()).or_default().push(FunctionId(at as u32));
            }
        }
    }

    fn add_types(&mut self, facts: &SourceFacts) {
        for (at, def) in facts.types.iter().enumerate() {
            self.types.entry(def.name.clone()).or_default().push(TypeId(at as u32));
            for field in &def.fields {
                if let Some(value) = field.value {
                    self.name_closure(facts, value, &field.name);
                }
            }
            for base in &def.bases {
                self.subtypes.entry(last_segment(&base.path).into()).or_default().push(TypeId(at as u32));
            }
        }
    }

    fn add_imports(&mut self, facts: &SourceFacts) {
        for (at, import) in facts.imports.iter().enumerate() {
            if import.local.is_empty() {
                self.globs.push(at as u32);
                continue;
            }
            self.imports.entry(import.local.clone()).or_default().push(at as u32);
            if let Imported::Named(own) = &import.imported
                && *own != import.local
                && !import.type_only
            {
                self.aliases.entry(own.clone()).or_default().push(import.local.clone());
            }
        }
    }

    fn add_exports(&mut self, facts: &SourceFacts) {
        for (at, export) in facts.exports.iter().enumerate() {
            self.exports.entry(export.name.clone()).or_default().push(at as u32);
        }
    }

    fn add_assignments(&mut self, facts: &SourceFacts) {
        for (at, assignment) in facts.assignments.iter().enumerate() {
            let (Expr::Name(name) | Expr::Member { name, .. }) = facts.expr(assignment.target) else { continue };
            self.name_closure(facts, assignment.value, name);
            self.assignments.entry(name.clone()).or_default().push(at as u32);
        }
    }

    fn add_calls(&mut self, facts: &SourceFacts) {
        for (at, call) in facts.calls.iter().enumerate() {
            let id = CallId(at as u32);
            for (position, argument) in call.args.iter().enumerate() {
                self.add_argument(facts, id, position as u32, argument.value);
            }
            match facts.expr(call.callee) {
                Expr::Super => {
                    self.super_calls.entry(call.function).or_insert(id);
                }
                Expr::Import(source) => self.calls.entry(module_name(source).into()).or_default().push(id),
                _ => {}
            }
            // `Self::new(…)` and `Client::new(…)` are both looked up by `new`; constructions by the class.
            if let Some(name) = callee_name(facts, call.callee) {
                self.calls.entry(name.clone()).or_default().push(id);
            }
        }
    }

    /// Closures that a call is given, as an argument or under a key of one.
    fn add_argument(&mut self, facts: &SourceFacts, call: CallId, position: u32, value: ExprId) {
        if let Some(function) = closure_in(facts, value) {
            self.argument_of.insert(function, (call, position));
        }
        let Expr::Object(object) = facts.expr(value) else { return };
        for entry in &object.entries {
            if let Entry::Field { name, value, .. } = entry
                && let Some(function) = closure_in(facts, *value)
            {
                self.option_of.insert(function, (call, position, name.clone()));
            }
        }
    }

    fn add_objects(&mut self, facts: &SourceFacts, catalog: &Catalog) {
        for (at, expression) in facts.exprs.iter().enumerate() {
            let Expr::Object(object) = &expression.kind else { continue };
            let id = ExprId(at as u32);
            if let Some(token) = catalog.provider_token(facts.language.into(), object).and_then(|token| spelled(facts, token)) {
                self.providers.entry(token).or_default().push(id);
            }
            if self.add_entries(facts, id, object) {
                self.identities.push(id);
            }
            match last_segment(&object.type_path) {
                "" => {}
                "Self" => {
                    if let Some(own) = self_type(facts, expression.function) {
                        self.literals.entry(own.into()).or_default().push(id);
                    }
                }
                name => self.literals.entry(name.into()).or_default().push(id),
            }
        }
    }

    /// Functions under keys of an object; says whether a text in it may identify a contract.
    fn add_entries(&mut self, facts: &SourceFacts, id: ExprId, object: &Object) -> bool {
        let mut identity = false;
        for entry in &object.entries {
            let Entry::Field { name, value, .. } = entry else { continue };
            if let Some(function) = self.name_closure(facts, *value, name)
                && facts.function(function).kind == FunctionKind::Method
            {
                self.object_of.insert(function, id);
            }
            identity |= matches!(facts.expr(*value), Expr::Str(text) if super::contracts::may_identify(text));
        }
        identity
    }

    fn add_impls(&mut self, facts: &SourceFacts) {
        for (at, block) in facts.impls.iter().enumerate() {
            self.impls.entry(last_segment(&block.self_type.path).into()).or_default().push(at as u32);
            if let Some(of) = &block.trait_ref {
                self.trait_impls.entry(last_segment(&of.path).into()).or_default().push(at as u32);
            }
        }
    }

    fn add_cases(&mut self, facts: &SourceFacts) {
        for (at, (region, _)) in facts.cases.iter().enumerate() {
            self.cases.entry(facts.region(*region).function).or_default().push(at as u32);
        }
    }
}

/// The name of the type whose `impl` block a function, or one around it, stands in.
pub fn self_type(facts: &SourceFacts, mut function: FunctionId) -> Option<&str> {
    loop {
        let here = facts.function(function);
        if let Some(name) = &here.impl_of {
            return Some(last_segment(name));
        }
        if function == here.parent {
            return None;
        }
        function = here.parent;
    }
}

pub(super) fn closure_in(facts: &SourceFacts, value: ExprId) -> Option<FunctionId> {
    match facts.expr(value) {
        Expr::Closure(function) => Some(*function),
        _ => None,
    }
}

/// A file's facts with their index; cheap to clone.
#[derive(Debug, Clone)]
pub struct Indexed {
    /// The facts.
    pub facts: Arc<portolan_grammars::FileFacts>,
    /// The index; `None` for manifests.
    pub index: Option<Arc<FileIndex>>,
    /// What its specifiers mean.
    pub specifiers: super::exports::Specifiers,
    /// What its generated code declares of rpc services.
    pub contracts: super::contracts::Declared,
}

impl Indexed {
    /// Whether a change of it may change what is known of rpc services.
    pub fn declares(&self) -> bool {
        !self.contracts.is_empty() || self.facts.source().is_some_and(|source| source.generated)
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use portolan_grammars::{FileFacts, FileKind, read};

    use super::*;

    fn facts_of(text: &str) -> FileFacts {
        read(Utf8Path::new("a.ts"), text, portolan_grammars::classify(Utf8Path::new("a.ts")).unwrap_or(FileKind::Component))
    }

    /// What `use(…)` is given, or what is bound to that where it stands.
    fn bound(text: &str) -> Option<String> {
        let file = facts_of(text);
        let facts = file.source()?;
        let index = FileIndex::build(facts, &Catalog::default());
        let given = facts.calls.iter().find(|call| callee_name(facts, call.callee).is_some_and(|name| name == "use"))?.args.first()?.value;
        match facts.expr(index.written(facts, given)) {
            Expr::Str(text) => Some(text.to_string()),
            _ => None,
        }
    }

    #[test]
    fn functions_use_what_their_module_binds_below_them() {
        let of = |text: &str| bound(text).unwrap_or_default();
        assert_eq!(of("function f() { use(path); }\nconst path = \"/a\";"), "/a");
        assert_eq!(of("const path = \"/a\";\nfunction f() { use(path); }"), "/a");
        // Which of two it is then, is not known; and the module itself has none yet.
        assert_eq!(of("function f() { use(path); }\nlet path = \"/a\";\n{ let path = \"/b\"; }"), "");
        assert_eq!(of("use(path);\nvar path = \"/a\";"), "");
        assert_eq!(of("function f(path) { use(path); }\nconst path = \"/a\";"), "");
    }
}
