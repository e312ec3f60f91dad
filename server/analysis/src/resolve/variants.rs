//! Variants of Rust's enums: which one a value is, and the text that one is shown as, by `Display` or by a derive.
//!
//! What deliberately does not live here: what a variant holds, which is known by its declared type, and arms of `match`, which ask for a variant as
//! for a text ([`super::cases`]). Invariant: an enum of which no variant is known has no text, however few it could have.

use std::sync::Arc;

use portolan_grammars::catalog::WordCase;
use portolan_grammars::facts::{Call, CallKind, Expr, ExprId, FunctionId, Language, SourceFacts, Symbol, TypeDef, TypeKind, VARIANT};

use super::evaluate::Evaluator;
use super::index::{callee_name, last_segment};
use super::value::{ClassRef, ObjectValue, ParamRef, Value};
use crate::{FileId, FunctionRef};

/// Traits that show a value as a text, by the method that does.
const SHOWS: [(&str, &str); 3] = [("Display", "fmt"), ("AsRef", "as_ref"), ("ToString", "to_string")];
/// Derives that show a variant by its name or by what an attribute says.
const DERIVES: [&str; 5] = ["Display", "AsRefStr", "IntoStaticStr", "AsStaticStr", "ToString"];
/// Derives by which the variants of an enum are a table and its columns.
const TABLE_DERIVES: [&str; 2] = ["Iden", "DeriveIden"];
/// The variant that stands for the table itself.
const TABLE: &str = "Table";
/// Methods by which a text is written out in `fmt`, with the position of the text.
const WRITES: [&str; 3] = ["write_str", "pad", "write_fmt"];
/// Arms of one method that are looked at.
const MAX_ARMS: usize = 64;
/// Members that are followed from a parameter.
const MAX_PATH: usize = 4;

impl<'w> Evaluator<'w> {
    /// A variant without content, as a value.
    pub(super) fn plain_variant(&mut self, class: ClassRef, name: &Symbol) -> Value {
        let is_rust = self.facts(class.file).is_some_and(|facts| facts.language == Language::Rust);
        if is_rust { variant(class, name) } else { Value::Unknown }
    }

    /// What `Event::Created(order)` makes.
    pub(super) fn filled_variant(&mut self, file: FileId, facts: &'w SourceFacts, call: &Call) -> Option<Value> {
        let Expr::Path(path) = facts.expr(call.callee) else { return None };
        let (name, of) = path.split_last()?;
        let is_upper = |name: &Symbol| name.starts_with(char::is_uppercase);
        if facts.language != Language::Rust || call.kind != CallKind::Call || !is_upper(name) || !of.last().is_some_and(is_upper) {
            return None;
        }
        let Value::Class(class) = self.rust_path_in(file, facts, call.function, of) else { return None };
        let def = self.enum_def(class)?;
        def.fields.iter().any(|field| field.name == *name).then(|| variant(class, name))
    }

    /// Which variant the object of a method is, as one more parameter of it says: `match self`.
    pub(super) fn own_variant(&mut self, file: FileId, facts: &SourceFacts, function: FunctionId) -> Value {
        own_object(file, facts, function).map_or(Value::Unknown, |own| Value::Param(own, Arc::from([Symbol::new(VARIANT)])))
    }

    /// `self` in a method of an enum, whose text callers decide.
    pub(super) fn own_shown(&mut self, file: FileId, facts: &SourceFacts, id: ExprId) -> Option<Value> {
        let is_own = matches!(facts.expr(id), Expr::This);
        let own = if is_own { self.own_enum(file, facts, facts.exprs[id.index()].function)? } else { return None };
        Some(Value::Param(own, Arc::from([])))
    }

    /// The object of a method of an enum, as one more parameter of it.
    pub(super) fn own_enum(&mut self, file: FileId, facts: &SourceFacts, function: FunctionId) -> Option<ParamRef> {
        let class = self.this_class(file, facts, function).filter(|_| facts.language == Language::Rust)?;
        self.enum_def(class)?;
        own_object(file, facts, function)
    }

    /// The receiver of a method that is called on a parameter of an enum's type: which variant it is, callers say.
    pub(super) fn called_on_variant(&mut self, member: Value, param: ParamRef) -> Value {
        let on_parameter = |value: &Value| match value {
            Value::Function(function, Some(receiver)) if matches!(**receiver, Value::Some(class) if self.enum_def(class).is_some()) => {
                Value::Function(*function, Some(Arc::new(Value::Param(param, Arc::from([])))))
            }
            value => value.clone(),
        };
        let all: Vec<Value> = member.alternatives().iter().map(on_parameter).collect();
        Value::one_of(all)
    }

