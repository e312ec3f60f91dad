//! What type parameters of classes stand for, where whoever extends or names the class says so: `class Blobs extends Provider<BlobClient>`,
//! `private blobs: Provider<BlobClient>`.
//!
//! What deliberately does not live here: type parameters of functions ([`super::handed_results`]). Invariant: what is known of a value says more
//! than a type, so a type argument counts only where nothing else is known.

use portolan_grammars::facts::{Expr, FunctionId, FunctionKind, SourceFacts, TypeKind, TypeRef};

use super::declared_types::is_wrapper;
use super::evaluate::Evaluator;
use super::index::own_name;
use super::value::{CallRef, ClassRef, Value};
use crate::FunctionRef;

/// Types within one another in which a type parameter is looked for.
const MAX_DEPTH: u32 = 4;
/// Classes between one and its base that are looked at.
const MAX_BASES: u32 = 6;

impl<'w> Evaluator<'w> {
    /// What a method gives back that is declared to give back a type parameter of its class.
    pub(super) fn result_by_type(&mut self, method: FunctionRef, receiver: Option<&Value>, site: CallRef) -> Option<Value> {
        let facts = self.facts(method.file).filter(|facts| facts.language.is_ecmascript())?;
        let declared = facts.function(method.function);
        let owner = ClassRef { file: method.file, class: declared.owner? };
        let parameter = self.type_parameter(owner, declared.result.as_ref()?, MAX_DEPTH)?;
        self.type_argument(owner, parameter, receiver?).or_else(|| self.type_argument_at(owner, parameter, site))
    }

    /// What a field that is declared to be of a type parameter of its class holds in an object.
    pub(super) fn field_by_type(&mut self, class: ClassRef, ty: &TypeRef, object: &Value) -> Option<Value> {
        self.facts(class.file).filter(|facts| facts.language.is_ecmascript())?;
        let parameter = self.type_parameter(class, ty, MAX_DEPTH)?;
        self.type_argument(class, parameter, object)
    }

    /// Whether a value is only what some object was made with.
    pub(super) fn is_made_with(&mut self, value: &Value) -> bool {
        let Value::Param(param, path) = value else { return false };
        let Some(facts) = self.facts(param.function.file).filter(|_| path.is_empty() && !param.is_own_object()) else { return false };
        facts.function(param.function.function).kind == FunctionKind::Constructor
    }

    /// Which type parameter of a class a type stands for, alone or with more: `T`, `Promise<T>`, `T & Closeable`, by whatever name.
    fn type_parameter(&mut self, class: ClassRef, ty: &TypeRef, depth: u32) -> Option<usize> {
        let depth = depth.checked_sub(1)?;
        let facts = self.facts(class.file)?;
        let own = &facts.type_def(class.class).type_params;
        if let Some(at) = own.iter().position(|parameter| *parameter == ty.path) {
            return Some(at);
        }
        if matches!(ty.path.as_str(), "&" | "|") || is_wrapper(own_name(facts, &ty.path)) {
            return ty.args.iter().find_map(|part| self.type_parameter(class, part, depth));
        }
        let alias = self.class_named(class.file, FunctionId::MODULE, &ty.path).filter(|_| !own.is_empty() && !ty.args.is_empty())?;
        let def = self.facts(alias.file)?.type_def(alias.class);
        let stands_for = def.bases.first().filter(|_| def.kind == TypeKind::Alias)?;
        let inner = self.type_parameter(alias, stands_for, depth)?;
        self.type_parameter(class, ty.args.get(inner)?, depth)
    }

    /// What a type parameter of a class stands for in an object of one that extends it.
    fn type_argument(&mut self, owner: ClassRef, parameter: usize, object: &Value) -> Option<Value> {
        let mut class = self.declared_class(object)?;
        for _ in 0..MAX_BASES {
            let base = self.base_class(class)?;
            if base == owner {
                let def = self.facts(class.file)?.type_def(class.class);
                let named = |evaluator: &mut Self, of: &TypeRef| evaluator.class_named(class.file, def.function, &of.path) == Some(owner);
                let of = def.bases.iter().find(|of| !of.args.is_empty() && named(self, of))?;
                return self.typed(class.file, def.function, of.args.get(parameter)?);
            }
            class = base;
        }
        None
    }

    /// What a type parameter of a class stands for in an object that a method is called on, by that object's declared type.
    fn type_argument_at(&mut self, owner: ClassRef, parameter: usize, site: CallRef) -> Option<Value> {
        let facts: &'w SourceFacts = self.facts(site.file)?;
        let Expr::Member { object, .. } = facts.expr(facts.call(site.call).callee) else { return None };
        let (file, function, ty) = self.declared_as(site.file, *object)?;
        let is_owner = self.class_named(file, function, &ty.path) == Some(owner);
        ty.args.get(parameter).filter(|_| is_owner).and_then(|of| self.typed(file, function, of))
    }
}
