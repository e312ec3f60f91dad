//! The bases of URLs: what the code that makes a client says of the hosts that it may ask.
//!
//! A parameter in a base, or one of a constructor that decides which of several it is, is followed to what callers pass for it, but the call that
//! has the URL stays where it is. What deliberately does not live here: a wrapper's method and path, which move the call ([`super::outbound`]).
//! Invariant: the base alone is followed, so all calls of one client share what is found.

use std::collections::VecDeque;
use std::sync::Arc;

use portolan_grammars::facts::{FunctionKind, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::link::{Linker, Url};
use super::outbound::collect_params;
use super::value::{ClassRef, Guard, ParamRef, Part, Pattern, Value};
use crate::FunctionRef;

/// Functions that a base is followed through.
const MAX_BASE_LIFTS: u32 = 4;
/// Bases that one call may have.
pub(super) const MAX_BASES: usize = 48;

/// What a base is, what must hold for it, and the classes of the objects whose methods ask it.
type Key = (Box<[Part]>, Box<[Guard]>, Box<[ClassRef]>);

/// Bases that were followed already.
#[derive(Debug, Default)]
pub(super) struct Bases(FxHashMap<Key, Arc<Followed>>);

/// Where a base leads.
#[derive(Debug)]
struct Followed {
    urls: Vec<Url>,
    /// The functions whose parameters it was followed through.
    through: FxHashSet<FunctionRef>,
}

impl Linker<'_> {
    /// All URLs that a text with parameters in its base may be, each with the code that decides it.
    pub(super) fn bases(&mut self, url: &Pattern) -> Vec<Url> {
        let mut urls = self.bases_of(url, &[]);
        urls.retain(|url| !url.uncalled);
        urls
    }

    /// As [`Linker::bases`], for a method of objects of these classes; with those that count only where no other does.
    pub(super) fn bases_of(&mut self, url: &Pattern, classes: &[ClassRef]) -> Vec<Url> {
        let (base, rest) = url.parts.split_at(base_of(&url.parts).count());
        // What an object was made with decides all that it asks, not what is asked once.
        let (made, once): (Vec<Guard>, Vec<Guard>) = url.when.iter().cloned().partition(|guard| self.is_made_with(guard.param));
        if made.is_empty() && !base.iter().any(|part| part.param().is_some()) {
            return vec![Url::plain(url.clone())];
        }
        let key = (base.into(), made.as_slice().into(), classes.into());
        let followed = match self.bases.0.get(&key) {
            Some(followed) => followed.clone(),
            None => {
                let followed = Arc::new(self.follow(Pattern { parts: base.to_vec(), when: made, ..Pattern::default() }, classes));
                self.bases.0.insert(key, followed.clone());
                followed
            }
        };
        let rest = Pattern { parts: rest.to_vec(), sources: url.sources.clone(), when: once, open: url.open };
        let mut params = Vec::new();
        collect_params(&rest, &mut params);
        // What the same code decides of the path goes with the base that it decides.
        if params.iter().any(|param| followed.through.contains(&param.function)) {
            return self.follow(url.clone(), classes).urls;
        }
        let whole = |base: &Url| {
            let mut url = base.clone();
            url.pattern.extend(&rest);
            url
        };
        followed.urls.iter().map(whole).collect()
    }

    /// A URL with an object in place of a parameter.
    fn with_object(&mut self, url: Url, param: ParamRef, object: &Value) -> impl Iterator<Item = Url> + use<> {
        let value = self.evaluator.substitute_pattern(&url.pattern, &|of| (of == param).then(|| object.clone()));
        value.patterns().into_iter().map(move |pattern| Url { pattern, ..url.clone() })
    }

    /// Whether a parameter is of a constructor.
    fn is_made_with(&mut self, param: ParamRef) -> bool {
        let facts = self.evaluator.facts(param.function.file);
        facts.is_some_and(|facts| facts.function(param.function.function).kind == FunctionKind::Constructor)
    }

    fn follow(&mut self, base: Pattern, classes: &[ClassRef]) -> Followed {
        let mut done: Vec<Url> = Vec::new();
        let mut uncalled: Vec<Url> = Vec::new();
        let mut through = FxHashSet::default();
        // The nearest first: what few calls lead to is worth more than the many ways of one far caller.
        let mut open = VecDeque::from([(Url::plain(base), 0)]);
        while let Some((url, depth)) = open.pop_front() {
            if done.len() >= MAX_BASES {
                break;
            }
            let param = base_of(&url.pattern.parts).find_map(Part::param);
            let param = param.or_else(|| url.pattern.when.iter().map(|guard| guard.param).find(|param| self.is_made_with(*param)));
            let Some(param) = param.filter(|_| depth < MAX_BASE_LIFTS) else {
                if !done.contains(&url) {
                    done.push(url);
                }
                continue;
            };
            through.insert(param.function);
            let callers = self.evaluator.callers(param.function);
            if callers.is_empty() {
                match self.any_instance(&url.pattern, param) {
                    Some(any) => open.extend(self.with_object(url, param, &any).map(|url| (url, depth + 1))),
                    None => uncalled.push(url),
                }
                continue;
            }
            let mut only_recursive = true;
            for caller in callers.iter().take(MAX_BASES) {
                if !classes.iter().all(|class| self.evaluator.may_construct(*caller, param.function, *class)) {
                    only_recursive = false;
                    continue;
                }
                let passed = self.passed_params(&url.pattern, param.function, *caller);
                let value = self.evaluator.substitute_pattern(&url.pattern, &|param| {
                    passed.iter().find(|(known, _)| *known == param).map(|(_, value)| value.clone())
                });
                let context = self.evaluator.function_of(*caller);
                // A function that hands its own base on to itself says nothing new.
                if self.evaluator.is_within(context, param.function)
                    && value.patterns().iter().all(|pattern| pattern.parts == url.pattern.parts)
                {
                    continue;
                }
                only_recursive = false;
                let default = default_of(&url.pattern, param);
                for pattern in value.patterns() {
                    let falls_back = matches!((&default, pattern.parts.first()), (Some(default), Some(Part::Text(text))) if text.starts_with(default.as_str()));
                    let mut contexts = url.contexts.clone();
                    contexts.push(context);
                    let mut passed = url.passed.clone();
                    passed.push(*caller);
                    let fallback = url.fallback || falls_back;
                    open.push_back((Url { pattern, contexts, passed, fallback, uncalled: false }, depth + 1));
                }
            }
            if only_recursive {
                done.push(url);
            }
        }
        // What nobody in the workspace calls decides nothing where something else is called, but for a service that runs nothing else.
        if done.is_empty() {
            return Followed { urls: uncalled, through };
        }
        uncalled.retain(|url| !url.contexts.is_empty());
        done.extend(uncalled.into_iter().map(|url| Url { uncalled: true, ..url }));
        Followed { urls: done, through }
    }
}

/// The parts of a URL up to its path.
fn base_of(parts: &[Part]) -> impl Iterator<Item = &Part> {
    let has_path = |text: &str| text.trim_start_matches("http://").trim_start_matches("https://").contains('/');
    parts.iter().take_while(move |part| !matches!(part, Part::Text(text) if has_path(text)))
}

/// The text that stands in a pattern for a parameter of which nothing is passed.
fn default_of(text: &Pattern, param: ParamRef) -> Option<Symbol> {
    text.parts.iter().find_map(|part| match part {
        Part::Param(of, _, Some(default)) if *of == param => default.literal(),
        _ => None,
    })
}
