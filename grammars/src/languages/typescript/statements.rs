//! Statements and declarations of variables, and the regions of control flow they make.

use std::ops::Range;

use super::expressions::is_expression;
use super::patterns::Target;
use super::syntax::{Field, Kind};
use super::walk::{Child, Context, Lowering, range};
use crate::facts::{
    Binding, Case, Condition, Expr, ExprId, Extent, FunctionId, Import, Imported, MAX_BEFORE, RegionKind, ResultUse, Symbol,
};
use crate::languages::reads::asks_only;

impl<'t> Lowering<'t> {
    /// Lowers the whole file.
    pub(super) fn program(&mut self, root: Child<'t>) {
        let children = self.children(root);
        self.prologue(&children);
        self.release(children);
        self.statements(root);
    }

    /// The directives that a file begins with.
    fn prologue(&mut self, children: &Range<usize>) {
        for at in children.clone() {
            let statement = self.stack[at];
            if statement.kind != Kind::ExpressionStatement {
                break;
            }
            let within = self.children(statement);
            let text = self.first_named(&within).filter(|text| text.kind == Kind::String);
            self.release(within);
            let Some(text) = text else { break };
            let directive = self.string_value(text);
            self.facts.directives.push(directive);
        }
    }

    /// Lowers the statements in a block.
    pub(super) fn block(&mut self, block: Child<'t>) {
        self.statements(block);
    }

    /// Lowers any statement.
    pub(super) fn statement(&mut self, child: Child<'t>) {
        if !self.deeper() {
            return;
        }
        self.statement_of_kind(child);
        self.shallower();
    }

    fn statement_of_kind(&mut self, child: Child<'t>) {
        match child.kind {
            Kind::ExpressionStatement => self.expression_statement(child),
            Kind::LexicalDeclaration | Kind::VariableDeclaration => self.variables(child),
            Kind::StatementBlock => self.block(child),
            Kind::ReturnStatement => self.return_statement(child),
            Kind::ThrowStatement => {
                self.facts.throws.push(range(child));
                self.look_within(child);
            }
            Kind::IfStatement => self.if_statement(child),
            Kind::ForInStatement => self.for_in(child),
            Kind::ForStatement => self.for_loop(child),
            Kind::WhileStatement | Kind::DoStatement => self.within(RegionKind::While, child, |this| this.look_within(child)),
            Kind::SwitchStatement => self.switch(child),
            Kind::TryStatement => self.try_statement(child),
            Kind::FunctionDeclaration | Kind::GeneratorFunctionDeclaration => {
                self.declared_function(child);
            }
            Kind::ClassDeclaration | Kind::AbstractClassDeclaration => {
                self.class(child, Vec::new());
            }
            Kind::InterfaceDeclaration => {
                self.interface(child);
            }
            Kind::TypeAliasDeclaration => {
                self.alias(child);
            }
            Kind::EnumDeclaration => {
                self.enumeration(child);
            }
            Kind::ImportStatement => self.import_statement(child),
            Kind::ExportStatement => self.export_statement(child),
            Kind::ImportAlias => self.import_alias(child),
            Kind::InternalModule | Kind::Module => self.namespace(child),
            Kind::AmbientDeclaration => self.ambient(child),
            // An overload: its body follows.
            Kind::FunctionSignature => {}
            // Types and names have no calls in them.
            Kind::TypeAnnotation | Kind::TypeArguments | Kind::TypeParameters | Kind::ObjectType => {}
            Kind::Identifier | Kind::PropertyIdentifier | Kind::TypeIdentifier => {}
            kind if is_expression(kind) => {
                self.expr(child, Context::USED);
            }
            _ => self.look_within(child),
        }
    }

    fn expression_statement(&mut self, child: Child<'t>) {
        let children = self.children(child);
        for at in children.clone() {
            let value = self.stack[at];
            if is_expression(value.kind) {
                self.expr(value, Context::IGNORED);
            } else {
                self.anything(value);
            }
        }
        self.release(children);
    }

