//! From a function to its call sites, and from a parameter to what they pass.

use std::sync::Arc;

use portolan_grammars::catalog::Family;
use portolan_grammars::facts::{Call, CallId, CallKind, Expr, FunctionKind, SourceFacts, Symbol};

use super::alternatives::{fallback, variable};
use super::cases::guarded;
use super::evaluate::Evaluator;
use super::index::last_segment;
use super::library::{LibraryCallee, joined};
use super::uses::{Use, aliases, call_use, calls_of};
use super::value::{CallRef, Change, ClassRef, Instance, ObjectValue, ParamRef, Part, Pattern, Value, changed, concat, origin, setting};
use crate::{FileId, FunctionRef};

/// Call sites of one function that are looked at; a function called more often is no wrapper of anything.
const MAX_CALLERS: usize = 600;
/// Names of one type whose aliases are looked for.
const MAX_ALIASES: usize = 16;
/// How often a parameter that is passed on is followed for the library's value that it is.
pub(super) const MAX_PASSED_ON: u32 = 3;

impl<'w> Evaluator<'w> {
    /// Puts values in place of parameters.
    pub fn substitute(&mut self, value: &Value, with: &dyn Fn(ParamRef) -> Option<Value>) -> Value {
        match value {
            Value::Param(param, path) => match with(*param) {
                Some(value) => self.at_path(value, path),
                None => value.clone(),
            },
            Value::Text(pattern) if value.has_param() => self.substitute_pattern(pattern, with),
            Value::OneOf(values) => {
                let values: Vec<Value> = values.iter().map(|value| self.substitute(value, with)).collect();
                Value::one_of(values)
            }
            Value::Array(items) => Value::Array(items.iter().map(|item| self.substitute(item, with)).collect()),
            Value::Object(object) if value.has_param() => {
                let fields = object.fields.iter().map(|(name, value)| (name.clone(), self.substitute(value, with))).collect();
                let (sources, variant) = (object.sources.clone(), object.variant.clone());
                let mut whole = ObjectValue { class: object.class, fields, sources, rest: Vec::new(), variant };
                for spread in &object.rest {
                    let spread = self.substitute(spread, with);
                    whole.spread(spread);
                }
                Value::Object(Arc::new(whole))
            }
            Value::New(class, arguments, site) if value.has_param() => {
                Value::New(*class, arguments.iter().map(|argument| self.substitute(argument, with)).collect(), *site)
            }
            Value::Given(function, arguments, around) if value.has_param() => {
                let around = around.as_ref().map(|around| Arc::new(self.substitute(around, with)));
                Value::Given(*function, arguments.iter().map(|argument| self.substitute(argument, with)).collect(), around)
            }
            Value::Instance(instance) if value.has_param() => {
                let captures = instance.captures.iter().map(|(name, value)| (name.clone(), self.substitute(value, with))).collect();
                Value::Instance(Arc::new(Instance { captures, ..(**instance).clone() }))
            }
            Value::RpcClient(service, address) => Value::RpcClient(service.clone(), Arc::new(self.substitute(address, with))),
            Value::RpcClientOf(of, library, address) => Value::RpcClientOf(*of, *library, Arc::new(self.substitute(address, with))),
            Value::Function(function, Some(receiver)) if receiver.has_param() => {
                Value::Function(*function, Some(Arc::new(self.substitute(receiver, with))))
            }
            other => other.clone(),
        }
    }

    /// Puts values in place of a text's parameters; [`Value::Null`] where the text is not meant then.
    pub fn substitute_pattern(&mut self, pattern: &Pattern, with: &dyn Fn(ParamRef) -> Option<Value>) -> Value {
        let Some(guards) = self.held_guards(pattern, with) else { return Value::Null };
        let value = self.substitute_parts(pattern, with);
        guarded(value, &guards)
    }

