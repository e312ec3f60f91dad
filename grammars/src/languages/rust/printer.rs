//! Prints facts in a few short lines, so that tests can say what they expect.

use std::fmt::Write;

use crate::facts::{
    Attribute, CallKind, Entry, Expr, ExprId, FunctionId, FunctionKind, Imported, RegionId, ResultUse, SourceFacts, TypeRef,
};

/// Reads and prints an expression.
pub(super) fn expr(facts: &SourceFacts, id: ExprId) -> String {
    let list = |ids: &[ExprId]| ids.iter().map(|id| expr(facts, *id)).collect::<Vec<_>>().join(", ");
    match facts.expr(id) {
        Expr::Str(text) => format!("{text:?}"),
        Expr::Number(number) => number.to_string(),
        Expr::Bool(value) => value.to_string(),
        Expr::Null => "null".to_owned(),
        Expr::Regex(text) => format!("/{text}/"),
        Expr::Concat(parts) => format!("concat({})", list(parts)),
        Expr::Name(name) => name.to_string(),
        Expr::Path(path) => path.join("::"),
        Expr::This => "self".to_owned(),
        Expr::Super => "super".to_owned(),
        Expr::Param { function, index } => format!("param{}.{index}", function.0),
        Expr::Member { object, name } => format!("{}.{name}", expr(facts, *object)),
        Expr::Index { object, index } => format!("{}[{}]", expr(facts, *object), expr(facts, *index)),
        Expr::Element(of) => format!("element({})", expr(facts, *of)),
        Expr::Call(call) => {
            let call = facts.call(*call);
            let args = call.args.iter().map(|arg| expr(facts, arg.value)).collect::<Vec<_>>().join(", ");
            let types = if call.type_args.is_empty() { String::new() } else { format!("<{}>", types(&call.type_args)) };
            let mark = if call.kind == CallKind::Macro { "!" } else { "" };
            format!("{}{mark}{types}({args})", expr(facts, call.callee))
        }
        Expr::Object(object) => {
            let entries = object.entries.iter().map(|entry| match entry {
                Entry::Field { name, value, .. } => format!("{name}: {}", expr(facts, *value)),
                Entry::Computed { key, value } => format!("[{}]: {}", expr(facts, *key), expr(facts, *value)),
                Entry::Spread(value) => format!("..{}", expr(facts, *value)),
            });
            format!("{}{{{}}}", object.type_path, entries.collect::<Vec<_>>().join(", "))
        }
        Expr::Array(values) => format!("[{}]", list(values)),
        Expr::Closure(id) => format!("fn{}", id.0),
        Expr::Class(id) => format!("class{}", id.0),
        Expr::Choice(arms) => format!("choice({})", list(arms)),
        Expr::Fallback(values) => format!("fallback({})", list(values)),
        Expr::Env(name) => format!("env({})", expr(facts, *name)),
        Expr::Import(path) => format!("import({path})"),
        Expr::Unknown => "?".to_owned(),
    }
}

pub(super) fn ty(of: &TypeRef) -> String {
    if of.args.is_empty() { of.path.to_string() } else { format!("{}<{}>", of.path, types(&of.args)) }
}

fn types(of: &[TypeRef]) -> String {
    of.iter().map(ty).collect::<Vec<_>>().join(", ")
}

fn opt_ty(of: Option<&TypeRef>) -> String {
    of.map_or_else(String::new, |of| format!(": {}", ty(of)))
}

fn attributes(facts: &SourceFacts, of: &[Attribute]) -> String {
    of.iter().fold(String::new(), |mut text, attribute| {
        let args = attribute.args.iter().map(|arg| expr(facts, *arg)).collect::<Vec<_>>().join(", ");
        let _ = write!(text, "#{}({args}) ", attribute.path);
        text
    })
}

/// The regions around, innermost first, without bodies of named functions.
pub(super) fn regions(facts: &SourceFacts, id: RegionId) -> String {
    let mut names = Vec::new();
    let mut next = Some(id);
    while let Some(id) = next {
        names.push(format!("{:?}", facts.region(id).kind).split(" {").next().unwrap_or_default().to_owned());
        next = facts.region(id).parent;
    }
    names.pop();
    names.join("<")
}