    fn return_statement(&mut self, child: Child<'t>) {
        let children = self.children(child);
        let function = self.function;
        if let Some(value) = self.first_named(&children) {
            let value = self.expr(value, Context::RETURNED);
            if function != FunctionId::MODULE {
                self.facts.functions[function.index()].returns.push(value);
            }
        }
        self.facts.functions[function.index()].left.get_or_insert(range(child));
        self.release(children);
    }

    /// `else if` chains are long, so their arms are taken in a loop; all arms lie side by side.
    fn if_statement(&mut self, outer: Child<'t>) {
        let mut next = Some(outer);
        // What did not hold for the arms before.
        let mut before: Vec<Case> = Vec::new();
        while let Some(child) = next.take() {
            let children = self.children(child);
            let asks = self.field(&children, Field::Condition);
            let conditions = asks.map(|condition| self.conditions(condition)).unwrap_or_default();
            let asked = conditions.last().copied();
            let case = asks.and_then(|condition| self.asked(condition));
            if let Some(arm) = self.field(&children, Field::Consequence) {
                self.only_if(before.iter().chain(&case));
                self.on_condition(asked, true, arm, |this| {
                    this.within_conditions(RegionKind::Branch, conditions, arm, |this| this.statement(arm));
                });
            }
            if before.len() < MAX_BEFORE {
                before.extend(case.as_ref().map(Case::otherwise));
            }
            if let Some(otherwise) = self.field(&children, Field::Alternative) {
                self.facts.conditions.extend(asked.map(|asked| Condition { asked, holds: false, range: range(otherwise) }));
                let within = self.children(otherwise);
                match self.first_named(&within) {
                    Some(arm) if arm.kind == Kind::IfStatement => next = Some(arm),
                    Some(arm) => {
                        self.only_if(&before);
                        self.within(RegionKind::Branch, arm, |this| this.statement(arm));
                    }
                    None => {}
                }
                self.release(within);
            }
            self.release(children);
        }
    }

    fn for_in(&mut self, child: Child<'t>) {
        let children = self.children(child);
        let left = self.field(&children, Field::Left);
        let declared = self.field(&children, Field::KindWord);
        let constant = declared.is_some_and(|word| word.kind == Kind::ConstToken);
        let of = self.of_kind(&children, Kind::OfToken).is_some();
        let subject = self.field(&children, Field::Right);
        let over = match subject {
            Some(subject) => self.expr(subject, Context::USED),
            None => self.add_at(Expr::Unknown, child),
        };
        let awaits = self.of_kind(&children, Kind::AwaitToken).is_some();
        self.within(if awaits { RegionKind::While } else { RegionKind::ForEach { over } }, child, |this| {
            if let (Some(left), Some(_)) = (left, subject) {
                // `for … in` gives the names of fields, of which nothing is known.
                let value = if of { Expr::Element(over) } else { Expr::Unknown };
                let value = this.add_at(value, left);
                let target = if declared.is_some() { Target::Bind { constant } } else { Target::Assign };
                this.pattern(left, value, target);
            }
            if let Some(body) = this.field(&children, Field::Body) {
                this.statement(body);
            }
        });
        self.release(children);
    }

    fn for_loop(&mut self, child: Child<'t>) {
        let children = self.children(child);
        if let Some(initializer) = self.field(&children, Field::Initializer) {
            self.statement(initializer);
        }
        let condition = self.field(&children, Field::Condition).filter(|condition| is_expression(condition.kind));
        let kind = if condition.is_some() { RegionKind::For } else { RegionKind::Loop };
        self.within(kind, child, |this| {
            for part in [condition, this.field(&children, Field::Increment)].into_iter().flatten() {
                this.expr(part, Context::USED);
            }
            if let Some(body) = this.field(&children, Field::Body) {
                this.statement(body);
            }
        });
        self.release(children);
    }