    fn substitute_parts(&mut self, pattern: &Pattern, with: &dyn Fn(ParamRef) -> Option<Value>) -> Value {
        let mut parts: Vec<Value> = Vec::new();
        for (at, part) in pattern.parts.iter().enumerate() {
            // No slash stands behind a base that is empty.
            let bare = at == 1 && matches!(pattern.parts[0], Part::Param(..)) && parts[0].is_empty();
            if bare && pattern.parts.len() > 2 && matches!(part, Part::Text(text) if text == "/") {
                continue;
            }
            parts.push(match part {
                Part::Param(param, path, default) => match with(*param) {
                    Some(value) => {
                        let given = is_given(&value, path);
                        let untold = value.is_unknown();
                        let value = match self.field_of_passed(&value, path) {
                            Some(field) => field,
                            None => self.at_path(value, path),
                        };
                        let value = match default {
                            // What is given is not known: not what stands there where nothing is.
                            Some(default) if untold && default.is_empty() => Value::Unknown,
                            Some(_) if given && (value.is_unknown() || matches!(value, Value::External(..))) => Value::Unknown,
                            Some(default) => fallback(vec![value, self.substitute_pattern(default, with)]),
                            None => value,
                        };
                        let value = self.in_place_of_text(value);
                        if value.is_unknown() || value.patterns().is_empty() {
                            Value::pattern(Pattern::part(Part::Hole(path.last().cloned().unwrap_or_default())))
                        } else {
                            value
                        }
                    }
                    None => Value::pattern(Pattern::part(part.clone())),
                },
                Part::Origin(of) if of.has_param() => {
                    let of = self.substitute_pattern(of, with);
                    origin(&of)
                }
                Part::Changed(Change::Joined, of) => self.joined_parameter(of, with),
                Part::Changed(change, of) if of.has_param() => {
                    let of = self.substitute_pattern(of, with);
                    changed(change, &of)
                }
                Part::Setting { file, keys, default } if file.has_param() || default.is_some() => {
                    let default = self.substitute_default(default.as_ref(), with);
                    let file = self.substitute_pattern(file, with);
                    setting(&file, keys, default)
                }
                Part::NamedByCaller { name, default, source } => {
                    let default = self.substitute_default(default.as_ref(), with);
                    let names = self.substitute_pattern(name, with).patterns();
                    Value::one_of(names.into_iter().map(|name| variable(name, default.clone(), *source)))
                }
                Part::Env { name, default: Some(default), guessed, source } if default.has_param() => {
                    let default = self.substitute_default(Some(default), with);
                    Value::pattern(Pattern::part(Part::Env { name: name.clone(), default, guessed: *guessed, source: *source }))
                }
                part => Value::pattern(Pattern::part(part.clone())),
            });
        }
        match concat(&parts) {
            Value::Text(joined) => {
                let mut joined = (*joined).clone();
                joined.open |= pattern.open;
                for source in &pattern.sources {
                    if !joined.sources.contains(source) {
                        joined.sources.push(*source);
                    }
                }
                Value::pattern(joined)
            }
            other => other,
        }
    }

    /// What a value says where a text is asked for: a class that is an entity stands for its collection, a variant for what it is shown as.
    fn in_place_of_text(&mut self, value: Value) -> Value {
        let value = self.shown(&value);
        if !value.alternatives().iter().any(|one| matches!(one, Value::Class(_))) {
            return value;
        }
        let names = value.alternatives().to_vec().into_iter().map(|one| match one {
            Value::Class(class) => self.collection_of_class(class).map_or(Value::Unknown, Value::text),
            other => other,
        });
        let names: Vec<Value> = names.collect();
        Value::one_of(names)
    }

    /// The text that an object makes which is passed for a parameter.
    fn joined_parameter(&mut self, of: &Pattern, with: &dyn Fn(ParamRef) -> Option<Value>) -> Value {
        let [Part::Param(param, path, _)] = of.parts.as_slice() else { return Value::pattern(of.clone()) };
        let passed = match with(*param) {
            Some(passed) => self.at_path(passed, path),
            None => Value::Param(*param, path.as_slice().into()),
        };
        let text = Value::one_of(passed.alternatives().iter().map(joined));
        if text.patterns().is_empty() {
            return Value::pattern(Pattern::part(Part::Hole(path.last().cloned().unwrap_or_default())));
        }
        text
    }

