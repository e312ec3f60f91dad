//! The evaluator: what an expression may stand for, followed through constants, imports, functions, fields and library calls.
//!
//! Evaluation is symbolic and depends on no call site: parameters stay holes, see [`super::callers`]. It is bounded in depth and guarded
//! against cycles, so it always ends. Every file and name that it looks at is noted in [`Dependencies`]: that is what a relink follows.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use portolan_grammars::catalog::{Catalog, Family};
use portolan_grammars::facts::{
    Binding, CallId, CallKind, Expr, ExprId, FunctionId, FunctionKind, Imported, RegionId, SourceFacts, Symbol,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::alternatives::{fallback, variable};
use super::classes::class_around;
use super::contracts::Contracts;
use super::dependencies::{Dependencies, FileBits};
use super::exports::StarExports;
use super::held_values::{held_values, values_before};
use super::index::{FileIndex, Indexed, is_bound_before};
use super::library::LibraryCallee;
use super::memo::Memo;
use super::rows::in_front;
use super::shared_values::Shared;
use super::uses::{Use, UseIndex, UseKey};
use super::value::{CallRef, ClassRef, ObjectValue, ParamRef, Part, Pattern, Source, Value, concat};
use crate::workspace::Workspace;
use crate::workspace::modules::Specifier;
use crate::{FileId, FunctionRef};

/// What the catalog calls a method that is looked up by a name in a variable.
pub(super) const ANY_METHOD: &str = "[]";
/// How deep one evaluation may nest.
const MAX_DEPTH: usize = 60;
/// Links of a chain of calls that are evaluated within one another.
const MAX_LINKS: usize = 8;
/// Values that are found again rather than kept, for one file, because a cycle cut them short.
const MAX_AGAIN: u32 = 20_000;
/// Expressions evaluated for one file before the rest counts as unknown.
const MAX_STEPS: u32 = 2_000_000;

/// All that an evaluation can see.
#[derive(Debug, Clone, Copy)]
pub struct Context<'w> {
    /// Facts by [`FileId`]; `None` where the file is gone.
    pub files: &'w [Option<Indexed>],
    /// Paths by [`FileId`].
    pub paths: &'w [Utf8PathBuf],
    /// Who uses which names.
    pub uses: &'w UseIndex,
    /// What `export *` hands on.
    pub stars: &'w StarExports,
    /// Packages, services and modules.
    pub workspace: &'w Workspace,
    /// Libraries.
    pub catalog: &'w Catalog,
    /// Rpc services.
    pub contracts: &'w Contracts,
    /// What long initializers stand for; `None` while one is being found.
    pub initializers: Option<&'w Shared<(FileId, ExprId)>>,
    /// What functions give back; `None` while any such value is being found.
    pub results: Option<&'w Shared<FunctionRef>>,
}

impl Context<'_> {
    /// The methods of an rpc service.
    pub fn rpc_methods_of(&self, service: &Symbol) -> Vec<Symbol> {
        self.contracts.declared.get(service).cloned().unwrap_or_default()
    }

    /// Whether the package that a file belongs to depends on one of these packages.
    pub fn package_depends_on(&self, path: &Utf8Path, packages: &[Symbol]) -> bool {
        // What the environment has, pages take from a script tag.
        if packages.iter().any(|name| name == "global") {
            return true;
        }
        let Some(package) = self.workspace.package_of(path) else { return false };
        let installed = &self.workspace.packages[package].npm_dependencies;
        packages.iter().any(|name| installed.contains(name))
    }

    /// Whether any package of the workspace depends on one of these packages, or one is a file of the workspace.
    pub fn workspace_depends_on(&self, packages: &[Symbol]) -> bool {
        let installed = |name: &Symbol| self.workspace.packages.iter().any(|package| package.npm_dependencies.contains(name));
        packages.iter().any(|name| name.starts_with('.') || installed(name))
    }
}

type ByPath = FxHashMap<Box<[Symbol]>, Value>;
/// The functions that switch an option on; `None` where no option decides.
pub(super) type Switches = Option<Arc<[FunctionRef]>>;

