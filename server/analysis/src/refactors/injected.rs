//! What a framework hands to the classes of TypeScript, by the types of their constructors' parameters: NestJS.
//!
//! Invariant: what a process gets of its application is what the class was handed.

use portolan_grammars::facts::{
    Attribute, Call, CallKind, Expr, Function, FunctionId, FunctionKind, Import, Imported, Param, SourceFacts, Symbol, TextRange, TypeDef,
};

use super::edit::Replacement;
use super::passage::{Passage, Stuck, around};
use super::{Context, Edit, Refusal, Source, imports};
use crate::FileId;
use crate::workspace::modules::Specifier;

/// How many files hand on a name at most before one declares it.
const MAX_HANDED_ON: usize = 8;

/// The class around a function, and its constructor.
fn constructor(facts: &SourceFacts, function: FunctionId) -> Option<(&TypeDef, &Function)> {
    let member = around(facts, function).find(|id| facts.function(*id).owner.is_some())?;
    let class = facts.type_def(facts.function(member).owner?);
    let mut methods = class.methods.iter().map(|id| facts.function(*id));
    Some((class, methods.find(|method| method.kind == FunctionKind::Constructor)?))
}

/// The constructor's parameter that fills a field of the class around a function.
pub(super) fn param<'a>(facts: &'a SourceFacts, function: FunctionId, field: &str) -> Option<&'a Param> {
    constructor(facts, function)?.1.params.iter().find(|param| param.property && param.name == field)
}

/// Takes a private field out of the class around a function if nothing but a range mentions it, which goes, and nobody but the framework makes the
/// class, or one of it.
pub(super) fn without_unused(
    context: &Context<'_>,
    source: &Source<'_>,
    function: FunctionId,
    field: &str,
    gone: TextRange,
    edit: &mut Edit,
) {
    let facts = source.facts;
    let Some((class, constructor)) = constructor(facts, function) else { return };
    let params = &constructor.params;
    let Some(at) = params.iter().position(|param| param.property && param.name == field) else { return };
    let is_other = |word: usize| {
        let offset = class.range.start + word as u32;
        !gone.touches(offset) && !params[at].range.touches(offset)
    };
    if Source::words(source.slice(class.range), field).any(is_other) || is_made_by_others(context, &class.name) {
        return;
    }
    let end = |param: &Param| param.ty.as_ref().map_or(param.range.end, |ty| ty.range.end);
    let open = |start: u32| source.text[start as usize..].find('(').map(|at| start + at as u32 + 1);
    let whole = match (at.checked_sub(1), params.get(at + 1)) {
        (Some(before), _) => Some(TextRange { start: end(&params[before]), end: end(&params[at]) }),
        (None, None) => open(constructor.range.start).map(|start| TextRange { start, end: end(&params[at]) }),
        // Only the first of several: what it stands apart from the next by goes, too.
        (None, Some(_)) => open(constructor.range.start).map(|start| {
            let rest = &source.text[end(&params[at]) as usize..];
            let gap = rest.strip_prefix(',').map_or(0, |rest| 1 + rest.len() - rest.trim_start_matches(' ').len());
            TextRange { start, end: end(&params[at]) + gap as u32 }
        }),
    };
    let is_plain = |text: &str| Source::has_word(text, "private") && !["//", "/*"].iter().any(|comment| text.contains(comment));
    let Some(whole) = whole.filter(|whole| is_plain(source.slice(*whole))) else { return };
    // What another is put behind stays.
    let follows = |change: &Replacement| params.len() == 1 && change.range.start == whole.end;
    if edit.changes.get(&source.file).is_some_and(|changes| changes.iter().any(follows)) {
        return;
    }
    edit.replace(source.file, whole, "");
    imports::without_unused(source, whole, "", edit);
}

/// Whether code of the workspace makes a class itself, or another one of it: who changes the constructor's parameters changes what they do.
pub(super) fn is_made_by_others(context: &Context<'_>, class: &str) -> bool {
    let is_new = |facts: &SourceFacts, call: &Call| {
        call.kind == CallKind::New && matches!(facts.expr(call.callee), Expr::Name(name) | Expr::Member { name, .. } if name == class)
    };
    let makes = |facts: &SourceFacts| facts.calls.iter().any(|call| is_new(facts, call));
    let extends = |facts: &SourceFacts| facts.types.iter().any(|ty| superclass(facts, ty) == Some(class));
    let mut all = context.snapshot.files.iter().filter_map(|(.., facts)| facts.source());
    all.any(|facts| makes(facts) || extends(facts))
}

/// The import by which a file knows a name.
pub(super) fn import<'a>(facts: &'a SourceFacts, name: &str) -> Option<&'a Import> {
    facts.imports.iter().find(|import| import.local == name && import.function == FunctionId::MODULE && !import.reexport)
}