    /// A variable's default with values in place of parameters; none where it may be several.
    fn substitute_default(&mut self, default: Option<&Arc<Pattern>>, with: &dyn Fn(ParamRef) -> Option<Value>) -> Option<Arc<Pattern>> {
        match self.substitute_pattern(default?, with) {
            Value::Text(default) if !default.is_hole() => Some(default),
            _ => None,
        }
    }

    /// The calls of a function; of a constructor the constructions of its class.
    pub fn callers(&mut self, function: FunctionRef) -> Arc<[CallRef]> {
        if let Some(callers) = self.callers.get(&function) {
            return callers.clone();
        }
        // While they are being looked for there are none: a call that needs its own callers to be understood is not one.
        self.callers.insert(function, Arc::from([]));
        let found: Arc<[CallRef]> = self.find_callers(function).into();
        self.callers.insert(function, found.clone());
        found
    }

    fn find_callers(&mut self, function: FunctionRef) -> Vec<CallRef> {
        let Some((facts, index)) = self.file(function.file) else { return Vec::new() };
        let declared = facts.function(function.function);
        let mut names: Vec<Symbol> = Vec::new();
        match declared.kind {
            FunctionKind::Constructor => {
                let Some(owner) = declared.owner else { return Vec::new() };
                names.push(facts.type_def(owner).name.clone());
                names.extend(self.subclasses(ClassRef { file: function.file, class: owner }));
            }
            FunctionKind::Closure => names.extend(index.closure_names.get(&function.function).cloned()),
            FunctionKind::Module | FunctionKind::Getter => {}
            FunctionKind::Function | FunctionKind::Method => names.push(declared.name.clone()),
        }
        // A default export goes by any name; most often its own or its file's.
        let exported = index.exports.get("default").or_else(|| index.exports.get("=")).is_some();
        if exported
            && facts.language.is_ecmascript()
            && matches!(declared.kind, FunctionKind::Closure | FunctionKind::Function | FunctionKind::Constructor)
        {
            names.extend(self.file_names(function.file));
            names.push("default".into());
        }
        // What a library's value calls it by, if the function was given to one.
        if facts.language.is_ecmascript() && !matches!(declared.kind, FunctionKind::Constructor | FunctionKind::Module) {
            names.extend(self.cx.catalog.given_methods().cloned());
        }
        let handles = self.handles(function);
        names.extend(handles.names);
        names.retain(|name| !name.is_empty());
        names.sort();
        names.dedup();
        let mut found = self.super_calls(function);
        found.extend(handles.calls.into_iter().filter(|site| self.calls_at(*site, function)));
        let of = self.type_names(function, facts);
        let keys = calls_of(facts, function.function, &names, &of);
        let mut files: Vec<crate::FileId> = keys.iter().flat_map(|key| self.files_with_key(*key)).copied().collect();
        files.sort_unstable();
        files.dedup();
        for name in names {
            for &file in &files {
                let Some((facts, index)) = self.file(file) else { continue };
                let aliases = index.aliases.get(&name).into_iter().flatten();
                let calls = std::iter::once(&name).chain(aliases).filter_map(|name| index.calls.get(name)).flatten();
                for &call in calls {
                    if found.len() >= MAX_CALLERS {
                        return found;
                    }
                    let wanted = call_use(facts, index, facts.call(call)).is_some_and(|of| of.is_among(&keys));
                    if wanted && self.calls(file, facts, call, function) {
                        found.push(CallRef { file, call });
                    }
                }
            }
        }
        found.extend(self.applications(function));
        found
    }