/// Evaluates expressions; keeps what it found.
#[derive(Debug)]
pub struct Evaluator<'w> {
    /// What it can see.
    pub cx: Context<'w>,
    files: FileBits,
    uses: FxHashSet<UseKey>,
    asked: FxHashSet<UseKey>,
    memo: Memo,
    /// What is being evaluated, the innermost last.
    running: Vec<(FileId, ExprId)>,
    /// The outermost of [`Self::running`] that a cycle led back to since the innermost evaluation began.
    cut: usize,
    /// Values not kept because of cycles.
    again: u32,
    pub(super) field_guard: FxHashMap<(ClassRef, Symbol), usize>,
    /// Keys of containers that are being looked up.
    pub(super) key_guard: FxHashSet<Symbol>,
    pub(super) export_guard: FxHashSet<(FileId, Symbol)>,
    /// Aliases of types whose meaning is looked for.
    pub(super) alias_guard: FxHashSet<ClassRef>,
    pub(super) returns: FxHashMap<FunctionRef, Value>,
    returns_active: FxHashSet<FunctionRef>,
    pub(super) attributes: FxHashMap<(FileId, Symbol), Vec<LibraryCallee>>,
    pub(super) fields: FxHashMap<(ClassRef, Symbol), Value>,
    pub(super) callers: FxHashMap<FunctionRef, Arc<[CallRef]>>,
    /// Parameters of which it is being asked what settings give them.
    pub(super) settings_guard: FxHashSet<ParamRef>,
    /// The methods by which variants are being shown as texts.
    pub(super) showing: FxHashSet<FunctionRef>,
    pub(super) methods: FxHashMap<(ClassRef, Symbol), Arc<[FunctionRef]>>,
    /// What a trait's methods are implemented by, all of it.
    pub(super) dispatches: FxHashMap<(ClassRef, Symbol), Arc<[FunctionRef]>>,
    pub(super) impl_files: FxHashMap<ClassRef, Arc<[FileId]>>,
    /// The functions that switch on the option which a condition asks for, by how many fields behind it are followed.
    pub(super) switches: FxHashMap<(FileId, ExprId, u32), Switches>,
    /// What paths mean, by the module they are read in.
    pub(super) paths: FxHashMap<(FileId, Symbol), ByPath>,
    /// Links of chains that are being evaluated from the beginning on.
    links: FxHashSet<(FileId, ExprId)>,
    steps: u32,
    /// How often something was left unknown because it was being evaluated already, or too deep.
    pub(super) cuts: u32,
}

impl<'w> Evaluator<'w> {
    /// An evaluator that has looked at nothing, for the linking of a file.
    pub fn new(cx: Context<'w>, file: FileId) -> Self {
        let facts = cx.files.get(file.0 as usize).and_then(|entry| entry.as_ref()?.facts.source());
        Self {
            cx,
            files: FileBits::default(),
            uses: FxHashSet::default(),
            asked: FxHashSet::default(),
            memo: Memo::new(file, facts.map_or(0, |facts| facts.exprs.len())),
            running: Vec::new(),
            cut: usize::MAX,
            again: 0,
            field_guard: FxHashMap::default(),
            key_guard: FxHashSet::default(),
            export_guard: FxHashSet::default(),
            alias_guard: FxHashSet::default(),
            returns: FxHashMap::default(),
            returns_active: FxHashSet::default(),
            attributes: FxHashMap::default(),
            fields: FxHashMap::default(),
            callers: FxHashMap::default(),
            settings_guard: FxHashSet::default(),
            showing: FxHashSet::default(),
            methods: FxHashMap::default(),
            dispatches: FxHashMap::default(),
            impl_files: FxHashMap::default(),
            switches: FxHashMap::default(),
            paths: FxHashMap::default(),
            links: FxHashSet::default(),
            steps: 0,
            cuts: 0,
        }
    }

    /// What it has looked at.
    pub fn into_dependencies(self) -> Dependencies {
        Dependencies { files: self.files.sorted(), uses: self.uses, asked: self.asked }
    }

    /// Whether values of a file are to be found by this evaluator, as they are of the file that is linked.
    pub(super) fn owns(&self, file: FileId) -> bool {
        self.memo.is_own(file)
    }

