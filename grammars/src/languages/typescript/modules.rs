//! Imports and exports, of ECMAScript and of CommonJS.
//!
//! Which file a source names is not asked here. Invariant: a name handed on from another module is an import with `reexport`, and no export.

use rustc_hash::FxHashSet;
use tree_sitter::Node;

use super::expressions::is_expression;
use super::respelled;
use super::syntax::{Field, Kind};
use super::walk::{Child, Context, Lowering, range};
use crate::facts::{
    Attribute, Export, Expr, ExprId, Expression, Function, FunctionId, Import, Imported, Language, SourceFacts, Symbol, TextRange,
};

/// Notes which imports TypeScript leaves out of what it compiles to: those of names that stand for types alone. What a decorator's class is
/// injected with, compilers may keep for it: a file that has decorators keeps all.
pub(super) fn leave_out_types(facts: &mut SourceFacts, root: Node<'_>, text: &str) {
    if facts.language != Language::TypeScript || text.contains('@') && has_decorators(facts) {
        return;
    }
    // Most are named in some expression, which is seen without a look at the text.
    let named = |expression: &Expression| match &expression.kind {
        Expr::Name(name) if name.starts_with(char::is_uppercase) => Some(name.clone()),
        _ => None,
    };
    let used: FxHashSet<Symbol> = facts.exprs.iter().filter_map(named).collect();
    for import in &mut facts.imports {
        let asks = !import.type_only && !import.reexport && import.function == FunctionId::MODULE && !used.contains(&import.local);
        if asks && matches!(import.imported, Imported::Named(_) | Imported::Default) && import.local.starts_with(char::is_uppercase) {
            import.type_only = is_type_alone(root, text, &import.local, import.range);
        }
    }
}

fn has_decorators(facts: &SourceFacts) -> bool {
    let of_function =
        |function: &Function| !function.attributes.is_empty() || function.params.iter().any(|param| !param.attributes.is_empty());
    facts.functions.iter().any(of_function)
        || facts.types.iter().any(|def| !def.attributes.is_empty() || def.fields.iter().any(|field| !field.attributes.is_empty()))
}

/// Whether a name stands as a type somewhere, and nowhere as anything else, but where it is imported.
fn is_type_alone(root: Node<'_>, text: &str, name: &str, import: TextRange) -> bool {
    let mut is_type = false;
    let part_of_name = |letter: Option<u8>| letter.is_some_and(|it| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'$'));
    for at in memchr::memmem::find_iter(text.as_bytes(), name) {
        let end = at + name.len();
        let within = (import.start as usize) <= at && end <= import.end as usize;
        if within || part_of_name(text.as_bytes()[..at].last().copied()) || part_of_name(text.as_bytes().get(end).copied()) {
            continue;
        }
        let Some(node) = root.descendant_for_byte_range(at, end) else { return false };
        match node.kind() {
            "type_identifier" => is_type = true,
            // A key, a member or a word of a text has the name by chance.
            "property_identifier" | "comment" | "string_fragment" | "statement_identifier" => {}
            _ => return false,
        }
    }
    is_type
}

impl<'t> Lowering<'t> {
    fn import(&mut self, local: Symbol, source: &Symbol, imported: Imported, type_only: bool, range: TextRange) {
        let (source, function) = (source.clone(), self.function);
        self.facts.imports.push(Import { local, source, imported, reexport: false, type_only, function, module: Symbol::default(), range });
    }

    fn reexport(&mut self, local: Symbol, source: &Symbol, imported: Imported, type_only: bool, range: TextRange) {
        self.import(local, source, imported, type_only, range);
        if let Some(import) = self.facts.imports.last_mut() {
            import.reexport = true;
        }
    }

