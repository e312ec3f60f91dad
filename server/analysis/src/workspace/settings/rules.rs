//! What `portolan.toml` files say of rules, joined to the rules that there are.
//!
//! What a file says counts for findings in its folder; of two around one finding the inner one counts, for each rule and option by itself.
//! Invariant: a name that is no rule's, and a value that is no option's, are problems with their places, and change nothing.

use camino::Utf8Path;
use portolan_grammars::facts::{Spanned, Symbol};
use portolan_grammars::manifests::settings::{AllowSettings, Level, OptionValue, PathMatcher, Profile, RuleSettings, Settings};
use portolan_grammars::suggest;

use super::{Problem, Source, below, inner_first};
use crate::rules::{self, Number, Rule, RuleOption, Texts};

/// What settings say of rules.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RulePolicy {
    /// The inner folders first.
    scopes: Vec<Scope>,
}

#[derive(Debug, Clone, PartialEq)]
struct Scope {
    folder: String,
    profile: Option<Profile>,
    levels: Vec<(&'static str, Level)>,
    options: Vec<(&'static str, &'static str, OptionValue)>,
    allowed: Vec<Allowed>,
}

/// Findings that are accepted.
#[derive(Debug, Clone, PartialEq)]
struct Allowed {
    files: PathMatcher,
    /// None for all rules.
    rules: Option<Vec<&'static str>>,
}

impl RulePolicy {
    pub(super) fn of(sources: &[Source<'_, Settings>], problems: &mut Vec<Problem>) -> Self {
        let scopes = inner_first(sources).into_iter().map(|source| Scope::of(source, problems));
        Self { scopes: scopes.filter(|scope| !scope.is_empty()).collect() }
    }

    fn around<'s, 'p>(&'s self, path: &'p Utf8Path) -> impl Iterator<Item = (&'s Scope, &'p str)> {
        self.scopes.iter().filter_map(|scope| Some((scope, below(path.as_str(), &scope.folder)?)))
    }

    /// Whether a rule looks for problems in a file, and how bad its findings there are.
    pub fn level(&self, rule: &Rule, path: &Utf8Path) -> Level {
        let said = self.around(path).find_map(|(scope, _)| scope.level(rule));
        said.unwrap_or_else(|| level_in(rule, Profile::Recommended))
    }

    /// Whether a rule looks for problems anywhere.
    pub(crate) fn is_on(&self, rule: &Rule) -> bool {
        let on = |level| level != Level::Off;
        // What no file of settings is around is left to the default; the outermost folder is not always the root.
        on(self.level(rule, Utf8Path::new(""))) || self.scopes.iter().any(|scope| scope.level(rule).is_some_and(on))
    }

    /// A number that is set for what is found in a file.
    pub(crate) fn number(&self, rule: &Rule, option: &Number, path: &Utf8Path) -> usize {
        match self.option(rule, option.name, path) {
            Some(OptionValue::Number(number)) => usize::try_from(*number).unwrap_or(usize::from(option.default)),
            _ => usize::from(option.default),
        }
    }

    /// Names that are set for what is found in a file.
    pub(crate) fn texts<'s>(&'s self, rule: &Rule, option: &Texts, path: &Utf8Path) -> Vec<&'s str> {
        match self.option(rule, option.name, path) {
            Some(OptionValue::Texts(texts)) => texts.iter().map(|text| text.value.as_str()).collect(),
            _ => option.default.to_vec(),
        }
    }

    fn option(&self, rule: &Rule, name: &str, path: &Utf8Path) -> Option<&OptionValue> {
        let mut all = self.around(path).flat_map(|(scope, _)| &scope.options);
        all.find(|(of, option, _)| *of == rule.name && *option == name).map(|(_, _, value)| value)
    }

    /// Whether what a rule finds in a file is told.
    pub(crate) fn looks(&self, rule: &Rule, path: &Utf8Path) -> bool {
        self.level(rule, path) != Level::Off && !self.allows(rule, path)
    }