    /// Whether a value is of an enum that has a method of its own by a name.
    pub(super) fn has_own_method(&mut self, value: &Value, name: &Symbol) -> bool {
        let class = match value {
            Value::Object(object) if object.variant.is_some() => object.class,
            Value::Param(param, path) if path.is_empty() => match self.parameter_type(*param) {
                Some(Value::Some(class)) => Some(class),
                _ => None,
            },
            _ => None,
        };
        class.is_some_and(|class| self.enum_def(class).is_some() && self.has_method(class, name))
    }

    /// The texts of a value's variants in their place, where those have some.
    pub(super) fn shown(&mut self, value: &Value) -> Value {
        let is_variant = |value: &Value| matches!(value, Value::Object(object) if object.variant.is_some());
        if !value.alternatives().iter().any(is_variant) {
            return value.clone();
        }
        let all: Vec<Value> = value.alternatives().to_vec().iter().map(|one| self.shown_variant(one).unwrap_or(one.clone())).collect();
        Value::one_of(all)
    }

    fn shown_variant(&mut self, value: &Value) -> Option<Value> {
        let Value::Object(object) = value else { return None };
        let (class, variant) = (object.class?, object.variant.clone()?);
        if let Some(text) = self.derived_text(class, &variant) {
            return Some(Value::text(text));
        }
        let writer = self.writer(class)?;
        if !self.showing.insert(writer) {
            return self.debug_text(class, &variant).map(Value::text);
        }
        let text = self.written(writer);
        let shown =
            text.map(|text| self.substitute(&text, &|param| (param.is_own_object() && param.function == writer).then(|| value.clone())));
        self.showing.remove(&writer);
        let shown = shown?;
        shown.alternatives().iter().all(|one| matches!(one, Value::Text(_))).then_some(shown)
    }

    /// What `Debug` shows a variant as, by which alone a `Display` may write the object that it is of: `write!(f, "{self:?}")`.
    fn debug_text(&mut self, class: ClassRef, variant: &Symbol) -> Option<Symbol> {
        let facts = self.facts(class.file)?;
        let def = self.enum_def(class)?;
        let field = def.fields.iter().find(|field| field.name == *variant)?;
        (field.ty.is_none() && facts.derived(def).any(|derive| derive == "Debug")).then(|| variant.clone())
    }

    /// The method by which an enum shows itself.
    fn writer(&mut self, class: ClassRef) -> Option<FunctionRef> {
        self.enum_def(class)?;
        self.method_of_trait(class, |_, _, of| {
            let shows = SHOWS.iter().find(|(shows, _)| last_segment(&of.path) == *shows);
            shows.map(|(_, method)| Symbol::new(method))
        })
    }

    /// The text that a method writes or gives back, in one piece.
    fn written(&mut self, writer: FunctionRef) -> Option<Value> {
        let facts = self.facts(writer.file)?;
        let declared = facts.function(writer.function);
        if declared.name != "fmt" {
            return Some(self.result_of(writer));
        }
        let writes = facts.calls.iter().filter(|call| call.function == writer.function && is_write(facts, call)).count();
        let mut results = Vec::new();
        declared.returns.iter().for_each(|result| add_arms(facts, *result, &mut results));
        if writes > results.len() || results.len() > MAX_ARMS {
            return None;
        }
        let mut texts = Vec::new();
        for result in results {
            let text = written_text(facts, result)?;
            let value = self.eval(writer.file, text);
            texts.push(self.in_its_cases(value, writer.file, facts, result, None));
        }
        Some(Value::one_of(texts))
    }

    /// What a derive shows a variant as.
    fn derived_text(&mut self, class: ClassRef, variant: &Symbol) -> Option<Symbol> {
        let facts = self.facts(class.file)?;
        let def = self.enum_def(class)?;
        let derives = |names: &[&str]| facts.derived(def).any(|derive| names.contains(&derive.as_str()));
        let field = def.fields.iter().find(|field| field.name == *variant)?;
        let mut said = |attributes: &[_], names: &[&str], keys: &[&str]| self.said(class.file, facts, attributes, names, keys);
        if derives(&TABLE_DERIVES) {
            let own = said(&field.attributes, &["iden", "sea_orm"], &["iden", "rename"]);
            let of_table = || said(&def.attributes, &["iden", "sea_orm"], &["iden", "rename"]);
            let name = if variant == TABLE { own.or_else(of_table).unwrap_or(def.name.clone()) } else { own.unwrap_or(variant.clone()) };
            let is_written = name != def.name && name != *variant;
            return Some(if is_written { name } else { WordCase::Snake.apply(&name).into() });
        }
        if !derives(&DERIVES) {
            return None;
        }
        let own =
            said(&field.attributes, &["strum"], &["to_string", "serialize"]).or_else(|| said(&field.attributes, &["display"], &["fmt"]));
        let text = match own {
            Some(own) if own.contains('{') => return None,
            Some(own) => own,
            None => in_case(variant, said(&def.attributes, &["strum"], &["serialize_all"]).as_deref())?,
        };
        let mut around = |key| said(&def.attributes, &["strum"], &[key]).unwrap_or_default();
        let (prefix, suffix) = (around("prefix"), around("suffix"));
        Some(format!("{prefix}{text}{suffix}").into())
    }