    /// Whether a value was found already, or is to be found by this evaluator.
    pub(super) fn has_or_owns(&self, file: FileId, id: ExprId) -> bool {
        self.owns(file) || self.memo.get(file, id).is_some()
    }

    /// Keeps a value that another evaluator found.
    pub(super) fn keep(&mut self, file: FileId, id: ExprId, value: Value) {
        self.memo.insert(file, id, value);
    }

    /// Depends on all that another evaluator looked at.
    pub(super) fn depend_on(&mut self, dependencies: &Dependencies) {
        dependencies.files.iter().for_each(|file| self.files.insert(*file));
        self.uses.extend(&dependencies.uses);
        self.asked.extend(&dependencies.asked);
    }

    /// Notes that what a file says counts.
    pub(super) fn look_at(&mut self, file: FileId) {
        self.files.insert(file);
    }

    /// The facts of a source file.
    pub fn facts(&mut self, file: FileId) -> Option<&'w SourceFacts> {
        self.look_at(file);
        self.cx.files.get(file.0 as usize)?.as_ref()?.facts.source()
    }

    /// The facts of a source file and their index.
    pub fn file(&mut self, file: FileId) -> Option<(&'w SourceFacts, &'w FileIndex)> {
        self.look_at(file);
        let entry = self.cx.files.get(file.0 as usize)?.as_ref()?;
        Some((entry.facts.source()?, entry.index.as_deref()?))
    }

    /// The files with a use.
    pub fn files_with(&mut self, of: Use<'_>) -> &'w [FileId] {
        self.files_with_key(of.key())
    }

    /// The same, where the use is known by its hash.
    pub(super) fn files_with_key(&mut self, key: UseKey) -> &'w [FileId] {
        self.uses.insert(key);
        self.cx.uses.files_with(key)
    }

    /// What a module specifier of a file means.
    pub(super) fn specifier(&mut self, file: FileId, source: &Symbol) -> Specifier {
        let known = self.cx.files.get(file.0 as usize).and_then(Option::as_ref).and_then(|entry| entry.specifiers.get(source));
        known.cloned().unwrap_or_else(|| self.cx.workspace.modules.specifier(file, source))
    }

    /// Whether any function of the workspace has that name.
    pub fn is_function(&mut self, name: &Symbol) -> bool {
        self.is_used(Use::Function(name))
    }

    /// Whether anything in the workspace extends or implements a type of that name.
    pub(super) fn has_subtypes(&mut self, name: &Symbol) -> bool {
        self.is_used(Use::Subtype(name))
    }

    fn is_used(&mut self, of: Use<'_>) -> bool {
        let key = of.key();
        self.asked.insert(key);
        !self.cx.uses.files_with(key).is_empty()
    }

    /// What an expression may stand for.
    pub fn eval(&mut self, file: FileId, id: ExprId) -> Value {
        let key = (file, id);
        if let Some(value) = self.memo.get(file, id) {
            return value.clone();
        }
        self.steps += 1;
        let depth = self.running.len();
        if depth >= MAX_DEPTH || self.steps > MAX_STEPS {
            self.cuts += 1;
            return Value::Unknown;
        }
        if let Some(at) = self.running.iter().position(|running| *running == key) {
            self.cut = self.cut.min(at);
            self.cuts += 1;
            return Value::Unknown;
        }
        self.running.push(key);
        let around = std::mem::replace(&mut self.cut, usize::MAX);
        let value = self.facts(file).map_or(Value::Unknown, |facts| {
            let value = self.eval_kind(file, facts, id);
            let value = self.in_working_directory(file, value);
            // What a name stands for is within the bounds already; a large object would be measured anew at each mention.
            if matches!(facts.expr(id), Expr::Name(_) | Expr::Path(_) | Expr::Closure(_)) { value } else { value.bounded() }
        });
        self.running.pop();
        // What is unknown only because it is part of something that is being evaluated is not known to be unknown: `a = a.b().c()`.
        let provisional = self.cut < depth && value.is_unknown() && self.again < MAX_AGAIN;
        self.again += u32::from(provisional);
        self.cut = if self.cut < depth { self.cut.min(around) } else { around };
        if !provisional {
            self.memo.insert(file, id, value.clone());
        }
        value
    }

    /// Notes that a field is being looked at; not where it is already, in which case all within is known only as far as it goes.
    pub(super) fn enter_field(&mut self, key: &(ClassRef, Symbol)) -> bool {
        if let Some(depth) = self.field_guard.get(key) {
            self.cut = self.cut.min(*depth);
            self.cuts += 1;
            return false;
        }
        self.field_guard.insert(key.clone(), self.running.len().saturating_sub(1));
        true
    }

    fn eval_kind(&mut self, file: FileId, facts: &'w SourceFacts, id: ExprId) -> Value {
        let function = facts.exprs[id.index()].function;
        match facts.expr(id) {
            Expr::Str(text) | Expr::Number(text) | Expr::Regex(text) => Value::pattern(Pattern {
                parts: vec![Part::Text(text.clone())],
                sources: vec![Source::Expr(file, id)],
                ..Pattern::default()
            }),
            Expr::Bool(flag) => Value::text(if *flag { "true" } else { "false" }),
            Expr::Null => Value::Null,
            Expr::Unknown => Value::Unknown,
            Expr::Concat(parts) => {
                let values: Vec<Value> = parts.iter().map(|part| self.eval_named(file, facts, *part)).collect();
                concat(&values)
            }
            Expr::Name(name) => self.lookup(file, facts, function, name, facts.expr_range(id).start),
            Expr::Path(path) => self.rust_path_in(file, facts, function, path),
            Expr::This => self.this_value(file, facts, function, id),
            Expr::Super => {
                self.this_class(file, facts, function).and_then(|class| self.base_class(class)).map_or(Value::Unknown, Value::Some)
            }
            Expr::Param { function, index } => self.parameter(file, facts, *function, *index),
            Expr::Member { object, name } => self.member_value(file, facts, id, *object, name),
            Expr::Index { object, index } => self.index_value(file, facts, id, *object, *index),
            Expr::Element(of) => self.element_value(file, facts, *of),
            Expr::Call(call) => {
                self.eval_links(file, facts, *call);
                self.eval_call(file, facts, *call)
            }
            Expr::Object(object) => self.object_value(file, facts, function, object),
            Expr::Array(items) => Value::Array(items.iter().map(|item| self.eval(file, *item)).collect()),
            Expr::Closure(closure) => Value::Function(FunctionRef { file, function: *closure }, None),
            Expr::Class(class) => Value::Class(ClassRef { file, class: *class }),
            Expr::Choice(arms) => self.choice_value(file, facts, id, arms),
            Expr::Fallback(arms) => {
                let values: Vec<Value> = arms.iter().map(|arm| self.eval(file, *arm)).collect();
                fallback(values)
            }
            Expr::Env(name) => {
                let name = self.eval(file, *name);
                let source = Some(Source::Expr(file, id));
                Value::one_of(name.patterns().into_iter().map(|name| variable(name, None, source)))
            }
            Expr::Import(source) => match self.specifier(file, source) {
                Specifier::File(file) => self.whole_module(file, &Imported::Require),
                Specifier::Package(package, subpath) => external(&package, &subpath),
                Specifier::Missing => Value::Unknown,
            },
        }
    }

    /// Evaluates a part of a text, so that an unknown hole at least has its name.
    fn eval_named(&mut self, file: FileId, facts: &SourceFacts, id: ExprId) -> Value {
        let value = self.eval(file, id);
        if !matches!(value, Value::Unknown | Value::Null | Value::Some(_) | Value::Object(_)) {
            return self.shown(&value);
        }
        match (&value, self.own_shown(file, facts, id)) {
            (Value::Some(_), Some(own)) => return own,
            (Value::Object(_), _) => match self.shown(&value) {
                Value::Object(_) => {}
                text => return text,
            },
            _ => {}
        }
        let name = match facts.expr(id) {
            Expr::Name(name) | Expr::Member { name, .. } => name.clone(),
            _ => Symbol::default(),
        };
        Value::pattern(Pattern::part(Part::Hole(name)))
    }

    /// The class that `this` or `self` is an instance of.
    pub fn this_class(&mut self, file: FileId, facts: &SourceFacts, mut function: FunctionId) -> Option<ClassRef> {
        let inner = function;
        loop {
            let here = facts.function(function);
            if let Some(class) = here.owner {
                return Some(ClassRef { file, class });
            }
            if let Some(name) = &here.impl_of {
                return self.class_named(file, FunctionId::MODULE, name);
            }
            // `function` has its own `this`; arrows and Rust closures do not, and both are closures.
            if here.kind == FunctionKind::Module
                || function == here.parent
                || facts.language.is_ecmascript() && here.kind != FunctionKind::Closure
            {
                break;
            }
            function = here.parent;
        }
        // An arrow within the object that is a field's value: `orders = { list: () => this.request("/orders") }`.
        let is_arrow = facts.function(inner).kind == FunctionKind::Closure;
        is_arrow.then(|| class_around(file, facts, facts.function(inner).range)).flatten()
    }

    /// The object whose method, or an arrow in it, `this` stands in: `{ load() { return this.read(); } }`.
    pub(super) fn this_object(&mut self, file: FileId, facts: &SourceFacts, mut function: FunctionId) -> Option<ExprId> {
        while facts.function(function).kind == FunctionKind::Closure {
            function = facts.function(function).parent;
        }
        self.file(file)?.1.object_of.get(&function).copied()
    }

    pub(super) fn lookup(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId, name: &Symbol, at: u32) -> Value {
        if let Some(value) = self.lexical(file, facts, function, name, at) {
            return value;
        }
        if facts.language.is_ecmascript() {
            Self::ecmascript_name(name)
        } else {
            self.rust_path_in(file, facts, function, std::slice::from_ref(name))
        }
    }

    /// A name bound by the functions around: parameters, variables, nested functions and types. The module's own names are included for
    /// ECMAScript only, as Rust's items are found by path.
    fn lexical(&mut self, file: FileId, facts: &'w SourceFacts, mut function: FunctionId, name: &Symbol, at: u32) -> Option<Value> {
        let (_, index) = self.file(file)?;
        let bindings = index.bindings_of(facts, name);
        let ecmascript = facts.language.is_ecmascript();
        let user = function;
        loop {
            let here = facts.function(function);
            let module = here.kind == FunctionKind::Module;
            if module && !ecmascript {
                return None;
            }
            // The nearest binding before the use; with hoisting, which Rust has not, else the first.
            let own = || bindings.clone().filter(|binding| binding.function == function);
            let before = own().rfind(|binding| is_bound_before(facts, binding, at));
            if let Some(binding) = before.or_else(|| own().find(|_| ecmascript)) {
                return Some(self.binding(file, facts, binding, (function == user).then_some(at)));
            }
            if let Some(index) = here.params.iter().position(|param| param.name == *name) {
                return Some(self.parameter(file, facts, function, index as u32));
            }
            if let Some(nested) = index.functions.get(name).and_then(|all| {
                all.iter().find(|id| facts.function(**id).parent == function && facts.function(**id).kind == FunctionKind::Function)
            }) {
                return Some(Value::Function(FunctionRef { file, function: *nested }, None));
            }
            if let Some(class) = index.types.get(name).and_then(|all| all.iter().find(|id| facts.type_def(**id).function == function)) {
                return Some(Value::Class(ClassRef { file, class: *class }));
            }
            if let Some(import) = index
                .imports
                .get(name)
                .and_then(|all| all.iter().map(|at| &facts.imports[*at as usize]).find(|import| import.function == function))
                && (ecmascript || !module)
            {
                return Some(if ecmascript { self.ecmascript_import(file, import) } else { self.rust_import(file, import) });
            }
            if module {
                return None;
            }
            function = here.parent;
        }
    }

    /// The value of a binding: what it starts with, and for a variable whatever it is assigned; `at` as for [`held_values`].
    pub(super) fn binding(&mut self, file: FileId, facts: &'w SourceFacts, binding: &Binding, at: Option<u32>) -> Value {
        let Some((_, index)) = self.file(file) else { return Value::Unknown };
        let module = binding.function == FunctionId::MODULE;
        let mut any = |values: Vec<ExprId>| {
            let found = values.into_iter().map(|at| {
                if module {
                    return self.initializer(file, at);
                }
                let value = self.eval(file, at);
                self.in_its_cases(value, file, facts, at, Some(binding.range))
            });
            Value::one_of(found.collect::<Vec<_>>())
        };
        let mut value = any(held_values(facts, index, binding, at));
        // `request = customize(request)`: what it was before says more than what is not known.
        if let Some(at) = at.filter(|_| value.is_unknown() && !binding.constant) {
            value = any(values_before(facts, index, binding, at));
        }
        if let Value::Array(items) = &value {
            let pushed = self.pushed(file, facts, binding);
            if !pushed.is_empty() {
                value = Value::Array(items.iter().cloned().chain(pushed).collect()).bounded();
            }
        }
        if let Some(changed) = self.with_changed_path(file, facts, binding, &value) {
            return changed;
        }
        if let Some(ty) = &binding.ty
            && let Some(filled) = self.filled(&value, file, binding.function, ty)
        {
            return filled;
        }
        if let Some(ty) = &binding.ty
            && (value.is_unknown() || binding.value.is_some_and(|value| in_front(facts, value) != value))
            && let Some(typed) = self.typed(file, binding.function, ty)
        {
            return behind_proxy_of(value, typed);
        }
        value
    }

    fn parameter(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId, index: u32) -> Value {
        let param = ParamRef { function: FunctionRef { file, function }, index };
        if let Some(handed) = self.handed_by_builtin(file, facts, function, index) {
            return handed;
        }
        if facts.function(function).kind == FunctionKind::Closure
            && let Some(given) = self.given(param.function, index).or_else(|| self.called_with(param.function, index))
        {
            return given;
        }
        Value::Param(param, Arc::from([]))
    }

    /// Evaluates what a call at the end of a long chain is made on, from its beginning on, so that no chain nests too deep: a router with many
    /// routes.
    fn eval_links(&mut self, file: FileId, facts: &SourceFacts, id: CallId) {
        let (mut links, mut at) = (Vec::new(), id);
        while let Expr::Member { object, .. } = facts.expr(facts.call(at).callee)
            && let Expr::Call(before) = facts.expr(*object)
            && self.memo.get(file, *object).is_none()
            && !self.links.contains(&(file, *object))
        {
            links.push((file, *object));
            at = *before;
        }
        if links.len() > MAX_LINKS {
            self.links.extend(&links);
            for (file, link) in links.iter().rev() {
                self.eval(*file, *link);
                self.links.remove(&(*file, *link));
            }
        }
    }

    /// What a call gives back.
    pub fn eval_call(&mut self, file: FileId, facts: &'w SourceFacts, id: CallId) -> Value {
        let call = facts.call(id);
        if let Some(value) = self.builtin(file, facts, id).or_else(|| self.filled_variant(file, facts, call)) {
            return value;
        }
        let callee = self.eval(file, call.callee);
        let site = CallRef { file, call: id };
        let values: Vec<Value> = callee.alternatives().to_vec().iter().map(|callee| self.call_result(callee, site, facts)).collect();
        let value = Value::one_of(values);
        if value.is_unknown()
            && !facts.language.is_ecmascript()
            && let Some(made) = self.parsed_arguments(file, facts, call).or_else(|| self.derived_default(file, facts, call))
        {
            return made;
        }
        if value.is_unknown()
            && let Some(client) = self.rpc_client(file, facts, id).or_else(|| self.same_client(file, facts, id))
        {
            return client;
        }
        if call.kind == CallKind::Macro
            && value.is_unknown()
            && let Some(found) = self.client_through_macro(file, call).or_else(|| self.listed(file, call))
        {
            return found;
        }
        value
    }

    fn call_result(&mut self, callee: &Value, site: CallRef, facts: &'w SourceFacts) -> Value {
        let call = facts.call(site.call);
        match callee {
            Value::Function(function, receiver) => {
                let arguments = self.handed_to(*function, site.file, call);
                let own = self.own_receiver(site, receiver.as_deref());
                let mut value = self.apply(*function, own.as_ref().or(receiver.as_deref()), &arguments);
                if tells_nothing(&value, *function) {
                    let object = own.as_ref().or(receiver.as_deref());
                    value = self.handed_result(*function, object, &arguments).unwrap_or(value);
                }
                if tells_nothing(&value, *function) || self.is_made_with(&value) {
                    value = self.result_by_type(*function, own.as_ref().or(receiver.as_deref()), site).unwrap_or(value);
                }
                value = self.made_for_caller(*function, value, site);
                value = self.client_of_given(*function, value, site);
                // `load::<Settings>("ORDERS")`
                let filled = call.type_args.iter().find_map(|ty| self.filled(&value, site.file, call.function, ty));
                value = filled.unwrap_or(value);
                match self.constructed_stub(*function) {
                    Some(service) => self.stub(service, site, facts),
                    None => self.made_stub(&value, site, facts),
                }
            }
            Value::Class(class) => {
                if call.kind != CallKind::New && facts.language.is_ecmascript() {
                    return Value::Unknown;
                }
                let arguments: Arc<[Value]> = self.written_arguments(site.file, call).into();
                if let Some(service) = self.cx.contracts.stubs.get(class) {
                    return self.stub(service.clone(), site, facts);
                }
                if facts.language.is_ecmascript() {
                    // A class that extends a library's is one of that library's values.
                    self.library_subclass(*class).unwrap_or(Value::New(*class, arguments, site))
                } else {
                    // A tuple struct or variant.
                    let fields = arguments.iter().enumerate().map(|(at, value)| (Symbol::from(at.to_string()), value.clone())).collect();
                    Value::Object(Arc::new(ObjectValue { class: Some(*class), fields, ..ObjectValue::default() }))
                }
            }
            Value::External(..) | Value::Instance(_) => self.library_result(callee, site, facts),
            // A client of a library that a type of the workspace stands for: a port, an interface that has only what is used.
            Value::Param(param, path)
                if facts.language.is_ecmascript()
                    && path.last().is_some_and(|method| self.cx.catalog.may_make(Family::TypeScript, method)) =>
            {
                self.passed_method(*param, path).map_or(Value::Unknown, |method| self.library_result(&method, site, facts))
            }
            Value::Param(param, path) if path.is_empty() && !facts.language.is_ecmascript() => {
                self.handed_back(*param, site).unwrap_or(Value::Unknown)
            }
            // A generated constructor, made of a service's description.
            Value::RpcClient(service, _) if call.kind == CallKind::New => self.stub(service.clone(), site, facts),
            _ => Value::Unknown,
        }
    }

    /// What a function gives back for given arguments.
    pub fn apply(&mut self, function: FunctionRef, receiver: Option<&Value>, arguments: &[Value]) -> Value {
        if let Some(own @ Value::Object(_)) = receiver
            && self.hands_itself_back(function)
        {
            return own.clone();
        }
        let result = self.result_of(function);
        let result = self.enclosed(result, function, receiver, arguments);
        // What was passed is handed back: a builder, a router.
        if result.alternatives().iter().any(|value| is_passed(value, function)) {
            let values: Vec<Value> = result.alternatives().iter().map(|value| self.with_arguments(value, function, arguments)).collect();
            return Value::one_of(values);
        }
        if !result.has_param() {
            return result;
        }
        let constructors = receiver.map_or_else(Vec::new, |receiver| self.made_with_in_lineage(receiver));
        let is_rust = self.family(function.file) == Some(Family::Rust);
        self.substitute(&result, &|param| {
            if param.function == function {
                if !param.is_own_object() {
                    return arguments.get(param.index as usize).cloned();
                }
                // In Rust it asks which variant the object is, which one that is not known does not say.
                return receiver.cloned().or(is_rust.then_some(Value::Unknown));
            }
            if let Some(given) = receiver.and_then(|receiver| receiver.given_for(param)) {
                return Some(given);
            }
            let (_, arguments) = constructors.iter().find(|(of, _)| param.function == *of)?;
            arguments.get(param.index as usize).cloned()
        })
    }

    /// What a function may give back, in terms of its parameters.
    pub fn result_of(&mut self, function: FunctionRef) -> Value {
        if let Some(value) = self.returns.get(&function) {
            return value.clone();
        }
        if let Some(value) = self.shared_result(function) {
            self.returns.insert(function, value.clone());
            return value;
        }
        if self.returns_active.len() > 12 || !self.returns_active.insert(function) {
            self.cuts += 1;
            return Value::Unknown;
        }
        let cuts = self.cuts;
        let mut value = Value::Unknown;
        if let Some(facts) = self.facts(function.file) {
            let declared = facts.function(function.function);
            value = self.returned(function.file, facts, &declared.returns);
            if let Some(ty) = &declared.result
                && let Some(filled) = self.filled(&value, function.file, function.function, ty)
            {
                value = filled;
            }
            // A declared result says more than a value that nothing is known of.
            let in_front_of = declared.returns.iter().any(|value| in_front(facts, *value) != *value);
            if (value.is_unknown() || in_front_of || matches!(value, Value::Param(..)))
                && let Some(ty) = &declared.result
                && let Some(typed) = self.typed(function.file, function.function, ty)
            {
                value = behind_proxy_of(value, typed);
            }
        }
        self.returns_active.remove(&function);
        // In the middle of a circle it may be less than elsewhere.
        if self.cuts == cuts || self.returns_active.is_empty() {
            self.returns.insert(function, value.clone());
        }
        value
    }

    /// Whether a function is another or is written in it.
    pub(super) fn is_within(&mut self, inner: FunctionRef, outer: FunctionRef) -> bool {
        inner.file == outer.file && self.facts(inner.file).is_some_and(|facts| inside(facts, inner.function, outer.function))
    }

    /// The family of a file's language.
    pub fn family(&mut self, file: FileId) -> Option<Family> {
        Some(self.facts(file)?.language.into())
    }
}

