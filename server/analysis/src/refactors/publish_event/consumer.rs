//! A consumer of the new channel, as the other service consumes its channels already: a decorated method beside one, statements beside those that
//! subscribe, or a function beside one that does nothing else, started where that one is.
//!
//! What a consumer does to be one (to subscribe, to parse, to acknowledge) stays; what it does with its message goes. Invariant: the new one is
//! another member, not a second of the same: what names it to the broker is made its own.

use portolan_grammars::facts::{Call, Entry, Expr, ExprId, Function, FunctionId, FunctionKind, Language, Param, TextRange};

use super::super::mirror::{Named, Parts, descend, named, rewritten};
use super::super::passage::{Passage, Stuck};
use super::frame::{Inner, framed};
use super::logic::Logic;
use super::publisher::start_of;
use super::{Event, renaming};
use crate::chart::flow::Spot;
use crate::chart::{Channel, ChannelEnd, EndpointIndex, ServiceIndex};
use crate::refactors::imports::statement_end;
use crate::refactors::{Context, Edit, MARK, Refusal, Source};
use crate::{FunctionRef, Place};

/// Keys whose value names a consumer to the broker.
const IDENTITIES: &[&str] = &["groupId", "group_id", "group", "consumerTag", "durable", "durable_name"];
/// Calls of Rust libraries that are given such a name, and the argument.
const IDENTIFYING: &[(&str, usize)] = &[("basic_consume", 1)];
/// Decorators of a parameter that is the message itself.
const PAYLOADS: &[&str] = &["Payload", "MessageBody", "RabbitPayload"];

/// What a message is called.
const MESSAGE: &str = "event";

/// What is to be consumed, and what for.
pub(super) struct Wanted<'c, 'a> {
    pub(super) context: &'c Context<'a>,
    pub(super) service: ServiceIndex,
    pub(super) endpoint: EndpointIndex,
    pub(super) system: &'c str,
    pub(super) event: &'c Event,
    pub(super) channel: &'c str,
}

/// Adds a consumer to an edit; the result is whether somebody has still to write what it does.
pub(super) fn add(wanted: &Wanted<'_, '_>, edit: &mut Edit) -> Result<bool, Refusal> {
    let chart = &wanted.context.snapshot.chart;
    let service = &chart.service(wanted.service).id;
    let is_of = |channel: &&Channel| channel.system == wanted.system || channel.system == "*";
    let all = chart.channels.iter().filter(is_of).flat_map(|channel| channel.consumers.iter().map(move |end| (channel, end)));
    let mut own: Vec<(&Channel, &ChannelEnd)> = all.filter(|(_, end)| end.service == wanted.service && end.status.is_settled()).collect();
    own.sort_by_key(|(_, end)| end.place);
    let mut reason = None;
    for (channel, end) in own {
        let mut with = edit.clone();
        match consume(wanted, channel, end, &mut with) {
            Ok(sketch) => {
                *edit = with;
                return Ok(sketch);
            }
            Err(stuck) => {
                reason.get_or_insert(stuck.refusal());
            }
        }
    }
    let none =
        || Refusal::new(format!("{service} consumes no messages of that broker yet: there is no consumer to write the new one after"));
    Err(reason.unwrap_or_else(none))
}

fn consume(wanted: &Wanted<'_, '_>, channel: &Channel, end: &ChannelEnd, edit: &mut Edit) -> Result<bool, Stuck> {
    let source = wanted.context.source(end.place.file)?;
    let pattern = Pattern { wanted, source: &source, old: &channel.name };
    match Spot::at(&wanted.context.snapshot.files, end.place).and_then(|spot| spot.call()) {
        Some(call) => pattern.statements(source.facts.call(call), end, edit),
        None => pattern.method(end, edit),
    }
}

/// A consumer that is there.
struct Pattern<'p, 'c, 'a> {
    wanted: &'p Wanted<'c, 'a>,
    source: &'p Source<'a>,
    /// The channel that it consumes.
    old: &'p str,
}

