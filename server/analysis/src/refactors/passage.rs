//! From one place of the code to another: by what name something that is reached at the one is reached at the other.
//!
//! A name of a module is imported, a field is found in the other class by its type, a parameter in the other function. Invariant: a name means at
//! the other place what it meant at the first, or there is no way.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::facts::{
    Attribute, CallKind, Entry, Expr, ExprId, Function, FunctionId, FunctionKind, Import, Imported, Param, SourceFacts, Symbol, TextRange,
    TypeDef, TypeRef,
};

use super::imports::{self, quote};
use super::source::is_part_of_name;
use super::{Context, Edit, Refusal, Source, injected};
use crate::resolve::evaluate;
use crate::workspace::modules::Specifier;
use crate::workspace::paths;
use crate::{FileId, Snapshot};

/// How many functions lie at most around a place.
const MAX_AROUND: usize = 32;

/// Why a name cannot be taken along.
#[derive(Debug)]
pub(super) enum Stuck {
    /// It belongs to the place that it stands at.
    Local(String),
    /// Something else is in the way.
    Refused(Refusal),
}

impl From<Refusal> for Stuck {
    fn from(refusal: Refusal) -> Self {
        Stuck::Refused(refusal)
    }
}

impl Stuck {
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Stuck::Local(name) => Refusal::new(format!("`{name}` is not in reach where the call is made")),
            Stuck::Refused(refusal) => refusal,
        }
    }
}

/// A way from one function to another.
pub(super) struct Passage<'c, 'a> {
    pub(super) context: &'c Context<'a>,
    pub(super) from: &'c Source<'a>,
    pub(super) function: FunctionId,
    pub(super) to: &'c Source<'a>,
    pub(super) into: FunctionId,
    /// Where in the other file.
    pub(super) at: u32,
    imports: BTreeMap<String, BTreeSet<String>>,
    defaults: BTreeMap<String, String>,
    /// Fields that the other class is to be given: their name, and the declaration of each.
    fields: BTreeMap<String, String>,
}

/// A class, and the function of its file that a place is in.
#[derive(Clone, Copy)]
struct Class<'a> {
    file: FileId,
    facts: &'a SourceFacts,
    def: &'a TypeDef,
}

/// What a type or a name of a module is, wherever it is spoken of.
#[derive(Debug, PartialEq, Eq)]
enum Home {
    File(FileId, Symbol),
    Elsewhere(String),
}

impl<'c, 'a> Passage<'c, 'a> {
    pub(super) fn new(context: &'c Context<'a>, from: (&'c Source<'a>, FunctionId), to: (&'c Source<'a>, FunctionId), at: u32) -> Self {
        let (imports, defaults, fields) = Default::default();
        Self { context, from: from.0, function: from.1, to: to.0, into: to.1, at, imports, defaults, fields }
    }

    /// What a name at a place of the first file is called at the other: the range that is put in other words, and these.
    pub(super) fn name(&mut self, range: TextRange) -> Result<Option<(TextRange, String)>, Stuck> {
        let name = self.from.slice(range).to_owned();
        if matches!(name.as_str(), "this" | "self") {
            return self.own(range);
        }
        if let Some((function, param)) = self.local(&name) {
            let visible =
                self.from.file == self.to.file && around(self.to.facts, self.into).any(|id| id == function) && self.is_seen(&name);
            return match param.and_then(|param| self.same_param(param, range)) {
                _ if visible => Ok(None),
                Some(other) if other == name => Ok(None),
                Some(other) => Ok(Some((range, other))),
                None => Err(Stuck::Local(name)),
            };
        }
        let taken = self.item(&name, None)?;
        Ok((taken != name).then_some((range, taken)))
    }

    /// What something of the first file's module is called at the other place; `new` where it is something beside it of that name.
    pub(super) fn item(&mut self, name: &str, new: Option<&str>) -> Result<String, Stuck> {
        let wanted = new.unwrap_or(name);
        let imported = || self.from.facts.imports.iter().any(|import| import.local == name);
        if self.from.file == self.to.file && !(new.is_some() && imported()) {
            return Ok(wanted.to_owned());
        }
        if self.from.facts.language.is_ecmascript() { self.ecmascript(name, new) } else { self.rust(name, new) }
    }

