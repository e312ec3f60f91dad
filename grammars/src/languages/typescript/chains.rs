//! Chains of member accesses and calls, and constructions: `a.b().c[d]!.e()`, `` sql`…` ``, `new A.B()`.
//!
//! Chains may be hundreds of links long (routers are built so), so they are taken apart in a loop. Environment variables and modules loaded
//! in place are recognised here, by form alone. Invariant: a call is added after the calls in its callee and in its arguments.

use super::syntax::{Field, Kind};
use super::walk::{Child, Context, Lowering, range};
use crate::facts::{Arg, Call, CallId, CallKind, Expr, ExprId, RegionKind, TextRange, TypeRef};

/// One link of a chain, with its children on the stack.
pub(super) struct Link<'t> {
    child: Child<'t>,
    start: usize,
    end: usize,
}

fn is_link(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::MemberExpression | Kind::SubscriptExpression | Kind::CallExpression | Kind::NonNullExpression | Kind::NestedIdentifier
    )
}

impl<'t> Lowering<'t> {
    /// Lowers what is called or constructed, and tells where its name stands.
    fn callee(&mut self, child: Child<'t>) -> (ExprId, TextRange) {
        if is_link(child.kind) { self.chain(child, Context::USED) } else { (self.expr(child, Context::USED), range(child)) }
    }

    /// Lowers a chain; its second result is the place of the last name in it.
    pub(super) fn chain(&mut self, outer: Child<'t>, mut context: Context) -> (ExprId, TextRange) {
        let (base, floor) = (self.links.len(), self.stack.len());
        let mut child = outer;
        let head = loop {
            let children = self.children(child);
            let inner = match child.kind {
                Kind::CallExpression => self.field(&children, Field::Function),
                Kind::NonNullExpression => self.first_named(&children),
                _ => self.field(&children, Field::Object),
            };
            self.links.push(Link { child, start: children.start, end: children.end });
            let inner = match inner {
                // The grammar takes the `await` of `await f<T>(x).g()` for a part of what is called first; it is of the whole chain.
                Some(waiting) if waiting.kind == Kind::AwaitExpression => {
                    context = context.awaited();
                    let within = self.children(waiting);
                    let inner = self.expression_among(&within);
                    self.release(within);
                    inner
                }
                inner => inner,
            };
            match inner {
                Some(inner) if is_link(inner.kind) => child = inner,
                other => break other,
            }
        };
        let (mut value, mut name) = match head {
            Some(head) if head.kind == Kind::Import => (self.add_at(Expr::Name("import".into()), head), range(head)),
            Some(head) => (self.expr(head, Context::USED), range(head)),
            None => (self.add_at(Expr::Unknown, child), range(child)),
        };
        // What happens to the value happens to the outermost link, seen through `!`.
        let seen_through = self.links[base..].iter().take_while(|link| link.child.kind == Kind::NonNullExpression).count();
        while self.links.len() > base {
            let Some(link) = self.links.pop() else { break };
            let context = if self.links.len() - base <= seen_through { context } else { Context::USED };
            match link.child.kind {
                Kind::NonNullExpression => {}
                Kind::CallExpression => {
                    value = self.call_link(&link, value, name, context);
                    name = range(link.child);
                }
                Kind::SubscriptExpression => (value, name) = self.subscript_link(&link, value),
                _ => (value, name) = self.member_link(&link, value),
            }
            self.stack.truncate(link.start);
        }
        self.stack.truncate(floor);
        (value, name)
    }

    fn member_link(&mut self, link: &Link<'t>, object: ExprId) -> (ExprId, TextRange) {
        let Some(property) = self.field(&(link.start..link.end), Field::Property) else { return (object, range(link.child)) };
        let name = self.symbol(property);
        let value = if self.is_environment(object) {
            self.take_back_environment(object);
            let variable = self.add_at(Expr::Str(name), property);
            self.add_at(Expr::Env(variable), link.child)
        } else {
            self.add_at(Expr::Member { object, name }, link.child)
        };
        (value, range(property))
    }

    fn subscript_link(&mut self, link: &Link<'t>, object: ExprId) -> (ExprId, TextRange) {
        let Some(index) = self.field(&(link.start..link.end), Field::Index) else { return (object, range(link.child)) };
        let place = range(index);
        let index = self.expr(index, Context::USED);
        let value = if self.is_environment(object) {
            self.add_at(Expr::Env(index), link.child)
        } else if let Expr::Str(name) = self.facts.expr(index) {
            let name = name.clone();
            self.take_back(index);
            self.add_at(Expr::Member { object, name }, link.child)
        } else {
            self.add_at(Expr::Index { object, index }, link.child)
        };
        (value, place)
    }

