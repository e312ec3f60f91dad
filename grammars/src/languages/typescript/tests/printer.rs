//! Prints facts compactly, for comparison in tests.

use crate::facts::*;

/// An expression.
pub(super) fn expr(facts: &SourceFacts, id: ExprId) -> String {
    let list = |ids: &[ExprId], between: &str| ids.iter().map(|id| expr(facts, *id)).collect::<Vec<_>>().join(between);
    match facts.expr(id) {
        Expr::Str(text) => format!("{text:?}"),
        Expr::Number(text) => text.to_string(),
        Expr::Bool(value) => value.to_string(),
        Expr::Null => "null".into(),
        Expr::Regex(text) => text.to_string(),
        Expr::Concat(parts) => format!("concat({})", list(parts, ", ")),
        Expr::Name(name) => name.to_string(),
        Expr::Path(path) => path.join("::"),
        Expr::This => "this".into(),
        Expr::Super => "super".into(),
        Expr::Param { function, index } => format!("param({}, {index})", function.0),
        Expr::Member { object, name } => format!("{}.{name}", expr(facts, *object)),
        Expr::Index { object, index } => format!("{}[{}]", expr(facts, *object), expr(facts, *index)),
        Expr::Element(of) => format!("element({})", expr(facts, *of)),
        Expr::Call(call) => format!("#{}", call.0),
        Expr::Object(object) => {
            let entries = object.entries.iter().map(|entry| match entry {
                Entry::Field { name, value, .. } => format!("{name}: {}", expr(facts, *value)),
                Entry::Computed { key, value } => format!("[{}]: {}", expr(facts, *key), expr(facts, *value)),
                Entry::Spread(value) => format!("...{}", expr(facts, *value)),
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Expr::Array(elements) => format!("[{}]", list(elements, ", ")),
        Expr::Closure(function) => format!("fn{}", function.0),
        Expr::Class(ty) => format!("class{}", ty.0),
        Expr::Choice(arms) => format!("choice({})", list(arms, ", ")),
        Expr::Fallback(values) => format!("({})", list(values, " ?? ")),
        Expr::Env(variable) => format!("env({})", expr(facts, *variable)),
        Expr::Import(source) => format!("import({source})"),
        Expr::Unknown => "?".into(),
    }
}

fn exprs(facts: &SourceFacts, ids: &[ExprId]) -> String {
    ids.iter().map(|id| expr(facts, *id)).collect::<Vec<_>>().join(", ")
}

/// A type.
pub(super) fn ty(ty: &TypeRef) -> String {
    if ty.args.is_empty() {
        return ty.path.to_string();
    }
    format!("{}<{}>", ty.path, ty.args.iter().map(self::ty).collect::<Vec<_>>().join(", "))
}

fn types(list: &[TypeRef]) -> String {
    list.iter().map(ty).collect::<Vec<_>>().join(", ")
}

fn declared(value: &Option<TypeRef>) -> String {
    value.as_ref().map(|value| format!(": {}", ty(value))).unwrap_or_default()
}

fn valued(facts: &SourceFacts, value: &Option<ExprId>) -> String {
    value.map(|value| format!(" = {}", expr(facts, value))).unwrap_or_default()
}

fn attributes(facts: &SourceFacts, list: &[Attribute]) -> String {
    list.iter().map(|one| format!("@{}({}) ", one.path, exprs(facts, &one.args))).collect()
}

fn within(function: FunctionId) -> String {
    if function == FunctionId::MODULE { String::new() } else { format!(" in fn{}", function.0) }
}

/// All calls.
pub(super) fn calls(facts: &SourceFacts) -> Vec<String> {
    let call = |(id, call): (usize, &Call)| {
        let args = call.args.iter().map(|arg| format!("{}{}", if arg.spread { "..." } else { "" }, expr(facts, arg.value)));
        let kind = match call.kind {
            CallKind::Call => "",
            CallKind::New => "new ",
            CallKind::Macro => "macro ",
            CallKind::TaggedTemplate => "tagged ",
            CallKind::Element => "element ",
        };
        let type_args = if call.type_args.is_empty() { String::new() } else { format!("<{}>", types(&call.type_args)) };
        let args = args.collect::<Vec<_>>().join(", ");
        format!(
            "#{id} {kind}{}{type_args}({args}) {}{:?} {}{}",
            expr(facts, call.callee),
            if call.awaited { "awaited " } else { "" },
            call.result,
            region(facts, call.region),
            within(call.function),
        )
    };
    facts.calls.iter().enumerate().map(call).collect()
}

/// A region and those around it, within its function and beyond.
pub(super) fn region(facts: &SourceFacts, id: RegionId) -> String {
    let mut names = Vec::new();
    let mut next = Some(id);
    while let Some(id) = next {
        let region = facts.region(id);
        names.push(format!("{:?}", region.kind).split(" {").next().unwrap_or_default().to_owned());
        next = region.parent;
    }
    names.reverse();
    names.join(">")
}

/// All bindings.
pub(super) fn bindings(facts: &SourceFacts) -> Vec<String> {
    let binding = |one: &Binding| {
        let word = if one.constant { "const" } else { "let" };
        format!("{word} {}{}{}{}", one.name, declared(&one.ty), valued(facts, &one.value), within(one.function))
    };
    facts.bindings.iter().map(binding).collect()
}

/// All assignments.
pub(super) fn assignments(facts: &SourceFacts) -> Vec<String> {
    let assignment = |one: &Assignment| format!("{} = {}{}", expr(facts, one.target), expr(facts, one.value), within(one.function));
    facts.assignments.iter().map(assignment).collect()
}

/// All imports.
pub(super) fn imports(facts: &SourceFacts) -> Vec<String> {
    let import = |one: &Import| {
        let words = format!("{}{}", if one.reexport { " reexport" } else { "" }, if one.type_only { " type" } else { "" });
        let local = if one.local.is_empty() { "-" } else { &one.local };
        format!("{local} = {:?} of {}{words}{}", one.imported, one.source, within(one.function))
    };
    facts.imports.iter().map(import).collect()
}

/// All exports.
pub(super) fn exports(facts: &SourceFacts) -> Vec<String> {
    facts.exports.iter().map(|one| format!("{} = {}", one.name, expr(facts, one.value))).collect()
}

/// All functions but the module's own.
pub(super) fn functions(facts: &SourceFacts) -> Vec<String> {
    let param = |one: &Param| {
        let words = format!(
            "{}{}{}",
            attributes(facts, &one.attributes),
            if one.property { "property " } else { "" },
            if one.rest { "..." } else { "" }
        );
        let name = if one.name.is_empty() { "{}" } else { &one.name };
        format!("{words}{name}{}{}", declared(&one.ty), valued(facts, &one.default))
    };
    let function = |(id, one): (usize, &Function)| {
        let params = one.params.iter().map(param).collect::<Vec<_>>().join(", ");
        let owner = one.owner.map(|owner| format!(" of type{}", owner.0)).unwrap_or_default();
        let returns = if one.returns.is_empty() { String::new() } else { format!(" -> {}", exprs(facts, &one.returns)) };
        let words = format!(
            "{}{}{}",
            attributes(facts, &one.attributes),
            if one.is_async { "async " } else { "" },
            if one.has_self { "self " } else { "" }
        );
        format!("fn{id} {words}{:?} {}({params}){}{owner}{}{returns}", one.kind, one.name, declared(&one.result), within(one.parent))
    };
    facts.functions.iter().enumerate().skip(1).map(function).collect()
}

/// All types, a line for each and for each of its fields.
pub(super) fn type_defs(facts: &SourceFacts) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, one) in facts.types.iter().enumerate() {
        let params = if one.type_params.is_empty() { String::new() } else { format!("<{}>", one.type_params.join(", ")) };
        let bases = if one.bases.is_empty() { String::new() } else { format!(" : {}", types(&one.bases)) };
        let superclass = one.superclass.map(|id| format!(" extends {}", expr(facts, id))).unwrap_or_default();
        let methods: Vec<String> = one.methods.iter().map(|id| format!(" fn{}", id.0)).collect();
        let words = attributes(facts, &one.attributes);
        let name = if one.name.is_empty() { "-" } else { &one.name };
        lines.push(format!("type{id} {words}{:?} {name}{params}{superclass}{bases}{}{}", one.kind, methods.concat(), within(one.function)));
        for field in &one.fields {
            let words = format!("{}{}", attributes(facts, &field.attributes), if field.is_static { "static " } else { "" });
            lines.push(format!(". {words}{}{}{}", field.name, declared(&field.ty), valued(facts, &field.value)));
        }
    }
    lines
}

/// Asserts what must be true of all facts: ids name something, ranges lie in the text, calls come after those within them.
pub(super) fn check(facts: &SourceFacts, text: &str) {
    let length = text.len() as u32;
    let in_text = |range: TextRange| assert!(range.start <= range.end && range.end <= length, "{range:?} beyond {length}");
    for expression in &facts.exprs {
        in_text(expression.range);
        assert!(expression.function.index() < facts.functions.len());
    }
    for (id, call) in facts.calls.iter().enumerate() {
        in_text(call.range);
        in_text(call.name_range);
        for expr in std::iter::once(call.callee).chain(call.args.iter().map(|arg| arg.value)) {
            if let Expr::Call(inner) = facts.expr(expr) {
                assert!(inner.index() < id);
            }
        }
        assert_eq!(facts.region(call.region).function, call.function);
    }
    for region in &facts.regions {
        in_text(region.range);
    }
    for function in &facts.functions {
        in_text(function.range);
        in_text(function.name_range);
        assert_eq!(facts.region(function.body).kind, RegionKind::Body);
    }
    facts.imports.iter().for_each(|one| in_text(one.range));
    facts.bindings.iter().for_each(|one| in_text(one.range));
    facts.problems.iter().for_each(|one| in_text(one.range));
    facts.types.iter().for_each(|one| in_text(one.range));
    // Printing follows every id there is.
    let _ = (calls(facts), bindings(facts), assignments(facts), exports(facts), functions(facts), type_defs(facts));
}