    fn switch(&mut self, child: Child<'t>) {
        let children = self.children(child);
        let subject = self.field(&children, Field::Value).map(|value| self.expr(value, Context::USED));
        // Labels whose statements run on into the next ones', and all labels.
        let (mut open, mut all) = (Vec::new(), Vec::new());
        if let Some(body) = self.field(&children, Field::Body) {
            self.each(body, |this, case| {
                if !matches!(case.kind, Kind::SwitchCase | Kind::SwitchDefault) {
                    return this.look_within(case);
                }
                let parts = this.children(case);
                if let Some(value) = this.field(&parts, Field::Value) {
                    let value = this.expr(value, Context::USED);
                    open.push(value);
                    all.push(value);
                }
                let is_default = case.kind == Kind::SwitchDefault;
                let runs_on = !open.is_empty() && is_default;
                let last = parts.clone().rev().map(|at| this.stack[at]).find(|part| part.field == Field::Body);
                let values = if is_default { all.clone() } else { open.clone() };
                if let Some(subject) = subject.filter(|_| last.is_some() && !runs_on && !values.is_empty()) {
                    let partial = this.text_of(case).contains("break");
                    this.only_if(&[Case { subject, values, extent: Extent::Whole, negated: is_default, partial }]);
                }
                if last.is_some_and(|last| this.leaves(last)) {
                    open.clear();
                }
                this.within(RegionKind::Branch, case, |this| {
                    for at in parts.clone() {
                        let statement = this.stack[at];
                        if statement.field == Field::Body {
                            this.statement(statement);
                        }
                    }
                });
                this.release(parts);
            });
        }
        self.release(children);
    }

    /// Whether what stands behind a statement, the last of a case or of an arm, does not run after it.
    pub(super) fn leaves(&mut self, last: Child<'t>) -> bool {
        if last.kind == Kind::StatementBlock {
            let children = self.children(last);
            let inner = self.stack[children.clone()].last().copied();
            self.release(children);
            return inner.is_some_and(|inner| inner.kind != Kind::StatementBlock && self.leaves(inner));
        }
        let word = self.text_of(last).split(|end: char| !end.is_alphanumeric() && !matches!(end, '_' | '$')).next().unwrap_or_default();
        matches!(word, "return" | "break" | "throw" | "continue")
    }

    fn try_statement(&mut self, child: Child<'t>) {
        self.each(child, |this, part| match (part.field, part.kind) {
            (Field::Body, _) => this.within(RegionKind::Try, part, |this| this.statement(part)),
            (_, Kind::CatchClause) => this.within(RegionKind::Catch, part, |this| {
                let children = this.children(part);
                if let Some(parameter) = this.field(&children, Field::Parameter) {
                    if parameter.kind == Kind::Identifier {
                        let name = this.symbol(parameter);
                        this.bind(name, None, None, false, range(parameter));
                    } else {
                        let value = this.add_at(Expr::Unknown, parameter);
                        this.pattern(parameter, value, Target::Bind { constant: false });
                    }
                }
                if let Some(body) = this.field(&children, Field::Body) {
                    this.statement(body);
                }
                this.release(children);
            }),
            (_, Kind::FinallyClause) => this.within(RegionKind::Finally, part, |this| this.look_within(part)),
            _ => this.anything(part),
        });
    }

    /// `const a = …, { b } = …`.
    pub(super) fn variables(&mut self, child: Child<'t>) {
        let children = self.children(child);
        let constant = self.field(&children, Field::KindWord).is_some_and(|word| word.kind == Kind::ConstToken);
        for at in children.clone() {
            let declarator = self.stack[at];
            match declarator.kind {
                Kind::VariableDeclarator => self.variable(declarator, constant),
                Kind::Error => self.look_within(declarator),
                _ => {}
            }
        }
        self.release(children);
    }