    /// Whether findings of a rule in a file are accepted.
    pub(crate) fn allows(&self, rule: &Rule, path: &Utf8Path) -> bool {
        self.around(path).any(|(scope, path)| scope.allowed.iter().any(|allowed| allowed.covers(rule, path)))
    }
}

impl Allowed {
    fn covers(&self, rule: &Rule, path: &str) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.contains(&rule.name)) && self.files.matches(path)
    }
}

impl Scope {
    fn of(source: &Source<'_, Settings>, problems: &mut Vec<Problem>) -> Self {
        let said = &source.facts.rules;
        let mut scope = Self {
            folder: source.folder().to_owned(),
            profile: said.profile.as_ref().map(|profile| profile.value),
            levels: Vec::new(),
            options: Vec::new(),
            allowed: Vec::new(),
        };
        for given in &said.rules {
            if let Some(rule) = rule(source, &given.name, problems) {
                scope.levels.extend(given.severity.as_ref().map(|level| (rule.name, level.value)));
                scope.take_options(source, rule, given, problems);
            }
        }
        scope.allowed = source.facts.allow.iter().filter_map(|allow| allowed(source, allow, problems)).collect();
        scope
    }

    fn take_options(&mut self, source: &Source<'_, Settings>, rule: &Rule, given: &RuleSettings, problems: &mut Vec<Problem>) {
        for (name, value) in &given.options {
            let Some(option) = rule.options.iter().find(|option| option.name() == name.value) else {
                let known: Vec<&str> = std::iter::once("severity").chain(rule.options.iter().map(RuleOption::name)).collect();
                let message = format!("{} has no option `{}`{}", rule.name, name.value, suggest::hint(&name.value, &known));
                problems.push(source.problem(name.range, message));
                continue;
            };
            if option.takes(&value.value) {
                self.options.push((rule.name, option.name(), value.value.clone()));
            } else {
                let message = format!("`{}` must be {}, not {}", name.value, option.wanted(), sort_of(&value.value));
                problems.push(source.problem(value.range, message));
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.profile.is_none() && self.levels.is_empty() && self.options.is_empty() && self.allowed.is_empty()
    }

    fn level(&self, rule: &Rule) -> Option<Level> {
        let own = self.levels.iter().find(|(name, _)| *name == rule.name).map(|(_, level)| *level);
        own.or_else(|| self.profile.map(|profile| level_in(rule, profile)))
    }
}

fn level_in(rule: &Rule, profile: Profile) -> Level {
    let on = match profile {
        Profile::Recommended => rule.recommended,
        Profile::All => true,
        Profile::Off => false,
    };
    if on { Level::On } else { Level::Off }
}

fn rule(source: &Source<'_, Settings>, name: &Spanned<Symbol>, problems: &mut Vec<Problem>) -> Option<&'static Rule> {
    let found = rules::named(&name.value);
    if found.is_none() {
        let known: Vec<&str> = rules::all().iter().map(|rule| rule.name).collect();
        let message = format!("there is no rule `{}`{}", name.value, suggest::hint(&name.value, &known));
        problems.push(source.problem(name.range, message));
    }
    found
}

/// What is allowed; nothing where a rule is meant that there is none of, as it would be all.
fn allowed(source: &Source<'_, Settings>, allow: &AllowSettings, problems: &mut Vec<Problem>) -> Option<Allowed> {
    let rules: Vec<&str> = allow.rules.iter().filter_map(|name| rule(source, name, problems)).map(|rule| rule.name).collect();
    let none = rules.is_empty() && !allow.rules.is_empty();
    let files = PathMatcher::new(allow.files.iter().map(|pattern| pattern.value.as_str()));
    (!none).then(|| Allowed { files, rules: (!rules.is_empty()).then_some(rules) })
}

fn sort_of(value: &OptionValue) -> String {
    match value {
        OptionValue::Number(number) => number.to_string(),
        OptionValue::Texts(_) => "a list".to_owned(),
        OptionValue::Other(sort) => sort.to_string(),
    }
}
