//! What leaves a process by HTTP and remote procedure calls; and the lifting of wrappers, of messages too, to their call sites.
//!
//! A wrapper is a function whose parameter decides a call's method, path or destination: then its call sites are the spans. A base URL that is
//! a parameter does not move the span; it only says which hosts there may be.

use portolan_grammars::catalog::{self, Case, Family};
use portolan_grammars::facts::{Call, CallId, CallKind, Expr, Symbol};
use rustc_hash::FxHashSet;

use super::bases::MAX_BASES;
use super::library::CallView;
use super::link::{ClientUse, Linker, OutboundCall, Request};
use super::rpc::{camel_case, is_rpc_method};
use super::spans::Walk;
use super::value::{CallRef, ClassRef, ParamRef, Part, Pattern, Value, join_patterns};
use crate::FunctionRef;
use crate::chart::flow::Spot;
use crate::workspace::is_local;

/// Wrappers around wrappers that are followed.
const MAX_LIFTS: u32 = 8;
/// The header by which Dapr's sidecar is told which application is asked.
const DAPR_HEADER: &str = "dapr-app-id";
/// How paths begin by which Dapr's sidecar is told to publish.
const DAPR_PUBLISH: &str = "/v1.0/publish/";
/// Spans that one library call may become, and wrappers that are gone through for them.
const MAX_SPANS: usize = 1600;

/// Parameter names that say that a whole path or URL is passed, not a segment of one.
fn is_path_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["path", "url", "uri", "endpoint", "route", "resource"].iter().any(|word| name.ends_with(word))
}

/// A URL whose base nobody was seen to leave out: it is not known.
fn with_open_base(url: &Pattern) -> Pattern {
    let mut url = url.clone();
    if let Some(base) = url.parts.first_mut()
        && let Part::Param(_, path, Some(default)) = &*base
        && !path.is_empty()
        && default.is_empty()
    {
        *base = Part::Hole(path.last().cloned().unwrap_or_default());
    }
    url
}

/// A span on its way up through wrappers.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) site: CallRef,
    pub(super) function: FunctionRef,
    /// One text for each attribute of the span.
    pub(super) texts: Vec<Pattern>,
    pub(super) detached: bool,
    /// Whether a call on the way up to the site makes a promise that is dropped: whoever waits for the site does not wait for the span.
    pub(super) left: bool,
    /// Classes that the objects are of whose methods were called on the way: what constructs others of the same base says nothing.
    pub(super) classes: Vec<ClassRef>,
}

impl<'w> Linker<'w> {
    pub(super) fn http_call(&mut self, walk: &Walk<'w>, function: FunctionRef, view: &CallView<'_>, entry: &catalog::HttpClient) -> bool {
        let Some(url) = self.evaluator.select_text(&entry.url, view) else { return false };
        let method = self.evaluator.select_text(&entry.method, view).unwrap_or(Value::Unknown);
        let base = entry.base_url.as_ref().and_then(|selector| self.evaluator.select_text(selector, view));
        let url = match base {
            Some(base) if !base.is_unknown() => super::value::join_url(&base, &url),
            _ if entry.base_required => super::value::join_url(&Value::pattern(Pattern::part(Part::Hole(Symbol::default()))), &url),
            _ => url,
        };
        let url = self.through_sidecar(view, entry, url);
        let detached = self.is_detached(walk, view.site.call);
        let unlimited = self.unlimited(walk, view, entry);
        let limit = self.limit(walk, view, entry);
        let retry = self.request_retry(walk, view, entry);
        let client = view.callee.receiver.as_ref().and_then(|receiver| self.evaluator.made_by(receiver));
        let library = self.evaluator.cx.catalog.libraries[view.callee.library].id.clone();
        let payload = self.payload(walk, view, entry);
        let said = entry.body.iter().flat_map(|body| body.takes());
        let body: Vec<_> = said.filter_map(|take| Some((usize::try_from(take.argument?).ok()?, take.key.clone()))).collect();
        for draft in self.drafts(view.site, function, &[method, url], detached) {
            let leaf = view.site;
            let undecided = |linker: &mut Self, draft: &Draft| {
                dapr_topic(&draft.texts[1]).is_some_and(|topic| topic.has_param()) || linker.is_undecided(draft)
            };
            for lifted in self.lift(draft, &undecided) {
                if let Some(topic) = dapr_topic(&lifted.texts[1]) {
                    self.publication(lifted.site, lifted.function, topic);
                    continue;
                }
                let method = method_name(&lifted.texts[0]);
                let mut urls = self.bases_of(&with_open_base(&lifted.texts[1]), &lifted.classes);
                urls.retain(|url| self.is_ever_meant(&url.pattern));
                if urls.is_empty() {
                    continue;
                }
                // What a wrapper sends, it may have put together of what it was given.
                let payload = payload.clone().filter(|_| lifted.site == leaf);
                self.outbound(OutboundCall {
                    site: lifted.site,
                    function: lifted.function,
                    leaf,
                    request: Request::Http { method, urls },
                    detached: lifted.detached,
                    unlimited: unlimited.clone(),
                    limit,
                    retry: retry.clone(),
                    client,
                    library: library.clone(),
                    payload,
                    body: body.clone(),
                });
            }
        }
        true
    }

