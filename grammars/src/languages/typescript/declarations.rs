//! Declarations of types: classes, interfaces, aliases, enums.

use std::ops::Range;

use super::syntax::{Field as Role, Kind};
use super::walk::{Child, Context, Lowering, range};
use crate::facts::{Attribute, Expr, ExprId, Field, FunctionKind, Symbol, TextRange, TypeDef, TypeId, TypeKind, TypeRef};

impl<'t> Lowering<'t> {
    fn declare(&mut self, child: Child<'t>, kind: TypeKind, name: Option<Child<'t>>, attributes: Vec<Attribute>) -> TypeId {
        let id = TypeId(self.facts.types.len() as u32);
        let start = child.node.start_byte();
        self.facts.types.push(TypeDef {
            name: name.map(|name| self.symbol(name)).unwrap_or_default(),
            kind,
            function: self.function,
            module: Symbol::default(),
            bases: Vec::new(),
            superclass: None,
            type_params: Vec::new(),
            fields: Vec::new(),
            methods: Vec::new(),
            attributes,
            name_range: name.map_or(TextRange::new(start, start), range),
            range: range(child),
        });
        id
    }

    fn type_params(&mut self, id: TypeId, children: &Range<usize>) {
        let Some(params) = self.field(children, Role::TypeParameters) else { return };
        self.each(params, |this, param| {
            let within = this.children(param);
            let name = this.field(&within, Role::Name);
            this.release(within);
            if let Some(name) = name {
                let name = this.symbol(name);
                this.facts.types[id.index()].type_params.push(name);
            }
        });
    }

    /// A class; `attributes` are the decorators written before its `export`.
    pub(super) fn class(&mut self, child: Child<'t>, mut attributes: Vec<Attribute>) -> TypeId {
        let children = self.children(child);
        attributes.extend(self.decorators(&children));
        let name = self.field(&children, Role::Name);
        let id = self.declare(child, TypeKind::Class, name, attributes);
        self.type_params(id, &children);
        if let Some(heritage) = self.of_kind(&children, Kind::ClassHeritage) {
            self.heritage(id, heritage);
        }
        if let Some(body) = self.field(&children, Role::Body) {
            self.class_body(id, body);
        }
        self.release(children);
        id
    }

    fn heritage(&mut self, id: TypeId, heritage: Child<'t>) {
        self.each(heritage, |this, clause| match clause.kind {
            Kind::ExtendsClause => {
                let children = this.children(clause);
                if let Some(value) = this.field(&children, Role::Value) {
                    let superclass = this.expr(value, Context::USED);
                    let args = this.field(&children, Role::TypeArguments).map(|args| this.type_list(args)).unwrap_or_default();
                    let path = this.named_path(superclass);
                    let class = &mut this.facts.types[id.index()];
                    class.superclass = Some(superclass);
                    class.bases.extend(path.map(|path| TypeRef { path, args, range: range(value) }));
                }
                this.release(children);
            }
            Kind::ImplementsClause => {
                let bases = this.type_list(clause);
                this.facts.types[id.index()].bases.extend(bases);
            }
            _ => {}
        });
    }

    /// `a.b.C` of an expression that is one.
    fn named_path(&self, id: ExprId) -> Option<Symbol> {
        match self.facts.expr(id) {
            Expr::Name(name) => Some(name.clone()),
            Expr::Member { .. } => {
                let range = self.facts.expr_range(id);
                let text = self.slice(range.start as usize, range.end as usize);
                Some(text.chars().filter(|letter| !letter.is_whitespace()).collect())
            }
            _ => None,
        }
    }

    fn class_body(&mut self, id: TypeId, body: Child<'t>) {
        let children = self.children(body);
        let mut decorators = Vec::new();
        for at in children.clone() {
            let member = self.stack[at];
            match member.kind {
                Kind::Decorator => decorators.extend(self.decorator(member)),
                Kind::MethodDefinition | Kind::AbstractMethodSignature => {
                    let method = self.method(member, Some(id), std::mem::take(&mut decorators), FunctionKind::Method);
                    self.facts.types[id.index()].methods.push(method);
                }
                // An overload: its body follows.
                Kind::MethodSignature => {}
                Kind::PublicFieldDefinition => self.class_field(id, member, std::mem::take(&mut decorators)),
                Kind::ClassStaticBlock => {
                    let within = self.children(member);
                    if let Some(block) = self.field(&within, Role::Body) {
                        self.block(block);
                    }
                    self.release(within);
                }
                Kind::Error => self.look_within(member),
                _ => {}
            }
        }
        self.release(children);
    }

