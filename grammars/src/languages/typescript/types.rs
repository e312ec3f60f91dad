//! Types as written, down to [`TypeRef`].
//!
//! Only names, arguments and the few shapes of `facts.rs` are kept. Conditional, mapped and looked-up types are `?`: nobody can tell what
//! they stand for without a type checker.

use super::syntax::{Field, Kind};
use super::walk::{Child, Lowering, range};
use crate::facts::{Symbol, TypeRef};

impl<'t> Lowering<'t> {
    /// The types of `<A, B>`.
    pub(super) fn type_list(&mut self, arguments: Child<'t>) -> Vec<TypeRef> {
        let children = self.children(arguments);
        let mut types = Vec::with_capacity(children.len());
        for at in children.clone() {
            let child = self.stack[at];
            types.push(self.type_ref(child));
        }
        self.release(children);
        types
    }

    /// Lowers a type.
    pub(super) fn type_ref(&mut self, child: Child<'t>) -> TypeRef {
        if !self.deeper() {
            return shape("?", Vec::new(), child);
        }
        let ty = self.type_of_kind(child);
        self.shallower();
        ty
    }

    fn type_of_kind(&mut self, child: Child<'t>) -> TypeRef {
        match child.kind {
            Kind::TypeIdentifier
            | Kind::Identifier
            | Kind::NestedTypeIdentifier
            | Kind::NestedIdentifier
            | Kind::PredefinedType
            | Kind::ThisType
            | Kind::This
            | Kind::ConstToken => TypeRef { path: self.path_text(child), args: Vec::new(), range: range(child) },
            Kind::MemberExpression => TypeRef { path: self.path_text(child), args: Vec::new(), range: range(child) },
            Kind::GenericType => {
                let children = self.children(child);
                let path = self.field(&children, Field::Name).map(|name| self.path_text(name)).unwrap_or_default();
                let args = self.field(&children, Field::TypeArguments).map(|args| self.type_list(args)).unwrap_or_default();
                self.release(children);
                TypeRef { path, args, range: range(child) }
            }
            Kind::ArrayType => self.around("[]", child),
            Kind::TupleType => shape("()", self.type_list(child), child),
            Kind::RequiredParameter | Kind::OptionalParameter => {
                let children = self.children(child);
                let ty = self.field(&children, Field::Type);
                self.release(children);
                match ty.and_then(|ty| self.annotation(ty)) {
                    Some(ty) => ty,
                    None => shape("?", Vec::new(), child),
                }
            }
            Kind::UnionType => self.members("|", child),
            Kind::IntersectionType => self.members("&", child),
            Kind::ObjectType if self.holds_named_types(child) => {
                let id = self.object_type(child);
                TypeRef { path: self.facts.types[id.index()].name.clone(), args: Vec::new(), range: range(child) }
            }
            Kind::ObjectType => shape("{}", Vec::new(), child),
            Kind::FunctionType | Kind::ConstructorType => {
                let children = self.children(child);
                let result = self.field(&children, Field::ReturnType).or_else(|| self.field(&children, Field::Type));
                self.release(children);
                shape("fn", result.and_then(|result| self.annotation(result)).into_iter().collect(), child)
            }
            Kind::LiteralType => self.literal_type(child),
            Kind::TemplateLiteralType => shape("string", Vec::new(), child),
            Kind::TypeQuery => self.around("typeof", child),
            Kind::IndexTypeQuery => self.around("keyof", child),
            Kind::TypePredicate => shape("boolean", Vec::new(), child),
            Kind::Asserts => shape("void", Vec::new(), child),
            Kind::ParenthesizedType
            | Kind::ReadonlyType
            | Kind::OptionalType
            | Kind::RestType
            | Kind::InferType
            | Kind::FlowMaybeType
            | Kind::TypeAnnotation => {
                let children = self.children(child);
                let inner = self.first_named(&children);
                self.release(children);
                match inner {
                    Some(inner) => self.type_ref(inner),
                    None => shape("?", Vec::new(), child),
                }
            }
            _ => shape("?", Vec::new(), child),
        }
    }

    /// Whether a field of an object type is of a type with a name: nothing is lost of those that have texts and numbers.
    fn holds_named_types(&mut self, object: Child<'t>) -> bool {
        let mut found = false;
        self.each(object, |this, member| {
            if found || member.kind != Kind::PropertySignature {
                return;
            }
            let children = this.children(member);
            let annotation = this.field(&children, Field::Type);
            this.release(children);
            let Some(annotation) = annotation else { return };
            let within = this.children(annotation);
            let ty = this.first_named(&within);
            this.release(within);
            found = ty.is_some_and(|ty| {
                matches!(
                    ty.kind,
                    Kind::TypeIdentifier | Kind::NestedTypeIdentifier | Kind::GenericType | Kind::ObjectType | Kind::UnionType
                )
            });
        });
        found
    }

    /// The parameters of a function type, which may stand in an annotation or in parentheses.
    pub(super) fn inputs(&mut self, of: Child<'t>) -> Vec<TypeRef> {
        let mut next = Some(of);
        while let Some(child) = next.take() {
            let children = self.children(child);
            let parameters = self.field(&children, Field::Parameters);
            let inner = self.first_named(&children);
            self.release(children);
            match child.kind {
                Kind::FunctionType => return parameters.map_or_else(Vec::new, |parameters| self.type_list(parameters)),
                Kind::TypeAnnotation | Kind::ParenthesizedType => next = inner,
                _ => {}
            }
        }
        Vec::new()
    }

    fn around(&mut self, path: &str, child: Child<'t>) -> TypeRef {
        let children = self.children(child);
        let inner = self.first_named(&children);
        self.release(children);
        let args = inner.map(|inner| self.type_ref(inner)).into_iter().collect();
        shape(path, args, child)
    }

    /// Members of a union or intersection, which nests to the left, often hundreds deep.
    fn members(&mut self, path: &str, outer: Child<'t>) -> TypeRef {
        let mut members = Vec::new();
        for member in self.flat_members(outer) {
            members.push(self.type_ref(member));
        }
        shape(path, members, outer)
    }

    /// The members of a union or intersection in order.
    pub(super) fn flat_members(&mut self, outer: Child<'t>) -> Vec<Child<'t>> {
        let mut members = Vec::new();
        let mut left = Some(outer);
        while let Some(child) = left.take() {
            if child.kind != outer.kind {
                members.push(child);
                break;
            }
            let children = self.children(child);
            let found = &self.stack[children.clone()];
            for (at, member) in found.iter().enumerate().rev() {
                if at == 0 && found.len() > 1 {
                    left = Some(*member);
                } else {
                    members.push(*member);
                }
            }
            self.release(children);
        }
        members.reverse();
        members
    }

    fn literal_type(&mut self, child: Child<'t>) -> TypeRef {
        let children = self.children(child);
        let inner = self.first_named(&children);
        self.release(children);
        let path = match inner {
            Some(inner) if inner.kind == Kind::String => smol_str::format_smolstr!("\"{}\"", self.string_value(inner)),
            _ => self.symbol(child),
        };
        TypeRef { path, args: Vec::new(), range: range(child) }
    }

    /// A dotted name, without white space.
    pub(super) fn path_text(&self, child: Child<'t>) -> Symbol {
        let text = self.text_of(child);
        if text.contains(char::is_whitespace) {
            return text.chars().filter(|letter| !letter.is_whitespace()).collect();
        }
        Symbol::new(text)
    }
}

fn shape(path: &str, args: Vec<TypeRef>, child: Child<'_>) -> TypeRef {
    TypeRef { path: path.into(), args, range: range(child) }
}