    /// Calls of a library that call a function among their arguments.
    fn applications(&mut self, function: FunctionRef) -> Vec<CallRef> {
        let Some(family) = self.family(function.file).filter(|family| *family == Family::TypeScript) else { return Vec::new() };
        let catalog = self.cx.catalog;
        let mut found = Vec::new();
        for (library, entry) in catalog.applied() {
            for &file in self.files_with(Use::Call(&entry.known_as, None)) {
                let Some((facts, index)) = self.file(file) else { continue };
                for &id in index.calls.get(&entry.known_as).into_iter().flatten() {
                    let call = facts.call(id);
                    let Some(given) = call.args.get(entry.function as usize) else { continue };
                    let given = self.eval(file, given.value);
                    let is_given =
                        given.alternatives().iter().any(|given| matches!(given, Value::Function(given, _) if *given == function));
                    let is_meant =
                        |found: &LibraryCallee| found.library == library && entry.callee.iter().any(|callee| *callee == found.name);
                    if is_given {
                        let callee = self.eval(file, call.callee);
                        let callees = callee.alternatives().to_vec();
                        if callees.iter().any(|callee| self.library_callees(family, callee).iter().any(is_meant)) {
                            found.push(CallRef { file, call: id });
                        }
                    }
                }
            }
        }
        found
    }

    /// The names of the type or trait whose associated function this is, those that other files give it among them; Rust only.
    fn type_names(&mut self, function: FunctionRef, facts: &SourceFacts) -> Vec<Symbol> {
        let declared = facts.function(function.function);
        let mut names: Vec<Symbol> = declared.impl_of.iter().map(|name| last_segment(name).into()).collect();
        names.extend(declared.owner.map(|owner| facts.type_def(owner).name.clone()));
        if facts.language.is_ecmascript() || names.is_empty() {
            return Vec::new();
        }
        let block = facts.impls.iter().find(|block| block.methods.contains(&function.function));
        names.extend(block.and_then(|block| block.trait_ref.as_ref()).map(|of| last_segment(&of.path).into()));
        // An alias may have an alias.
        let mut at = 0;
        while let Some(name) = names.get(at).cloned().filter(|_| at < MAX_ALIASES) {
            for &file in self.files_with(Use::Alias(&name)) {
                let Some(facts) = self.facts(file) else { continue };
                for (_, alias) in aliases(facts).filter(|(of, _)| *of == name) {
                    if !names.contains(alias) {
                        names.push(alias.clone());
                    }
                }
            }
            at += 1;
        }
        names
    }

    fn calls_at(&mut self, site: CallRef, function: FunctionRef) -> bool {
        self.facts(site.file).is_some_and(|facts| self.calls(site.file, facts, site.call, function))
    }

    fn calls(&mut self, file: crate::FileId, facts: &portolan_grammars::facts::SourceFacts, call: CallId, function: FunctionRef) -> bool {
        let callee = self.eval(file, facts.call(call).callee);
        callee.alternatives().to_vec().iter().any(|callee| match callee {
            Value::Function(called, _) => *called == function,
            Value::Class(class) => facts.call(call).kind == CallKind::New && self.constructor(*class) == Some(function),
            _ => false,
        })
    }

    /// Calls of `super(…)` that a constructor is meant by.
    fn super_calls(&mut self, constructor: FunctionRef) -> Vec<CallRef> {
        let Some(facts) = self.facts(constructor.file) else { return Vec::new() };
        let declared = facts.function(constructor.function);
        let (FunctionKind::Constructor, Some(owner)) = (declared.kind, declared.owner) else { return Vec::new() };
        let name = facts.type_def(owner).name.clone();
        let mut found = Vec::new();
        for &file in self.files_with(Use::Subtype(&name)) {
            let Some((facts, index)) = self.file(file) else { continue };
            for id in index.subtypes.get(&name).into_iter().flatten() {
                let base = self.base_class(ClassRef { file, class: *id }).and_then(|base| self.constructor(base));
                if base != Some(constructor) {
                    continue;
                }
                let own = |call: &portolan_grammars::facts::Call| {
                    let function = facts.function(call.function);
                    function.kind == FunctionKind::Constructor
                        && function.owner == Some(*id)
                        && matches!(facts.expr(call.callee), Expr::Super)
                };
                let calls = facts.calls.iter().enumerate().filter(|(_, call)| own(call));
                found.extend(calls.map(|(at, _)| CallRef { file, call: CallId(at as u32) }));
            }
        }
        found
    }