    /// The URL that Dapr's sidecar asks for the one it is asked for, where a header names the application: the same path of that host.
    fn through_sidecar(&mut self, view: &CallView<'_>, entry: &catalog::HttpClient, url: Value) -> Value {
        let headers = entry.headers.as_ref().and_then(|headers| self.evaluator.select(headers, view));
        let Some(Value::Object(headers)) = headers else { return url };
        let Some(name) = headers.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(DAPR_HEADER)) else { return url };
        let host = super::value::concat(&[Value::text("http://"), name.1.clone()]);
        let asked: Vec<Value> =
            url.patterns().iter().map(|url| super::value::concat(&[host.clone(), Value::pattern(behind_authority(url))])).collect();
        Value::one_of(asked)
    }

    /// Keeps a call; alternatives of one site are one call with several URLs.
    fn outbound(&mut self, mut call: OutboundCall) {
        if let Request::Http { urls, .. } = &mut call.request {
            urls.iter_mut().for_each(|url| url.pattern.when.clear());
        }
        if let Request::Http { method, urls } = &call.request {
            let same = self.link.calls.iter_mut().find(|known| {
                let of_method = matches!(&known.request, Request::Http { method: other, .. } if other == method);
                known.site == call.site && known.leaf == call.leaf && of_method
            });
            if let Some(OutboundCall { request: Request::Http { urls: known, .. }, unlimited, limit, retry, .. }) = same {
                // One of several clients may have a limit, or another one.
                unlimited.take_if(|known| Some(&*known) != call.unlimited.as_ref());
                limit.take_if(|known| Some(&*known) != call.limit.as_ref());
                retry.take_if(|known| Some(&*known) != call.retry.as_ref());
                for url in urls {
                    if known.len() < MAX_BASES && !known.contains(url) {
                        known.push(url.clone());
                    }
                }
                return;
            }
        }
        self.link.calls.push(call);
    }

    /// A call of a generated client's method, if the receiver is one.
    pub(super) fn rpc_call(&mut self, walk: &Walk<'w>, site: CallRef, function: FunctionRef, object: &Value, method: &Symbol) -> bool {
        let mut found = false;
        for value in object.alternatives().to_vec() {
            let Value::RpcClient(service, address) = value else { continue };
            let known = self.evaluator.cx.rpc_methods_of(&service);
            let elsewhere = self.evaluator.cx.contracts.asked.contains(&service);
            let rpc = match known.iter().find(|rpc| is_rpc_method(rpc, method)) {
                Some(rpc) => rpc.clone(),
                None if elsewhere && is_awaited_request(walk.facts.call(site.call)) => camel_case(method).into(),
                None => continue,
            };
            found = true;
            let mut addresses = Vec::new();
            for pattern in address.patterns() {
                addresses.extend(self.bases(&pattern));
            }
            let detached = self.is_detached(walk, site.call);
            let case = Some(if walk.family == Family::Rust { Case::Snake } else { Case::Camel });
            let unlimited = self.unlimited_rpc(walk, site, &service, &rpc);
            let request = Request::Rpc { service, method: rpc, case, addresses, elsewhere };
            self.link.calls.push(OutboundCall { unlimited, ..OutboundCall::direct(site, function, request, detached) });
        }
        found
    }

    /// A method of a generated client that is handed on as a function: `promisify(client.getCart.bind(client))`. Who calls that function asks
    /// there.
    pub(super) fn bound_rpc(&mut self, walk: &Walk<'w>, id: CallId) -> bool {
        let facts = walk.facts;
        let call = facts.call(id);
        let Expr::Member { object, name } = facts.expr(call.callee) else { return false };
        if !matches!(name.as_str(), "bind" | "call" | "apply") {
            return false;
        }
        let Expr::Member { object: client, name: method } = facts.expr(*object) else { return false };
        if !walk.facts.language.is_ecmascript() || !self.evaluator.cx.contracts.methods.contains(method) {
            return false;
        }
        let client = self.evaluator.eval(self.file, *client);
        let function = FunctionRef { file: self.file, function: call.function };
        self.rpc_call(walk, CallRef { file: self.file, call: id }, function, &client, method)
    }

    /// A call of a generated client's method by a name that running code has: `client[method](request)`. Who gives the name asks.
    pub(super) fn named_rpc(&mut self, walk: &Walk<'w>, id: CallId) -> bool {
        let call = walk.facts.call(id);
        let Expr::Index { object, index } = walk.facts.expr(call.callee) else { return false };
        if self.evaluator.cx.contracts.methods.is_empty() {
            return false;
        }
        let client = self.evaluator.eval(self.file, *object);
        let Some(Value::RpcClient(service, address)) = client.alternatives().first().cloned() else { return false };
        let method = self.evaluator.eval(self.file, *index);
        let site = CallRef { file: self.file, call: id };
        let function = FunctionRef { file: self.file, function: call.function };
        let addresses: Vec<_> = address.patterns().iter().flat_map(|pattern| self.bases(pattern)).collect();
        let known = self.evaluator.cx.rpc_methods_of(&service);
        let undecided = |draft: &Draft| matches!(draft.texts[0].parts.as_slice(), [Part::Param(..)]);
        let detached = self.is_detached(walk, id);
        for draft in self.drafts(site, function, &[method], detached) {
            for lifted in self.lift(draft, &|_, draft| undecided(draft)) {
                let Some(method) = lifted.texts[0].literal() else { continue };
                let Some(rpc) = known.iter().find(|rpc| is_rpc_method(rpc, &method)).cloned() else { continue };
                let (service, case, addresses) = (service.clone(), Some(Case::Camel), addresses.clone());
                let request = Request::Rpc { service, method: rpc, case, addresses, elsewhere: false };
                let call = OutboundCall::direct(lifted.site, lifted.function, request, lifted.detached);
                self.link.calls.push(OutboundCall { leaf: site, ..call });
            }
        }
        true
    }

    /// A call of a third party's SDK. It stays where it is: a wrapper's callers decide nothing of it.
    pub(super) fn sdk_call(&mut self, walk: &Walk<'w>, function: FunctionRef, view: &CallView<'_>, entry: &catalog::SdkCall) -> bool {
        if entry.awaited && !view.call.awaited {
            return false;
        }
        let clients = match &entry.client {
            Some(client) => self.evaluator.opened_through(client, view).unwrap_or_default(),
            None => view.callee.receiver.iter().filter_map(|receiver| receiver.root).collect(),
        };
        self.link.client_uses.extend(clients.into_iter().map(|client| ClientUse { client, function, sends: !entry.signs }));
        if entry.signs {
            return true;
        }
        let mut peers = Vec::new();
        if let Some(selector) = &entry.peer {
            // What decides it is not there: another provider, another transport.
            let Some(value) = self.evaluator.select_text(selector, view) else { return false };
            peers.extend(value.alternatives().iter().filter_map(Value::literal));
        }
        let mut addresses = Vec::new();
        if let Some(value) = entry.address.as_ref().and_then(|selector| self.evaluator.select_text(selector, view)) {
            for pattern in value.patterns() {
                addresses.extend(self.bases(&pattern));
            }
        }
        let said = entry.operation.as_ref().and_then(|selector| self.evaluator.select_text(selector, view)?.literal());
        let operation = said.unwrap_or_else(|| called(walk.family, view));
        let detached = self.is_detached(walk, view.site.call);
        let library = self.evaluator.cx.catalog.libraries[view.callee.library].id.clone();
        let request = Request::Sdk { library, peers, operation, addresses, queued: entry.queued };
        self.link.calls.push(OutboundCall::direct(view.site, function, request, detached));
        true
    }

    /// One draft for each combination of alternatives.
    pub(super) fn drafts(&mut self, site: CallRef, function: FunctionRef, values: &[Value], detached: bool) -> Vec<Draft> {
        let mut all: Vec<Vec<Pattern>> = vec![Vec::new()];
        for value in values {
            let mut patterns = value.patterns();
            if patterns.is_empty() {
                patterns.push(Pattern::part(Part::Hole(Symbol::default())));
            }
            patterns.truncate(24);
            all = all
                .iter()
                .flat_map(|head| patterns.iter().map(|tail| [head.as_slice(), std::slice::from_ref(tail)].concat()))
                .take(48)
                .collect();
        }
        all.into_iter().map(|texts| Draft { site, function, texts, detached, left: false, classes: Vec::new() }).collect()
    }

    /// Moves a span up to the call sites of the wrapper it stands in, as long as it is undecided and there are any.
    ///
    /// A wrapper that calls itself with what it was given (to try again) is no call site of its own. What cannot be followed to its end at an
    /// inner place is left out where other ways lead through the same wrapper.
    pub(super) fn lift(&mut self, draft: Draft, undecided: &dyn Fn(&mut Self, &Draft) -> bool) -> Vec<Draft> {
        let whole = draft.clone();
        let mut done = Vec::new();
        let mut stopped = Vec::new();
        let mut open = vec![(draft, 0, false)];
        let mut through = FxHashSet::default();
        let mut seen = FxHashSet::default();
        let (mut in_stub, mut elsewhere) = (false, false);
        while let Some((draft, depth, drops)) = open.pop() {
            let generated = self.generated_stub(&draft);
            in_stub |= generated.is_some();
            let Some(wrapper) = self.wrapper(&draft, undecided).or(generated) else {
                done.push(draft);
                continue;
            };
            if depth >= MAX_LIFTS || done.len() + open.len() >= MAX_SPANS || seen.len() >= MAX_SPANS {
                stopped.push((draft, wrapper));
                continue;
            }
            let mut outer = Vec::new();
            let mut called = false;
            for caller in self.evaluator.callers(wrapper).iter() {
                let function = self.evaluator.function_of(*caller);
                // A component sends by itself; what it is given decides only what.
                let is_element = self.evaluator.facts(caller.file).is_some_and(|facts| facts.call(caller.call).kind == CallKind::Element);
                let (site, at) = if is_element { (draft.site, draft.function) } else { (*caller, function) };
                let drops_wrapper = self.drops(*caller, wrapper);
                let recursive = self.evaluator.is_within(function, wrapper);
                called |= !recursive;
                if self.evaluator.is_left_out_by(*caller, wrapper, draft.site) {
                    elsewhere = true;
                    continue;
                }
                for receiver in self.evaluator.receivers(*caller, wrapper) {
                    let object = match receiver {
                        Value::Some(_) => self.evaluator.passed_object(*caller).unwrap_or_else(|| receiver.clone()),
                        _ => receiver.clone(),
                    };
                    let texts = draft
                        .texts
                        .iter()
                        .map(|text| {
                            if self.is_left_open(text, wrapper, *caller) {
                                return Value::pattern(Pattern::part(Part::Hole(Symbol::default())));
                            }
                            let mut passed = self.passed_params(text, wrapper, *caller);
                            passed.extend(self.constructed_params(text, &object));
                            self.evaluator.substitute_pattern(text, &|param| {
                                passed.iter().find(|(known, _)| *known == param).map(|(_, value)| value.clone())
                            })
                        })
                        .map(|text| (text != Value::Null).then_some(text));
                    let Some(texts) = texts.collect::<Option<Vec<Value>>>() else {
                        elsewhere = true;
                        continue;
                    };
                    for mut lifted in self.drafts(site, at, &texts, draft.detached) {
                        if recursive && says_no_more(&lifted, &draft) {
                            continue;
                        }
                        lifted.classes.clone_from(&draft.classes);
                        if let Value::Some(class) = receiver {
                            lifted.classes.push(class);
                        }
                        lifted.left = draft.left || drops;
                        outer.push((lifted, depth + 1, drops_wrapper));
                    }
                }
            }
            if !called && outer.is_empty() {
                // Nobody sends what generated code would.
                if generated.is_none() {
                    done.push(draft);
                }
                continue;
            }
            through.insert(wrapper);
            // Another call of the wrapper with the same goes to the same places.
            let parts: Vec<_> = draft.texts.into_iter().map(|text| (text.parts, text.when)).collect();
            if seen.insert((wrapper, parts, draft.classes)) {
                open.extend(outer);
            }
        }
        done.extend(stopped.into_iter().filter(|(_, wrapper)| !through.contains(wrapper)).map(|(draft, _)| draft));
        // Wrappers that call one another and are called by nobody else; or a URL of which no way up, within one file, says anything.
        let unsaid = whole.texts.last().is_some_and(|text| !text.parts.iter().any(|part| matches!(part, Part::Text(_))));
        let nothing_new = |draft: &Draft| draft.site.file == whole.site.file && says_no_more(draft, &whole);
        // A path that begins with words of its own, of which no caller says more: its place says where it leads.
        let settled = whole.texts.last().is_some_and(has_path) && !done.is_empty() && done.iter().all(|draft| says_no_more(draft, &whole));
        let untold = (done.is_empty() && !elsewhere) || settled || (unsaid && done.len() > 1 && done.iter().all(nothing_new));
        if untold && !in_stub { vec![whole] } else { done }
    }

    /// Whether a call of a function makes a promise that its statement drops.
    fn drops(&mut self, call: CallRef, callee: FunctionRef) -> bool {
        let is_promise = self.evaluator.facts(callee.file).is_some_and(|facts| facts.function(callee.function).is_async);
        let facts = self.evaluator.facts(call.file);
        is_promise && facts.is_some_and(|facts| Spot::of(facts, call.call).is_dropped())
    }

    /// The function whose callers decide what a draft leaves open, if it leaves anything open: the one that the site stands in, if its
    /// parameters matter, else the first whose do.
    fn wrapper(&mut self, draft: &Draft, undecided: &dyn Fn(&mut Self, &Draft) -> bool) -> Option<FunctionRef> {
        let mut params = Vec::new();
        draft.texts.iter().for_each(|text| collect_params(text, &mut params));
        // Which of several texts is meant, a parameter may decide that is part of none.
        if params.is_empty() {
            params.extend(draft.texts.iter().flat_map(|text| &text.when).map(|guard| guard.param));
        }
        if params.is_empty() || !undecided(self, draft) {
            return None;
        }
        let first = params[0].function;
        params.sort_by_key(|param| param.function != draft.function);
        for param in &params {
            let texts = draft.texts.iter().map(|text| masked(text, param.function)).collect();
            let alone = Draft { texts, ..draft.clone() };
            if undecided(self, &alone) {
                return Some(param.function);
            }
        }
        Some(first)
    }

    /// The named function of generated code that a draft stands in.
    fn generated_stub(&mut self, draft: &Draft) -> Option<FunctionRef> {
        let (facts, index) = self.evaluator.file(draft.site.file)?;
        if !facts.generated {
            return None;
        }
        let mut function = draft.function.function;
        loop {
            let here = facts.function(function);
            if !here.name.is_empty() || index.closure_names.contains_key(&function) || here.parent == function {
                return Some(FunctionRef { file: draft.site.file, function });
            }
            function = here.parent;
        }
    }

    /// Whether any caller passes what must hold for a text to be meant, as far as callers are known.
    fn is_ever_meant(&mut self, text: &Pattern) -> bool {
        let functions: FxHashSet<FunctionRef> = text.when.iter().map(|guard| guard.param.function).collect();
        functions.into_iter().all(|function| {
            let callers = self.evaluator.callers(function);
            callers.is_empty()
                || callers.iter().any(|caller| {
                    let passed = self.passed_params(text, function, *caller);
                    let given = |param| passed.iter().find(|(known, _)| *known == param).map(|(_, value)| value.clone());
                    self.evaluator.held_guards(text, &given).is_some()
                })
        })
    }

    /// Whether a text is an option, or what counts without it, and the options that a call site passes are not known well enough to say whether it
    /// is among them.
    fn is_left_open(&mut self, text: &Pattern, wrapper: FunctionRef, site: CallRef) -> bool {
        match text.parts.as_slice() {
            [Part::Param(param, path, Some(_))] if param.function == wrapper && !path.is_empty() => {
                let passed = self.evaluator.arguments(site);
                passed.get(param.index as usize).is_some_and(|passed| may_have(passed, path))
            }
            _ => false,
        }
    }

    /// What a method's receiver was constructed with, for the parameters in a text.
    fn constructed_params(&mut self, text: &Pattern, receiver: &Value) -> Vec<(ParamRef, Value)> {
        let mut params: Vec<ParamRef> = text.when.iter().map(|guard| guard.param).collect();
        collect_params(text, &mut params);
        params.sort();
        params.dedup();
        params.into_iter().filter_map(|param| Some((param, self.evaluator.constructed_with(receiver, param)?))).collect()
    }

    /// What a call site passes for the parameters in a text.
    pub(super) fn passed_params(&mut self, text: &Pattern, function: FunctionRef, site: CallRef) -> Vec<(ParamRef, Value)> {
        let mut params: Vec<ParamRef> = text.when.iter().map(|guard| guard.param).collect();
        collect_params(text, &mut params);
        params.retain(|param| param.function == function);
        params.sort();
        params.dedup();
        params
            .into_iter()
            .map(|param| {
                let mut passed = self.evaluator.passed(site, param);
                if passed.is_unknown() {
                    passed = self.any_instance(text, param).unwrap_or(passed);
                }
                let named = if passed.is_unknown() { self.argument_name(site, param) } else { None };
                (param, named.map_or(passed, |name| Value::pattern(Pattern::part(Part::Hole(name)))))
            })
            .collect()
    }

    /// Any object of the class that a parameter is declared as, where a text has a field of it that a constructor filled.
    pub(super) fn any_instance(&mut self, text: &Pattern, param: ParamRef) -> Option<Value> {
        let field = text.parts.iter().find_map(|part| match part {
            Part::Param(of, path, _) if *of == param => path.first(),
            _ => None,
        })?;
        let class = self.evaluator.parameter_type(param)?.instance_of()?;
        self.evaluator.is_filled(param, field).then_some(Value::Some(class))
    }

    /// The name of what a call site passes, where its value is not known: calls that pass things of one name pass the same.
    fn argument_name(&mut self, site: CallRef, param: ParamRef) -> Option<Symbol> {
        let facts = self.evaluator.facts(site.file)?;
        let mut expr = facts.call(site.call).args.get(param.index as usize)?.value;
        for _ in 0..6 {
            expr = match facts.expr(expr) {
                Expr::Member { name, .. } => return Some(name.clone()),
                Expr::Name(name) => {
                    let function = facts.exprs[expr.index()].function;
                    let binding = facts.bindings.iter().rev().find(|binding| binding.name == *name && binding.function == function);
                    match binding.and_then(|binding| binding.value) {
                        Some(value) if value != expr => value,
                        _ => return Some(name.clone()),
                    }
                }
                Expr::Call(call) => match facts.expr(facts.call(*call).callee) {
                    Expr::Member { object, name } if facts.call(*call).args.is_empty() => match name.as_str() {
                        "clone" | "to_string" | "to_owned" | "as_str" | "as_ref" | "into" | "toString" | "unwrap" => *object,
                        _ => return Some(name.clone()),
                    },
                    _ => return None,
                },
                _ => return None,
            };
        }
        None
    }

    /// Whether the callers decide the method or the path. Only parameters of the code around count: what a settings object far away was made
    /// with says which URLs there may be, but the call stays where it is.
    fn is_undecided(&mut self, draft: &Draft) -> bool {
        let (method, url) = (&draft.texts[0], &draft.texts[1]);
        if method.has_param() {
            return true;
        }
        let Some(rest) = behind_base(&url.parts) else {
            return url.parts.iter().any(|part| matches!(part, Part::Param(param, ..) if self.surrounds(param.function, draft.function)));
        };
        // `${base}${path}`, `/api${path}`: a parameter that no slash goes before is a path; so is one that is named so.
        let mut before: &str = if rest.len() < url.parts.len() { "" } else { "/" };
        let is_literal = |part: &Part| matches!(part, Part::Text(text) if text.chars().any(|character| character != '/'));
        let mut literal = false;
        for part in rest {
            match part {
                Part::Text(text) => {
                    before = text;
                    literal |= is_literal(part);
                }
                Part::Param(param, path, _) if self.surrounds(param.function, draft.function) => {
                    let name = match path.last() {
                        Some(name) => name.clone(),
                        None => self.param_name(*param),
                    };
                    let query = url.parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains('?')))
                        && before.contains(['?', '=', '&']);
                    if !query
                        && (!before.ends_with('/') && !before.ends_with(['-', '_', '.', ',', ':', '=', '@'])
                            || is_path_name(&name)
                            || !(literal || !self.evaluator.is_within(draft.function, param.function) && rest.iter().any(is_literal)))
                    {
                        return true;
                    }
                    before = "x";
                }
                _ => before = "x",
            }
        }
        false
    }

    /// Whether a function is another one, is around it, or makes the values of the type that it is a method of.
    fn surrounds(&mut self, outer: FunctionRef, inner: FunctionRef) -> bool {
        if outer.file != inner.file {
            return false;
        }
        let Some(facts) = self.evaluator.facts(inner.file) else { return false };
        let made_by = facts.function(outer.function);
        let mut function = inner.function;
        loop {
            let here = facts.function(function);
            let same_type =
                (here.owner.is_some() && here.owner == made_by.owner) || (here.impl_of.is_some() && here.impl_of == made_by.impl_of);
            if function == outer.function || same_type {
                return true;
            }
            if here.parent == function {
                return false;
            }
            function = here.parent;
        }
    }

    fn param_name(&mut self, param: ParamRef) -> Symbol {
        self.evaluator
            .facts(param.function.file)
            .and_then(|facts| facts.function(param.function.function).params.get(param.index as usize).map(|param| param.name.clone()))
            .unwrap_or_default()
    }
}

