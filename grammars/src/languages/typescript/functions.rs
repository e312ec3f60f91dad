//! Functions of all sorts, their parameters, and decorators.

use std::ops::Range;

use super::syntax::{Field, Kind};
use super::walk::{Child, Context, Lowering, range};
use crate::facts::{
    Attribute, Expr, Function, FunctionId, FunctionKind, Param, Region, RegionId, RegionKind, Symbol, TextRange, TypeId, TypeRef,
};

/// What is known of a function before its insides are looked at.
struct Outline {
    name: Symbol,
    name_range: TextRange,
    kind: FunctionKind,
    owner: Option<TypeId>,
    has_self: bool,
    attributes: Vec<Attribute>,
}

impl<'t> Lowering<'t> {
    /// Lowers a function, method, signature or closure, whose children are on the stack.
    fn function(&mut self, child: Child<'t>, children: &Range<usize>, outline: Outline) -> FunctionId {
        let id = FunctionId(self.facts.functions.len() as u32);
        let body = self.field(children, Field::Body);
        let region = RegionId(self.facts.regions.len() as u32);
        self.facts.regions.push(Region {
            kind: RegionKind::Body,
            parent: Some(self.region),
            function: id,
            conditions: Vec::new(),
            range: range(body.unwrap_or(child)),
        });
        self.facts.functions.push(Function {
            name: outline.name,
            kind: outline.kind,
            parent: self.function,
            owner: outline.owner,
            impl_of: None,
            module: Symbol::default(),
            params: Vec::new(),
            has_self: outline.has_self,
            result: None,
            returns: Vec::new(),
            left: None,
            attributes: outline.attributes,
            is_async: self.of_kind(children, Kind::AsyncToken).is_some(),
            body: region,
            name_range: outline.name_range,
            range: range(child),
        });
        let outer = (self.function, self.region);
        (self.function, self.region) = (id, region);
        if let Some(parameters) = self.field(children, Field::Parameters) {
            self.parameters(parameters);
        } else if let Some(parameter) = self.field(children, Field::Parameter) {
            let name = self.symbol(parameter);
            self.add_param(Param {
                name,
                ty: None,
                default: None,
                property: false,
                rest: false,
                attributes: Vec::new(),
                inputs: Vec::new(),
                range: range(parameter),
            });
        }
        self.facts.functions[id.index()].result = self.field(children, Field::ReturnType).and_then(|result| self.annotation(result));
        match body {
            Some(body) if body.kind == Kind::StatementBlock => self.block(body),
            Some(body) => {
                let value = self.expr(body, Context::RETURNED);
                self.facts.functions[id.index()].returns.push(value);
            }
            None => {}
        }
        (self.function, self.region) = outer;
        id
    }

    /// Lowers a function used as a value.
    pub(super) fn closure(&mut self, child: Child<'t>, kind: FunctionKind) -> FunctionId {
        self.closure_of(child, kind, None, false)
    }

    /// Lowers a function used as a value, which may be that of a field.
    pub(super) fn closure_of(&mut self, child: Child<'t>, kind: FunctionKind, owner: Option<TypeId>, has_self: bool) -> FunctionId {
        let children = self.children(child);
        let named = self.field(&children, Field::Name);
        let name_range = named.map_or_else(|| self.first_token(child), range);
        // The name of a function expression is known only within it.
        let name = named.filter(|_| kind != FunctionKind::Closure).map(|name| self.symbol(name)).unwrap_or_default();
        let id = self.function(child, &children, Outline { name, name_range, kind, owner, has_self, attributes: Vec::new() });
        self.release(children);
        id
    }

    /// Lowers a function declaration.
    pub(super) fn declared_function(&mut self, child: Child<'t>) -> FunctionId {
        self.closure_of(child, FunctionKind::Function, None, false)
    }

    /// Lowers a method, constructor or accessor, or the signature of one.
    pub(super) fn method(&mut self, child: Child<'t>, owner: Option<TypeId>, attributes: Vec<Attribute>, kind: FunctionKind) -> FunctionId {
        let children = self.children(child);
        let named = self.field(&children, Field::Name);
        let is_static = self.of_kind(&children, Kind::StaticToken).is_some();
        let getter = self.of_kind(&children, Kind::GetToken).is_some();
        let (name, name_range) = match named {
            Some(name) => (self.method_name(name), range(name)),
            None => (Symbol::default(), self.first_token(child)),
        };
        let kind = match kind {
            _ if getter => FunctionKind::Getter,
            FunctionKind::Method if owner.is_some() && name == "constructor" => FunctionKind::Constructor,
            kind => kind,
        };
        let id = self.function(child, &children, Outline { name, name_range, kind, owner, has_self: !is_static, attributes });
        self.release(children);
        id
    }