    /// `import …`.
    pub(super) fn import_statement(&mut self, child: Child<'t>) {
        let children = self.children(child);
        let type_only = self.of_kind(&children, Kind::TypeToken).is_some();
        let source = self.field(&children, Field::Source).map(|source| self.string_value(source));
        let clause = self.of_kind(&children, Kind::ImportClause);
        let require = self.of_kind(&children, Kind::ImportRequireClause);
        self.release(children);
        if let Some(require) = require {
            let parts = self.children(require);
            let (name, source) = (self.of_kind(&parts, Kind::Identifier), self.field(&parts, Field::Source));
            self.release(parts);
            if let (Some(name), Some(source)) = (name, source) {
                let (local, source) = (self.symbol(name), self.string_value(source));
                self.import(local, &source, Imported::Require, type_only, range(child));
            }
            return;
        }
        let Some(source) = source else { return };
        match clause {
            Some(clause) => self.import_clause(clause, &source, type_only),
            None => self.import(Symbol::default(), &source, Imported::Effect, false, range(child)),
        }
    }

    fn import_clause(&mut self, clause: Child<'t>, source: &Symbol, type_only: bool) {
        self.each(clause, |this, part| match part.kind {
            Kind::Identifier => {
                let local = this.symbol(part);
                this.import(local, source, Imported::Default, type_only, range(part));
            }
            Kind::NamespaceImport => {
                let within = this.children(part);
                let name = this.first_named(&within);
                this.release(within);
                if let Some(name) = name {
                    let local = this.symbol(name);
                    this.import(local, source, Imported::Namespace, type_only, range(part));
                }
            }
            Kind::NamedImports => this.each(part, |this, specifier| {
                if let Some((name, alias, type_only)) = this.specifier(specifier, type_only) {
                    this.import(alias, source, named(name), type_only, range(specifier));
                }
            }),
            _ => {}
        });
    }