    /// Whether a call of a constructor may make an object of a class: `new` of it or of one that extends it, or a `super(…)` on the way.
    pub fn may_construct(&mut self, site: CallRef, constructor: FunctionRef, class: ClassRef) -> bool {
        let Some(facts) = self.facts(constructor.file) else { return true };
        let declared = facts.function(constructor.function);
        let (FunctionKind::Constructor, Some(owner)) = (declared.kind, declared.owner) else { return true };
        // A constructor of an unrelated class is somebody else's matter.
        if !self.extends(class, ClassRef { file: constructor.file, class: owner }) {
            return true;
        }
        let Some(facts) = self.facts(site.file) else { return true };
        let call = facts.call(site.call);
        if matches!(facts.expr(call.callee), Expr::Super) {
            let Some(through) = self.this_class(site.file, facts, call.function) else { return true };
            return self.extends(through, class) || self.extends(class, through);
        }
        let callee = self.eval(site.file, call.callee);
        callee.alternatives().to_vec().iter().any(|made| match made {
            Value::Class(made) => self.extends(*made, class),
            _ => true,
        })
    }

    /// Whether a class is another or extends it.
    pub(super) fn extends(&mut self, class: ClassRef, base: ClassRef) -> bool {
        let mut class = class;
        for _ in 0..6 {
            if class == base {
                return true;
            }
            match self.base_class(class) {
                Some(next) => class = next,
                None => return false,
            }
        }
        false
    }

    /// The objects that a call site calls a method on, [`Value::Unknown`] where they are not known.
    pub fn receivers(&mut self, site: CallRef, method: FunctionRef) -> Vec<Value> {
        let Some(facts) = self.facts(site.file) else { return vec![Value::Unknown] };
        let callee = self.eval(site.file, facts.call(site.call).callee);
        let mut found = Vec::new();
        for value in callee.alternatives() {
            if let Value::Function(called, Some(receiver)) = value
                && *called == method
            {
                found.extend(receiver.alternatives().iter().cloned());
            }
        }
        if found.is_empty() { vec![Value::Unknown] } else { found }
    }

    /// The parameter that a call site calls a method on: which object that is, its own callers decide.
    pub(super) fn passed_object(&mut self, site: CallRef) -> Option<Value> {
        let facts = self.facts(site.file)?;
        let Expr::Member { object, .. } = facts.expr(facts.call(site.call).callee) else { return None };
        Some(self.eval(site.file, *object)).filter(|object| matches!(object, Value::Param(_, path) if path.is_empty()))
    }

    /// What an object was constructed with for a parameter of its constructor, or of the function that fills in its fields.
    pub fn constructed_with(&mut self, object: &Value, param: ParamRef) -> Option<Value> {
        if param.is_own_object() {
            return None;
        }
        match object {
            Value::New(class, ..) | Value::Some(class) => {
                let mut given = self.constructor_arguments(object);
                let mut class = *class;
                for _ in 0..6 {
                    if let Some((constructor, arguments)) = &given
                        && *constructor == param.function
                    {
                        return arguments.get(param.index as usize).cloned();
                    }
                    given = self.super_arguments(class, given);
                    class = self.base_class(class)?;
                }
                None
            }
            Value::Given(..) => object.given_for(param),
            Value::Object(object) => self.fields_made_of(object.class?, param).find_map(|name| object.fields.get(&name).cloned()),
            // What callers pass has a field that was made of it.
            Value::Param(of, path) if path.is_empty() => {
                let class = self.parameter_type(*of)?.instance_of()?;
                let field = self.fields_made_of(class, param).next()?;
                Some(Value::Param(*of, Arc::from([field])))
            }
            _ => None,
        }
    }

    /// A field of what callers pass on that its constructor filled: which object that is, their own callers decide.
    fn field_of_passed(&mut self, passed: &Value, path: &[Symbol]) -> Option<Value> {
        let (Value::Param(of, outer), [field]) = (passed, path) else { return None };
        (outer.is_empty() && self.is_filled(*of, field)).then(|| Value::Param(*of, Arc::from([field.clone()])))
    }

