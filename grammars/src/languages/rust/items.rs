//! Items: functions, types, `impl` blocks, modules, constants.
//!
//! What deliberately does not live here: bodies. Invariant: an item that exists in test builds only leaves no fact.

use super::flow::End;
use super::kinds::{Field, Kind};
use super::patterns::Matched;
use super::types::{is_type, joined};
use super::walk::{Child, Container, List, Lower};
use crate::facts::{
    Attribute, Expr, ExprId, Field as TypeField, Function, FunctionId, FunctionKind, Impl, Module, Param, RegionId, RegionKind, ResultUse,
    Symbol, TextRange, TypeDef, TypeId, TypeKind, TypeRef,
};

/// What a function's place was before another was entered.
pub(super) struct Outer {
    function: FunctionId,
    region: RegionId,
    container: Option<Container>,
    breaks: Vec<Vec<ExprId>>,
}

impl<'t> Lower<'t, '_, '_> {
    /// Reads an item; hands back whether the node was one.
    pub(super) fn item(&mut self, node: Child<'t>, attributes: List) -> bool {
        match node.kind {
            Kind::FunctionItem | Kind::FunctionSignatureItem => {
                self.function(node, attributes);
            }
            Kind::StructItem | Kind::UnionItem | Kind::EnumItem => self.data_type(node, attributes),
            Kind::TraitItem => self.trait_item(node, attributes),
            Kind::ImplItem => self.impl_item(node, attributes),
            Kind::TypeItem => self.alias(node, attributes),
            Kind::ConstItem | Kind::StaticItem => self.constant(node),
            Kind::ModItem => self.module(node, attributes),
            Kind::UseDeclaration => self.use_declaration(node),
            Kind::ExternCrateDeclaration => self.extern_crate(node, attributes),
            Kind::MacroDefinition => self.macro_definition(node, attributes),
            Kind::ForeignModItem | Kind::AssociatedType | Kind::InnerAttributeItem | Kind::EmptyStatement => {}
            _ => return false,
        }
        true
    }

    fn module(&mut self, node: Child<'t>, attributes: List) {
        let list = self.open(node.node);
        if let Some(name_node) = self.find(list, Field::Name) {
            let name = self.symbol(name_node);
            let body = self.find(list, Field::Body);
            let path = self.path_attribute(attributes);
            let module =
                Module { name: name.clone(), module: self.out.module.clone(), path, inline: body.is_some(), range: self.range(node) };
            self.out.facts.modules.push(module);
            if let Some(body) = body {
                let inner = self.out.within(&name);
                let outer = std::mem::replace(&mut self.out.module, inner);
                let container = self.out.container.take();
                self.deeper(|walk| {
                    let list = walk.open(body.node);
                    walk.statements(list, false);
                    walk.close(list);
                });
                self.out.container = container;
                self.out.module = outer;
            }
        }
        self.close(list);
    }

    fn constant(&mut self, node: Child<'t>) {
        let list = self.open(node.node);
        if let Some(name) = self.find(list, Field::Name) {
            let ty = self.find(list, Field::Type).map(|ty| self.type_ref(ty));
            let value = self.find(list, Field::Value).map_or(Matched::Nothing, |value| Matched::Value(self.expr(value)));
            let constant = self.find_kind(list, Kind::MutableSpecifier).is_none();
            let (name, range) = (self.symbol(name), self.range(name));
            self.add_binding(name, range, value, ty, constant);
        }
        self.close(list);
    }

    /// A named function or method.
    pub(super) fn function(&mut self, node: Child<'t>, attributes: List) -> FunctionId {
        let attributes = self.attributes(attributes);
        let list = self.open(node.node);
        let name = self.find(list, Field::Name);
        let name_range = name.map_or_else(|| self.range(node), |name| self.range(name));
        let is_async = self.find_kind(list, Kind::FunctionModifiers).is_some_and(|modifiers| self.text(modifiers).contains("async"));
        let container = self.out.container.clone();
        let (owner, impl_of) = match &container {
            Some(Container::Impl(name)) => (None, Some(name.clone())),
            Some(Container::Trait(id)) => (Some(*id), None),
            None => (None, None),
        };
        let function = Function {
            name: name.map_or_else(Symbol::default, |name| self.symbol(name)),
            kind: if container.is_some() { FunctionKind::Method } else { FunctionKind::Function },
            owner,
            impl_of,
            attributes,
            is_async,
            name_range,
            ..self.blank_function(self.range(node))
        };
        let body = self.find(list, Field::Body);
        let region_range = body.map_or_else(|| self.range(node), |body| self.range(body));
        let (id, outer) = self.enter_function(function, None, region_range);
        self.out.container = None;
        self.within_function(list, body, id);
        self.leave_function(outer);
        self.close(list);
        id
    }

