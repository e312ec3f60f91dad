//! Facts without their places: whether an edit only moved code.
//!
//! White space and comments are most of what is typed between two thoughts. What is made from facts by their ids alone need not be made again
//! then. Invariant: every range of the facts is visited; a range that were not would make two facts differ, never agree.

use super::{Attribute, Entry, Expr, Field, Function, Param, SourceFacts, TextRange, TypeDef, TypeRef};

impl SourceFacts {
    /// Whether `new` says the same at other places: all that can be compared are equal, and what stood before something stands before it
    /// still. So whoever reads no more of ranges than their order finds no difference.
    pub fn is_moved_to(&self, new: &SourceFacts) -> bool {
        let counts = |facts: &SourceFacts| [facts.exprs.len(), facts.calls.len(), facts.bindings.len(), facts.functions.len()];
        // Most edits that say something new are seen here.
        if counts(self) != counts(new) {
            return false;
        }
        let (mut old, mut new) = (self.clone(), new.clone());
        let (before, after) = (old.take_offsets(), new.take_offsets());
        if old != new || before.len() != after.len() {
            return false;
        }
        let mut moves: Vec<(u32, u32)> = before.into_iter().zip(after).collect();
        moves.sort_unstable();
        moves.windows(2).all(|pair| pair[0].0.cmp(&pair[1].0) == pair[0].1.cmp(&pair[1].1))
    }

    /// Takes all offsets out and leaves zeros.
    fn take_offsets(&mut self) -> Vec<u32> {
        let mut offsets = Vec::with_capacity(2 * (self.exprs.len() + 2 * self.calls.len() + self.bindings.len() + self.regions.len()));
        self.each_range(&mut |range| {
            let range = std::mem::take(range);
            offsets.extend([range.start, range.end]);
        });
        offsets
    }

    fn each_range(&mut self, visit: &mut dyn FnMut(&mut TextRange)) {
        self.imports.iter_mut().for_each(|import| visit(&mut import.range));
        self.modules.iter_mut().for_each(|module| visit(&mut module.range));
        self.functions.iter_mut().for_each(|function| in_function(function, visit));
        self.types.iter_mut().for_each(|def| in_type_def(def, visit));
        for block in &mut self.impls {
            block.trait_ref.iter_mut().for_each(|ty| in_type(ty, visit));
            in_type(&mut block.self_type, visit);
            in_attributes(&mut block.attributes, visit);
            visit(&mut block.range);
        }
        for binding in &mut self.bindings {
            binding.ty.iter_mut().for_each(|ty| in_type(ty, visit));
            visit(&mut binding.range);
        }
        for call in &mut self.calls {
            call.type_args.iter_mut().for_each(|ty| in_type(ty, visit));
            visit(&mut call.name_range);
            visit(&mut call.range);
        }
        self.regions.iter_mut().for_each(|region| visit(&mut region.range));
        self.optional.iter_mut().for_each(&mut *visit);
        self.throws.iter_mut().for_each(&mut *visit);
        self.conditions.iter_mut().for_each(|condition| visit(&mut condition.range));
        for gate in &mut self.features {
            visit(&mut gate.range);
            visit(&mut gate.asked);
        }
        for expression in &mut self.exprs {
            visit(&mut expression.range);
            let Expr::Object(object) = &mut expression.kind else { continue };
            for entry in &mut object.entries {
                if let Entry::Field { range, .. } = entry {
                    visit(range);
                }
            }
        }
        self.problems.iter_mut().for_each(|problem| visit(&mut problem.range));
    }
}

fn in_function(function: &mut Function, visit: &mut dyn FnMut(&mut TextRange)) {
    function.params.iter_mut().for_each(|param| in_param(param, visit));
    function.result.iter_mut().for_each(|ty| in_type(ty, visit));
    in_attributes(&mut function.attributes, visit);
    function.left.iter_mut().for_each(&mut *visit);
    visit(&mut function.name_range);
    visit(&mut function.range);
}

fn in_param(param: &mut Param, visit: &mut dyn FnMut(&mut TextRange)) {
    param.ty.iter_mut().for_each(|ty| in_type(ty, visit));
    in_attributes(&mut param.attributes, visit);
    visit(&mut param.range);
}

fn in_type_def(def: &mut TypeDef, visit: &mut dyn FnMut(&mut TextRange)) {
    def.bases.iter_mut().for_each(|ty| in_type(ty, visit));
    def.fields.iter_mut().for_each(|field| in_field(field, visit));
    in_attributes(&mut def.attributes, visit);
    visit(&mut def.name_range);
    visit(&mut def.range);
}

fn in_field(field: &mut Field, visit: &mut dyn FnMut(&mut TextRange)) {
    field.ty.iter_mut().for_each(|ty| in_type(ty, visit));
    in_attributes(&mut field.attributes, visit);
    visit(&mut field.range);
}

fn in_attributes(attributes: &mut [Attribute], visit: &mut dyn FnMut(&mut TextRange)) {
    attributes.iter_mut().for_each(|attribute| visit(&mut attribute.range));
}

/// Types nest no deeper than their reader lets them.
fn in_type(ty: &mut TypeRef, visit: &mut dyn FnMut(&mut TextRange)) {
    visit(&mut ty.range);
    ty.args.iter_mut().for_each(|inner| in_type(inner, visit));
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::languages::{self, language_of};

    fn facts(path: &str, text: &str) -> SourceFacts {
        let kind = language_of(Utf8Path::new(path)).unwrap_or(crate::FileKind::Component);
        languages::read(Utf8Path::new(path), text, kind, None).0
    }

    #[test]
    fn white_space_and_comments_move_code() {
        let text = "import a from \"a\";\nexport class B extends a.C<D> { @E() f: G = { h: 1 }; i(@J() k: L): M { if (k) { throw a(k); } return a(k); } }\n";
        let spaced = text.replace(' ', "  /* moved */ ");
        assert!(facts("a.ts", text).is_moved_to(&facts("a.ts", &spaced)));
        let text = "use a::b;\n#[c]\nimpl d::E<F> for G { fn h(&self, i: J<K>) -> L { let m: N = b::o::<P>(i); q! { m } } }\n#[cfg(feature=\"s\")]\nfn t() { if u { v(); } }\nmod r;\n";
        let spaced = text.replace(' ', " /* moved */\n ");
        assert!(facts("a.rs", text).is_moved_to(&facts("a.rs", &spaced)));
    }

    #[test]
    fn another_name_or_order_is_no_move() {
        let base = facts("a.ts", "var x: A; f(x); var x: B;");
        for other in ["var x: A; f(y); var x: B;", "var x: A; f(x);", "var x: A; var x: B; f(x);"] {
            assert!(!base.is_moved_to(&facts("a.ts", other)), "{other}");
        }
    }
}
