//! What certainly is no instance of the workspace's classes: texts and lists, a library's own classes, the runtime's maps and requests.
//!
//! A method called on such a value is not one of the workspace's, whatever it is called. What a library hands out is left open, as containers
//! hand out what they were given. Invariant: only declared types and constructions count; a type that a class of the workspace derives from or
//! implements tells nothing.

use portolan_grammars::facts::{CallKind, Expr, ExprId, FunctionId, SourceFacts, Symbol, TypeRef};

use super::evaluate::Evaluator;
use super::value::Value;
use crate::FileId;

/// Names followed from a value to where it is declared.
const MAX_STEPS: u32 = 4;

/// Classes of the runtime.
const BUILT_IN: [&str; 29] = [
    "AbortController",
    "AbortSignal",
    "Array",
    "ArrayBuffer",
    "Blob",
    "Buffer",
    "Date",
    "Error",
    "FormData",
    "Headers",
    "Map",
    "Promise",
    "ReadableStream",
    "ReadonlyArray",
    "ReadonlyMap",
    "ReadonlySet",
    "RegExp",
    "Request",
    "Response",
    "Set",
    "TextDecoder",
    "TextEncoder",
    "TransformStream",
    "URL",
    "URLSearchParams",
    "Uint8Array",
    "WeakMap",
    "WeakSet",
    "WritableStream",
];

impl<'w> Evaluator<'w> {
    /// Whether an expression of ECMAScript certainly is no instance of the workspace's classes.
    pub(super) fn is_foreign(&mut self, file: FileId, expr: ExprId) -> bool {
        self.is_foreign_within(file, expr, MAX_STEPS)
    }

    fn is_foreign_within(&mut self, file: FileId, expr: ExprId, steps: u32) -> bool {
        let (Some(facts), Some(steps)) = (self.facts(file), steps.checked_sub(1)) else { return false };
        let function = facts.exprs[expr.index()].function;
        match facts.expr(expr) {
            Expr::Str(_) | Expr::Number(_) | Expr::Regex(_) | Expr::Concat(_) | Expr::Array(_) => true,
            Expr::Call(call) => {
                let call = facts.call(*call);
                call.kind == CallKind::New && {
                    let class = self.eval(file, call.callee);
                    self.is_foreign_class(&class)
                }
            }
            Expr::Name(name) => self.is_foreign_name(file, facts, function, name, steps),
            Expr::Member { object, name } if matches!(facts.expr(*object), Expr::This) => {
                self.is_foreign_field(file, facts, function, name, steps)
            }
            _ => false,
        }
    }

    fn is_foreign_name(&mut self, file: FileId, facts: &'w SourceFacts, mut function: FunctionId, name: &Symbol, steps: u32) -> bool {
        let Some((_, index)) = self.file(file) else { return false };
        let bindings = index.bindings.get(name).map_or(&[][..], Vec::as_slice);
        loop {
            let here = facts.function(function);
            let mut own = bindings.iter().map(|at| &facts.bindings[*at as usize]).filter(|binding| binding.function == function);
            if let Some(binding) = own.next() {
                // Of several of one name any may be meant.
                return own.next().is_none()
                    && match (&binding.ty, binding.value) {
                        (Some(ty), _) => self.is_foreign_type(file, function, ty),
                        (None, Some(value)) => binding.constant && self.is_foreign_within(file, value, steps),
                        (None, None) => false,
                    };
            }
            if let Some(param) = here.params.iter().find(|param| param.name == *name) {
                return param.ty.as_ref().is_some_and(|ty| self.is_foreign_type(file, function, ty));
            }
            if here.parent == function {
                return false;
            }
            function = here.parent;
        }
    }

    fn is_foreign_field(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId, name: &Symbol, steps: u32) -> bool {
        let Some(class) = self.this_class(file, facts, function).filter(|class| class.file == file) else { return false };
        let def = facts.type_def(class.class);
        if let Some(field) = def.fields.iter().find(|field| field.name == *name) {
            return match (&field.ty, field.value) {
                (Some(ty), _) => self.is_foreign_type(file, def.function, ty),
                (None, Some(value)) => self.is_foreign_within(file, value, steps),
                (None, None) => false,
            };
        }
        let params = def.methods.iter().flat_map(|method| facts.function(*method).params.iter().map(move |param| (*method, param)));
        let property = params.into_iter().find(|(_, param)| param.property && param.name == *name);
        property.is_some_and(|(method, param)| param.ty.as_ref().is_some_and(|ty| self.is_foreign_type(file, method, ty)))
    }

    fn is_foreign_type(&mut self, file: FileId, function: FunctionId, ty: &TypeRef) -> bool {
        match ty.path.as_str() {
            "|" => ty.args.iter().all(|one| self.is_foreign_type(file, function, one)),
            "[]" | "()" | "null" | "undefined" => true,
            name if is_primitive(name) => true,
            "Readonly" | "Required" | "Partial" => ty.args.first().is_some_and(|inner| self.is_foreign_type(file, function, inner)),
            path if path.starts_with(['{', '?', '&', '"', '`']) => path.starts_with(['"', '`']),
            _ => {
                let Some(facts) = self.facts(file) else { return false };
                self.type_value(file, facts, function, &ty.path).is_some_and(|class| self.is_foreign_class(&class))
            }
        }
    }

    /// Whether a value is a class that the workspace neither declares nor derives from.
    fn is_foreign_class(&mut self, class: &Value) -> bool {
        let Value::External(package, path) = class else { return false };
        let Some(name) = path.last() else { return false };
        if package == "global" {
            return path.len() == 1 && BUILT_IN.contains(&name.as_str());
        }
        !self.has_subtypes(name)
    }
}

/// Whether a name is that of a type of ECMAScript's own plain values.
pub(super) fn is_primitive(name: &str) -> bool {
    matches!(name, "string" | "number" | "boolean" | "bigint" | "symbol")
}
