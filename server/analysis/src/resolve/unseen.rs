//! What libraries call of the classes that are written for them: guards, interceptors, middleware, handlers of requests, messages and times.
//!
//! What deliberately does not live here: traits of Rust whose methods run unseen, see [`super::assemble`].

use portolan_grammars::catalog::Meaning;
use portolan_grammars::facts::{FunctionId, FunctionKind};
use rustc_hash::FxHashMap;

use super::link::{EdgeDecl, Linker};
use super::spans::{HANDLER, Walk};
use super::value::{ClassRef, Value};
use crate::FunctionRef;

impl<'w> Linker<'w> {
    /// Notes the classes that a library is given by its decorators: `@UseGuards(Guard)`, `@Module({ providers })`.
    pub(super) fn handed_classes(&mut self, walk: &Walk<'w>) {
        if !walk.facts.language.is_ecmascript() {
            return;
        }
        let of_types = walk.facts.types.iter().flat_map(|def| &def.attributes);
        let of_functions = walk.facts.functions.iter().flat_map(|function| &function.attributes);
        for attribute in of_types.chain(of_functions).filter(|attribute| !attribute.args.is_empty()) {
            if !self.evaluator.is_decorated_by_library(self.file, &attribute.path) {
                continue;
            }
            for argument in &attribute.args {
                let value = self.evaluator.eval(self.file, *argument);
                for class in classes_in(&value) {
                    let made = self.of_made_bases(class);
                    let function = walk.facts.exprs[argument.index()].function;
                    self.link.classes.extend(made.iter().map(|class| (function, *class)));
                    self.handed.extend(made);
                }
            }
        }
    }

    /// Of a class and those that it derives from, the ones whose base a library's function made: `extends AuthGuard("jwt")`.
    fn of_made_bases(&mut self, class: ClassRef) -> Vec<ClassRef> {
        let mut lineage = self.evaluator.lineage(class);
        lineage.retain(|class| {
            let base = self.evaluator.facts(class.file).and_then(|facts| Some((facts, facts.type_def(class.class).superclass?)));
            base.is_some_and(|(facts, base)| self.evaluator.is_made_by_library(class.file, facts, base))
        });
        lineage
    }

    /// Calls what libraries call of the classes whose instances functions come by.
    pub(super) fn calls_of_libraries(&mut self) {
        // A class that names itself is used nowhere yet.
        let classes: Vec<(FunctionId, ClassRef)> = self.link.classes.iter().copied().filter(|(_, class)| class.file != self.file).collect();
        let mut called: FxHashMap<ClassRef, Vec<FunctionRef>> = classes.iter().map(|(_, class)| (*class, Vec::new())).collect();
        for class in called.keys() {
            if self.is_decorated_class(*class) {
                let made = self.of_made_bases(*class);
                self.handed.extend(made);
            }
        }
        for (class, callees) in &mut called {
            *callees = self.called_unseen(*class);
        }
        for (caller, class) in classes {
            self.link.edges.extend(called[&class].iter().map(|callee| EdgeDecl::plain(caller, *callee, None)));
        }
    }

    fn is_decorated_class(&mut self, class: ClassRef) -> bool {
        let Some(facts) = self.evaluator.facts(class.file) else { return false };
        let mut decorators = facts.type_def(class.class).attributes.iter();
        decorators.any(|decorator| self.evaluator.is_decorated_by_library(class.file, &decorator.path))
    }

    /// Whether a library hands messages to a class, as its decorator says: a job's processor.
    fn is_consumer(&mut self, class: ClassRef) -> bool {
        let Some(facts) = self.evaluator.facts(class.file) else { return false };
        let def = facts.type_def(class.class);
        let catalog = self.evaluator.cx.catalog;
        def.attributes.iter().any(|decorator| {
            let found = self.evaluator.attribute_callees(class.file, def.function, &decorator.path);
            let consumes = |meaning: Meaning<'_>| matches!(meaning, Meaning::ConsumerAttribute(_));
            found.iter().any(|found| catalog.attribute_meanings(found.library, &found.name).iter().any(consumes))
        })
    }

    /// Methods of a class that implements an interface of a library are called by that library. So are those of a class that a library is given
    /// and whose base a function of a library made, and methods with a library's decorator. A base alone tells nothing: functions of libraries
    /// make those of plain data, too.
    fn called_unseen(&mut self, class: ClassRef) -> Vec<FunctionRef> {
        let Some(facts) = self.evaluator.facts(class.file) else { return Vec::new() };
        let def = facts.type_def(class.class);
        let interfaces = def.bases.iter().skip(usize::from(def.superclass.is_some()));
        let mut is_called = self.handed.contains(&class);
        for interface in interfaces {
            let of = self.evaluator.type_value(class.file, facts, def.function, &interface.path);
            is_called |= matches!(of, Some(Value::External(package, _)) if package != "global");
        }
        is_called |= self.service_of_decorators(facts.language.into(), &def.attributes).is_some();
        let consumes = self.is_consumer(class);
        let mut is_decorated = |method: FunctionId| {
            let decorators = &facts.function(method).attributes;
            decorators.iter().any(|decorator| self.evaluator.is_decorated_by_library(class.file, &decorator.path))
        };
        let methods = def.methods.iter().copied().filter(|method| facts.function(*method).kind == FunctionKind::Method);
        let is_handler = |method: FunctionId| facts.function(method).name == HANDLER;
        let called = methods.filter(|method| is_called || consumes && is_handler(*method) || is_decorated(*method));
        called.map(|function| FunctionRef { file: class.file, function }).collect()
    }
}

/// The classes that a value is, makes, or has among its elements and fields.
fn classes_in(value: &Value) -> Vec<ClassRef> {
    match value {
        Value::Class(class) | Value::New(class, ..) => vec![*class],
        Value::Array(values) | Value::OneOf(values) => values.iter().flat_map(classes_in).collect(),
        Value::Object(object) => object.fields.values().flat_map(classes_in).collect(),
        _ => Vec::new(),
    }
}
