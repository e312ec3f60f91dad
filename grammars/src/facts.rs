//! The vocabulary between reading and thinking: what one file says, as plain data.
//!
//! Languages lower their syntax to [`SourceFacts`], manifest formats to the types of [`crate::manifests`]. No other file, no library
//! knowledge and no service is known here. Invariant: facts of a file depend on its text, its language and nothing else, so they
//! can be made in parallel, kept, and compared.
//!
//! Everything is kept in arenas and named by small ids (`ExprId`, `CallId`, …) that are dense and in source order. Ids stay the same under
//! edits that change only white space or comments, so whatever refers to a fact by its id stays right; ranges may be read at the end.

use serde::{Deserialize, Serialize};

mod cases;
mod conditions;
mod features;
mod places;
mod regions;

pub(crate) use cases::MAX_BEFORE;
pub use cases::{Case, Extent, VARIANT};
pub use conditions::{Asks, Condition, Question};
pub use features::{FeatureGate, Predicate};
pub use regions::{Region, RegionKind};

/// A short string: names, paths, literals. Cheap to clone.
pub type Symbol = smol_str::SmolStr;

/// A half-open range of bytes in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct TextRange {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl TextRange {
    /// The range from `start` up to but without `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }
    /// Whether `other` lies within this range.
    pub fn contains(self, other: TextRange) -> bool {
        self.start <= other.start && other.end <= self.end
    }
    /// Whether the byte at `offset` lies within this range; its end counts, as a cursor may stand there.
    pub fn touches(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Spanned<T> {
    /// What was read.
    pub value: T,
    /// Where it was read.
    pub range: TextRange,
}

impl<T> Spanned<T> {
    /// Joins a value and its place.
    pub fn new(value: T, range: TextRange) -> Self {
        Self { value, range }
    }
}

/// Something that kept a file, or a part of it, from being read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Problem {
    /// One sentence for the user, without the file's name.
    pub message: String,
    /// The place, where there is one.
    pub range: TextRange,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub u32);
        impl $name {
            /// The position in its arena.
            pub fn index(self) -> usize { self.0 as usize }
        }
    )*};
}

ids! {
    /// Names an expression in [`SourceFacts::exprs`].
    ExprId,
    /// Names a call in [`SourceFacts::calls`].
    CallId,
    /// Names a function in [`SourceFacts::functions`]. [`FunctionId::MODULE`] is the file's own top-level code.
    FunctionId,
    /// Names a type in [`SourceFacts::types`].
    TypeId,
    /// Names a region of control flow in [`SourceFacts::regions`].
    RegionId,
}

impl FunctionId {
    /// The pseudo-function that holds a file's top-level code; always the first function of a file.
    pub const MODULE: FunctionId = FunctionId(0);
}

/// The source languages that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Rust.
    Rust,
    /// TypeScript, and the script block of a component written in it.
    TypeScript,
    /// JavaScript, likewise.
    JavaScript,
}

impl Language {
    /// TypeScript and JavaScript share one lowering and one library catalog.
    pub fn is_ecmascript(self) -> bool {
        matches!(self, Language::TypeScript | Language::JavaScript)
    }
}