    /// Whether a field of the class that a parameter is declared as holds what its constructor was given.
    pub(super) fn is_filled(&mut self, param: ParamRef, field: &Symbol) -> bool {
        let class = self.parameter_type(param).and_then(|typed| typed.instance_of());
        class.and_then(|class| self.field(class, field)).is_some_and(|filled| matches!(filled, Value::Param(..)))
    }

    /// The fields of a class that hold nothing but what was passed for a parameter of its constructor.
    fn fields_made_of(&mut self, class: ClassRef, param: ParamRef) -> impl Iterator<Item = Symbol> + use<> {
        let facts = self.facts(class.file);
        let fields = facts.map_or(&[][..], |facts| &facts.type_def(class.class).fields).iter().map(|field| field.name.clone());
        let params = facts.filter(|_| param.function.file == class.file).map(|facts| &facts.function(param.function.function).params);
        let own = params.and_then(|params| params.get(param.index as usize)).filter(|param| param.property);
        let mut names: Vec<Symbol> = fields.chain(own.map(|param| param.name.clone())).collect();
        names.retain(|name| {
            let filled = self.field(class, name).map_or_else(Vec::new, |filled| filled.patterns());
            let is_it = |part: &Part| matches!(part, Part::Param(known, path, ..) if *known == param && path.is_empty());
            filled.iter().any(|pattern| matches!(pattern.parts.as_slice(), [part] if is_it(part)))
        });
        names.into_iter()
    }

    fn subclasses(&mut self, class: ClassRef) -> Vec<Symbol> {
        let Some(facts) = self.facts(class.file) else { return Vec::new() };
        let name = facts.type_def(class.class).name.clone();
        let mut names = Vec::new();
        for &file in self.files_with(Use::Subtype(&name)) {
            let Some((facts, index)) = self.file(file) else { continue };
            for id in index.subtypes.get(&name).into_iter().flatten() {
                names.push(facts.type_def(*id).name.clone());
            }
        }
        names
    }

    /// The names that a file's default export probably has elsewhere: the file's, as written and in camel case.
    fn file_names(&self, file: crate::FileId) -> Vec<Symbol> {
        let Some(path) = self.cx.paths.get(file.0 as usize) else { return Vec::new() };
        let stem = path.file_stem().unwrap_or_default();
        let stem = if stem == "index" { path.parent().and_then(|parent| parent.file_name()).unwrap_or_default() } else { stem };
        let mut camel = String::new();
        let mut upper = false;
        for character in stem.chars() {
            if matches!(character, '-' | '_' | '.') {
                upper = true;
            } else if upper {
                camel.extend(character.to_uppercase());
                upper = false;
            } else {
                camel.push(character);
            }
        }
        vec![stem.into(), camel.into()]
    }

    /// The arguments of a call site, as a substitution for the parameters of the function it calls.
    pub fn arguments(&mut self, site: CallRef) -> Vec<Value> {
        let Some(facts) = self.facts(site.file) else { return Vec::new() };
        let call = facts.call(site.call);
        if call.args.iter().any(|argument| argument.spread) {
            return Vec::new();
        }
        self.written_arguments(site.file, call)
    }

    /// What stands in a call's parentheses, one by one.
    pub(super) fn written_arguments(&mut self, file: FileId, call: &Call) -> Vec<Value> {
        call.args.iter().map(|argument| self.eval(file, argument.value)).collect()
    }

    /// What a call hands to a function: its arguments, and of what it leaves out at the end the parameter's default, else nothing. Otherwise that
    /// would be what other calls pass.
    pub(super) fn handed_to(&mut self, function: FunctionRef, file: FileId, call: &Call) -> Vec<Value> {
        let mut arguments = self.written_arguments(file, call);
        let is_whole = call.kind == CallKind::Call && !call.args.iter().any(|argument| argument.spread);
        let is_ecmascript = self.facts(file).is_some_and(|facts| facts.language.is_ecmascript());
        let Some(declared) = self.facts(function.file).filter(|_| is_whole && is_ecmascript) else { return arguments };
        for param in declared.function(function.function).params.iter().skip(arguments.len()).take_while(|param| !param.rest) {
            arguments.push(param.default.map_or(Value::Null, |default| self.eval(function.file, default)));
        }
        arguments
    }

