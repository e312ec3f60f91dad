//! Channels of classes whose base a package from outside of the workspace has: `class OrderCreated extends Publisher { subject = "order:created" }`.
//!
//! What such a base does with a connection and a channel's name, its method's name says: what is made with a broker's connection and published is
//! sent there. What deliberately does not live here: bases that are in the workspace, whose code tells, and those that the catalog knows.
//! Invariant: an instance of the class is made with a value of one broker's library; else nothing is said.

use portolan_grammars::facts::{CallId, CallKind, Expr, ExprId, FunctionId, FunctionKind, Symbol};

use super::evaluate::Evaluator;
use super::link::{EdgeDecl, Linker, MessageDecl, Site};
use super::messages::{message, named_elsewhere};
use super::spans::Walk;
use super::uses::Use;
use super::value::{CallRef, ClassRef, Value};
use crate::FunctionRef;

/// Fields that name the channel of a class's messages.
const CHANNEL_FIELDS: [&str; 4] = ["subject", "topic", "channel", "queue"];
/// Methods that send.
const SENDS: [&str; 4] = ["emit", "produce", "publish", "send"];
/// Methods that begin to receive.
const RECEIVES: [&str; 3] = ["consume", "listen", "subscribe"];
/// What methods begin with that are given a message.
const HANDLES: [&str; 4] = ["consume", "handle", "on", "process"];
/// Constructions of one class that are looked at.
const MAX_MADE: usize = 16;

impl<'w> Linker<'w> {
    /// A call by which an instance of such a class sends or begins to receive; tells whether it is one.
    pub(super) fn foreign_channel(&mut self, walk: &Walk<'w>, id: CallId) -> bool {
        let call = walk.facts.call(id);
        let Expr::Member { object, name } = walk.facts.expr(call.callee) else { return false };
        let consumes = RECEIVES.contains(&name.as_str());
        if !walk.facts.language.is_ecmascript() || !consumes && !SENDS.contains(&name.as_str()) {
            return false;
        }
        let Some(class) = self.class_of_foreign_base(walk, *object) else { return false };
        let Some(destination) = self.channel_of(class) else { return false };
        let Some(system) = self.evaluator.system_of_instances(class) else { return false };
        let (site, function) = (CallRef { file: self.file, call: id }, FunctionRef { file: self.file, function: call.function });
        let handler = if consumes { self.evaluator.handler_of(class) } else { None };
        if let Some(callee) = handler {
            self.link.edges.push(EdgeDecl::plain(call.function, callee, Some(site)));
        }
        let sent = message(Site::Call(site), function, destination.patterns(), None);
        self.link.messages.push(MessageDecl { consumes, system, handler, ..sent });
        true
    }

    /// The class of an object, where its base is from outside and it has no method that is called here.
    fn class_of_foreign_base(&mut self, walk: &Walk<'w>, object: ExprId) -> Option<ClassRef> {
        let class = self.evaluator.eval(self.file, object).instance_of()?;
        let facts = self.evaluator.facts(class.file)?;
        let superclass = facts.type_def(class.class).superclass?;
        let base = self.evaluator.eval(class.file, superclass);
        let is_unknown = matches!(&base, Value::External(package, _) if package != "global")
            && self.evaluator.library_callees(walk.family, &base).is_empty();
        is_unknown.then_some(class)
    }

    /// The channel that a class names.
    fn channel_of(&mut self, class: ClassRef) -> Option<Value> {
        let facts = self.evaluator.facts(class.file)?;
        let field = facts.type_def(class.class).fields.iter().find(|field| CHANNEL_FIELDS.contains(&field.name.as_str()))?;
        let name = named_elsewhere(self.evaluator.eval(class.file, field.value?));
        matches!(name, Value::Text(_)).then_some(name)
    }
}

impl<'w> Evaluator<'w> {
    /// The broker whose connection the instances of a class are made with.
    fn system_of_instances(&mut self, class: ClassRef) -> Option<Symbol> {
        let name = self.facts(class.file)?.type_def(class.class).name.clone();
        let mut systems: Vec<Symbol> = Vec::new();
        for &file in self.files_with(Use::Call(&name, None)) {
            let Some((facts, index)) = self.file(file) else { continue };
            for &id in index.calls.get(&name).into_iter().flatten().take(MAX_MADE) {
                let call = facts.call(id);
                if call.kind != CallKind::New || self.eval(file, call.callee) != Value::Class(class) {
                    continue;
                }
                for argument in &call.args {
                    let given = self.eval(file, argument.value);
                    systems.extend(given.alternatives().iter().filter_map(|given| self.system_of(given)));
                }
            }
        }
        systems.sort();
        systems.dedup();
        match systems.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    /// The broker that a library's value sends to.
    fn system_of(&self, value: &Value) -> Option<Symbol> {
        let Value::Instance(instance) = value else { return None };
        let producers = &self.cx.catalog.libraries[instance.library as usize].producer;
        let mut systems = producers.iter().map(|entry| &entry.system);
        let first = systems.next().filter(|system| *system != "*")?;
        systems.all(|system| system == first).then(|| first.clone())
    }

    /// The method of a class that is given what it receives.
    fn handler_of(&mut self, class: ClassRef) -> Option<FunctionRef> {
        let facts = self.facts(class.file)?;
        let is_handler = |id: &&FunctionId| {
            let function = facts.function(**id);
            function.kind == FunctionKind::Method && HANDLES.iter().any(|start| begins_with_word(&function.name, start))
        };
        let mut handlers = facts.type_def(class.class).methods.iter().filter(is_handler);
        let handler = handlers.next()?;
        handlers.next().is_none().then_some(FunctionRef { file: class.file, function: *handler })
    }
}

/// Whether a name in camel case begins with a word: `onMessage` with `on`, not `once`.
fn begins_with_word(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_lowercase()))
}