/// Whether an object of which not all is known may have a member at a path that is not known.
fn may_have(passed: &Value, path: &[Symbol]) -> bool {
    let Some((name, rest)) = path.split_first() else { return passed.is_unknown() && *passed != Value::Null };
    match passed {
        Value::Unknown => true,
        Value::Object(object) => match object.fields.get(name) {
            Some(field) => may_have(field, rest),
            None => object.rest.contains(&Value::Unknown),
        },
        Value::OneOf(values) => values.iter().any(|value| may_have(value, path)),
        _ => false,
    }
}

/// Whether a call site adds nothing to what a draft says: all that is left open there is open still.
fn says_no_more(lifted: &Draft, draft: &Draft) -> bool {
    let shape = |text: &Pattern| -> Vec<Part> {
        let open = |part: &Part| matches!(part, Part::Param(..) | Part::NamedByCaller { .. } | Part::Hole(_));
        text.parts.iter().map(|part| if open(part) { Part::Hole(Symbol::default()) } else { part.clone() }).collect()
    };
    lifted.texts.iter().zip(&draft.texts).all(|(lifted, text)| lifted.parts == text.parts || shape(lifted) == shape(text))
}

/// Whether a URL's path has words of its own.
fn has_path(url: &Pattern) -> bool {
    let words = |part: &Part| matches!(part, Part::Text(text) if text.contains('/') && text.chars().any(char::is_alphanumeric));
    behind_base(&url.parts).is_some_and(|rest| rest.iter().any(words))
}

