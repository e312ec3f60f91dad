//! Tables in configuration files by which a server passes requests on: those of development servers, and routes that a framework rewrites.
//!
//! What deliberately does not live here: whose server that is. Invariant: of a development server's configuration nothing else is linked, as
//! it is no part of what runs.

use portolan_grammars::catalog::{Meaning, ProxyTable, ProxyTableForm};
use portolan_grammars::facts::{CallId, Expr, ExprId, Symbol};

use super::link::{Linker, MountDecl, Router, TableRule};
use super::spans::Walk;
use super::value::{CallRef, ObjectValue, Pattern, Source, Value, join_patterns, module_function};
use crate::FunctionRef;
use crate::rewrite::escaped;

/// Rules of one file that are kept.
const MOST_RULES: usize = 128;
/// Replacements behind one another that are followed.
const MOST_REPLACEMENTS: usize = 8;

/// Where a rule's file keeps its table, and how.
#[derive(Clone, Copy)]
struct Table<'t> {
    entry: &'t ProxyTable,
    source: Source,
}

impl<'w> Linker<'w> {
    /// Links the tables of a file; whether that is all there is to link.
    pub(super) fn proxy_tables(&mut self, walk: &Walk<'w>) -> bool {
        let catalog = self.evaluator.cx.catalog;
        if !walk.facts.language.is_ecmascript() {
            return false;
        }
        let paths = self.evaluator.cx.paths;
        let Some(stem) = paths[self.file.0 as usize].file_stem() else { return false };
        let is_of = |name: &Symbol| stem.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let mut alone = false;
        for entry in catalog.libraries.iter().flat_map(|library| &library.proxy_table) {
            if !entry.files.iter().any(is_of) {
                continue;
            }
            alone |= entry.development;
            if entry.form == ProxyTableForm::Middleware {
                self.given_proxies(walk, entry);
                continue;
            }
            for value in self.tables(walk, entry) {
                let source = Source::Expr(self.file, value);
                let value = self.evaluator.eval(self.file, value);
                self.table(&value, Table { entry, source });
            }
        }
        alone
    }

    /// The expressions that hold a table.
    fn tables(&mut self, walk: &Walk<'w>, entry: &ProxyTable) -> Vec<ExprId> {
        if entry.table.is_empty() {
            let exports = walk.facts.exports.iter().filter(|export| matches!(export.name.as_str(), "default" | "="));
            return exports.map(|export| export.value).collect();
        }
        let keys: Vec<&str> = entry.table.split('.').collect();
        let Some((first, rest)) = keys.split_first() else { return Vec::new() };
        let mut found = Vec::new();
        for expression in &walk.facts.exprs {
            let Some(mut at) = field(&expression.kind, first) else { continue };
            for key in rest {
                match field(walk.facts.expr(walk.index.written(walk.facts, at)), key) {
                    Some(inner) => at = inner,
                    None => break,
                }
                if Some(key) == rest.last() {
                    found.push(at);
                }
            }
            if rest.is_empty() {
                found.push(at);
            }
        }
        found
    }

    fn table(&mut self, value: &Value, table: Table<'_>) {
        for value in value.alternatives().to_vec() {
            match (&value, table.entry.form) {
                (Value::Function(function, _), _) => {
                    let given = self.evaluator.result_of(*function);
                    if !matches!(given, Value::Function(..)) {
                        self.table(&given, table);
                    }
                }
                (Value::Array(items), ProxyTableForm::Routes) => items.iter().for_each(|item| self.route(item, table)),
                (Value::Object(object), ProxyTableForm::Routes) => {
                    for key in ["beforeFiles", "afterFiles", "fallback"] {
                        if let Some(Value::Array(items)) = object.fields.get(key) {
                            items.iter().for_each(|item| self.route(item, table));
                        }
                    }
                }
                (Value::Array(items), _) => {
                    for item in items.iter() {
                        let Value::Object(options) = item else { continue };
                        let contexts = options.fields.get("context").or_else(|| options.fields.get("path"));
                        let contexts = match contexts {
                            Some(Value::Array(items)) => items.to_vec(),
                            Some(one) => vec![one.clone()],
                            None => vec![Value::text("/")],
                        };
                        let source = options.sources.get("target").copied().unwrap_or(table.source);
                        let paths: Vec<Pattern> = contexts.iter().flat_map(Value::patterns).collect();
                        self.prefixes(paths, item, Table { source, ..table });
                    }
                }
                (Value::Object(object), _) => {
                    let mut keys: Vec<&Symbol> = object.fields.keys().collect();
                    keys.sort();
                    for key in keys {
                        let source = object.sources.get(key).copied().unwrap_or(table.source);
                        self.prefixes(vec![Pattern::text(key.clone())], &object.fields[key], Table { source, ..table });
                    }
                }
                _ => {}
            }
        }
    }