    /// `name`, `name as alias`, `type name`: name, alias or else the name again, whether a type only.
    fn specifier(&mut self, specifier: Child<'t>, type_only: bool) -> Option<(Symbol, Symbol, bool)> {
        if !matches!(specifier.kind, Kind::ImportSpecifier | Kind::ExportSpecifier) {
            return None;
        }
        // Most are a single name.
        let text = self.text_of(specifier);
        if !text.contains(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '/')) {
            let name = Symbol::new(text);
            return Some((name.clone(), name, type_only));
        }
        let children = self.children(specifier);
        let type_only =
            type_only || self.stack[children.clone()].iter().any(|part| part.kind == Kind::TypeToken && part.field == Field::None);
        let name = self.field(&children, Field::Name).map(|name| self.property_name(name))?;
        let alias = self.field(&children, Field::Alias).map(|alias| self.property_name(alias)).unwrap_or_else(|| name.clone());
        self.release(children);
        Some((name, alias, type_only))
    }

    /// `export …`.
    pub(super) fn export_statement(&mut self, child: Child<'t>) {
        let children = self.children(child);
        let type_only = self.of_kind(&children, Kind::TypeToken).is_some() || respelled::exports_types(self.text_of(child));
        if let Some(source) = self.field(&children, Field::Source) {
            let source = self.string_value(source);
            if let Some(clause) = self.of_kind(&children, Kind::ExportClause) {
                self.each(clause, |this, specifier| {
                    if let Some((name, alias, type_only)) = this.specifier(specifier, type_only) {
                        this.reexport(alias, &source, named(name), type_only, range(specifier));
                    }
                });
            } else if let Some(namespace) = self.of_kind(&children, Kind::NamespaceExport) {
                let within = self.children(namespace);
                let local = self.first_named(&within).map(|name| self.property_name(name)).unwrap_or_default();
                self.release(within);
                self.reexport(local, &source, Imported::Namespace, type_only, range(child));
            } else {
                self.reexport(Symbol::default(), &source, Imported::Glob, type_only, range(child));
            }
        } else if let Some(clause) = self.of_kind(&children, Kind::ExportClause) {
            self.each(clause, |this, specifier| {
                if let Some((name, alias, _)) = this.specifier(specifier, false) {
                    let value = this.add(Expr::Name(name), range(specifier));
                    this.export(alias, value);
                }
            });
        } else {
            self.export_declaration(&children);
        }
        self.release(children);
    }

    fn export_declaration(&mut self, children: &std::ops::Range<usize>) {
        let attributes = self.decorators(children);
        let default = self.of_kind(children, Kind::DefaultToken).is_some();
        if let Some(declaration) = self.field(children, Field::Declaration) {
            let (bindings, imports) = (self.facts.bindings.len(), self.facts.imports.len());
            let name = self.declaration(declaration, attributes);
            if let Some(name) = name {
                let text = self.symbol(name);
                let value = self.add_at(Expr::Name(text.clone()), name);
                self.export(if default { "default".into() } else { text }, value);
            } else {
                self.export_bound(bindings, imports);
            }
            return;
        }
        let equals = self.of_kind(children, Kind::Equals).is_some();
        let value = self.field(children, Field::Value).or_else(|| {
            let mut parts = self.stack[children.clone()].iter();
            parts.find(|part| is_expression(part.kind)).copied()
        });
        match value {
            Some(value) if value.kind == Kind::Class => {
                let id = self.class(value, attributes);
                let name = self.facts.type_def(id).name.clone();
                let kind = if name.is_empty() { Expr::Class(id) } else { Expr::Name(name) };
                let value = self.add_at(kind, value);
                self.export("default".into(), value);
            }
            Some(value) if default || equals => {
                let value = self.expr(value, Context::USED);
                self.export(if default { "default".into() } else { "=".into() }, value);
            }
            _ => {
                for at in children.clone() {
                    let part = self.stack[at];
                    if part.kind == Kind::Error {
                        self.look_within(part);
                    }
                }
            }
        }
    }

    /// Lowers a declaration, and tells its name where it has a single one.
    fn declaration(&mut self, declaration: Child<'t>, attributes: Vec<Attribute>) -> Option<Child<'t>> {
        if matches!(declaration.kind, Kind::ClassDeclaration | Kind::AbstractClassDeclaration) {
            self.class(declaration, attributes);
        } else if declaration.kind == Kind::AmbientDeclaration {
            let children = self.children(declaration);
            let inner = self.first_named(&children);
            self.release(children);
            return self.declaration(inner?, attributes);
        } else {
            self.statement(declaration);
        }
        let children = self.children(declaration);
        // An alias of a namespace, `import A = B`, is a binding.
        let name = self.field(&children, Field::Name).filter(|_| declaration.kind != Kind::FunctionSignature);
        self.release(children);
        name
    }

    /// Exports the names that a declaration of variables has just brought in.
    fn export_bound(&mut self, bindings: usize, imports: usize) {
        let function = self.function;
        let bound: Vec<(Symbol, TextRange)> = self.facts.bindings[bindings..]
            .iter()
            .filter(|binding| binding.function == function)
            .map(|binding| (binding.name.clone(), binding.range))
            .chain(
                self.facts.imports[imports..]
                    .iter()
                    .filter(|import| import.function == function)
                    .map(|import| (import.local.clone(), import.range)),
            )
            .collect();
        for (name, range) in bound {
            let value = self.add(Expr::Name(name.clone()), range);
            self.export(name, value);
        }
    }

    fn export(&mut self, name: Symbol, value: ExprId) {
        if self.namespaces == 0 {
            self.facts.exports.push(Export { name, value });
        }
    }

    /// `module.exports = …`, `module.exports.name = …`, `exports.name = …`.
    pub(super) fn export_by_assignment(&mut self, target: ExprId, value: ExprId) {
        if self.function != FunctionId::MODULE && self.facts.language == crate::facts::Language::TypeScript {
            return;
        }
        if self.is_member_of(target, "module", "exports") {
            return self.export("=".into(), value);
        }
        let Expr::Member { object, name } = self.facts.expr(target) else { return };
        let outer = matches!(self.facts.expr(*object), Expr::Name(name) if name == "exports");
        if outer || self.is_member_of(*object, "module", "exports") {
            self.export(name.clone(), value);
        }
    }
}

fn named(name: Symbol) -> Imported {
    if name == "default" { Imported::Default } else { Imported::Named(name) }
}