impl Pattern<'_, '_, '_> {
    fn unclear(&self) -> Stuck {
        Stuck::Refused(Refusal::new(format!("how `{}` is consumed is not plain to see", self.old)))
    }

    fn named(&self, arguments: &[ExprId]) -> Option<Named> {
        named(self.wanted.context.snapshot, self.source.facts, arguments, self.old)
    }

    /// What says the new channel's name where the old one's is said, and what else changes with it.
    fn renamed(&self, place: &Named, edit: &mut Edit) -> Result<String, Stuck> {
        let Wanted { context, event, channel, .. } = self.wanted;
        let (said, constant) = renaming::rename(context, self.source, place, event, channel, edit)?;
        if let Some(constant) = constant {
            let here = (self.source, FunctionId::MODULE);
            let mut passage = Passage::new(context, here, here, place.range.start);
            passage.item(self.source.slice(place.range), Some(&constant))?;
            passage.finish(edit)?;
        }
        Ok(said)
    }

    /// What says that somebody has still to write what is done.
    fn todo(&self) -> String {
        let label = self.wanted.context.snapshot.chart.endpoint(self.wanted.endpoint).label();
        format!("// {MARK}: do what {label} does; until then the message is refused.")
    }

    /// What refuses the message until then.
    fn error(&self) -> String {
        let channel = self.wanted.channel;
        format!("throw new Error(`{channel} is not handled yet: ${{JSON.stringify({MESSAGE})}}`){}", statement_end(self.source))
    }

    /// What the new consumer does in a function of the file: what answers the request, or what somebody has to write. `value` is the message.
    fn work(&self, into: FunctionId, at: u32, value: &str, parsed: bool, edit: &mut Edit) -> Result<Work, Stuck> {
        let Wanted { context, endpoint, event, channel, .. } = self.wanted;
        if let Some(logic) = Logic::of(context, *endpoint)
            && let Ok(call) = logic.call(context, (self.source, into), at, value, parsed, edit)
        {
            return Ok(Work { text: call.text, ty: call.ty, function: None });
        }
        let ecmascript = self.source.facts.language.is_ecmascript();
        let name = if ecmascript { event.camel() } else { event.snake() };
        if Source::has_word(&self.source.text, &name) {
            return Err(Stuck::Refused(Refusal::new(format!("{} has something called {name} already", self.source.name()))));
        }
        let (newline, unit, end) = (self.source.newline(), self.source.indent_unit(), statement_end(self.source));
        let typed = self.source.facts.language == Language::TypeScript;
        let todo = self.todo();
        let function = if ecmascript {
            let (of, result) = if typed { (": unknown", ": Promise<void>") } else { ("", "") };
            let error = self.error();
            format!("async function {name}({MESSAGE}{of}){result} {{{newline}{unit}{todo}{newline}{unit}{error}{newline}}}")
        } else {
            let error = format!("todo!(\"{channel} is not handled yet: {{event}}\")");
            format!("async fn {name}(event: serde_json::Value) {{{newline}{unit}{todo}{newline}{unit}{error}{newline}}}")
        };
        let text = if ecmascript { format!("await {name}({value}){end}") } else { format!("{name}({value}).await;") };
        Ok(Work { text, ty: None, function: Some(function) })
    }

    /// A method beside one that decorators make a consumer.
    fn method(&self, end: &ChannelEnd, edit: &mut Edit) -> Result<bool, Stuck> {
        let (source, facts) = (self.source, self.source.facts);
        let function = end.function.filter(|function| function.file == source.file).ok_or_else(|| self.unclear())?;
        let method = facts.function(function.function);
        let owner = method.owner.ok_or_else(|| self.unclear())?;
        let arguments: Vec<ExprId> = method.attributes.iter().flat_map(|attribute| attribute.args.iter().copied()).collect();
        let channel = self.named(&arguments).ok_or_else(|| self.unclear())?;
        let said = self.renamed(&channel, edit)?;
        let name = self.wanted.event.camel();
        if Source::has_word(source.slice(facts.type_def(owner).range), &name) {
            return Err(Stuck::Refused(Refusal::new(format!("its class has something called {name} already"))));
        }
        let is_payload = |param: &&Param| param.attributes.iter().any(|attribute| PAYLOADS.contains(&attribute.path.as_str()));
        let plain = |param: &&Param| param.attributes.is_empty();
        let param = method.params.iter().find(is_payload).or_else(|| method.params.first().filter(plain)).ok_or_else(|| self.unclear())?;
        let (newline, unit) = (source.newline(), source.indent_unit());
        let logic = Logic::of(self.wanted.context, self.wanted.endpoint)
            .and_then(|logic| logic.call(self.wanted.context, (source, function.function), method.range.end, MESSAGE, false, edit).ok());
        let indent = source.indent_at(start_of(method)).to_owned();
        let gap = format!("{newline}{indent}{unit}");
        let sketch = logic.is_none();
        let typed = facts.language == Language::TypeScript;
        let (ty, body) = match logic {
            Some(call) => (call.ty.unwrap_or_else(|| "unknown".to_owned()), call.text),
            None => ("unknown".to_owned(), format!("{}{gap}{}", self.todo(), self.error())),
        };
        let decorators: Vec<&str> = param.attributes.iter().map(|attribute| source.slice(attribute.range)).collect();
        let decorated: String = decorators.iter().map(|decorator| format!("{decorator} ")).collect();
        let (ty, result) = if typed { (format!(": {ty}"), ": Promise<void>") } else { (String::new(), "") };
        let head: Vec<String> = method
            .attributes
            .iter()
            .map(|attribute| rewritten(source, attribute.range, &vec![(channel.range, said.clone())]))
            .map(|attribute| format!("{attribute}{newline}{indent}"))
            .collect();
        let text = format!("{}async {name}({decorated}{MESSAGE}{ty}){result} {{{gap}{body}{newline}{indent}}}", head.concat());
        edit.insert(source.file, method.range.end, format!("{newline}{newline}{indent}{text}"));
        Ok(sketch)
    }

    /// Statements beside those that subscribe.
    fn statements(&self, call: &Call, end: &ChannelEnd, edit: &mut Edit) -> Result<bool, Stuck> {
        let (source, facts) = (self.source, self.source.facts);
        let tree = source.tree().ok_or_else(|| self.unclear())?;
        let arguments: Vec<ExprId> = call.args.iter().map(|argument| argument.value).collect();
        let channel = self.named(&arguments).ok_or_else(|| self.unclear())?;
        let all = tree.statements_around(call.range);
        let own = *all.iter().find(|statement| statement.contains(call.range)).ok_or_else(|| self.unclear())?;
        let ecmascript = facts.language.is_ecmascript();
        let handler = end.function.filter(|function| function.file == source.file).map(|function| function.function);
        let inline = handler.filter(|id| own.contains(facts.function(*id).range) && facts.function(*id).kind == FunctionKind::Closure);
        let awaiting = ecmascript.then(|| awaiting(source, &all, own)).flatten();
        // What subscribes, or what subscribing hands out, has its messages asked of it elsewhere.
        let root = match inline {
            Some(_) => None,
            None if awaiting.is_some() => bound_name(source, own),
            None if ecmascript => Some(root_name(source, call.callee).ok_or_else(|| self.unclear())?),
            None => Some(bound_name(source, own).ok_or_else(|| self.unclear())?),
        };
        let says = source.slice(channel.range);
        let mentions = |range: &TextRange, word: &str| tree.names_in(*range).into_iter().any(|name| source.slice(name) == word);
        let is_named = |range: &TextRange| facts.exprs.iter().any(|expr| range.contains(expr.range) && source.slice(expr.range) == says);
        let group: Vec<TextRange> = all
            .iter()
            .filter(|range| range.contains(call.range) || is_named(range) || root.as_ref().is_some_and(|root| mentions(range, root)))
            .copied()
            .collect();
        let (first, last) = (group[0], group[group.len() - 1]);
        let whole = TextRange { start: first.start, end: last.end };
        let mut parts: Parts = Vec::new();
        let said = self.renamed(&channel, edit)?;
        for expr in facts.exprs.iter().filter(|expr| whole.contains(expr.range) && source.slice(expr.range) == says) {
            parts.push((expr.range, said.clone()));
        }
        self.identities(whole, &mut parts);
        // Where the message is worked on.
        let place = call.function;
        let (body, into, params) = match (inline, awaiting, ecmascript) {
            (Some(id), ..) => (facts.region(facts.function(id).body).range, id, facts.function(id).params.clone()),
            (None, Some(awaiting), _) => (*tree.blocks_in(awaiting).first().ok_or_else(|| self.unclear())?, place, Vec::new()),
            (None, None, true) => {
                let id = handler.filter(|id| whole.contains(facts.function(*id).range)).ok_or_else(|| self.unclear())?;
                (facts.region(facts.function(id).body).range, id, facts.function(id).params.clone())
            }
            (None, None, false) => {
                let looped =
                    group.iter().rev().find(|range| source.slice(**range).starts_with("while let ")).ok_or_else(|| self.unclear())?;
                (*tree.blocks_in(*looped).first().ok_or_else(|| self.unclear())?, place, Vec::new())
            }
        };
        let inner = framed(source, body, params.first()).ok_or_else(|| self.unclear())?;
        let work = self.work(into, call.range.start, &inner.value, inner.decode.is_some(), edit)?;
        if ecmascript && work.text.contains("await ") && !facts.function(into).is_async {
            return Err(Stuck::Refused(Refusal::new(format!("what handles `{}` does not wait for what it does", self.old))));
        }
        self.fill(&inner, body, params.first(), &work, &mut parts);
        let sketch = work.function.is_some();
        // A function that does nothing else is written once more as a whole.
        let function = facts.function(place);
        let rest = all
            .iter()
            .filter(|range| !group.contains(range))
            .all(|range| matches!(source.slice(*range).trim_end_matches(';'), "Ok(())" | "Ok::<(), anyhow::Error>(())"));
        let is_all = rest && function.kind == FunctionKind::Function && tree.statements_in(facts.region(function.body).range) == all;
        if is_all {
            self.function((place, awaiting.is_some()), parts, work.function, edit)?;
            return Ok(sketch);
        }
        // What stood behind a loop without end would never come.
        if !ecmascript || awaiting.is_some() {
            return Err(Stuck::Refused(Refusal::new(format!("what consumes `{}` does something else, too", self.old))));
        }
        self.in_place(&group, root.as_deref(), parts, work.function, edit)?;
        Ok(sketch)
    }

    /// Puts the new work in place of the old within what frames it.
    fn fill(&self, inner: &Inner, body: TextRange, param: Option<&Param>, work: &Work, parts: &mut Parts) {
        let source = self.source;
        let typed = source.facts.language == Language::TypeScript;
        let gap = format!("{}{}", source.newline(), inner.indent);
        let value = match (&inner.decode, source.facts.language.is_ecmascript()) {
            (Some(decode), true) => {
                let parsed = if typed { parsed(source, *decode, work) } else { source.slice(*decode).to_owned() };
                Some(format!("const {} = {parsed}{}", inner.value, statement_end(source)))
            }
            (Some(decode), false) => {
                let ty = work.ty.clone().unwrap_or_else(|| "serde_json::Value".to_owned());
                Some(format!("let {}: {ty} = {};", inner.value, source.slice(*decode)))
            }
            (None, _) => None,
        };
        let text: Vec<String> = value.into_iter().chain([work.text.clone()]).collect();
        parts.push((inner.at, text.join(&gap)));
        // What the message was said to be, the new one is not.
        if inner.decode.is_none()
            && typed
            && let Some(ty) = param.and_then(|param| param.ty.as_ref())
            && !body.contains(ty.range)
        {
            parts.push((ty.range, work.ty.clone().unwrap_or_else(|| "unknown".to_owned())));
        }
    }

    /// Names by which the broker tells consumers apart become the new one's own.
    fn identities(&self, whole: TextRange, parts: &mut Parts) {
        let (source, facts) = (self.source, self.source.facts);
        let mut own = |value: ExprId| {
            let range = facts.expr_range(value);
            let text = source.slice(range);
            if let (Expr::Str(_), Some(quote)) = (facts.expr(value), text.chars().next()) {
                let name = text.trim_matches(quote);
                parts.push((range, format!("{quote}{name}-{}{quote}", self.wanted.event.kebab())));
            }
        };
        for expr in facts.exprs.iter().filter(|expr| whole.contains(expr.range)) {
            let Expr::Object(object) = &expr.kind else { continue };
            for entry in &object.entries {
                if let Entry::Field { name, value, .. } = entry
                    && IDENTITIES.contains(&name.as_str())
                {
                    own(*value);
                }
            }
        }
        for call in facts.calls.iter().filter(|call| whole.contains(call.range)) {
            let known = IDENTIFYING.iter().find(|(name, _)| source.slice(call.name_range) == *name);
            if let Some(argument) = known.and_then(|(_, at)| call.args.get(*at)) {
                descend(facts, argument.value, 0, &mut own);
            }
        }
    }

    /// The group once more behind itself, with names of its own.
    fn in_place(
        &self,
        group: &[TextRange],
        root: Option<&str>,
        mut parts: Parts,
        function: Option<String>,
        edit: &mut Edit,
    ) -> Result<(), Stuck> {
        let (source, facts) = (self.source, self.source.facts);
        let tree = source.tree().ok_or_else(|| self.unclear())?;
        let within = |range: TextRange| group.iter().any(|part| part.contains(range));
        let closures: Vec<TextRange> =
            facts.functions[1..].iter().filter(|function| within(function.range)).map(|function| function.range).collect();
        let inner = |range: TextRange| closures.iter().any(|closure| closure.contains(range));
        // What the statements bind is bound twice otherwise; what somebody else hands out is not theirs to subscribe once more.
        let bound: Vec<&str> = facts.bindings.iter().filter(|it| within(it.range) && !inner(it.range)).map(|it| it.name.as_str()).collect();
        if root.is_some_and(|root| !bound.contains(&root)) {
            return Err(Stuck::Refused(Refusal::new(format!("what consumes `{}` is made elsewhere", self.old))));
        }
        for range in group.iter().flat_map(|range| tree.names_in(*range)) {
            let name = source.slice(range);
            if bound.contains(&name) {
                let capital: String = name.chars().take(1).flat_map(char::to_uppercase).chain(name.chars().skip(1)).collect();
                parts.push((range, format!("{}{capital}", self.wanted.event.camel())));
            }
        }
        let last = group[group.len() - 1];
        let indent = source.indent_at(last.start);
        let texts: Vec<String> = group.iter().map(|range| rewritten(source, *range, &parts)).collect();
        let gap = format!("{}{indent}", source.newline());
        edit.insert(source.file, last.end, format!("{gap}{}", texts.join(&gap)));
        self.beside(last, function, edit);
        Ok(())
    }

    /// The function once more behind itself, and started where it is; whether it goes on for ever.
    fn function(
        &self,
        (id, is_endless): (FunctionId, bool),
        mut parts: Parts,
        written: Option<String>,
        edit: &mut Edit,
    ) -> Result<(), Stuck> {
        let (source, facts) = (self.source, self.source.facts);
        let tree = source.tree().ok_or_else(|| self.unclear())?;
        let function = facts.function(id);
        let event = self.wanted.event;
        let name =
            if facts.language.is_ecmascript() { format!("consume{}", event.like("Pascal")) } else { format!("consume_{}", event.snake()) };
        if Source::has_word(&source.text, &name) {
            return Err(Stuck::Refused(Refusal::new(format!("{} has something called {name} already", source.name()))));
        }
        self.start((FunctionRef { file: source.file, function: id }, is_endless), function, &name, edit)?;
        let whole = tree.statement_around(function.range);
        let whole = whole.ok_or_else(|| self.unclear())?;
        parts.push((function.name_range, name));
        let gap = format!("{0}{0}{1}", source.newline(), source.indent_at(whole.start));
        edit.insert(source.file, whole.end, format!("{gap}{}", rewritten(source, whole, &parts)));
        self.beside(whole, written, edit);
        Ok(())
    }

    /// Starts the new function where the old one is: in a statement of its own, or beside it among what runs at the same time.
    fn start(&self, (function, is_endless): (FunctionRef, bool), old: &Function, name: &str, edit: &mut Edit) -> Result<(), Stuck> {
        let context = self.wanted.context;
        let snapshot = context.snapshot;
        let unclear = || Stuck::Refused(Refusal::new(format!("where {} is started is not plain to see", old.name)));
        let mut places: Vec<Place> = snapshot.index.runners_of(function).iter().map(|runner| runner.place).collect();
        places.dedup();
        let [place] = places[..] else { return Err(unclear()) };
        let other = if place.file == self.source.file { None } else { Some(context.source(place.file)?) };
        let at = other.as_ref().unwrap_or(self.source);
        let spot = Spot::at(&snapshot.files, place).ok_or_else(unclear)?;
        let call = at.facts.call(spot.call().ok_or_else(unclear)?);
        let tree = at.tree().ok_or_else(unclear)?;
        let mut passage = Passage::new(context, (self.source, function.function), (at, call.function), call.range.start);
        let reached = passage.item(&old.name, Some(name))?;
        let callee = at.facts.expr_range(call.callee);
        let parts: Parts = vec![(callee, reached)];
        let statement = tree.statement_around(call.range).ok_or_else(unclear)?;
        let text = at.slice(statement).trim_end_matches(';');
        let called = at.slice(call.range);
        let alone = ["", "await ", "void ", "tokio::spawn(", "spawn("].iter().any(|before| {
            let rest = text.strip_prefix(before).and_then(|rest| rest.strip_prefix(called));
            let is_waited_for = is_endless && before == &"await ";
            rest.is_some_and(|rest| if before.ends_with('(') { rest == ")" } else { rest.is_empty() || rest.starts_with(".catch(") })
                && !is_waited_for
        });
        let listed = ["await Promise.all([", "Promise.all(["].iter().any(|before| text.starts_with(before)) && text.ends_with("])");
        let joined = ["tokio::try_join!(", "tokio::join!("].iter().any(|before| text.starts_with(before));
        if alone {
            let indent = at.indent_at(statement.start);
            edit.insert(at.file, statement.end, format!("{}{indent}{}", at.newline(), rewritten(at, statement, &parts)));
        } else if listed || joined {
            let line = at.line_of(call.range.start).trim_start().starts_with(called);
            let gap = if line { format!("{}{}", at.newline(), at.indent_at(call.range.start)) } else { " ".to_owned() };
            edit.insert(at.file, call.range.end, format!(",{gap}{}", rewritten(at, call.range, &parts)));
        } else {
            return Err(unclear());
        }
        passage.finish(edit)?;
        Ok(())
    }

    /// What has still to be written goes behind the statement of the module that a range lies in.
    fn beside(&self, range: TextRange, function: Option<String>, edit: &mut Edit) {
        let (source, Some(function)) = (self.source, function) else { return };
        let outer = source.tree();
        let mut whole = range;
        while let Some(tree) = outer {
            let wider = tree.statement_around(whole);
            let lies_in = source.facts.functions[1..]
                .iter()
                .filter(|it| it.range.contains(whole) && it.range != whole)
                .map(|it| it.range)
                .max_by_key(|it| it.end - it.start);
            match (wider, lies_in) {
                (_, Some(around)) if around != whole => whole = around,
                (Some(wider), None) if wider != whole => whole = wider,
                _ => break,
            }
        }
        edit.insert(source.file, whole.end, format!("{0}{0}{function}", source.newline()));
    }
}