    fn class_field(&mut self, id: TypeId, member: Child<'t>, mut attributes: Vec<Attribute>) {
        let children = self.children(member);
        attributes.extend(self.decorators(&children));
        if let Some(named) = self.field(&children, Role::Name) {
            let name = self.method_name(named);
            let ty = self.field(&children, Role::Type).and_then(|ty| self.annotation(ty));
            let is_static = self.of_kind(&children, Kind::StaticToken).is_some();
            let value = self.field(&children, Role::Value).map(|value| match value.kind {
                // `this` in it is the instance.
                Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction => {
                    let function = self.closure_of(value, FunctionKind::Closure, Some(id), !is_static);
                    self.add_at(Expr::Closure(function), value)
                }
                _ => self.expr(value, Context::USED),
            });
            self.facts.types[id.index()].fields.push(Field { name, ty, value, is_static, attributes, range: range(named) });
        }
        self.release(children);
    }

    /// `interface A extends B { … }`.
    pub(super) fn interface(&mut self, child: Child<'t>) -> TypeId {
        let children = self.children(child);
        let name = self.field(&children, Role::Name);
        let id = self.declare(child, TypeKind::Interface, name, Vec::new());
        self.type_params(id, &children);
        if let Some(extends) = self.of_kind(&children, Kind::ExtendsTypeClause) {
            let bases = self.type_list(extends);
            self.facts.types[id.index()].bases = bases;
        }
        if let Some(body) = self.field(&children, Role::Body) {
            self.members_of(id, body);
        }
        self.release(children);
        id
    }

    /// `type A = …`: fields of an object type, else what it stands for; an intersection gives both.
    pub(super) fn alias(&mut self, child: Child<'t>) -> TypeId {
        let children = self.children(child);
        let name = self.field(&children, Role::Name);
        let id = self.declare(child, TypeKind::Alias, name, Vec::new());
        self.type_params(id, &children);
        let value = self.field(&children, Role::Value);
        self.release(children);
        let parts = match value {
            Some(value) if value.kind == Kind::IntersectionType => self.flat_members(value),
            Some(value) => vec![value],
            None => Vec::new(),
        };
        for part in parts {
            if part.kind == Kind::ObjectType {
                self.members_of(id, part);
            } else {
                let base = self.type_ref(part);
                self.facts.types[id.index()].bases.push(base);
            }
        }
        id
    }

    /// `{ a: A }` where a type stands: an alias whose name nobody can write.
    pub(super) fn object_type(&mut self, child: Child<'t>) -> TypeId {
        let id = self.declare(child, TypeKind::Alias, None, Vec::new());
        self.facts.types[id.index()].name = smol_str::format_smolstr!("{{}}{}", id.0);
        self.members_of(id, child);
        id
    }

    /// Fields and methods of an interface or object type.
    fn members_of(&mut self, id: TypeId, body: Child<'t>) {
        self.each(body, |this, member| match member.kind {
            Kind::PropertySignature => {
                let children = this.children(member);
                if let Some(named) = this.field(&children, Role::Name) {
                    let name = this.method_name(named);
                    let ty = this.field(&children, Role::Type).and_then(|ty| this.annotation(ty));
                    let field = Field { name, ty, value: None, is_static: false, attributes: Vec::new(), range: range(named) };
                    this.facts.types[id.index()].fields.push(field);
                }
                this.release(children);
            }
            Kind::MethodSignature => {
                let method = this.method(member, Some(id), Vec::new(), FunctionKind::Method);
                this.facts.types[id.index()].methods.push(method);
            }
            _ => {}
        });
    }

    /// `enum A { … }`; members without a value count on from the one before.
    pub(super) fn enumeration(&mut self, child: Child<'t>) -> TypeId {
        let children = self.children(child);
        let name = self.field(&children, Role::Name);
        let id = self.declare(child, TypeKind::Enum, name, Vec::new());
        let mut next = Some(0_i64);
        if let Some(body) = self.field(&children, Role::Body) {
            self.each(body, |this, member| {
                let (named, value) = match member.kind {
                    Kind::EnumAssignment => {
                        let within = this.children(member);
                        let parts = (this.field(&within, Role::Name), this.field(&within, Role::Value));
                        this.release(within);
                        parts
                    }
                    _ if member.field == Role::Name => (Some(member), None),
                    _ => (None, None),
                };
                let Some(named) = named else { return };
                let value = match value {
                    Some(value) => Some(this.expr(value, Context::USED)),
                    None => next.map(|number| this.add_at(Expr::Number(smol_str::format_smolstr!("{number}")), named)),
                };
                next = match value.map(|value| this.facts.expr(value)) {
                    Some(Expr::Number(number)) => number.parse::<i64>().ok().and_then(|number| number.checked_add(1)),
                    _ => None,
                };
                let name = this.method_name(named);
                let field = Field { name, ty: None, value, is_static: true, attributes: Vec::new(), range: range(named) };
                this.facts.types[id.index()].fields.push(field);
            });
        }
        self.release(children);
        id
    }
}