    /// A closure or an `async` block.
    pub(super) fn closure(&mut self, node: Child<'t>) -> FunctionId {
        let list = self.open(node.node);
        let range = self.range(node);
        let body = self.find(list, Field::Body).or_else(|| self.find_kind(list, Kind::Block));
        let impl_of = self.out.facts.function(self.out.function).impl_of.clone();
        let function = Function {
            kind: FunctionKind::Closure,
            impl_of,
            is_async: self.find_kind(list, Kind::Async).is_some(),
            name_range: TextRange { start: range.start, end: range.start },
            ..self.blank_function(range)
        };
        let region_range = body.map_or(range, |body| self.range(body));
        let (id, outer) = self.enter_function(function, Some(self.out.region), region_range);
        self.within_function(list, body, id);
        self.leave_function(outer);
        self.close(list);
        id
    }

    /// Parameters, declared result and body of the function that was entered.
    fn within_function(&mut self, list: List, body: Option<Child<'t>>, id: FunctionId) {
        if let Some(parameters) = self.find(list, Field::Parameters) {
            self.parameters(parameters, id);
            self.given_functions(list, parameters, id);
        }
        if let Some(result) = self.find(list, Field::ReturnType) {
            let result = self.type_ref(result);
            self.out.facts.functions[id.index()].result = Some(result);
        }
        if let Some(body) = body {
            self.body(body, id);
        }
    }

    pub(super) fn blank_function(&self, range: TextRange) -> Function {
        Function {
            name: Symbol::default(),
            kind: FunctionKind::Function,
            parent: self.out.function,
            owner: None,
            impl_of: None,
            module: self.out.module.clone(),
            params: Vec::new(),
            has_self: false,
            result: None,
            returns: Vec::new(),
            left: None,
            attributes: Vec::new(),
            is_async: false,
            body: self.out.region,
            name_range: range,
            range,
        }
    }

    pub(super) fn enter_function(&mut self, mut function: Function, parent: Option<RegionId>, body: TextRange) -> (FunctionId, Outer) {
        let id = FunctionId(self.out.facts.functions.len() as u32);
        let region = self.out.add_region(RegionKind::Body, parent, id, body);
        function.body = region;
        self.out.facts.functions.push(function);
        let outer = Outer {
            function: self.out.function,
            region: self.out.region,
            container: self.out.container.clone(),
            breaks: std::mem::take(&mut self.out.breaks),
        };
        self.out.function = id;
        self.out.region = region;
        (id, outer)
    }

    pub(super) fn leave_function(&mut self, outer: Outer) {
        self.out.function = outer.function;
        self.out.region = outer.region;
        self.out.container = outer.container;
        self.out.breaks = outer.breaks;
    }

    fn body(&mut self, body: Child<'t>, id: FunctionId) {
        let end = self.flow(body);
        self.returned(end, id);
    }

    /// Notes what a body ends with as what its function returns.
    pub(super) fn returned(&mut self, end: End, id: FunctionId) {
        if let End::Value(value) = end {
            self.out.used_as(value, ResultUse::Returned);
            self.out.facts.functions[id.index()].returns.push(value);
        }
    }

    fn parameters(&mut self, node: Child<'t>, function: FunctionId) {
        let list = self.open(node.node);
        let mut from = list.start;
        for at in list.start..list.end {
            let child = self.nodes[at];
            if child.kind == Kind::AttributeItem {
                continue;
            }
            let attributes = List { start: std::mem::replace(&mut from, at + 1), end: at };
            match child.kind {
                Kind::SelfParameter => self.out.facts.functions[function.index()].has_self = true,
                Kind::Parameter => {
                    let attributes = self.attributes(attributes);
                    let inner = self.open(child.node);
                    let ty = self.find(inner, Field::Type).map(|ty| self.type_ref(ty));
                    let constant = self.find_kind(inner, Kind::MutableSpecifier).is_none();
                    match self.find(inner, Field::Pattern) {
                        Some(pattern) if pattern.kind == Kind::SelfValue => {
                            self.out.facts.functions[function.index()].has_self = true;
                        }
                        Some(pattern) => self.parameter(pattern, ty, attributes, function, constant),
                        // `_` is no named node.
                        None => self.add_param(Symbol::default(), ty, attributes, self.range(child), function),
                    }
                    self.close(inner);
                }
                // A method of a trait may name types only.
                _ if is_type(child.kind) => {
                    let ty = self.type_ref(child);
                    self.add_param(Symbol::default(), Some(ty), Vec::new(), self.range(child), function);
                }
                // Parameters of closures without a type.
                _ if child.named && child.kind != Kind::Error => self.parameter(child, None, Vec::new(), function, true),
                Kind::Underscore => self.add_param(Symbol::default(), None, Vec::new(), self.range(child), function),
                _ => {}
            }
        }
        self.close(list);
    }