    fn variable(&mut self, declarator: Child<'t>, constant: bool) {
        let children = self.children(declarator);
        let name = self.field(&children, Field::Name);
        let annotation = self.field(&children, Field::Type);
        let ty = annotation.and_then(|ty| self.annotation(ty));
        let value = self.field(&children, Field::Value);
        self.release(children);
        let Some(name) = name else { return };
        let plain = name.kind == Kind::Identifier;
        // `const _ = f()` says that the result is of no interest.
        let awaited = value.is_some_and(|value| value.kind == Kind::AwaitExpression);
        let of_no_interest = self.text_of(name) == "_" || awaited && self.asks_only_status(declarator, name);
        let result = if plain && of_no_interest { ResultUse::Ignored } else { ResultUse::Used };
        self.latest_require = None;
        let value = value.map(|value| self.expr(value, Context { result, awaited: false }));
        if let Some(value) = value
            && self.latest_require == Some(value)
            && self.required(declarator, name, value)
        {
            return;
        }
        if plain {
            let name_text = self.symbol(name);
            self.bind(name_text, value, ty, constant, range(name));
        } else {
            let value = value.unwrap_or_else(|| self.add_at(Expr::Unknown, name));
            self.declared_pattern(name, value, annotation, constant);
        }
    }

    /// Whether all that is asked of an answer behind its declaration is whether it went well: `if (!response.ok) throw …`.
    fn asks_only_status(&self, declarator: Child<'t>, name: Child<'t>) -> bool {
        let block = self.facts.region(self.region).range;
        let behind = self.slice(declarator.node.end_byte(), block.end as usize);
        asks_only(behind, self.text_of(name), &[".ok", ".status", ".statusText"])
    }

    /// `const x = require("…")` and `const { a, b: c } = require("…")` are imports; what goes deeper stays a binding.
    fn required(&mut self, declarator: Child<'t>, name: Child<'t>, value: ExprId) -> bool {
        let Expr::Import(source) = self.facts.expr(value) else { return false };
        let source = source.clone();
        let import = |local: Symbol, imported: Imported, range, function| Import {
            local,
            source: source.clone(),
            imported,
            reexport: false,
            type_only: false,
            function,
            module: Symbol::default(),
            range,
        };
        let function = self.function;
        match name.kind {
            Kind::Identifier => {
                let import = import(self.symbol(name), Imported::Require, range(declarator), function);
                self.facts.imports.push(import);
            }
            Kind::ObjectPattern => {
                let Some(names) = self.plain_names(name) else { return false };
                for (field, local, place) in names {
                    self.facts.imports.push(import(local, Imported::Named(field), place, function));
                }
            }
            _ => return false,
        }
        self.take_back(value);
        true
    }

    /// `import A = B.C`.
    fn import_alias(&mut self, child: Child<'t>) {
        let children = self.children(child);
        let (name, target) = (self.stack.get(children.start).copied(), self.stack[children.clone()].last().copied());
        if let (Some(name), Some(target)) = (name, target) {
            let value = self.expr(target, Context::USED);
            let binding = Binding {
                name: self.symbol(name),
                function: self.function,
                module: Symbol::default(),
                value: Some(value),
                ty: None,
                constant: true,
                range: range(name),
            };
            self.facts.bindings.push(binding);
        }
        self.release(children);
    }

    /// `namespace N { … }`: its declarations are read as the file's own; what it exports is no export of the file.
    fn namespace(&mut self, child: Child<'t>) {
        let children = self.children(child);
        let quoted = self.field(&children, Field::Name).is_some_and(|name| name.kind == Kind::String);
        // `module "x" { … }` describes another module.
        if let Some(body) = self.field(&children, Field::Body).filter(|_| !quoted) {
            self.namespaces += 1;
            self.block(body);
            self.namespaces -= 1;
        }
        self.release(children);
    }

    /// `declare …`.
    fn ambient(&mut self, child: Child<'t>) {
        let children = self.children(child);
        // `declare global { … }` describes what is declared elsewhere.
        if self.of_kind(&children, Kind::GlobalToken).is_none() {
            for at in children.clone() {
                let declaration = self.stack[at];
                if declaration.kind != Kind::Error && declaration.node.is_named() {
                    self.statement(declaration);
                }
            }
        }
        self.release(children);
    }
}