/// What one source file says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceFacts {
    /// The language it was read as.
    pub language: Language,
    /// Directive prologues and inner attributes in order: `use client`, `use server`.
    pub directives: Vec<Symbol>,
    /// Whether a comment at the top declares the file to be generated.
    pub generated: bool,
    /// What it takes from elsewhere.
    pub imports: Vec<Import>,
    /// What it hands out. Rust files have none: their items are reached by path.
    pub exports: Vec<Export>,
    /// Rust's `mod name;` and `mod name { … }`.
    pub modules: Vec<Module>,
    /// Functions, methods and closures; the first is [`FunctionId::MODULE`].
    pub functions: Vec<Function>,
    /// Classes, interfaces, structs, enums, traits, type aliases.
    pub types: Vec<TypeDef>,
    /// Rust's `impl` blocks.
    pub impls: Vec<Impl>,
    /// Constants, variables, statics, loop variables, names bound by patterns.
    pub bindings: Vec<Binding>,
    /// Assignments to something that already exists: `this.url = url`, `module.exports = …`, `axios.defaults.baseURL = …`.
    pub assignments: Vec<Assignment>,
    /// Calls, constructions, macro invocations and tagged templates, each after the calls in its callee and arguments.
    pub calls: Vec<Call>,
    /// The control flow that calls stand in; the first is the root of the module function.
    pub regions: Vec<Region>,
    /// What must hold for regions to run, where that is plain to see, in the order of the regions.
    pub cases: Vec<(RegionId, Case)>,
    /// Stretches of code with calls in them that run only if something holds.
    pub conditions: Vec<Condition>,
    /// Stretches of code that only certain features of the package build. Rust only.
    pub features: Vec<FeatureGate>,
    /// What decides whether expressions hold, by [`Question::answer`].
    pub questions: Vec<Question>,
    /// Operands with calls in them that need not run: what stands right of `&&`, `||`, `??` and behind `&&=` and the like. ECMAScript only.
    pub optional: Vec<TextRange>,
    /// Statements that throw. ECMAScript only.
    pub throws: Vec<TextRange>,
    /// All expressions that something above refers to.
    pub exprs: Vec<Expression>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl SourceFacts {
    /// Puts in order what is looked up, and gives back the room that lists grew into and did not fill: facts are kept, thousands of them.
    #[must_use]
    pub fn fitted(mut self) -> Self {
        self.questions.sort_unstable();
        self.imports.shrink_to_fit();
        self.functions.shrink_to_fit();
        self.bindings.shrink_to_fit();
        self.assignments.shrink_to_fit();
        self.calls.shrink_to_fit();
        self.regions.shrink_to_fit();
        self.conditions.shrink_to_fit();
        self.features.shrink_to_fit();
        self.questions.shrink_to_fit();
        self.optional.shrink_to_fit();
        self.throws.shrink_to_fit();
        self.exprs.shrink_to_fit();
        self
    }
    /// Facts of an empty file: the module function and its root region are there.
    pub fn empty(language: Language) -> Self {
        Self {
            language,
            directives: Vec::new(),
            generated: false,
            imports: Vec::new(),
            exports: Vec::new(),
            modules: Vec::new(),
            functions: vec![Function::module()],
            types: Vec::new(),
            impls: Vec::new(),
            bindings: Vec::new(),
            assignments: Vec::new(),
            calls: Vec::new(),
            regions: vec![Region {
                kind: RegionKind::Body,
                parent: None,
                function: FunctionId::MODULE,
                conditions: Vec::new(),
                range: TextRange::default(),
            }],
            cases: Vec::new(),
            conditions: Vec::new(),
            features: Vec::new(),
            questions: Vec::new(),
            optional: Vec::new(),
            throws: Vec::new(),
            exprs: Vec::new(),
            problems: Vec::new(),
        }
    }
    /// The expression named by `id`.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.index()].kind
    }
    /// Where the expression named by `id` stands.
    pub fn expr_range(&self, id: ExprId) -> TextRange {
        self.exprs[id.index()].range
    }
    /// What a member or an element is part of in the end: `order` of `order.lines[0]`.
    pub fn whole_of(&self, id: ExprId) -> ExprId {
        let mut whole = id;
        while let Expr::Member { object, .. } | Expr::Index { object, .. } = self.expr(whole) {
            whole = *object;
        }
        whole
    }
    /// The call named by `id`.
    pub fn call(&self, id: CallId) -> &Call {
        &self.calls[id.index()]
    }
    /// The innermost function, the file's own among them, that a range lies in.
    pub fn function_around(&self, range: TextRange) -> FunctionId {
        let around = self.functions.iter().enumerate().filter(|(_, function)| function.range.contains(range));
        let innermost = around.min_by_key(|(_, function)| function.range.end - function.range.start);
        innermost.map_or(FunctionId::MODULE, |(at, _)| FunctionId(at as u32))
    }
    /// The function named by `id`.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.index()]
    }
    /// The type named by `id`.
    pub fn type_def(&self, id: TypeId) -> &TypeDef {
        &self.types[id.index()]
    }
    /// The last names of what a type derives: `Serialize` of `#[derive(serde::Serialize)]`.
    pub fn derived<'f>(&'f self, def: &'f TypeDef) -> impl Iterator<Item = &'f Symbol> {
        let derives = def.attributes.iter().filter(|attribute| attribute.path == "derive").flat_map(|attribute| &attribute.args);
        derives.filter_map(|argument| match self.expr(*argument) {
            Expr::Name(name) => Some(name),
            Expr::Path(path) => path.last(),
            _ => None,
        })
    }
    /// What decides whether an expression holds.
    pub fn questions_of(&self, answer: ExprId) -> &[Question] {
        let start = self.questions.partition_point(|question| question.answer < answer);
        let end = self.questions.partition_point(|question| question.answer <= answer);
        &self.questions[start..end]
    }
    /// What an expression asks itself, beside what else must hold.
    pub fn own_question(&self, answer: ExprId) -> Option<Asks> {
        self.questions_of(answer).iter().map(|question| question.asks).find(|asks| !matches!(asks, Asks::Also(_)))
    }
    /// Whether a statement within a stretch of code throws. ECMAScript only.
    pub fn throws_in(&self, range: TextRange) -> bool {
        self.throws.iter().any(|thrown| range.contains(*thrown))
    }
    /// The region named by `id`.
    pub fn region(&self, id: RegionId) -> &Region {
        &self.regions[id.index()]
    }
}