    /// What an attribute says: `#[strum(serialize = "a")]`, `#[display("a")]`, `#[iden = "a"]`.
    fn said(
        &mut self,
        file: FileId,
        facts: &SourceFacts,
        attributes: &[portolan_grammars::facts::Attribute],
        names: &[&str],
        keys: &[&str],
    ) -> Option<Symbol> {
        let args =
            attributes.iter().filter(|attribute| names.contains(&last_segment(&attribute.path))).flat_map(|attribute| &attribute.args);
        args.into_iter().find_map(|arg| match facts.expr(*arg) {
            Expr::Object(object) => {
                let value = keys.iter().find_map(|key| object.field(key))?;
                self.eval(file, value).literal()
            }
            Expr::Str(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// The declaration of a Rust enum.
    fn enum_def(&mut self, class: ClassRef) -> Option<&'w TypeDef> {
        let facts = self.facts(class.file)?;
        let def = facts.type_def(class.class);
        (facts.language == Language::Rust && def.kind == TypeKind::Enum).then_some(def)
    }
}

fn variant(class: ClassRef, name: &Symbol) -> Value {
    Value::Object(Arc::new(ObjectValue { class: Some(class), variant: Some(name.clone()), ..ObjectValue::default() }))
}

/// Which variant a value is, as a text; not known where one of several is not.
pub(super) fn variant_of(value: &Value) -> Value {
    match value {
        Value::OneOf(values) => {
            let all: Vec<Value> = values.iter().map(variant_of).collect();
            if all.contains(&Value::Unknown) { Value::Unknown } else { Value::one_of(all) }
        }
        Value::Object(object) => object.variant.clone().map_or(Value::Unknown, Value::text),
        Value::Param(param, path) if path.len() < MAX_PATH => {
            Value::Param(*param, path.iter().cloned().chain([Symbol::new(VARIANT)]).collect())
        }
        _ => Value::Unknown,
    }
}

/// The object of the Rust method that code stands in.
fn own_object(file: FileId, facts: &SourceFacts, function: FunctionId) -> Option<ParamRef> {
    let method = super::evaluate::around(facts, function).find(|function| facts.function(*function).impl_of.is_some())?;
    facts.function(method).has_self.then(|| ParamRef::own_object(FunctionRef { file, function: method }))
}

/// The arms of what is one of several, and of those that are so themselves.
fn add_arms(facts: &SourceFacts, of: ExprId, all: &mut Vec<ExprId>) {
    match facts.expr(of) {
        Expr::Choice(arms) if all.len() < MAX_ARMS => arms.iter().for_each(|arm| add_arms(facts, *arm, all)),
        _ => all.push(of),
    }
}

fn is_write(facts: &SourceFacts, call: &Call) -> bool {
    callee_name(facts, call.callee).is_some_and(|name| match call.kind {
        CallKind::Macro => matches!(name.as_str(), "write" | "writeln"),
        _ => WRITES.contains(&name.as_str()),
    })
}

/// The text that an expression of `fmt` writes: `write!(f, "a")`, `f.write_str("a")`, `"a".fmt(f)`, `Display::fmt("a", f)`.
fn written_text(facts: &SourceFacts, result: ExprId) -> Option<ExprId> {
    let Expr::Call(call) = facts.expr(result) else { return None };
    let call = facts.call(*call);
    if is_write(facts, call) {
        return call.args.get(usize::from(call.kind == CallKind::Macro)).map(|argument| argument.value);
    }
    match facts.expr(call.callee) {
        Expr::Member { object, name } if name == "fmt" => Some(*object),
        Expr::Path(path) if path.last().is_some_and(|name| name == "fmt") => call.args.first().map(|argument| argument.value),
        _ => None,
    }
}

/// A variant's name as `serialize_all` has it; not known of a way that is not known.
pub(super) fn in_case(name: &Symbol, case: Option<&str>) -> Option<Symbol> {
    let words = match case {
        None => return Some(name.clone()),
        Some("lowercase") => return Some(name.to_lowercase().into()),
        Some("UPPERCASE") => return Some(name.to_uppercase().into()),
        Some("snake_case") => WordCase::Snake,
        Some("kebab-case") => WordCase::Kebab,
        Some("camelCase" | "mixed_case") => WordCase::Camel,
        Some("PascalCase") => WordCase::Pascal,
        Some("SCREAMING_SNAKE_CASE" | "shouty_snake_case") => WordCase::Constant,
        Some(_) => return None,
    };
    Some(words.apply(name).into())
}
