//! Which environment variables a file reads, and where: by themselves, and through functions that are given the name.

use portolan_grammars::facts::{Expr, ExprId, Symbol};

use super::link::{Linker, VariableDecl};
use super::spans::Walk;
use super::value::{Part, Source, Value};

impl<'w> Linker<'w> {
    /// Notes the variables that a file reads.
    pub(super) fn variables(&mut self, walk: &Walk<'w>) {
        for (at, expression) in walk.facts.exprs.iter().enumerate() {
            let Expr::Env(name) = &expression.kind else { continue };
            let Some(name) = self.evaluator.eval(self.file, *name).literal() else { continue };
            let source = Source::Expr(self.file, ExprId(at as u32));
            self.link.variables.push(VariableDecl { name, source, function: expression.function });
        }
        for (at, expression) in walk.facts.exprs.iter().enumerate() {
            let Expr::Call(id) = &expression.kind else { continue };
            let call = walk.facts.call(*id);
            let Some(Expr::Str(name)) = call.args.first().map(|first| walk.facts.expr(first.value)) else { continue };
            if is_constant(name) && reads(&self.evaluator.eval(self.file, ExprId(at as u32)), name) {
                let source = Source::Call(self.file, *id);
                self.link.variables.push(VariableDecl { name: name.clone(), source, function: call.function });
            }
        }
        self.link.variables.sort();
        self.link.variables.dedup();
    }
}

/// Whether a text is written as names of variables are.
fn is_constant(name: &str) -> bool {
    name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a value is that of a variable.
fn reads(value: &Value, name: &Symbol) -> bool {
    let is_it = |part: &Part| matches!(part, Part::Env { name: known, .. } if known == name);
    value.patterns().iter().any(|pattern| pattern.parts.iter().any(is_it))
}