    /// Adds what the other place needs to an edit.
    pub(super) fn finish(self, edit: &mut Edit) -> Result<(), Refusal> {
        let mut statements = Vec::new();
        for (module, names) in &self.imports {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            statements.extend(imports::import(self.context, self.to, module, &names, edit)?.statement);
        }
        let (quote, end) = (quote(self.to), imports::statement_end(self.to));
        statements.extend(self.defaults.iter().map(|(name, module)| format!("import {name} from {quote}{module}{quote}{end}")));
        // The module's own code may stand anywhere in its file.
        let start = if self.into == FunctionId::MODULE { u32::MAX } else { self.to.facts.function(self.into).range.start };
        if !statements.is_empty() {
            imports::add(self.to, start, Some(statements.join(self.to.newline())), None, edit);
        }
        if !self.fields.is_empty()
            && let Some(class) = self.class(self.to, self.into)
            && let Some(constructor) = constructor(class)
            && let Some(last) = constructor.params.last()
        {
            let end = last.ty.as_ref().map_or(last.range.end, |ty| ty.range.end);
            let line = self.to.line_of(last.range.start);
            let alone = !line.contains("constructor");
            let indent = self.to.indent_at(last.range.start);
            let gap = if alone { format!("{}{indent}", self.to.newline()) } else { " ".to_owned() };
            for declaration in self.fields.values() {
                edit.insert(self.to.file, end, format!(",{gap}{declaration}"));
            }
        }
        Ok(())
    }

    /// `this.bus`, `self.bus`: the same of the other class, or the field of its own that has the same type.
    fn own(&mut self, range: TextRange) -> Result<Option<(TextRange, String)>, Stuck> {
        let this = self.from.slice(range).to_owned();
        let class = self.class(self.from, self.function).ok_or_else(|| Stuck::Local(this.clone()))?;
        let other = self.class(self.to, self.into);
        if other.is_some_and(|other| other.file == class.file && other.def.name_range == class.def.name_range) {
            return Ok(None);
        }
        let rest = &self.from.text[range.end as usize..];
        let name: String = rest.strip_prefix('.').unwrap_or_default().chars().take_while(|letter| is_part_of_name(*letter)).collect();
        let whole = TextRange { start: range.start, end: range.end + 1 + name.len() as u32 };
        let found = fields(class).into_iter().find(|field| field.name == name);
        match found {
            Some(field) => {
                let ty = field.ty.ok_or_else(|| Stuck::Local(format!("{this}.{name}")))?;
                let reached = self.field_of(&ty, field.decorators.as_ref(), Some(&name))?;
                Ok(Some((whole, reached)))
            }
            // A method of the class itself.
            None => Ok(Some((range, self.instance(class)?))),
        }
    }

    /// What the class around a function of the first file is reached by at the other place.
    pub(super) fn this_of(&mut self, function: FunctionId) -> Result<String, Stuck> {
        let class = self.class(self.from, function).ok_or_else(|| Stuck::Local("this".to_owned()))?;
        let other = self.class(self.to, self.into);
        if other.is_some_and(|other| other.file == class.file && other.def.name_range == class.def.name_range) {
            return Ok(self.this().to_owned());
        }
        self.instance(class)
    }