    fn parameter(&mut self, pattern: Child<'t>, ty: Option<TypeRef>, attributes: Vec<Attribute>, function: FunctionId, constant: bool) {
        let range = self.range(pattern);
        let named = match pattern.kind {
            Kind::Identifier => Some(pattern),
            Kind::MutPattern | Kind::RefPattern | Kind::ReferencePattern => {
                let inner = self.open(pattern.node);
                let name = self.first(inner).filter(|inner| inner.kind == Kind::Identifier);
                self.close(inner);
                name
            }
            _ => None,
        };
        if let Some(name) = named {
            let (name, range) = (self.symbol(name), self.range(name));
            self.add_param(name, ty, attributes, range, function);
            return;
        }
        let index = self.out.facts.functions[function.index()].params.len() as u32;
        self.add_param(Symbol::default(), ty, attributes, range, function);
        let value = self.out.push(Expr::Param { function, index }, range);
        self.pattern(pattern, Matched::Value(value), None, constant);
    }

    pub(super) fn add_param(
        &mut self,
        name: Symbol,
        ty: Option<TypeRef>,
        attributes: Vec<Attribute>,
        range: TextRange,
        function: FunctionId,
    ) {
        let param = Param { name, ty, default: None, property: false, rest: false, attributes, inputs: Vec::new(), range };
        self.out.facts.functions[function.index()].params.push(param);
    }

    fn impl_item(&mut self, node: Child<'t>, attributes: List) {
        let attributes = self.attributes(attributes);
        let list = self.open(node.node);
        let Some(self_type) = self.find(list, Field::Type).map(|ty| self.type_ref(ty)) else {
            self.close(list);
            return;
        };
        let trait_ref = self.find(list, Field::Trait).map(|ty| self.type_ref(ty));
        if self.find(list, Field::Body).is_some_and(|body| self.only_declares(body)) {
            self.close(list);
            return;
        }
        let slot = self.out.facts.impls.len();
        self.out.facts.impls.push(Impl {
            trait_ref,
            self_type: self_type.clone(),
            module: self.out.module.clone(),
            methods: Vec::new(),
            attributes,
            range: self.range(node),
        });
        if let Some(body) = self.find(list, Field::Body) {
            let methods = self.members(body, Container::Impl(self_type.path.clone()), &self_type.path);
            self.out.facts.impls[slot].methods = methods;
        }
        self.close(list);
    }

    /// Whether methods in an `impl` block have no bodies: only macros take that, which make stand-ins for tests of it.
    fn only_declares(&mut self, body: Child<'t>) -> bool {
        let list = self.open(body.node);
        let declares = self.nodes[list.start..list.end].iter().any(|child| child.kind == Kind::FunctionSignatureItem);
        self.close(list);
        declares
    }

    fn trait_item(&mut self, node: Child<'t>, attributes: List) {
        let list = self.open(node.node);
        if let Some(id) = self.add_type(node, list, TypeKind::Trait, attributes) {
            if let Some(bounds) = self.find(list, Field::Bounds) {
                let bases = self.bounds(bounds);
                self.out.facts.types[id.index()].bases = bases;
            }
            if let Some(body) = self.find(list, Field::Body) {
                let name = self.out.facts.type_def(id).name.clone();
                let methods = self.members(body, Container::Trait(id), &name);
                self.out.facts.types[id.index()].methods = methods;
            }
        }
        self.close(list);
    }

    /// What stands in an `impl` block or a trait. Its constants are bindings of a module of the type's name, so that `Type::NAME` finds them.
    fn members(&mut self, body: Child<'t>, container: Container, name: &str) -> Vec<FunctionId> {
        let outer = self.out.container.replace(container);
        let mut methods = Vec::new();
        let list = self.open(body.node);
        let mut from = list.start;
        for at in list.start..list.end {
            let child = self.nodes[at];
            if child.kind == Kind::AttributeItem {
                continue;
            }
            let attributes = List { start: std::mem::replace(&mut from, at + 1), end: at };
            if !child.named || self.is_test(attributes) {
                continue;
            }
            match child.kind {
                Kind::FunctionItem | Kind::FunctionSignatureItem => methods.push(self.function(child, attributes)),
                Kind::ConstItem => {
                    let inner = self.out.within(name);
                    let module = std::mem::replace(&mut self.out.module, inner);
                    self.constant(child);
                    self.out.module = module;
                }
                Kind::MacroInvocation | Kind::Error => self.effect(child),
                _ => {}
            }
        }
        self.close(list);
        self.out.container = outer;
        methods
    }