/// A text in which only one function's parameters are left open.
fn masked(text: &Pattern, function: FunctionRef) -> Pattern {
    let mut masked = text.clone();
    for part in &mut masked.parts {
        if part.param().is_some_and(|param| param.function != function) {
            *part = Part::Hole(Symbol::default());
        }
    }
    masked
}

pub(super) fn collect_params(text: &Pattern, params: &mut Vec<ParamRef>) {
    for part in &text.parts {
        if let Part::Param(param, ..) = part {
            params.push(*param);
        }
        part.nested().for_each(|nested| collect_params(nested, params));
    }
}

/// The parts behind a URL's base: what follows a leading hole, or the host of an absolute URL. `None` for a hole alone.
pub(super) fn behind_base(parts: &[Part]) -> Option<&[Part]> {
    match parts.first()? {
        Part::Text(_) => Some(parts),
        _ => {
            let rest = &parts[1..];
            if rest.is_empty() { None } else { Some(rest) }
        }
    }
}

/// Whether the start of a URL may be the sidecar's address, which stands on the same machine.
fn is_sidecar(start: &str) -> bool {
    let authority = start.split_once("://").map_or(start, |(_, authority)| authority);
    let host = authority.split(':').next().unwrap_or_default();
    host.is_empty() || is_local(host)
}