    fn this(&self) -> &'static str {
        if self.to.facts.language.is_ecmascript() { "this" } else { "self" }
    }

    fn instance(&mut self, class: Class<'_>) -> Result<String, Stuck> {
        let ty = TypeRef { path: class.def.name.clone(), args: Vec::new(), range: class.def.name_range };
        self.field_of(&ty, None, None)
    }

    /// `this.name` for the field of the other class that has a type of the first file, or that it can be given.
    fn field_of(&mut self, ty: &TypeRef, decorators: Option<&Decorators>, called: Option<&str>) -> Result<String, Stuck> {
        let what = ty.path.to_string();
        let missing = || Stuck::Refused(Refusal::new(format!("no {what} is in reach where the call is made")));
        let other = self.class(self.to, self.into).ok_or_else(missing)?;
        let is_it = |field: &Field| {
            field.ty.as_ref().is_some_and(|own| self.is_same_type(ty, own))
                && field.decorators.as_ref().map(|own| &own.0) == decorators.map(|own| &own.0)
        };
        if let Some(field) = fields(other).into_iter().find(is_it) {
            return Ok(format!("{}.{}", self.this(), field.name));
        }
        let provided = self.is_provided_beside(ty, other).ok_or_else(missing)?;
        if !provided {
            return Err(missing());
        }
        let class = &other.def.name;
        if injected::is_made_by_others(self.context, class) {
            return Err(Stuck::Refused(Refusal::new(format!("the constructor of {class} is not only called by the framework"))));
        }
        let name = called.map_or_else(|| lower_first(&what), str::to_owned);
        let taken = fields(other).iter().any(|field| field.name == name) || Source::has_word(self.to.slice(other.def.range), &name);
        if taken {
            return Err(missing());
        }
        let local = self.item(&ty.path, None)?;
        let decorated = match decorators {
            None => String::new(),
            Some((_, range)) => {
                let tree = self.from.tree().ok_or_else(missing)?;
                for name in tree.names_in(*range) {
                    let name = self.from.slice(name).to_owned();
                    if self.item(&name, None)? != name {
                        return Err(missing());
                    }
                }
                format!("{} ", self.from.slice(*range))
            }
        };
        let declaration = format!("{decorated}private readonly {name}: {local}");
        self.fields.insert(name.clone(), declaration);
        Ok(format!("this.{name}"))
    }

    /// Whether the framework hands the type to classes of the same module as the other one: one of them has it injected, or it is provided there.
    fn is_provided_beside(&self, ty: &TypeRef, other: Class<'_>) -> Option<bool> {
        constructor(other)?.params.iter().find(|param| param.property)?;
        let from = self.class(self.from, self.function);
        let names = [from.map(|class| class.def.name.clone()), Some(ty.path.clone())];
        let snapshot = self.context.snapshot;
        let lists = |facts: &SourceFacts, attribute: &Attribute, name: &str| {
            let mut listed = false;
            for argument in &attribute.args {
                super::mirror::descend(facts, *argument, 0, &mut |id| listed |= matches!(facts.expr(id), Expr::Name(it) if it == name));
            }
            listed
        };
        let mut modules = snapshot.files.iter().filter_map(|(_, _, facts)| facts.source()).flat_map(|facts| {
            let all = facts.types.iter().flat_map(|ty| &ty.attributes).filter(|attribute| attribute.path == "Module");
            all.map(move |attribute| (facts, attribute))
        });
        Some(modules.any(|(facts, attribute)| {
            lists(facts, attribute, &other.def.name) && names.iter().flatten().any(|name| lists(facts, attribute, name))
        }))
    }

    /// The function around the first place that a name is local to, and the parameter that it is, or is taken apart from.
    fn local(&self, name: &str) -> Option<(FunctionId, Option<&'a Param>)> {
        let facts = self.from.facts;
        around(facts, self.function).filter(|id| *id != FunctionId::MODULE).find_map(|id| {
            let params = &facts.function(id).params;
            if let Some(param) = params.iter().find(|param| param.name == name) {
                return Some((id, Some(param)));
            }
            let bound = facts.bindings.iter().find(|binding| binding.function == id && binding.name == name)?;
            Some((id, params.iter().find(|param| param.range.contains(bound.range))))
        })
    }

    /// Whether a name that is bound in a function around both places is bound before the other, in a block around it.
    fn is_seen(&self, name: &str) -> bool {
        let Some(tree) = self.to.tree() else { return false };
        let facts = self.to.facts;
        let here = TextRange { start: self.at, end: self.at + 1 };
        let param = around(facts, self.into).any(|id| facts.function(id).params.iter().any(|param| param.name == name));
        param
            || facts.bindings.iter().any(|binding| {
                let statements = || tree.statements_around(binding.range);
                binding.name == name
                    && binding.range.end <= self.at
                    && (statements().iter().any(|it| it.contains(here)) || is_in_pattern(facts, binding.range))
            })
    }

    /// The parameter at the other place that is declared as one of the first is: of a type that has a name, and called the same or asked for a
    /// member. Two texts are of one type, and no more alike for that.
    fn same_param(&self, param: &Param, range: TextRange) -> Option<String> {
        let (ty, name) = (param.ty.as_ref()?, self.from.slice(range));
        let facts = self.to.facts;
        if !ty.path.rsplit("::").next()?.starts_with(char::is_uppercase) {
            return None;
        }
        let asked = self.from.text[range.end as usize..].trim_start().starts_with('.');
        let shape = self.from.slice(param.range).replacen(name, "", 1);
        let all = around(facts, self.into).flat_map(|id| &facts.function(id).params);
        let mut same = all.filter(|other| other.ty.as_ref().is_some_and(|own| self.is_same_type(ty, own))).filter_map(|other| {
            if !other.name.is_empty() {
                return (param.name == name && (asked || other.name == name)).then(|| other.name.to_string());
            }
            let mut bound = facts.bindings.iter().filter(|binding| other.range.contains(binding.range));
            let only = bound.next().filter(|_| bound.next().is_none())?;
            (asked && self.to.slice(other.range).replacen(only.name.as_str(), "", 1) == shape).then(|| only.name.to_string())
        });
        same.next()
    }

    fn is_same_type(&self, first: &TypeRef, other: &TypeRef) -> bool {
        let snapshot = self.context.snapshot;
        let (Some(one), Some(two)) = (home(snapshot, self.from, &first.path), home(snapshot, self.to, &other.path)) else { return false };
        one == two
            && first.args.len() == other.args.len()
            && first.args.iter().zip(&other.args).all(|(one, two)| self.is_same_type(one, two))
    }

    fn class(&self, source: &Source<'a>, function: FunctionId) -> Option<Class<'a>> {
        let facts = source.facts;
        let id = around(facts, function).find(|id| facts.function(*id).owner.is_some() || facts.function(*id).impl_of.is_some())?;
        let member = facts.function(id);
        if let Some(owner) = member.owner {
            return Some(Class { file: source.file, facts, def: facts.type_def(owner) });
        }
        let name = member.impl_of.as_ref()?;
        if let Some(def) = facts.types.iter().find(|def| def.name == *name) {
            return Some(Class { file: source.file, facts, def });
        }
        let Some(Home::File(file, name)) = home(self.context.snapshot, source, name) else { return None };
        let facts = self.context.snapshot.files.source(file)?;
        Some(Class { file, facts, def: facts.types.iter().find(|def| def.name == name)? })
    }

    /// How files of the package end the names of others: the two files themselves, else any other.
    fn extension(&self) -> &'static str {
        let found = extension(self.to.facts).or_else(|| extension(self.from.facts));
        found.or_else(|| usual_extension(self.context, self.to)).unwrap_or_default()
    }

    fn ecmascript(&mut self, name: &str, new: Option<&str>) -> Result<String, Stuck> {
        let modules = &self.context.snapshot.workspace.modules;
        let (from, to, wanted) = (self.from, self.to, new.unwrap_or(name));
        let own_package = self.context.snapshot.workspace.package_of(from.path) == self.context.snapshot.workspace.package_of(to.path);
        let imported = from.facts.imports.iter().find(|import| import.local == name && import.function == FunctionId::MODULE);
        let (specifier, outer) = match imported {
            Some(import) => (import.source.to_string(), import.imported.clone()),
            None if !from.declares(name) => {
                // It is the language's own.
                return if to.declares(name) { Err(Stuck::Local(name.to_owned())) } else { Ok(wanted.to_owned()) };
            }
            None => (format!("./{}", from.name()), exported(from.facts, name).ok_or_else(|| not_exported(from, name))?),
        };
        let module = modules.specifier(from.file, &specifier);
        let outer = match (new, &outer) {
            (Some(new), Imported::Named(_)) => Imported::Named(new.into()),
            _ => outer,
        };
        // The other file may have it already, by whatever name.
        let has = |import: &&Import| {
            let same = import.imported == outer && import.function == FunctionId::MODULE && !import.reexport;
            same && !import.type_only && modules.specifier(to.file, &import.source) == module
        };
        if let Some(import) = to.facts.imports.iter().find(has).filter(|_| module != Specifier::Missing) {
            return Ok(import.local.to_string());
        }
        if module == Specifier::File(to.file) {
            return match &outer {
                Imported::Named(outer) => own_name(to.facts, outer).map(|_| wanted.to_owned()).ok_or_else(|| not_exported(to, name)),
                _ => Err(not_exported(to, name)),
            };
        }
        if to.declares(wanted) {
            return Err(Stuck::Refused(Refusal::new(format!("the name {wanted} means something else in {}", to.name()))));
        }
        let specifier = match specifier.strip_prefix('.') {
            Some(_) if !own_package => return Err(Stuck::Refused(Refusal::new(format!("{name} is of another package")))),
            Some(_) => {
                let own = imported.is_none().then(|| self.extension());
                let path = paths::join(paths::folder(from.path.as_str()), &specifier).ok_or_else(|| Stuck::Local(name.to_owned()))?;
                let path = match own {
                    Some(extension) => format!("{}{extension}", without_extension(&path)),
                    None => path,
                };
                relative(paths::folder(to.path.as_str()), &path)
            }
            None => specifier,
        };
        match outer {
            Imported::Named(outer) => {
                self.imports.entry(specifier).or_default().insert(outer.to_string());
                Ok(outer.to_string())
            }
            Imported::Default => {
                self.defaults.insert(wanted.to_owned(), specifier);
                Ok(wanted.to_owned())
            }
            _ => Err(Stuck::Refused(Refusal::new(format!("how {name} is imported is not simple")))),
        }
    }

    fn rust(&mut self, name: &str, new: Option<&str>) -> Result<String, Stuck> {
        let (from, to) = (self.from, self.to);
        let wanted = new.unwrap_or(name);
        let used = |source: &Source<'_>, name: &str| rust_path(self.context.snapshot, source, name);
        let Some(path) = used(from, name) else {
            return if to.declares(name) && name != wanted { Err(Stuck::Local(name.to_owned())) } else { Ok(wanted.to_owned()) };
        };
        let within = path.starts_with("crate::") || path == "crate";
        let workspace = &self.context.snapshot.workspace;
        if workspace.package_of(from.path) != workspace.package_of(to.path) {
            return Err(Stuck::Refused(Refusal::new(format!("{name} is of another crate"))));
        }
        if within && declared_privately(from, name) {
            return Err(not_exported(from, name));
        }
        if new.is_none() && used(to, name).as_deref() == Some(path.as_str()) {
            return Ok(name.to_owned());
        }
        Ok(match new {
            Some(new) => path.rsplit_once("::").map_or_else(|| new.to_owned(), |(of, _)| format!("{of}::{new}")),
            None => path,
        })
    }
}