/// One name taken from another module.
///
/// `import axios, { get as g } from "axios"` is two of these; so is `use reqwest::{Client, Method}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The name it has in this file; empty for globs and imports for effect.
    pub local: Symbol,
    /// The module as written: `axios`, `./client`, `@acme/common`; in Rust the path before the last segment: `reqwest`, `crate::config`.
    /// A Rust `use` of a single segment (`use reqwest;`) has an empty source.
    pub source: Symbol,
    /// Which of the module's names.
    pub imported: Imported,
    /// Whether the name is handed on: `export … from`, `pub use`.
    pub reexport: bool,
    /// Whether it is a type only: `import type`.
    pub type_only: bool,
    /// The function it stands in, as Rust's `use` and `require` may stand anywhere.
    pub function: FunctionId,
    /// Rust: path of the inline modules around it (`a::b`), else empty.
    pub module: Symbol,
    /// The place of the statement or of the name in it.
    pub range: TextRange,
}

/// Which name of a module an import takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Imported {
    /// `import x from`.
    Default,
    /// `import * as x from`; `export * as x from`.
    Namespace,
    /// `const x = require(…)`: namespace or default, whichever the module has.
    Require,
    /// `import { name }`, `use a::name`, `const { name } = require(…)`.
    Named(Symbol),
    /// `use a::*`, `export * from`.
    Glob,
    /// `import "x"`.
    Effect,
    /// `#[macro_use] extern crate x;`: the macros and attributes of that crate, seen in the whole crate whose root says so.
    Macros,
}

/// One name handed out by a file: ECMAScript only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Export {
    /// The outer name; `default` for the default export, `=` for `module.exports = …` and `export = …`.
    pub name: Symbol,
    /// What it stands for; [`Expr::Name`] where it is declared in the file.
    pub value: ExprId,
}

/// A Rust module declaration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Module {
    /// Its name.
    pub name: Symbol,
    /// Path of the inline modules around it, else empty.
    pub module: Symbol,
    /// `#[path = "…"]`.
    pub path: Option<Symbol>,
    /// Whether its body is in this file.
    pub inline: bool,
    /// The place of the declaration.
    pub range: TextRange,
}