    /// Rules for paths that one value, a target or options, is for.
    fn prefixes(&mut self, paths: Vec<Pattern>, value: &Value, table: Table<'_>) {
        for value in value.alternatives() {
            let (target, rewrites) = match value {
                Value::Text(_) => (Some(value.clone()), Some(Vec::new())),
                Value::Object(options) => {
                    let rewrite = ["rewrite", "pathRewrite"].iter().find_map(|key| options.fields.get(*key));
                    (target(options), rewrite.map_or(Some(Vec::new()), |rewrite| self.replacements(rewrite)))
                }
                _ => (None, None),
            };
            let Some(target) = target else { continue };
            for path in &paths {
                self.rule(path.clone(), target.patterns(), rewrites.clone(), table);
            }
        }
    }

    /// A route and where it leads. One that depends on more than the path is left out.
    fn route(&mut self, value: &Value, table: Table<'_>) {
        let Value::Object(route) = value else { return };
        let (Some(source), Some(destination)) = (route.fields.get("source"), route.fields.get("destination")) else { return };
        if route.fields.contains_key("has") || route.fields.contains_key("missing") {
            return;
        }
        let place = route.sources.get("destination").copied().unwrap_or(table.source);
        let path = self.evaluator.cx.paths[self.file.0 as usize].clone();
        let free = route.fields.get("basePath").and_then(Value::literal).is_some_and(|flag| flag == "false");
        let base = if free { None } else { self.next_base_path(&path) };
        for source in source.patterns() {
            let bases = base.as_ref().map(Value::patterns).unwrap_or_else(|| vec![Pattern::default()]);
            for base in bases {
                self.rule(join_patterns(&base, &source), destination.patterns(), Some(Vec::new()), Table { source: place, ..table });
            }
        }
    }

    fn rule(&mut self, path: Pattern, targets: Vec<Pattern>, rewrites: Option<Vec<(Symbol, Symbol)>>, table: Table<'_>) {
        let order = self.link.table_rules.len();
        if order >= MOST_RULES || targets.is_empty() {
            return;
        }
        let ProxyTable { form, development, .. } = *table.entry;
        self.link.table_rules.push(TableRule { source: table.source, form, path, targets, rewrites, order: order as u32, development });
    }

    /// What a rewrite does to a path: an object of patterns, or a function that replaces.
    fn replacements(&mut self, value: &Value) -> Option<Vec<(Symbol, Symbol)>> {
        match value {
            Value::Object(object) => object.in_order().into_iter().map(|(pattern, to)| Some((pattern.clone(), to.literal()?))).collect(),
            Value::Function(function, _) => self.replaced_by(*function),
            _ => None,
        }
    }

