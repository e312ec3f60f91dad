//! Patterns: the names they bind, each with the part of the value it stands for.
//!
//! What deliberately does not live here: whether a pattern matches. Invariant: expressions are made only for parts that bind a name.

use super::kinds::{Field, Kind};
use super::walk::{Child, List, Lower, MAX_DEPTH};
use crate::facts::{Binding, Expr, ExprId, Symbol, TextRange, TypeRef};

/// What a pattern is held against.
#[derive(Debug, Clone, Copy)]
pub(super) enum Matched {
    /// This value.
    Value(ExprId),
    /// A value that cannot be named.
    Nothing,
}

impl Matched {
    fn value(self) -> Option<ExprId> {
        match self {
            Matched::Value(value) => Some(value),
            Matched::Nothing => None,
        }
    }
}

impl<'t> Lower<'t, '_, '_> {
    /// Binds the names of a pattern. `ty` is the declared type of the whole.
    pub(super) fn pattern(&mut self, node: Child<'t>, value: Matched, ty: Option<TypeRef>, constant: bool) {
        if node.kind == Kind::Identifier {
            self.bind(node, value, ty, constant);
            return;
        }
        if self.out.depth >= MAX_DEPTH {
            return;
        }
        self.out.depth += 1;
        let list = self.open(node.node);
        self.compound_pattern(node, list, value, ty, constant);
        self.close(list);
        self.out.depth -= 1;
    }

    fn compound_pattern(&mut self, node: Child<'t>, list: List, value: Matched, ty: Option<TypeRef>, constant: bool) {
        match node.kind {
            Kind::MutPattern => {
                if let Some(inner) = self.first(list) {
                    self.pattern(inner, value, ty, false);
                }
            }
            Kind::RefPattern | Kind::ReferencePattern | Kind::OrPattern => {
                if let Some(inner) = self.first(list) {
                    self.pattern(inner, value, ty, constant);
                }
            }
            Kind::CapturedPattern => {
                for at in list.start..list.end {
                    let child = self.nodes[at];
                    if child.named {
                        self.pattern(child, value, None, constant);
                    }
                }
            }
            Kind::TuplePattern => self.parts_in_order(list, value, None, constant, false),
            Kind::TupleStructPattern => {
                let path = self.find(list, Field::Type).map(|name| self.written_path(name)).unwrap_or_default();
                let (of, name) = path.rsplit_once("::").unwrap_or(("", &path));
                let transparent = matches!(name, "Some" | "Ok" | "Err");
                let is_variant = last(of).starts_with(char::is_uppercase);
                let variant = is_variant.then(|| TypeRef { path: path.clone(), args: Vec::new(), range: self.range(node) });
                self.parts_in_order(list, value, variant, constant, transparent);
            }
            Kind::SlicePattern => self.elements(list, value, constant),
            Kind::StructPattern => {
                for at in list.start..list.end {
                    let child = self.nodes[at];
                    if child.kind == Kind::FieldPattern {
                        self.field_pattern(child, value, constant);
                    }
                }
            }
            _ => {}
        }
    }

    /// `(a, b)` and `T(a, b)`: parts by position, as far as it can be counted. A transparent wrapper's content is the value itself; what the first
    /// part of an enum's variant is, the variant says.
    fn parts_in_order(&mut self, list: List, value: Matched, mut variant: Option<TypeRef>, constant: bool, transparent: bool) {
        let mut position = Some(0u32);
        for at in list.start..list.end {
            let child = self.nodes[at];
            if child.field == Field::Type {
                continue;
            }
            match child.kind {
                Kind::RemainingFieldPattern => position = None,
                Kind::Underscore => {
                    position = position.map(|position| position + 1);
                    variant = None;
                }
                _ if child.named => {
                    let part = match position {
                        _ if transparent => value,
                        Some(position) if self.binds(child) => self.member(value, smol_str::format_smolstr!("{position}"), child),
                        _ => Matched::Nothing,
                    };
                    let ty = variant.take().filter(|_| position == Some(0) && !transparent);
                    self.pattern(child, part, ty, constant);
                    position = position.map(|position| position + 1);
                }
                _ => {}
            }
        }
    }

    fn elements(&mut self, list: List, value: Matched, constant: bool) {
        let mut position = Some(0u32);
        for at in list.start..list.end {
            let child = self.nodes[at];
            match child.kind {
                Kind::RemainingFieldPattern => position = None,
                Kind::Underscore => position = position.map(|position| position + 1),
                Kind::CapturedPattern => {
                    self.pattern(child, value, None, constant);
                    position = None;
                }
                _ if child.named => {
                    let part = match value {
                        Matched::Value(object) if self.binds(child) => {
                            let range = self.range(child);
                            Matched::Value(match position {
                                Some(position) => {
                                    let index = self.out.push(Expr::Number(smol_str::format_smolstr!("{position}")), range);
                                    self.out.push(Expr::Index { object, index }, range)
                                }
                                None => self.out.push(Expr::Element(object), range),
                            })
                        }
                        _ => Matched::Nothing,
                    };
                    self.pattern(child, part, None, constant);
                    position = position.map(|position| position + 1);
                }
                _ => {}
            }
        }
    }

    fn field_pattern(&mut self, node: Child<'t>, value: Matched, constant: bool) {
        let list = self.open(node.node);
        let constant = constant && self.find_kind(list, Kind::MutableSpecifier).is_none();
        if let Some(name) = self.find(list, Field::Name) {
            let field = self.symbol(name);
            match self.find(list, Field::Pattern) {
                Some(pattern) if self.binds(pattern) => {
                    let part = self.member(value, field, name);
                    self.pattern(pattern, part, None, constant);
                }
                Some(_) => {}
                None => {
                    let part = self.member(value, field.clone(), name);
                    let range = self.range(name);
                    self.add_binding(field, range, part, None, constant);
                }
            }
        }
        self.close(list);
    }

    /// Whether a pattern may bind a name.
    fn binds(&self, node: Child<'t>) -> bool {
        match node.kind {
            Kind::Identifier => !is_constant(self.text(node)),
            Kind::ScopedIdentifier
            | Kind::StringLiteral
            | Kind::RawStringLiteral
            | Kind::CharLiteral
            | Kind::BooleanLiteral
            | Kind::IntegerLiteral
            | Kind::FloatLiteral
            | Kind::NegativeLiteral
            | Kind::Underscore => false,
            _ => true,
        }
    }

    fn member(&mut self, value: Matched, name: Symbol, place: Child<'t>) -> Matched {
        match value {
            Matched::Value(object) => {
                let range = self.range(place);
                Matched::Value(self.out.push(Expr::Member { object, name }, range))
            }
            Matched::Nothing => Matched::Nothing,
        }
    }

    /// Binds a single name, unless it is that of a constant or a variant.
    fn bind(&mut self, node: Child<'t>, value: Matched, ty: Option<TypeRef>, constant: bool) {
        let name = self.symbol(node);
        if name.is_empty() || is_constant(&name) {
            return;
        }
        let range = self.range(node);
        self.add_binding(name, range, value, ty, constant);
    }

    pub(super) fn add_binding(&mut self, name: Symbol, range: TextRange, value: Matched, ty: Option<TypeRef>, constant: bool) {
        let binding =
            Binding { name, function: self.out.function, module: self.out.module.clone(), value: value.value(), ty, constant, range };
        self.out.facts.bindings.push(binding);
    }
}

/// The last name of a path.
fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// By the naming convention that the compiler warns about, a pattern's capitalised name is a constant or variant.
fn is_constant(name: &str) -> bool {
    name == "_" || name.starts_with(char::is_uppercase)
}