/// A function, method, accessor or closure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its name; empty for closures (their binding names them) and for the module.
    pub name: Symbol,
    /// What sort of function.
    pub kind: FunctionKind,
    /// The function around it; the module function is its own parent.
    pub parent: FunctionId,
    /// The class or trait it is a member of.
    pub owner: Option<TypeId>,
    /// The type of the `impl` block it is in, as written without arguments: `Client`.
    pub impl_of: Option<Symbol>,
    /// Rust: path of the inline modules around it, else empty.
    pub module: Symbol,
    /// Its parameters; Rust's `self` is left out.
    pub params: Vec<Param>,
    /// Whether it has a `self` parameter, or is a non-static member.
    pub has_self: bool,
    /// The declared result.
    pub result: Option<TypeRef>,
    /// Every value it may return: operands of `return`, an arrow's expression, Rust's tail expression (each arm of it).
    pub returns: Vec<ExprId>,
    /// Its first `return`, with a value or without. ECMAScript only.
    pub left: Option<TextRange>,
    /// Decorators or attributes.
    pub attributes: Vec<Attribute>,
    /// Whether it is `async`.
    pub is_async: bool,
    /// Region of its body.
    pub body: RegionId,
    /// The place of its name, or of its first token.
    pub name_range: TextRange,
    /// All of it.
    pub range: TextRange,
}

impl Function {
    fn module() -> Self {
        Self {
            name: Symbol::default(),
            kind: FunctionKind::Module,
            parent: FunctionId::MODULE,
            owner: None,
            impl_of: None,
            module: Symbol::default(),
            params: Vec::new(),
            has_self: false,
            result: None,
            returns: Vec::new(),
            left: None,
            attributes: Vec::new(),
            is_async: false,
            body: RegionId(0),
            name_range: TextRange::default(),
            range: TextRange::default(),
        }
    }
}

/// What sort of function a [`Function`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FunctionKind {
    /// The file's top-level code.
    Module,
    /// A named function.
    Function,
    /// A member of a class, trait, `impl` block or object literal.
    Method,
    /// `constructor`.
    Constructor,
    /// `get x()`: read as a field.
    Getter,
    /// An arrow function, function expression or Rust closure; also a Rust `async` block.
    Closure,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its name; empty where it is a pattern, whose names are then bindings of the function over [`Expr::Param`].
    pub name: Symbol,
    /// Its declared type.
    pub ty: Option<TypeRef>,
    /// Its default value.
    pub default: Option<ExprId>,
    /// Whether it declares a field too: TypeScript's `constructor(private readonly http: HttpService)`.
    pub property: bool,
    /// Whether it takes all remaining arguments.
    pub rest: bool,
    /// Decorators.
    pub attributes: Vec<Attribute>,
    /// What a function that is given for it is called with, where its type says so: `work: impl Fn(&mut Client)`.
    pub inputs: Vec<TypeRef>,
    /// The place of its name or pattern.
    pub range: TextRange,
}

/// A decorator or attribute: `@Get(":id")`, `#[get("/x")]`, `#[tracing::instrument(skip_all)]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its path, as written: `Get`, `tracing::instrument`, `derive`.
    pub path: Symbol,
    /// Its arguments. `name = value` pairs of Rust are gathered in one trailing [`Expr::Object`]; words are [`Expr::Name`].
    pub args: Vec<ExprId>,
    /// The place.
    pub range: TextRange,
}

/// A type as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TypeRef {
    /// Its path: `Client`, `reqwest::Client`, `grpc.Client`. References, `mut`, `dyn`, `impl`, lifetimes and parentheses are gone; a
    /// function type is `fn`, an array `[]`, a tuple `()`, a union `|`, an object type `{}`, behind which its number stands where it is among the
    /// types of the file, as one with fields of named types is; a string literal type is its quoted text; an
    /// intersection is `&`, `typeof x` and `keyof T` are these words with one argument, and what only a type checker could tell is `?`.
    pub path: Symbol,
    /// Its arguments or members: `Arc<Mutex<T>>`, `Promise<T>`; for `fn` the result alone.
    pub args: Vec<TypeRef>,
    /// The place.
    pub range: TextRange,
}