/// One line for each import.
pub(super) fn imports(facts: &SourceFacts) -> String {
    lines(facts.imports.iter().map(|import| {
        let what = match &import.imported {
            Imported::Named(name) => name.to_string(),
            other => format!("{other:?}"),
        };
        let public = if import.reexport { "pub " } else { "" };
        let place = if import.function == FunctionId::MODULE { String::new() } else { format!(" in {}", import.function.0) };
        let module = if import.module.is_empty() { String::new() } else { format!(" @{}", import.module) };
        format!("{public}{}={}|{what}{place}{module}", import.local, import.source)
    }))
}

/// One line for each function but the module.
pub(super) fn functions(facts: &SourceFacts) -> String {
    lines(facts.functions.iter().enumerate().skip(1).map(|(at, function)| {
        let params = function
            .params
            .iter()
            .map(|param| format!("{}{}{}", attributes(facts, &param.attributes), param.name, opt_ty(param.ty.as_ref())))
            .collect::<Vec<_>>()
            .join(", ");
        let mut text = attributes(facts, &function.attributes);
        let _ = write!(text, "{at} {}", if function.is_async { "async " } else { "" });
        let _ = match function.kind {
            FunctionKind::Closure => write!(text, "closure in {}", function.parent.0),
            FunctionKind::Method => write!(text, "method"),
            _ => write!(text, "fn"),
        };
        if !function.name.is_empty() {
            let _ = write!(text, " {}", function.name);
        }
        if let Some(name) = &function.impl_of {
            let _ = write!(text, " of {name}");
        }
        if let Some(owner) = function.owner {
            let _ = write!(text, " of {}", facts.type_def(owner).name);
        }
        let _ = write!(text, "({}{params})", if function.has_self { "self " } else { "" });
        if let Some(result) = &function.result {
            let _ = write!(text, " -> {}", ty(result));
        }
        let returns = function.returns.iter().map(|value| expr(facts, *value)).collect::<Vec<_>>();
        if !returns.is_empty() {
            let _ = write!(text, " = {}", returns.join(" | "));
        }
        if !function.module.is_empty() {
            let _ = write!(text, " @{}", function.module);
        }
        text
    }))
}

/// One line for each binding.
pub(super) fn bindings(facts: &SourceFacts) -> String {
    lines(facts.bindings.iter().map(|binding| {
        let value = binding.value.map_or_else(String::new, |value| format!(" = {}", expr(facts, value)));
        let module = if binding.module.is_empty() { String::new() } else { format!(" @{}", binding.module) };
        format!("{}{}{}{value}{module}", if binding.constant { "" } else { "mut " }, binding.name, opt_ty(binding.ty.as_ref()))
    }))
}

/// One line for each call: the call, what becomes of it, the regions around it.
pub(super) fn calls(facts: &SourceFacts) -> String {
    lines(facts.calls.iter().map(|call| {
        let args = call.args.iter().map(|arg| expr(facts, arg.value)).collect::<Vec<_>>().join(", ");
        let mark = if call.kind == CallKind::Macro { "!" } else { "" };
        let types = if call.type_args.is_empty() { String::new() } else { format!("<{}>", types(&call.type_args)) };
        let mut text = format!("{}{mark}{types}({args})", expr(facts, call.callee));
        if call.awaited {
            text.push_str(" awaited");
        }
        match call.result {
            ResultUse::Used => {}
            other => text.push_str(&format!(" {other:?}").to_lowercase()),
        }
        let around = regions(facts, call.region);
        if !around.is_empty() {
            let _ = write!(text, " in {around}");
        }
        text
    }))
}

/// One line for each type, then one for each field.
pub(super) fn type_defs(facts: &SourceFacts) -> String {
    lines(facts.types.iter().map(|def| {
        let mut text = attributes(facts, &def.attributes);
        let _ = write!(text, "{:?} {}", def.kind, def.name);
        if !def.type_params.is_empty() {
            let _ = write!(text, "<{}>", def.type_params.join(", "));
        }
        if !def.bases.is_empty() {
            let _ = write!(text, ": {}", types(&def.bases));
        }
        for field in &def.fields {
            let _ = write!(text, "\n  {}{}{}", attributes(facts, &field.attributes), field.name, opt_ty(field.ty.as_ref()));
            if let Some(value) = field.value {
                let _ = write!(text, " = {}", expr(facts, value));
            }
        }
        for method in &def.methods {
            let _ = write!(text, "\n  fn {}", facts.function(*method).name);
        }
        text
    }))
}

fn lines(of: impl Iterator<Item = String>) -> String {
    of.collect::<Vec<_>>().join("\n")
}