/// The topic that a URL of Dapr's sidecar publishes to: `/v1.0/publish/{pubsub}/{topic}`.
fn dapr_topic(url: &Pattern) -> Option<Pattern> {
    let (at, (before, bus)) = url.parts.iter().enumerate().find_map(|(at, part)| match part {
        Part::Text(text) => Some((at, text.split_once(DAPR_PUBLISH)?)),
        _ => None,
    })?;
    if !is_sidecar(before) {
        return None;
    }
    // The topic begins behind the slash that ends the name of the bus.
    let mut parts = std::iter::once(Part::Text(bus.into())).chain(url.parts[at + 1..].iter().cloned());
    let first = parts.find_map(|part| match part {
        Part::Text(text) => text.split_once('/').map(|(_, topic)| Part::Text(topic.into())),
        _ => None,
    })?;
    let mut topic = Pattern { parts: Vec::new(), sources: url.sources.clone(), when: url.when.clone(), open: url.open };
    for part in std::iter::once(first).chain(parts) {
        if let Part::Text(text) = &part
            && let Some((own, _)) = text.split_once('?')
        {
            topic.push(Part::Text(own.into()));
            break;
        }
        topic.push(part);
    }
    (!topic.parts.is_empty()).then_some(topic)
}

/// What of a URL stands behind its host and port.
fn behind_authority(url: &Pattern) -> Pattern {
    let mut parts = url.parts.iter();
    let mut rest = Pattern { parts: Vec::new(), sources: url.sources.clone(), when: url.when.clone(), open: url.open };
    for part in parts.by_ref() {
        let Part::Text(text) = part else { continue };
        // What looks like another URL in its query is no scheme of this one.
        let behind_scheme = text.split_once("://").filter(|(scheme, _)| !scheme.contains(['/', '?']));
        let authority = behind_scheme.map_or(text.as_str(), |(_, behind)| behind);
        if let Some(at) = authority.find('/') {
            rest.parts.push(Part::Text(Symbol::new(&authority[at..])));
            break;
        }
    }
    rest.parts.extend(parts.cloned());
    rest
}