/// What the new consumer does.
struct Work {
    text: String,
    /// What the message is.
    ty: Option<String>,
    /// The function that somebody has still to write.
    function: Option<String>,
}

/// The first name of `consumer.subscribe`.
fn root_name(source: &Source<'_>, callee: ExprId) -> Option<String> {
    let mut id = callee;
    for _ in 0..8 {
        match source.facts.expr(id) {
            Expr::Member { object, .. } => id = *object,
            Expr::Name(name) => return Some(name.to_string()),
            _ => return None,
        }
    }
    None
}

/// What makes the message data in TypeScript. One that parses itself says what type that is: the old one's is not the new one's, which may be any
/// where it is what a request's body was.
fn parsed(source: &Source<'_>, decode: TextRange, work: &Work) -> String {
    let facts = source.facts;
    let call = facts.calls.iter().find(|call| call.range == decode);
    match call.map(|call| facts.expr(call.callee)) {
        Some(Expr::Member { object, name }) if name == "json" => {
            let message = source.slice(facts.expr_range(*object));
            if work.function.is_some() { format!("{message}.json()") } else { format!("JSON.parse({message}.string())") }
        }
        _ => source.slice(decode).to_owned(),
    }
}

/// The loop of ECMAScript that waits for messages: the statement that subscribes, or the one that goes through what it binds.
fn awaiting(source: &Source<'_>, all: &[TextRange], own: TextRange) -> Option<TextRange> {
    let (tree, name) = (source.tree()?, bound_name(source, own));
    let goes_through = |statement: &&TextRange| {
        tree.blocks_in(**statement).first().is_some_and(|body| {
            let names = tree.names_in(TextRange { start: statement.start, end: body.start });
            **statement == own || names.into_iter().any(|range| name.as_deref() == Some(source.slice(range)))
        })
    };
    let is_loop = |statement: &&TextRange| source.slice(**statement).starts_with("for await (");
    all.iter().filter(is_loop).find(goes_through).copied()
}

/// The name that a `let` or `const` binds.
fn bound_name(source: &Source<'_>, statement: TextRange) -> Option<String> {
    let text = source.slice(statement);
    let rest = text.strip_prefix("let ").or_else(|| text.strip_prefix("const "))?;
    let rest = rest.strip_prefix("mut ").unwrap_or(rest);
    let name: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    (!name.is_empty()).then_some(name)
}
