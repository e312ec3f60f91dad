//! What functions are called with that a function is given: `fn with(&self, work: impl FnOnce(&mut Client))`, `where F: Fn(&Pool)`,
//! `build: fn(Router) -> Router`.
//!
//! What deliberately does not live here: types of plain parameters. Invariant: only what a bound writes out is known.

use super::kinds::{Field, Kind};
use super::walk::{Child, List, Lower, MAX_DEPTH};
use crate::facts::{FunctionId, Symbol, TypeRef};

impl<'t> Lower<'t, '_, '_> {
    /// Notes, for each parameter of a function that takes a function, what that is called with.
    pub(super) fn given_functions(&mut self, list: List, parameters: Child<'t>, id: FunctionId) {
        let start = self.nodes[list.start..list.end].first().map_or(0, |first| self.range(*first).start);
        let end =
            self.nodes[list.start..list.end].iter().filter(|child| child.field != Field::Body).map(|child| self.range(*child).end).max();
        let header = self.out.slice(crate::facts::TextRange { start, end: end.unwrap_or(start) });
        if !["Fn(", "FnMut(", "FnOnce(", "fn("].iter().any(|bound| header.contains(bound)) {
            return;
        }
        let bounds = self.function_bounds(list);
        let inner = self.open(parameters.node);
        let mut at = 0;
        for child in inner.start..inner.end {
            let child = self.nodes[child];
            if child.kind != Kind::Parameter {
                continue;
            }
            let parts = self.open(child.node);
            let is_self = self.find(parts, Field::Pattern).is_some_and(|pattern| pattern.kind == Kind::SelfValue);
            let own = self.find(parts, Field::Type).and_then(|ty| self.inputs(ty));
            self.close(parts);
            if is_self {
                continue;
            }
            if let Some(param) = self.out.facts.functions[id.index()].params.get_mut(at) {
                let named = || bounds.iter().find(|(name, _)| param.ty.as_ref().is_some_and(|ty| ty.path == *name));
                param.inputs = own.or_else(|| Some(named()?.1.clone())).unwrap_or_default();
            }
            at += 1;
        }
        self.close(inner);
    }

    /// Type parameters that stand for functions, with what these are called with.
    fn function_bounds(&mut self, list: List) -> Vec<(Symbol, Vec<TypeRef>)> {
        let mut found = Vec::new();
        let clauses = [self.find(list, Field::TypeParameters), self.find_kind(list, Kind::WhereClause)];
        for clause in clauses.into_iter().flatten() {
            let inner = self.open(clause.node);
            for at in inner.start..inner.end {
                let child = self.nodes[at];
                if !matches!(child.kind, Kind::TypeParameter | Kind::WherePredicate) {
                    continue;
                }
                let parts = self.open(child.node);
                let name = self.find(parts, Field::Name).or_else(|| self.find(parts, Field::Left));
                let name = name.filter(|name| name.kind == Kind::TypeIdentifier).map(|name| self.symbol(name));
                let inputs = self.find(parts, Field::Bounds).and_then(|bounds| self.inputs(bounds));
                self.close(parts);
                found.extend(name.zip(inputs));
            }
            self.close(inner);
        }
        found
    }

    /// What a function is called with that is of a type, or has its bounds: `&dyn Fn(A)`, `for<'a> Fn(&'a mut A) -> B + Send`.
    fn inputs(&mut self, node: Child<'t>) -> Option<Vec<TypeRef>> {
        if self.out.depth >= MAX_DEPTH {
            return None;
        }
        self.out.depth += 1;
        let list = self.open(node.node);
        let found = match node.kind {
            Kind::FunctionType => self.find(list, Field::Parameters).map(|parameters| self.type_arguments(parameters)),
            Kind::ReferenceType
            | Kind::HigherRankedTraitBound
            | Kind::AbstractType
            | Kind::DynamicType
            | Kind::BoundedType
            | Kind::BracketedType
            | Kind::TraitBounds => (list.start..list.end).find_map(|at| {
                let child = self.nodes[at];
                self.inputs(child)
            }),
            _ => None,
        };
        self.close(list);
        self.out.depth -= 1;
        found
    }
}