fn not_exported(source: &Source<'_>, name: &str) -> Stuck {
    Stuck::Refused(Refusal::new(format!("{name} is not exported by {}", source.name())))
}

/// A function and those that it is written in, the innermost first; the module's own code comes last.
pub(super) fn around(facts: &SourceFacts, function: FunctionId) -> impl Iterator<Item = FunctionId> {
    evaluate::around(facts, function).take(MAX_AROUND)
}

/// A field of a class, or what its constructor makes one of.
struct Field {
    name: Symbol,
    ty: Option<TypeRef>,
    decorators: Option<Decorators>,
}

/// Decorators of a constructor's parameter, which say which of several of a type is meant: what they say, and where.
type Decorators = (String, TextRange);

fn fields(class: Class<'_>) -> Vec<Field> {
    let facts = class.facts;
    let made = |value| match facts.expr(value) {
        Expr::Call(call) => match facts.expr(facts.call(*call).callee) {
            Expr::Name(name) if facts.call(*call).kind == CallKind::New => {
                Some(TypeRef { path: name.clone(), args: Vec::new(), range: facts.call(*call).name_range })
            }
            _ => None,
        },
        _ => None,
    };
    let own = class.def.fields.iter().filter(|field| !field.is_static);
    let mut all: Vec<Field> = own
        .map(|field| Field { name: field.name.clone(), ty: field.ty.clone().or_else(|| field.value.and_then(made)), decorators: None })
        .collect();
    let params = constructor(class).into_iter().flat_map(|constructor| &constructor.params).filter(|param| param.property);
    all.extend(params.map(|param| Field {
        name: param.name.clone(),
        ty: param.ty.clone(),
        decorators: (!param.attributes.is_empty()).then(|| {
            let words: Vec<String> = param.attributes.iter().map(|attribute| attribute_text(facts, attribute)).collect();
            let (first, last) = (param.attributes[0].range, param.attributes[param.attributes.len() - 1].range);
            (words.join(" "), TextRange { start: first.start, end: last.end })
        }),
    }));
    all
}