/// `http.request.method` in upper case, where it is known.
fn method_name(text: &Pattern) -> Option<Symbol> {
    let literal = text.literal()?;
    let method = literal.to_ascii_uppercase();
    matches!(method.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "TRACE" | "CONNECT").then(|| method.into())
}

/// Whether a call is made as a request is sent: with one message, and waiting for the answer. Settings of a client are waited for by nobody.
pub(super) fn is_awaited_request(call: &Call) -> bool {
    call.awaited && call.args.len() == 1
}

/// The function among the alternatives of a value.
pub(super) fn function_in(value: &Value) -> Option<FunctionRef> {
    value.alternatives().iter().find_map(|value| match value {
        Value::Function(function, _) => Some(*function),
        _ => None,
    })
}

/// A prefix put before a path.
pub(super) fn prefixed(prefix: &Pattern, path: &Pattern) -> Pattern {
    if prefix.parts.is_empty() { path.clone() } else { join_patterns(prefix, path) }
}

/// The name of what is called, without the type that it is called on: `charges.create`.
fn called(family: Family, view: &CallView<'_>) -> Symbol {
    let name = &view.callee.name;
    let separator = if family == Family::Rust { "::" } else { "." };
    let of_type = view.callee.receiver.as_ref().map_or(0, |receiver| receiver.type_name.len() + 1);
    let own = name.get(of_type..).unwrap_or(name);
    // A module's default is named by nobody.
    let own = own.strip_prefix("default").filter(|rest| rest.is_empty() || rest.starts_with(separator)).unwrap_or(own);
    own.trim_start_matches(separator).into()
}