    /// The replacements of a function such as `(path) => path.replace(/^\/api/, "")`.
    fn replaced_by(&mut self, function: FunctionRef) -> Option<Vec<(Symbol, Symbol)>> {
        let facts = self.evaluator.facts(function.file)?;
        let [result] = facts.function(function.function).returns.as_slice() else { return None };
        let is_path = |expr: ExprId| match facts.expr(expr) {
            Expr::Name(name) => facts.function(function.function).params.first().is_some_and(|param| param.name == *name),
            Expr::Param { index, .. } => *index == 0,
            _ => false,
        };
        let mut found = Vec::new();
        let mut at = *result;
        for _ in 0..MOST_REPLACEMENTS {
            if is_path(at) {
                found.reverse();
                return Some(found);
            }
            match facts.expr(at) {
                Expr::Call(id) => {
                    let call = facts.call(*id);
                    let Expr::Member { object, name } = facts.expr(call.callee) else { return None };
                    let [pattern, to] = call.args.as_slice() else { return None };
                    if !matches!(name.as_str(), "replace" | "replaceAll") {
                        return None;
                    }
                    let to = self.evaluator.eval(function.file, to.value).literal()?;
                    let pattern = match facts.expr(pattern.value) {
                        Expr::Regex(written) => pattern_of(written),
                        _ => escaped(&self.evaluator.eval(function.file, pattern.value).literal()?),
                    };
                    found.push((pattern, to));
                    at = *object;
                }
                // A text before the path.
                Expr::Concat(parts) => {
                    let [head, tail] = parts.as_slice() else { return None };
                    found.push(("^".into(), self.evaluator.eval(function.file, *head).literal()?));
                    at = *tail;
                }
                _ => return None,
            }
        }
        None
    }

    /// Proxies that a function gives to the server it is called with.
    fn given_proxies(&mut self, walk: &Walk<'w>, entry: &ProxyTable) {
        for at in 0..walk.facts.calls.len() {
            let site = CallRef { file: self.file, call: CallId(at as u32) };
            let call = walk.facts.call(site.call);
            let function = FunctionRef { file: self.file, function: call.function };
            if let Expr::Member { name, .. } = walk.facts.expr(call.callee)
                && name == "use"
            {
                let first = call.args.first().map(|argument| self.evaluator.eval(self.file, argument.value));
                let prefixes = match first {
                    Some(Value::Array(items)) => items.iter().flat_map(Value::patterns).collect(),
                    Some(first @ Value::Text(_)) => first.patterns(),
                    _ => Vec::new(),
                };
                for argument in &call.args {
                    if let Some(proxy) = self.proxy_call(walk, argument.value) {
                        let child = Some(Router::Made(proxy));
                        self.link.mounts.push(MountDecl { parent: None, prefixes: prefixes.clone(), child, method: None, site, function });
                    }
                }
            }
            self.each_meaning(walk.facts, site.call, |linker, meaning, view| {
                if let Meaning::Proxy(proxy) = meaning {
                    linker.proxy(function, view, proxy);
                }
            });
        }
        self.link.proxies.iter_mut().for_each(|proxy| proxy.development |= entry.development);
        let module = module_function(self.file);
        self.link.proxies.iter_mut().for_each(|proxy| proxy.function = module);
        self.link.mounts.iter_mut().for_each(|mount| mount.function = module);
    }
}

/// The value of a field of an object that is written out.
fn field(expr: &Expr, key: &str) -> Option<ExprId> {
    let Expr::Object(object) = expr else { return None };
    object.field(key)
}

/// The target of options: a URL, or an object with host and port.
fn target(options: &ObjectValue) -> Option<Value> {
    match options.fields.get("target")? {
        Value::Object(parts) => {
            let part = |key: &str| parts.fields.get(key).cloned();
            let protocol = part("protocol").and_then(|protocol| protocol.literal()).unwrap_or_else(|| "http:".into());
            let mut all =
                vec![Value::text(format!("{}://", protocol.trim_end_matches(['/', ':']))), part("host").or_else(|| part("hostname"))?];
            if let Some(port) = part("port") {
                all.extend([Value::text(":"), port]);
            }
            Some(super::value::concat(&all))
        }
        value if value.is_unknown() => None,
        value => Some(value.clone()),
    }
}

/// The pattern of a regular expression as ECMAScript writes it: `/^\/api/i`.
fn pattern_of(written: &str) -> Symbol {
    match written.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        Some((pattern, flags)) if flags.contains('i') => format!("(?i){pattern}").into(),
        Some((pattern, _)) => pattern.into(),
        None => written.into(),
    }
}
