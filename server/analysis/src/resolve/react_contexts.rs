//! Contexts of React: what their providers are given is what whoever uses them gets.
//!
//! `const Client = createContext(null)`, `<Client.Provider value={client}>`, then `useContext(Client)`. What deliberately does not live here: what
//! components are given, as an element is a call of its component. Invariant: a context is known by the call that made it, never by its name alone.

use portolan_grammars::facts::{Expr, ExprId, Symbol};

use super::evaluate::Evaluator;
use super::uses::Use;
use super::value::{CallRef, Value};
use crate::FileId;

/// The type that the catalog gives a context.
const CONTEXT: &str = "Context";
/// The member of a context that is its provider; since React 19 the context itself is one, too.
const PROVIDER: &str = "Provider";
/// Providers of one context that are looked at.
const MAX_PROVIDERS: usize = 8;

impl Evaluator<'_> {
    /// What the providers of a context are given; nothing where none is seen.
    pub(super) fn given_to_context(&mut self, file: FileId, context: ExprId) -> Option<Value> {
        let context = self.eval(file, context);
        let made = context_made_by(&context).filter(|(_, members)| members.is_empty()).map(|(made, _)| made)?;
        let mut found = Vec::new();
        for name in self.provider_names(made) {
            for &file in self.files_with(Use::Call(&name, None)) {
                let Some((facts, index)) = self.file(file) else { continue };
                for call in index.calls.get(&name).into_iter().flatten().map(|call| facts.call(*call)) {
                    let callee = self.eval(file, call.callee);
                    let provides = context_made_by(&callee)
                        .is_some_and(|(of, members)| of == made && (members.is_empty() || matches!(members, [only] if only == PROVIDER)));
                    let Some(properties) = call.args.first().filter(|_| provides && found.len() < MAX_PROVIDERS) else { continue };
                    let properties = self.eval(file, properties.value);
                    found.push(self.member(&properties, &"value".into(), None));
                }
            }
        }
        Some(Value::one_of(found)).filter(|value| !value.is_unknown())
    }

    /// The names that elements may have which provide a context: its own, others that its file gives it, and that of a provider.
    fn provider_names(&mut self, made: CallRef) -> Vec<Symbol> {
        let mut names: Vec<Symbol> = vec![PROVIDER.into()];
        let Some(facts) = self.facts(made.file) else { return names };
        for binding in &facts.bindings {
            let is_it = binding.value.is_some_and(|value| match facts.expr(value) {
                Expr::Call(call) => *call == made.call,
                Expr::Name(name) => names.contains(name),
                _ => false,
            });
            if is_it && !names.contains(&binding.name) {
                names.push(binding.name.clone());
            }
        }
        names
    }
}

/// The call that made a context, and what of the context a value is.
fn context_made_by(value: &Value) -> Option<(CallRef, &[Symbol])> {
    let Value::Instance(instance) = value else { return None };
    let made = instance.origin.filter(|_| instance.type_name == CONTEXT)?;
    Some((made, &instance.members))
}