/// A class, interface, struct, enum, trait or alias.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TypeDef {
    /// Its name; empty for a class expression without one.
    pub name: Symbol,
    /// What sort of type.
    pub kind: TypeKind,
    /// The function around it.
    pub function: FunctionId,
    /// Rust: path of the inline modules around it, else empty.
    pub module: Symbol,
    /// Superclass, interfaces, supertraits; for an alias the type it stands for.
    pub bases: Vec<TypeRef>,
    /// The superclass as an expression, which may be a call (a mixin).
    pub superclass: Option<ExprId>,
    /// Names of type parameters.
    pub type_params: Vec<Symbol>,
    /// Fields; the variants of an enum.
    pub fields: Vec<Field>,
    /// Methods declared in its body.
    pub methods: Vec<FunctionId>,
    /// Decorators or attributes.
    pub attributes: Vec<Attribute>,
    /// The place of its name.
    pub name_range: TextRange,
    /// All of it.
    pub range: TextRange,
}

/// What sort of type a [`TypeDef`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TypeKind {
    /// `class`.
    Class,
    /// `interface`.
    Interface,
    /// `struct`.
    Struct,
    /// `enum`.
    Enum,
    /// `trait`.
    Trait,
    /// `type A = …`.
    Alias,
}

/// A field of a type, or a variant of an enum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name; tuple fields count from `0`.
    pub name: Symbol,
    /// Its declared type.
    pub ty: Option<TypeRef>,
    /// Its initial value; the value of an enum's member.
    pub value: Option<ExprId>,
    /// Whether it belongs to the type itself.
    pub is_static: bool,
    /// Decorators or attributes.
    pub attributes: Vec<Attribute>,
    /// The place of its name.
    pub range: TextRange,
}

/// A Rust `impl` block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Impl {
    /// The trait, where it implements one.
    pub trait_ref: Option<TypeRef>,
    /// The type.
    pub self_type: TypeRef,
    /// Path of the inline modules around it, else empty.
    pub module: Symbol,
    /// Its functions.
    pub methods: Vec<FunctionId>,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
    /// All of it.
    pub range: TextRange,
}

/// A name bound to a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// The name.
    pub name: Symbol,
    /// The function it is local to; [`FunctionId::MODULE`] for the file's own.
    pub function: FunctionId,
    /// Rust: path of the inline modules around it, else empty. For a constant of an `impl` block or trait, the type's name
    /// counts as the innermost module: `config::Client`.
    pub module: Symbol,
    /// The value it starts with.
    pub value: Option<ExprId>,
    /// Its declared type. Of what a pattern takes out of a variant of a Rust enum, the variant: it is what that holds.
    pub ty: Option<TypeRef>,
    /// Whether it can never be assigned again: `const`, `static`, Rust's `let` without `mut`.
    pub constant: bool,
    /// The place of the name.
    pub range: TextRange,
}

/// `target = value`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// What is assigned: a [`Expr::Name`], [`Expr::Member`] or [`Expr::Index`].
    pub target: ExprId,
    /// The new value.
    pub value: ExprId,
    /// The function it happens in.
    pub function: FunctionId,
}

/// A call that may leave the function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What is called: [`Expr::Member`] for a method, [`Expr::Name`] or [`Expr::Path`] for a function, class or macro.
    pub callee: ExprId,
    /// How it is called.
    pub kind: CallKind,
    /// Its arguments; for a tagged template the template alone.
    pub args: Vec<Arg>,
    /// Explicit type arguments.
    pub type_args: Vec<TypeRef>,
    /// The function it stands in.
    pub function: FunctionId,
    /// The control flow it stands in.
    pub region: RegionId,
    /// Whether the result is awaited there and then.
    pub awaited: bool,
    /// What becomes of the result.
    pub result: ResultUse,
    /// The place of the method's or function's name.
    pub name_range: TextRange,
    /// All of it.
    pub range: TextRange,
}

/// How something is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallKind {
    /// `f(x)`.
    Call,
    /// `new C(x)`.
    New,
    /// `m!(x)`.
    Macro,
    /// `` sql`…` ``.
    TaggedTemplate,
    /// `<Component x={y} />`, with an object of what it is given.
    Element,
}

