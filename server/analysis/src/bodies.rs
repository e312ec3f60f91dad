//! Bodies at both ends of a call or channel: what is sent, and what the handler requires.
//!
//! What deliberately does not live here: how that is read from code, see [`crate::resolve::payloads`]. Invariant: there is no body of which a key
//! may be unknown.

use portolan_grammars::facts::{Assignment, Expr, ExprId, FunctionId, Imported, SourceFacts, Symbol};
use rustc_hash::FxHashSet;

use crate::chart::flow::first_name;
use crate::chart::{Call, ChannelEnd, Endpoint, Protocol};
use crate::resolve::payloads::{BodyDecl, Declared, RequiredKey};
use crate::{FunctionRef, Place, Snapshot};

/// Where requests have their bodies.
const BODY: &str = "body";

/// What the code of packages does to bodies before, or other than, the handlers that require something of them.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    /// Classes by which bodies are checked, each with a package that imports it.
    classes: FxHashSet<(Option<usize>, Symbol)>,
    /// Keys that are assigned to the body of a request, each with a package that does; none where the body itself is.
    filled: FxHashSet<(Option<usize>, Option<Symbol>)>,
}

impl Checks {
    /// Those that some body names.
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let bodies = || snapshot.links.iter().flatten().flat_map(|link| &link.bodies);
        let named: FxHashSet<&Symbol> = bodies().filter_map(|body| body.checked_by.as_ref()).collect();
        let mut checks = Self::default();
        if bodies().all(|body| body.required.is_empty()) {
            return checks;
        }
        for (_, path, facts) in snapshot.files.iter() {
            let Some(source) = facts.source().filter(|source| source.language.is_ecmascript()) else { continue };
            let imports = source.imports.iter().filter(|import| !import.type_only && !named.is_empty());
            checks.classes.extend(imports.filter_map(|import| match &import.imported {
                Imported::Named(class) if named.contains(class) => Some((snapshot.workspace.package_of(path), class.clone())),
                _ => None,
            }));
            checks.filled.extend(filled_by(source).into_iter().map(|key| (snapshot.workspace.package_of(path), key)));
        }
        checks
    }

    /// Whether a package fills in a key that a request's body may lack.
    fn fill(&self, package: Option<usize>, key: &RequiredKey) -> bool {
        let assigned = |name: Option<&Symbol>| self.filled.contains(&(package, name.cloned()));
        assigned(None) || key.names.iter().any(|name| assigned(Some(name)))
    }
}

/// The keys that a file assigns to the body of a request: `req.body.sku = …`; none where the body itself is assigned.
fn filled_by(source: &SourceFacts) -> Vec<Option<Symbol>> {
    let is_member = |value: ExprId| matches!(source.expr(value), Expr::Member { name, .. } if name == BODY);
    let bound = source.bindings.iter().filter(|binding| binding.value.is_some_and(is_member));
    let named: FxHashSet<&Symbol> = bound.map(|binding| &binding.name).collect();
    let is_body = |value: ExprId| is_member(value) || matches!(source.expr(value), Expr::Name(name) if named.contains(name));
    let key = |assignment: &Assignment| match source.expr(assignment.target) {
        Expr::Member { object, name } if is_body(*object) => Some(Some(name.clone())),
        Expr::Member { object, name } if name == BODY && is_of_request(source, *object, assignment.function) => Some(None),
        _ => None,
    };
    source.assignments.iter().filter_map(key).collect()
}

/// Whether a value is the request that middleware is given. Who makes a request sets its body as well: what is given first among others comes from
/// elsewhere.
fn is_of_request(source: &SourceFacts, value: ExprId, function: FunctionId) -> bool {
    let is_handed = |function: FunctionId, request: &Symbol| {
        let params = &source.function(function).params;
        params.len() > 1 && params.first().is_some_and(|first| first.name == *request)
    };
    let around = |function: &FunctionId| Some(source.function(*function).parent).filter(|parent| parent != function);
    let handed = |request: &Symbol| std::iter::successors(Some(function), around).any(|function| is_handed(function, request));
    first_name(source, value).is_some_and(handed)
}

impl Snapshot {
    /// The keys of the JSON body that a call sends, sorted, if all are known.
    pub fn sent_by(&self, call: &Call) -> Option<&[Symbol]> {
        if call.protocol != Protocol::Http {
            return None;
        }
        let mut here = self.outbound(call);
        match (here.next()?, here.next()) {
            (only, None) => only.payload.as_deref(),
            _ => None,
        }
    }

    /// What the handler of an endpoint requires of a request's body.
    pub fn required_by(&self, endpoint: &Endpoint) -> Vec<&RequiredKey> {
        let Some((handler, body)) = endpoint.handler.zip(self.body_of(endpoint.handler)) else { return Vec::new() };
        if body.required.is_empty() {
            return Vec::new();
        }
        let own = self.workspace.package_of(self.files.path(handler.file));
        let packages = self.workspace.with_dependencies(own);
        // What runs before the handler may write the key.
        let fills = |package: Option<usize>, key: &RequiredKey| self.checks().fill(package, key);
        let is_filled = |key: &RequiredKey| fills(own, key) || packages.iter().any(|package| fills(Some(*package), key));
        body.required.iter().filter(|key| !is_filled(key)).collect()
    }

    /// What a consumer requires of a message: what it is handed as a body, or parses itself.
    pub fn required_of_messages(&self, consumer: &ChannelEnd) -> &[RequiredKey] {
        let parsed = || {
            let function = consumer.function?;
            self.link(function.file)?.parsed_messages.iter().find(|body| body.function == function.function)
        };
        self.body_of(consumer.function).or_else(parsed).map_or(&[], |body| &body.required)
    }

    fn body_of(&self, handler: Option<FunctionRef>) -> Option<&BodyDecl> {
        let handler = handler?;
        let body = self.link(handler.file)?.bodies.iter().find(|body| body.function == handler.function)?;
        let package = self.workspace.package_of(self.files.path(handler.file));
        body.checked_by.as_ref().is_none_or(|class| self.checks().classes.contains(&(package, class.clone()))).then_some(body)
    }

    /// Where a required key is declared.
    pub fn place_of_key(&self, key: &RequiredKey) -> Option<Place> {
        match key.declared {
            Declared::Field(class, field) => {
                let field = self.files.source(class.file)?.type_def(class.class).fields.get(field)?;
                Some(Place { file: class.file, range: field.range })
            }
            Declared::Schema(file, schema) => Some(Place { file, range: self.files.source(file)?.expr_range(schema) }),
        }
    }
}