    fn add_type(&mut self, node: Child<'t>, list: List, kind: TypeKind, attributes: List) -> Option<TypeId> {
        let name = self.find(list, Field::Name)?;
        let attributes = self.attributes(attributes);
        let type_params = self.find(list, Field::TypeParameters).map(|params| self.type_params(params)).unwrap_or_default();
        let id = TypeId(self.out.facts.types.len() as u32);
        self.out.facts.types.push(TypeDef {
            name: self.symbol(name),
            kind,
            function: self.out.function,
            module: self.out.module.clone(),
            bases: Vec::new(),
            superclass: None,
            type_params,
            fields: Vec::new(),
            methods: Vec::new(),
            attributes,
            name_range: self.range(name),
            range: self.range(node),
        });
        Some(id)
    }

    fn type_params(&mut self, node: Child<'t>) -> Vec<Symbol> {
        let list = self.open(node.node);
        let mut names = Vec::new();
        for at in list.start..list.end {
            let child = self.nodes[at];
            if child.kind == Kind::TypeParameter
                && let Some(name) = self.field(child, Field::Name)
            {
                names.push(self.symbol(name));
            }
        }
        self.close(list);
        names
    }

    fn alias(&mut self, node: Child<'t>, attributes: List) {
        let list = self.open(node.node);
        if let Some(id) = self.add_type(node, list, TypeKind::Alias, attributes)
            && let Some(ty) = self.find(list, Field::Type)
        {
            let ty = self.type_ref(ty);
            self.out.facts.types[id.index()].bases.push(ty);
        }
        self.close(list);
    }

    fn data_type(&mut self, node: Child<'t>, attributes: List) {
        let list = self.open(node.node);
        let kind = if node.kind == Kind::EnumItem { TypeKind::Enum } else { TypeKind::Struct };
        if let Some(id) = self.add_type(node, list, kind, attributes)
            && let Some(body) = self.find(list, Field::Body)
        {
            let fields = self.fields(body);
            self.out.facts.types[id.index()].fields = fields;
        }
        self.close(list);
    }

    /// Fields of a struct or tuple struct, variants of an enum.
    fn fields(&mut self, body: Child<'t>) -> Vec<TypeField> {
        let list = self.open(body.node);
        let mut fields = Vec::new();
        let mut from = list.start;
        for at in list.start..list.end {
            let child = self.nodes[at];
            if matches!(child.kind, Kind::AttributeItem | Kind::VisibilityModifier) {
                continue;
            }
            let attributes = List { start: std::mem::replace(&mut from, at + 1), end: at };
            if !child.named || self.is_test(attributes) {
                continue;
            }
            let tuple = body.kind == Kind::OrderedFieldDeclarationList;
            if tuple && child.field == Field::Type {
                let name = smol_str::format_smolstr!("{}", fields.len());
                let field = self.tuple_field(name, child, attributes);
                fields.push(field);
            } else if matches!(child.kind, Kind::FieldDeclaration | Kind::EnumVariant) {
                let attributes = self.attributes(attributes);
                let inner = self.open(child.node);
                if let Some(name) = self.find(inner, Field::Name) {
                    let ty = match self.find(inner, Field::Body) {
                        Some(content) if content.kind == Kind::OrderedFieldDeclarationList => self.field(content, Field::Type),
                        _ => self.find(inner, Field::Type),
                    };
                    let ty = ty.map(|ty| self.type_ref(ty));
                    let value = self.find(inner, Field::Value).map(|value| self.expr(value));
                    let (name, range) = (self.symbol(name), self.range(name));
                    fields.push(TypeField { name, ty, value, is_static: false, attributes, range });
                }
                self.close(inner);
            }
        }
        self.close(list);
        fields
    }

    fn tuple_field(&mut self, name: Symbol, ty: Child<'t>, attributes: List) -> TypeField {
        let attributes = self.attributes(attributes);
        let range = self.range(ty);
        TypeField { name, ty: Some(self.type_ref(ty)), value: None, is_static: false, attributes, range }
    }

    /// The path of a struct expression or pattern, as written without generic arguments.
    pub(super) fn written_path(&mut self, node: Child<'t>) -> Symbol {
        joined(&self.path_parts(node).segments)
    }
}