/// What becomes of a call's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResultUse {
    /// It is a statement of its own, or bound to `_`.
    Ignored,
    /// As ignored, but its failure ends the function (`f()?;`) or throws (`await f();`).
    FailureOnly,
    /// It is part of a larger expression or bound to a name.
    Used,
    /// It is what the function returns.
    Returned,
}

/// An argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arg {
    /// Its value.
    pub value: ExprId,
    /// Whether it is spread: `...args`.
    pub spread: bool,
}

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    /// What it is.
    pub kind: Expr,
    /// The place.
    pub range: TextRange,
    /// The function it is evaluated in.
    pub function: FunctionId,
}

/// The small expression language.
///
/// What does not change which value is meant is gone: parentheses, `await`, `?`, `!`, `&`, `*`, `as T`, `satisfies T`, `x!`. Optional chaining
/// reads as plain access. `x + y` on anything is a [`Expr::Concat`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Expr {
    /// A string literal, its escapes resolved. A Rust `char` too.
    Str(Symbol),
    /// A number, as written without separators and type suffix.
    Number(Symbol),
    /// `true`, `false`.
    Bool(bool),
    /// `null`, `undefined`, `None`, `()`.
    Null,
    /// A regular expression, as written.
    Regex(Symbol),
    /// Parts one after the other: template strings, `+`, `format!` (with its holes filled in), `concat!`.
    Concat(Vec<ExprId>),
    /// A name in scope.
    Name(Symbol),
    /// A Rust path of two or more segments: `Client::new`, `crate::config::URL`, `Self::BASE`. Generic arguments are left out.
    Path(Vec<Symbol>),
    /// `this`, `self`.
    This,
    /// `super`.
    Super,
    /// The parameter of that position of the enclosing function `function`; made where a parameter is a pattern.
    Param {
        /// The function.
        function: FunctionId,
        /// Which of its parameters.
        index: u32,
    },
    /// `object.name`, `object["name"]`, `object?.name`, a tuple's `object.0`, a field taken apart by a pattern.
    Member {
        /// Of what.
        object: ExprId,
        /// Which field.
        name: Symbol,
    },
    /// `object[index]` with an index that is not a string literal.
    Index {
        /// Of what.
        object: ExprId,
        /// Which element.
        index: ExprId,
    },
    /// An element of what is looped over: the loop variable's value.
    Element(ExprId),
    /// The result of a call.
    Call(CallId),
    /// An object or struct literal.
    Object(Box<Object>),
    /// An array, tuple or `vec![]`.
    Array(Vec<ExprId>),
    /// A function as a value.
    Closure(FunctionId),
    /// A class as a value.
    Class(TypeId),
    /// One of several, depending on something: `c ? a : b`, `if`/`match` as a value.
    Choice(Vec<ExprId>),
    /// The first that is there: `a ?? b`, `a || b`, and a pattern's default.
    Fallback(Vec<ExprId>),
    /// An environment variable: `process.env.X`, `process.env[x]`, `import.meta.env.X`, `std::env::var("X")`, `env!("X")`.
    Env(ExprId),
    /// A module loaded in place: `await import("x")`, `require("x")` within an expression.
    Import(Symbol),
    /// Something whose value is of no use to us, or code that does not parse.
    Unknown,
}

/// An object or struct literal, in order, so that a later field or spread wins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Object {
    /// A struct literal's path as written (`Self`, `config::Settings`, `Kind::Variant`); empty for an object literal.
    pub type_path: Symbol,
    /// Its entries.
    pub entries: Vec<Entry>,
}

impl Object {
    /// The value of its first field of a name, where that is written out.
    pub fn field(&self, name: &str) -> Option<ExprId> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Field { name: own, value, .. } if own == name => Some(*value),
            _ => None,
        })
    }
}

/// An entry of an [`Object`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// `name: value`; methods of an object literal too.
    Field {
        /// The key.
        name: Symbol,
        /// Its value.
        value: ExprId,
        /// The place of the key.
        range: TextRange,
    },
    /// `[key]: value`.
    Computed {
        /// The key.
        key: ExprId,
        /// Its value.
        value: ExprId,
    },
    /// `...other`, `..other`.
    Spread(ExprId),
}