    fn call_link(&mut self, link: &Link<'t>, callee: ExprId, name_range: TextRange, context: Context) -> ExprId {
        let children = link.start..link.end;
        let Some(arguments) = self.field(&children, Field::Arguments) else { return self.add_at(Expr::Unknown, link.child) };
        let type_args = self.type_arguments(&children);
        if arguments.kind == Kind::TemplateString {
            let value = self.template(arguments);
            let args = vec![Arg { value, spread: false }];
            return self.add_call(link.child, CallKind::TaggedTemplate, callee, name_range, args, type_args, context);
        }
        let args = match self.concurrency(callee) {
            Some(kind) => self.within(kind, arguments, |this| this.arguments(arguments)),
            None => self.arguments(arguments),
        };
        if let Some(id) = self.loaded_or_environment(link.child, callee, &args) {
            return id;
        }
        self.add_call(link.child, CallKind::Call, callee, name_range, args, type_args, context)
    }

    /// `new C(…)`.
    pub(super) fn construction(&mut self, child: Child<'t>, context: Context) -> ExprId {
        let children = self.children(child);
        let (callee, name_range) = match self.field(&children, Field::Constructor) {
            Some(constructor) => self.callee(constructor),
            None => (self.add_at(Expr::Unknown, child), range(child)),
        };
        let type_args = self.type_arguments(&children);
        let args = self.field(&children, Field::Arguments).map(|arguments| self.arguments(arguments)).unwrap_or_default();
        self.release(children);
        self.add_call(child, CallKind::New, callee, name_range, args, type_args, context)
    }

    /// The arguments of a call.
    pub(super) fn arguments(&mut self, arguments: Child<'t>) -> Vec<Arg> {
        let children = self.children(arguments);
        let mut args = Vec::with_capacity(children.len());
        for at in children.clone() {
            let child = self.stack[at];
            args.push(Arg { value: self.expr(child, Context::USED), spread: child.kind == Kind::SpreadElement });
        }
        self.release(children);
        args
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a call, each made elsewhere")]
    pub(super) fn add_call(
        &mut self,
        place: Child<'t>,
        kind: CallKind,
        callee: ExprId,
        name_range: TextRange,
        args: Vec<Arg>,
        type_args: Vec<TypeRef>,
        context: Context,
    ) -> ExprId {
        let id = CallId(self.facts.calls.len() as u32);
        self.facts.calls.push(Call {
            callee,
            kind,
            args,
            type_args,
            function: self.function,
            region: self.region,
            awaited: context.awaited,
            result: context.result,
            name_range,
            range: range(place),
        });
        self.add_at(Expr::Call(id), place)
    }

    fn type_arguments(&mut self, children: &std::ops::Range<usize>) -> Vec<TypeRef> {
        self.field(children, Field::TypeArguments).map(|arguments| self.type_list(arguments)).unwrap_or_default()
    }

    /// `require("x")` and `import("x")`, `Deno.env.get("X")`: forms of calls that are values of their own.
    fn loaded_or_environment(&mut self, place: Child<'t>, callee: ExprId, args: &[Arg]) -> Option<ExprId> {
        let argument = args.first().filter(|arg| !arg.spread)?.value;
        match self.facts.expr(callee) {
            Expr::Name(name) if name == "require" || name == "import" => {
                let required = name == "require";
                let Expr::Str(source) = self.facts.expr(argument) else { return None };
                let source = source.clone();
                if args.len() == 1 {
                    self.take_back(argument);
                    self.take_back(callee);
                }
                let id = self.add_at(Expr::Import(source), place);
                if required {
                    self.latest_require = Some(id);
                }
                Some(id)
            }
            Expr::Member { object, name } if name == "get" && args.len() == 1 && self.is_member_of(*object, "Deno", "env") => {
                Some(self.add_at(Expr::Env(argument), place))
            }
            _ => None,
        }
    }

    fn concurrency(&self, callee: ExprId) -> Option<RegionKind> {
        let Expr::Member { object, name } = self.facts.expr(callee) else { return None };
        if !matches!(self.facts.expr(*object), Expr::Name(name) if name == "Promise") {
            return None;
        }
        match name.as_str() {
            "all" | "allSettled" => Some(RegionKind::Parallel),
            "race" | "any" => Some(RegionKind::Race),
            _ => None,
        }
    }

    /// Whether this is `object.name`, of a plain name.
    pub(super) fn is_member_of(&self, id: ExprId, object: &str, name: &str) -> bool {
        match self.facts.expr(id) {
            Expr::Member { object: inner, name: found } if found == name => {
                matches!(self.facts.expr(*inner), Expr::Name(found) if found == object)
            }
            _ => false,
        }
    }

    /// Whether this is `process.env`, `import.meta.env` or k6's `__ENV`, whose members are environment variables.
    pub(super) fn is_environment(&self, id: ExprId) -> bool {
        match self.facts.expr(id) {
            Expr::Member { object, name } if name == "env" => match self.facts.expr(*object) {
                Expr::Name(name) => name == "process" || name == "Bun",
                _ => self.is_member_of(*object, "import", "meta"),
            },
            Expr::Name(name) => name == "__ENV",
            _ => false,
        }
    }

    /// Takes back the parts of `process.env` once a variable of it stands for the whole.
    fn take_back_environment(&mut self, id: ExprId) {
        let mut next = Some(id);
        while let Some(id) = next {
            next = match self.facts.expr(id) {
                Expr::Member { object, .. } => Some(*object),
                _ => None,
            };
            self.take_back(id);
        }
    }
}