/// What a decorator says, by which it is compared with others.
fn attribute_text(facts: &SourceFacts, attribute: &Attribute) -> String {
    let argument = |id: &ExprId| match facts.expr(*id) {
        Expr::Str(text) => format!("'{text}'"),
        Expr::Name(name) => name.to_string(),
        other => format!("{other:?}"),
    };
    let arguments: Vec<String> = attribute.args.iter().map(argument).collect();
    format!("@{}({})", attribute.path, arguments.join(", "))
}

fn constructor<'a>(class: Class<'a>) -> Option<&'a Function> {
    let mut all = class.def.methods.iter().map(|id| class.facts.function(*id));
    all.find(|function| function.kind == FunctionKind::Constructor)
}

/// What a type's or a module's name means, wherever it is used.
fn home(snapshot: &Snapshot, source: &Source<'_>, name: &str) -> Option<Home> {
    let facts = source.facts;
    if !facts.language.is_ecmascript() {
        let (first, rest) = name.split_once("::").map_or((name, ""), |(first, _)| (first, &name[first.len()..]));
        let path = rust_path(snapshot, source, first).map_or_else(|| name.to_owned(), |path| format!("{path}{rest}"));
        // A type of the same package goes by the file that declares it.
        let last = path.rsplit("::").next().unwrap_or(&path).to_owned();
        let package = snapshot.workspace.package_of(source.path);
        let mut declaring = snapshot.files.iter().filter(|(_, path, facts)| {
            let own = path.extension() == Some("rs") && snapshot.workspace.package_of(path) == package;
            own && facts.source().is_some_and(|facts| facts.types.iter().any(|ty| ty.name == last.as_str()))
        });
        return match (declaring.next(), declaring.next()) {
            (Some((file, ..)), None) if path.starts_with("crate") || !path.contains("::") => Some(Home::File(file, last.into())),
            (Some(_), Some(_)) if path.starts_with("crate") => None,
            _ => Some(Home::Elsewhere(path)),
        };
    }
    let imported = facts.imports.iter().find(|import| import.local == name);
    match imported {
        Some(import) => {
            let outer = match &import.imported {
                Imported::Named(outer) => outer.clone(),
                Imported::Default => "default".into(),
                _ => return None,
            };
            match snapshot.workspace.modules.specifier(source.file, &import.source) {
                Specifier::File(file) => Some(Home::File(file, outer)),
                Specifier::Package(package, sub) => Some(Home::Elsewhere(format!("{package}/{sub}#{outer}"))),
                Specifier::Missing => None,
            }
        }
        None if facts.types.iter().any(|ty| ty.name == name) => Some(Home::File(source.file, name.into())),
        None => Some(Home::Elsewhere(name.to_owned())),
    }
}