/// The class that a name of a file's means, and the file that declares it.
pub(super) fn class<'a>(context: &Context<'a>, file: FileId, name: &str) -> Option<(FileId, &'a TypeDef)> {
    let facts = context.snapshot.files.source(file)?;
    match import(facts, name) {
        Some(Import { source, imported: Imported::Named(outer), .. }) => exported(context, file, source, outer, 0),
        Some(_) => None,
        None => facts.types.iter().find(|ty| ty.name == name).map(|class| (file, class)),
    }
}

/// The same of what a module hands out, be it declared there or handed on.
fn exported<'a>(context: &Context<'a>, from: FileId, module: &str, name: &Symbol, depth: usize) -> Option<(FileId, &'a TypeDef)> {
    let Specifier::File(file) = context.snapshot.workspace.modules.specifier(from, module) else { return None };
    let facts = context.snapshot.files.source(file)?;
    if let Some(class) = facts.types.iter().find(|ty| ty.name == *name) {
        return Some((file, class));
    }
    let hands_on = facts.imports.iter().filter(|import| import.reexport && depth < MAX_HANDED_ON);
    let mut found = hands_on.filter_map(|import| match &import.imported {
        Imported::Named(outer) if import.local == *name => exported(context, file, &import.source, outer, depth + 1),
        Imported::Glob => exported(context, file, &import.source, name, depth + 1),
        _ => None,
    });
    found.next()
}

/// What a class is made from.
pub(super) fn superclass<'f>(facts: &'f SourceFacts, class: &TypeDef) -> Option<&'f str> {
    match facts.expr(class.superclass?) {
        Expr::Name(name) => Some(name),
        _ => None,
    }
}

/// The application of NestJS that a process listens by, where the value that listens is one.
pub(super) fn application<'f>(facts: &'f SourceFacts, listens: &Expr) -> Option<&'f str> {
    let Expr::Member { object, .. } = listens else { return None };
    let Expr::Name(app) = facts.expr(*object) else { return None };
    let mut made = facts.bindings.iter().filter(|binding| binding.name == *app);
    let only = made.next().filter(|_| made.next().is_none())?;
    let Expr::Call(call) = facts.expr(only.value?) else { return None };
    let Expr::Member { object, name } = facts.expr(facts.call(*call).callee) else { return None };
    let is_nest = matches!(facts.expr(*object), Expr::Name(of) if of == "NestFactory") && name.starts_with("create");
    (is_nest && facts.call(*call).awaited).then_some(only.name.as_str())
}

/// How the entry gets what a parameter of a class is handed: `app.get(MailService)`.
pub(super) fn got(passage: &mut Passage<'_, '_>, app: &str, param: &Param, edit: &mut Edit) -> Result<String, Refusal> {
    let unclear = || Refusal::new(format!("how {} is injected is not simple", param.name));
    let ty = param.ty.as_ref().filter(|ty| ty.args.is_empty()).ok_or_else(unclear)?;
    let class = passage.item(&ty.path, None).map_err(Stuck::refusal)?;
    let Some(attribute) = param.attributes.first() else { return Ok(format!("{app}.get({class})")) };
    let token = token(passage, attribute, edit)?.filter(|_| param.attributes.len() == 1).ok_or_else(unclear)?;
    Ok(format!("{app}.get<{class}>({token})"))
}

/// By what a decorator says that something is injected.
fn token(passage: &mut Passage<'_, '_>, attribute: &Attribute, edit: &mut Edit) -> Result<Option<String>, Refusal> {
    let (source, facts) = (passage.from, passage.from.facts);
    let [given] = attribute.args.as_slice() else { return Ok(None) };
    let text = source.slice(facts.expr_range(*given)).to_owned();
    let root = match facts.expr(*given) {
        Expr::Str(_) => None,
        Expr::Name(name) => Some(name.clone()),
        Expr::Member { object, .. } => match facts.expr(*object) {
            Expr::Name(name) => Some(name.clone()),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    if let Some(root) = root
        && passage.item(&root, None).map_err(Stuck::refusal)? != *root
    {
        return Ok(None);
    }
    match attribute.path.as_str() {
        "Inject" => Ok(Some(text)),
        "InjectQueue" => {
            let Some(queues) = import(facts, "InjectQueue") else { return Ok(None) };
            let names = imports::import(passage.context, passage.to, &queues.source, &["getQueueToken"], edit)?;
            if names.statement.is_some() {
                imports::add(passage.to, passage.at, names.statement, None, edit);
            }
            Ok(Some(format!("{}({text})", names.called.concat())))
        }
        _ => Ok(None),
    }
}

/// Whether a type is a class of a package of npm.
pub(super) fn is_of(source: &Source<'_>, ty: &str, package: &str, class: &str) -> bool {
    import(source.facts, ty)
        .is_some_and(|import| import.source == package && matches!(&import.imported, Imported::Named(it) if it == class))
}