/// A function and those that it stands in, the innermost first.
pub(crate) fn around(facts: &SourceFacts, function: FunctionId) -> impl Iterator<Item = FunctionId> {
    std::iter::successors(Some(function), move |inner| Some(facts.function(*inner).parent).filter(|outer| outer != inner))
}

/// The regions around one, itself first; also those around the closure that it is in.
pub(super) fn regions_around(facts: &SourceFacts, region: RegionId) -> impl Iterator<Item = RegionId> {
    std::iter::successors(Some(region), |at| facts.region(*at).parent)
}

/// Whether a function is another one or stands in it.
pub(super) fn inside(facts: &SourceFacts, function: FunctionId, outer: FunctionId) -> bool {
    around(facts, function).any(|around| around == outer)
}

/// Whether a value is a library, or an object that it made, itself.
pub(super) fn is_library(value: &Value) -> bool {
    match value {
        Value::External(package, path) => path.is_empty() && package != "global",
        Value::Instance(instance) => instance.members.is_empty(),
        _ => false,
    }
}

/// A name of a package: `next`, `server`.
pub(super) fn external(package: &Symbol, subpath: &Symbol) -> Value {
    let package = if subpath.is_empty() { package.clone() } else { format!("{package}/{subpath}").into() };
    Value::External(package, Arc::from([]))
}

/// What a proxy of the language is that is declared to be something: what it stands in front of, where that is of the same kind.
fn behind_proxy_of(value: Value, declared: Value) -> Value {
    let is_same = match (&value, &declared) {
        (Value::Instance(value), Value::Instance(declared)) => value.library == declared.library && value.type_name == declared.type_name,
        (Value::RpcClient(..) | Value::RpcClientOf(..), Value::RpcClient(..)) => true,
        (Value::New(..) | Value::Some(_) | Value::Object(_), Value::Some(_)) => true,
        _ => false,
    };
    if is_same { value } else { declared }
}

/// Whether what a function gives back says nothing by itself: it is not known, or a field of the object that only subclasses fill in.
fn tells_nothing(value: &Value, function: FunctionRef) -> bool {
    match value {
        Value::External(..) => true,
        Value::Param(of, _) => of.is_own_object() && of.function == function,
        value => value.is_unknown(),
    }
}

/// Whether a value is what a function was passed, of which only the type is known in it.
fn is_passed(value: &Value, function: FunctionRef) -> bool {
    matches!(value, Value::Instance(one) if one.origin.is_none() && one.param.is_some_and(|param| param.function == function))
}