    /// The value that a call site passes for a parameter, its default where it passes none.
    pub fn passed(&mut self, site: CallRef, param: ParamRef) -> Value {
        if param.is_own_object() {
            return self.own_object_at(site, param.function);
        }
        let arguments = self.arguments(site);
        if let Some(value) = arguments.get(param.index as usize) {
            return value.clone();
        }
        let Some(facts) = self.facts(param.function.file) else { return Value::Unknown };
        let default = facts.function(param.function.function).params.get(param.index as usize).and_then(|param| param.default);
        default.map_or(Value::Unknown, |default| self.eval(param.function.file, default))
    }

    /// One of the arguments that a parameter takes all remaining of: `args[0]`.
    pub(super) fn rest_argument(&mut self, param: ParamRef, at: &str) -> Option<Value> {
        let at: u32 = at.parse().ok()?;
        let declared = self.facts(param.function.file)?.function(param.function.function).params.get(param.index as usize)?;
        declared.rest.then(|| Value::Param(ParamRef { index: param.index.saturating_add(at), ..param }, Arc::from([])))
    }

    /// All values that the call sites of its function pass for a parameter.
    pub fn param_values(&mut self, param: ParamRef, depth: u32) -> Value {
        if depth == 0 {
            return Value::Unknown;
        }
        let callers = self.callers(param.function);
        let mut values = Vec::new();
        for site in callers.iter().take(24) {
            let value = self.passed(*site, param);
            match value {
                Value::Param(outer, path) if path.is_empty() => values.push(self.param_values(outer, depth - 1)),
                value => values.push(value),
            }
        }
        Value::one_of(values)
    }

    /// A text with what callers pass for its parameters, as far as that is known: `fn app(prefix: &str) { Router::new().nest(prefix, orders()) }`.
    pub(super) fn with_passed(&mut self, value: Value) -> Value {
        let patterns = if value.has_param() { value.patterns() } else { Vec::new() };
        let params = patterns.iter().flat_map(|pattern| &pattern.parts).filter_map(Part::param);
        let mut given: Vec<(ParamRef, Value)> = params.map(|param| (param, self.param_values(param, MAX_PASSED_ON))).collect();
        given.retain(|(_, value)| !value.is_unknown());
        if given.is_empty() {
            return value;
        }
        self.substitute(&value, &|param| given.iter().find(|(known, _)| *known == param).map(|(_, value)| value.clone()))
    }

    /// A member of what is passed for a parameter, where that is one library's value everywhere.
    pub(super) fn passed_method(&mut self, param: ParamRef, path: &[Symbol]) -> Option<Value> {
        let given = self.param_values(param, MAX_PASSED_ON);
        let of = |value: &Value| match value {
            Value::Instance(instance) => Some((instance.library, instance.type_name.clone())),
            _ => None,
        };
        let (first, others) = given.alternatives().split_first()?;
        let library = of(first)?;
        let same = others.iter().all(|other| of(other).as_ref() == Some(&library));
        same.then(|| self.at_path(first.clone(), path))
    }

    /// The function that a call site stands in.
    pub fn function_of(&mut self, site: CallRef) -> FunctionRef {
        let function = self.facts(site.file).map_or(portolan_grammars::facts::FunctionId::MODULE, |facts| facts.call(site.call).function);
        FunctionRef { file: site.file, function }
    }
}

/// Whether an object that is passed has the member at a path, known or not.
fn is_given(passed: &Value, path: &[Symbol]) -> bool {
    let Some((name, rest)) = path.split_first() else { return false };
    match passed {
        Value::Object(object) => {
            object.fields.get(name).is_some_and(|value| rest.is_empty() && *value != Value::Null || is_given(value, rest))
        }
        _ => false,
    }
}
