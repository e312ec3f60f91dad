//! Schemas of bodies: what a handler requires that it, or what runs before it, checks by a schema of its keys.
//!
//! What deliberately does not live here: what types require ([`super::payloads`]). Invariant: a key is required only where the schema says nothing
//! of the kind that it may be missing, and where the check is sure to run.

use std::collections::BTreeMap;

use portolan_grammars::catalog::{self, BodySchema, Meaning};
use portolan_grammars::facts::{Call, CallId, Expr, ExprId, FunctionId, Region, RegionKind, SourceFacts, Symbol, TextRange};

use super::library::CallView;
use super::link::Linker;
use super::payloads::{BodyDecl, Declared, RequiredKey};
use super::routes::argument_expr;
use super::spans::Walk;
use super::value::{Source, Value};

/// Members and bindings between a handler's parameter and its body.
const MAX_STEPS: usize = 8;

impl<'w> Linker<'w> {
    /// Notes what calls that check a body require of it, those of handlers of ECMAScript.
    pub(super) fn checked_bodies(&mut self, walk: &Walk<'w>) {
        if !walk.facts.language.is_ecmascript() {
            return;
        }
        let catalog = self.evaluator.cx.catalog;
        for (name, argument) in catalog.body_checks() {
            for &id in walk.index.calls.get(name).into_iter().flatten() {
                let call = walk.facts.call(id);
                let given = call.args.get(*argument).map(|argument| argument.value);
                if given.is_some_and(|body| self.is_body(walk, call.function, body)) && always_runs(walk.facts, call) {
                    self.checked_body(walk, id);
                }
            }
        }
    }

    /// Notes what a call requires of the body that it is given.
    fn checked_body(&mut self, walk: &Walk<'w>, id: CallId) {
        let function = walk.facts.call(id).function;
        self.each_meaning(walk.facts, id, |linker, meaning, view| {
            let Meaning::BodySchema(entry) = meaning else { return };
            if entry.body.is_some() && (entry.told_by.is_empty() || is_asked(walk.facts, id, &entry.told_by)) {
                let required = linker.required_of(view, entry);
                linker.require(function, required);
            }
        });
    }

    /// Notes what is required of a route's body by what is among the route's own arguments.
    pub(super) fn route_body(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::HttpRoute, handler: Option<ExprId>) {
        let mut required = Vec::new();
        if let Some(schema) = entry.body_schema.as_ref().and_then(|selector| argument_expr(walk.facts, selector, view)) {
            let schema = self.evaluator.eval(self.file, schema);
            required.extend(self.required_by_schema(walk, &schema));
        }
        for argument in view.call.args.iter().filter(|_| entry.guarded) {
            if let Expr::Call(id) = walk.facts.expr(argument.value) {
                required.extend(self.required_by_check(walk, *id));
            }
        }
        let handler = handler.filter(|_| !required.is_empty()).and_then(|handler| self.handler(walk, handler));
        if let Some(handler) = handler.filter(|handler| handler.file == self.file) {
            self.require(handler.function, required);
        }
    }

    /// What a call requires that makes what checks the body of the route that it is given to.
    fn required_by_check(&mut self, walk: &Walk<'w>, id: CallId) -> Vec<RequiredKey> {
        let mut required = Vec::new();
        self.each_meaning(walk.facts, id, |linker, meaning, view| {
            if let Meaning::BodySchema(schema) = meaning
                && linker.is_of_body(view, schema)
            {
                required.extend(linker.required_of(view, schema));
            }
        });
        required
    }

    /// Whether what is checked before a handler is the body, and not another part of the request.
    fn is_of_body(&mut self, view: &CallView<'_>, schema: &BodySchema) -> bool {
        let part = schema.part.as_ref().map(|part| self.evaluator.select(part, view).and_then(|part| part.literal()));
        schema.body.is_none()
            && part.is_none_or(|part| part.is_some_and(|part| schema.body_part.as_ref().is_some_and(|body| part == *body)))
    }

    fn require(&mut self, function: FunctionId, required: Vec<RequiredKey>) {
        if required.is_empty() {
            return;
        }
        match self.link.bodies.iter_mut().find(|body| body.function == function && body.checked_by.is_none()) {
            Some(known) => known.required.extend(required),
            None => self.link.bodies.push(BodyDecl { function, required, checked_by: None }),
        }
    }

    /// The keys that a schema of the catalog's libraries requires, where a value is one.
    fn required_by_schema(&mut self, walk: &Walk<'w>, schema: &Value) -> Vec<RequiredKey> {
        let Value::Instance(instance) = schema else { return Vec::new() };
        let library = &self.evaluator.cx.catalog.libraries[instance.library as usize];
        let Some(entry) = library.body_schema.first().filter(|_| library.language == walk.family) else { return Vec::new() };
        let shape = entry.shape.takes().iter().find_map(|take| instance.captures.get(take.receiver.as_ref()?));
        if entry.missing.iter().any(|capture| instance.captures.contains_key(capture)) {
            return Vec::new();
        }
        shape.map(|shape| required_keys(shape, &entry.missing)).unwrap_or_default()
    }