/// The full path of a name of a Rust file, if the file declares or imports it.
fn rust_path(snapshot: &Snapshot, source: &Source<'_>, name: &str) -> Option<String> {
    let facts = source.facts;
    let import =
        facts.imports.iter().find(|import| import.local == name && import.function == FunctionId::MODULE && import.module.is_empty());
    if let Some(Import { source: of, imported: Imported::Named(outer), .. }) = import {
        let own = facts.modules.iter().any(|module| of.split("::").next() == Some(module.name.as_str()));
        let path = if of.is_empty() { outer.to_string() } else { format!("{of}::{outer}") };
        return match of.split("::").next() {
            Some("self" | "super") => None,
            _ if own => Some(format!("{}::{path}", module_path(snapshot, source))),
            _ => Some(path),
        };
    }
    let declared = facts.functions.iter().any(|function| function.name == name && function.kind == FunctionKind::Function)
        || facts.types.iter().any(|ty| ty.name == name)
        || facts.modules.iter().any(|module| module.name == name)
        || facts.bindings.iter().any(|binding| binding.name == name && binding.function == FunctionId::MODULE);
    declared.then(|| format!("{}::{name}", module_path(snapshot, source)))
}

/// `crate::bus` for `src/bus.rs`.
fn module_path(snapshot: &Snapshot, source: &Source<'_>) -> String {
    let workspace = &snapshot.workspace;
    let root = workspace.package_of(source.path).map_or("", |package| workspace.packages[package].root.as_str());
    let path = source.path.as_str().strip_prefix(root).unwrap_or(source.path.as_str()).trim_start_matches('/');
    let inner = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs").trim_end_matches("/mod");
    match inner {
        "main" | "lib" => "crate".to_owned(),
        inner => format!("crate::{}", inner.replace('/', "::")),
    }
}