    /// The name of a member, `["name"]` included; any other computed name stays as written.
    pub(super) fn method_name(&mut self, name: Child<'t>) -> Symbol {
        if name.kind == Kind::ComputedPropertyName {
            let children = self.children(name);
            let inner = self.first_named(&children);
            self.release(children);
            if let Some(inner) = inner.filter(|inner| inner.kind == Kind::String) {
                return self.string_value(inner);
            }
        }
        self.property_name(name)
    }

    fn first_token(&self, child: Child<'t>) -> TextRange {
        let start = child.node.start_byte();
        let text = self.text_of(child);
        let word = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '$').unwrap_or(text.len());
        let length = if word == 0 { text.chars().next().map_or(0, char::len_utf8) } else { word };
        TextRange::new(start, start + length)
    }

    fn parameters(&mut self, parameters: Child<'t>) {
        let children = self.children(parameters);
        for at in children.clone() {
            let parameter = self.stack[at];
            if matches!(parameter.kind, Kind::RequiredParameter | Kind::OptionalParameter) {
                self.parameter(parameter);
            } else {
                self.look_within(parameter);
            }
        }
        self.release(children);
    }

    fn parameter(&mut self, parameter: Child<'t>) {
        let children = self.children(parameter);
        let pattern = self.field(&children, Field::Pattern).or_else(|| self.field(&children, Field::Name));
        if let Some(mut pattern) = pattern.filter(|pattern| pattern.kind != Kind::This) {
            let attributes = self.decorators(&children);
            let property = [Kind::AccessibilityModifier, Kind::ReadonlyToken, Kind::OverrideModifier]
                .iter()
                .any(|kind| self.of_kind(&children, *kind).is_some());
            let rest = pattern.kind == Kind::RestPattern;
            if rest {
                let inner = self.children(pattern);
                pattern = self.first_named(&inner).unwrap_or(pattern);
                self.release(inner);
            }
            let annotation = self.field(&children, Field::Type);
            let ty = annotation.and_then(|ty| self.annotation(ty));
            let default = self.field(&children, Field::Value).map(|value| self.expr(value, Context::USED));
            let plain = pattern.kind == Kind::Identifier;
            let name = if plain { self.symbol(pattern) } else { Symbol::default() };
            let is_function = ty.as_ref().is_some_and(|ty| ty.path == "fn");
            let inputs = annotation.filter(|_| is_function).map_or_else(Vec::new, |annotation| self.inputs(annotation));
            let index = self.add_param(Param { name, ty, default, property, rest, attributes, inputs, range: range(pattern) });
            if !plain {
                let value = self.add_at(Expr::Param { function: self.function, index }, pattern);
                self.declared_pattern(pattern, value, annotation, false);
            }
        }
        self.release(children);
    }

    fn add_param(&mut self, param: Param) -> u32 {
        let params = &mut self.facts.functions[self.function.index()].params;
        params.push(param);
        params.len() as u32 - 1
    }

    /// The decorators among children.
    pub(super) fn decorators(&mut self, children: &Range<usize>) -> Vec<Attribute> {
        let mut attributes = Vec::new();
        for at in children.clone() {
            let child = self.stack[at];
            if child.kind == Kind::Decorator {
                attributes.extend(self.decorator(child));
            }
        }
        attributes
    }

    /// `@name`, `@a.name`, `@name(…)`.
    pub(super) fn decorator(&mut self, decorator: Child<'t>) -> Option<Attribute> {
        let children = self.children(decorator);
        let inner = self.first_named(&children);
        self.release(children);
        let mut inner = inner?;
        if inner.kind == Kind::ParenthesizedExpression {
            let within = self.children(inner);
            let found = self.first_named(&within);
            self.release(within);
            inner = found?;
        }
        if inner.kind != Kind::CallExpression {
            return Some(Attribute { path: self.symbol(inner), args: Vec::new(), range: range(decorator) });
        }
        let within = self.children(inner);
        let path = self.field(&within, Field::Function).map(|path| self.symbol(path)).unwrap_or_default();
        let arguments = self.field(&within, Field::Arguments).filter(|arguments| arguments.kind == Kind::Arguments);
        let args = arguments.map(|arguments| self.arguments(arguments)).unwrap_or_default().into_iter().map(|arg| arg.value).collect();
        self.release(within);
        Some(Attribute { path, args, range: range(decorator) })
    }

    /// The type in an annotation: `: T`, `: x is T`.
    pub(super) fn annotation(&mut self, annotation: Child<'t>) -> Option<TypeRef> {
        let word = |path: &str| Some(TypeRef { path: path.into(), args: Vec::new(), range: range(annotation) });
        match annotation.kind {
            Kind::TypePredicateAnnotation | Kind::TypePredicate => return word("boolean"),
            Kind::AssertsAnnotation | Kind::Asserts => return word("void"),
            Kind::TypeAnnotation => {}
            _ => return Some(self.type_ref(annotation)),
        }
        let children = self.children(annotation);
        let ty = self.stack[children.clone()].first().copied();
        self.release(children);
        ty.map(|ty| self.type_ref(ty))
    }
}