    fn required_of(&mut self, view: &CallView<'_>, entry: &BodySchema) -> Vec<RequiredKey> {
        // A body that may be missing as a whole, or all of whose keys may.
        let captures = view.callee.receiver.as_ref().map(|receiver| &receiver.captures);
        if captures.is_some_and(|captures| entry.missing.iter().any(|capture| captures.contains_key(capture))) {
            return Vec::new();
        }
        let shape = self.evaluator.select(&entry.shape, view);
        shape.map(|shape| required_keys(&shape, &entry.missing)).unwrap_or_default()
    }

    /// Whether a value is the body of what a handler is given first: `req.body`, `await c.req.json()`, be it by a name.
    fn is_body(&self, walk: &Walk<'_>, function: FunctionId, value: ExprId) -> bool {
        let facts = walk.facts;
        let mut members: Vec<&str> = Vec::new();
        let mut value = value;
        for _ in 0..MAX_STEPS {
            match facts.expr(value) {
                Expr::Call(id) if facts.call(*id).args.is_empty() => value = facts.call(*id).callee,
                Expr::Member { object, name } => {
                    members.insert(0, name);
                    value = *object;
                }
                Expr::Name(name) if facts.function(function).params.first().is_some_and(|first| first.name == *name) => {
                    return self.evaluator.cx.catalog.is_body(&members.join("."));
                }
                Expr::Param { function: of, index: 0 } => return *of == function && self.evaluator.cx.catalog.is_body(&members.join(".")),
                Expr::Name(name) => {
                    let mut bound = walk.index.bindings_of(facts, name).filter(|binding| binding.function == function);
                    match (bound.next(), bound.next()) {
                        (Some(binding), None) if binding.constant && binding.value.is_some() => value = binding.value.unwrap_or(value),
                        _ => return false,
                    }
                }
                _ => return false,
            }
        }
        false
    }
}

/// The keys of a shape that may not be missing; of several shapes the last that says something of a key counts.
fn required_keys(shape: &Value, missing: &[Symbol]) -> Vec<RequiredKey> {
    let mut keys: BTreeMap<&Symbol, Option<Declared>> = BTreeMap::new();
    for part in shape.alternatives() {
        let Value::Object(object) = part else { return Vec::new() };
        for (name, schema) in &object.fields {
            let is_required = matches!(schema, Value::Instance(one) if !missing.iter().any(|capture| one.captures.contains_key(capture)));
            let declared = match object.sources.get(name) {
                Some(Source::Expr(file, expr)) if is_required => Some(Declared::Schema(*file, *expr)),
                _ => None,
            };
            keys.insert(name, declared);
        }
    }
    keys.into_iter().filter_map(|(name, declared)| Some(RequiredKey { names: vec![name.clone()], declared: declared? })).collect()
}

/// Whether a call runs whenever its function does, and its failure ends that.
fn always_runs(facts: &SourceFacts, call: &Call) -> bool {
    let within = facts.function(call.function);
    let is_left_before = within.left.is_some_and(|left| left.end <= call.range.start);
    let is_own = |operand: &TextRange| *operand != within.range && within.range.contains(*operand);
    if is_left_before || facts.optional.iter().any(|operand| operand.contains(call.range) && is_own(operand)) {
        return false;
    }
    let mut region = Some(call.region);
    while let Some(id) = region {
        let here = facts.region(id);
        match here.kind {
            RegionKind::Body => return here.function == call.function,
            // What catches a failure may go on as if there were none.
            RegionKind::Try if !is_caught(facts, here) => region = here.parent,
            _ => return false,
        }
    }
    false
}

/// Whether a `try` has a `catch`, which is what comes right behind it.
fn is_caught(facts: &SourceFacts, tried: &Region) -> bool {
    let behind = facts.regions.iter().filter(|region| region.parent == tried.parent && region.range.start >= tried.range.end);
    behind.min_by_key(|region| region.range.start).is_some_and(|next| next.kind == RegionKind::Catch)
}

/// Whether the function asks the result of a call, by one of these members, how it went.
fn is_asked(facts: &SourceFacts, call: CallId, members: &[Symbol]) -> bool {
    let function = facts.call(call).function;
    let of_call = |value: ExprId| matches!(facts.expr(value), Expr::Call(id) if *id == call);
    let names: Vec<&Symbol> = facts
        .bindings
        .iter()
        .filter(|binding| binding.function == function && binding.value.is_some_and(of_call))
        .map(|binding| &binding.name)
        .collect();
    facts.exprs.iter().filter(|expression| expression.function == function).any(|expression| match &expression.kind {
        Expr::Member { object, name } if members.contains(name) => {
            of_call(*object) || matches!(facts.expr(*object), Expr::Name(of) if names.contains(&of))
        }
        _ => false,
    })
}