/// Whether a Rust file declares something that others may not use.
fn declared_privately(source: &Source<'_>, name: &str) -> bool {
    let facts = source.facts;
    let head = |start: u32, end: u32| source.text.get(start as usize..end as usize).unwrap_or_default().trim_start().to_owned();
    let function = facts.functions.iter().find(|function| function.name == name && function.kind == FunctionKind::Function);
    let ty = facts.types.iter().find(|ty| ty.name == name);
    let binding = facts.bindings.iter().find(|binding| binding.name == name && binding.function == FunctionId::MODULE);
    let line = |offset: u32| source.line_of(offset).trim_start().to_owned();
    let declared = function
        .map(|function| head(function.range.start, function.name_range.start))
        .or_else(|| ty.map(|ty| line(ty.name_range.start)))
        .or_else(|| binding.map(|binding| line(binding.range.start)));
    declared.is_some_and(|head| !head.starts_with("pub"))
}

/// By what name a file hands out one of its own.
fn exported(facts: &SourceFacts, name: &str) -> Option<Imported> {
    let is_it = |value| matches!(facts.expr(value), Expr::Name(it) if it == name);
    let found = facts.exports.iter().find_map(|export| match facts.expr(export.value) {
        _ if export.name == "default" && is_it(export.value) => Some(Imported::Default),
        _ if is_it(export.value) => Some(Imported::Named(export.name.clone())),
        Expr::Object(object) if export.name == "=" => object.entries.iter().find_map(|entry| match entry {
            Entry::Field { name: key, value, .. } if is_it(*value) => Some(Imported::Named(key.clone())),
            _ => None,
        }),
        Expr::Closure(id) if facts.function(*id).name == name => Some(Imported::Named(export.name.clone())),
        Expr::Class(id) if facts.type_def(*id).name == name => Some(Imported::Named(export.name.clone())),
        _ => None,
    });
    found.or_else(|| facts.exports.iter().find(|export| export.name == name).map(|export| Imported::Named(export.name.clone())))
}

/// What a file calls something that it hands out.
fn own_name(facts: &SourceFacts, outer: &str) -> Option<Symbol> {
    let export = facts.exports.iter().find(|export| export.name == outer)?;
    match facts.expr(export.value) {
        Expr::Name(name) => Some(name.clone()),
        _ => Some(outer.into()),
    }
}

/// How a file ends the names of files that it imports: `.js`, or not at all; nothing where it imports none.
pub(super) fn extension(facts: &SourceFacts) -> Option<&'static str> {
    let mut own = facts.imports.iter().filter(|import| import.source.starts_with('.'));
    let first = own.next()?;
    let known = [".js", ".ts", ".mjs", ".mts", ".cjs"];
    Some(known.into_iter().find(|extension| first.source.ends_with(extension)).unwrap_or(""))
}

/// The same of the first file of a file's package that says it, or of that file itself.
pub(super) fn usual_extension(context: &Context<'_>, source: &Source<'_>) -> Option<&'static str> {
    let snapshot = context.snapshot;
    let package = snapshot.workspace.package_of(source.path);
    let mut others = snapshot.files.iter().filter(|(_, path, _)| snapshot.workspace.package_of(path) == package);
    extension(source.facts).or_else(|| others.find_map(|(.., facts)| extension(facts.source()?)))
}

fn without_extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').map_or(path, |dot| &path[..path.len() - name.len() + dot])
}

/// `../bus/index.js` for `src/bus/index.js` in `src/orders`.
pub(super) fn relative(folder: &str, path: &str) -> String {
    let (from, to): (Vec<&str>, Vec<&str>) =
        (folder.split('/').filter(|part| !part.is_empty()).collect(), path.split('/').filter(|part| !part.is_empty()).collect());
    let shared = from.iter().zip(&to).take_while(|(one, two)| one == two).count();
    let up = "../".repeat(from.len() - shared);
    let up = if up.is_empty() { "./".to_owned() } else { up };
    format!("{up}{}", to[shared..].join("/"))
}

fn is_in_pattern(facts: &SourceFacts, range: TextRange) -> bool {
    facts.functions.iter().any(|function| function.params.iter().any(|param| param.range.contains(range)))
}

/// A name with a small first letter.
pub(super) fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_one_another() {
        assert_eq!(relative("a/src", "a/src/bus.js"), "./bus.js");
        assert_eq!(relative("a/src/orders", "a/src/bus/index"), "../bus/index");
        assert_eq!((without_extension("a/b.c/d.e.ts"), without_extension("a.b/c")), ("a/b.c/d.e", "a.b/c"));
    }
}
