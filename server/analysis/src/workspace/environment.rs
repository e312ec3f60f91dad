//! The environment of each service: every value a manifest gives a variable, with its place and how strong its source is.
//!
//! What deliberately does not live here: defaults in code. Invariant: values are sorted by strength, and an equal value is kept once, where it is
//! strongest.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{ConfigMap, Variable, dotenv};
use rustc_hash::FxHashMap;

use super::services::{self, Context, Draft};
use super::sources::Source;
use super::{EnvValue, paths, settings};
use crate::{FileId, Place};

/// The rank of what a cluster alone knows: weaker than all that the workspace says.
const OPEN: u8 = 3;

type Environment = FxHashMap<Symbol, Vec<EnvValue>>;

/// ConfigMaps and Secrets by name.
type ConfigMaps<'a> = FxHashMap<&'a str, Vec<(FileId, &'a str, &'a ConfigMap)>>;

/// The environment of each draft, in their order.
pub(super) fn of(context: &Context<'_>, drafts: &[Draft<'_>]) -> Vec<Environment> {
    let mut maps: ConfigMaps<'_> = FxHashMap::default();
    for source in &context.sources.kubernetes {
        for map in &source.facts.config_maps {
            maps.entry(map.name.as_str()).or_default().push((source.file, source.folder(), map));
        }
    }
    drafts.iter().map(|draft| environment(context, &maps, draft)).collect()
}

fn environment(context: &Context<'_>, maps: &ConfigMaps<'_>, draft: &Draft<'_>) -> Environment {
    let mut found = Environment::default();
    from_compose(context, draft, &mut found);
    from_kubernetes(context, maps, draft, &mut found);
    from_platform(context, draft, &mut found);
    from_image(context, draft, &mut found);
    from_commands(context, draft, &mut found);
    if !draft.third_party {
        from_dotenv(context, draft, &mut found);
    }
    for values in found.values_mut() {
        values.sort_by_key(|value| value.rank);
        // A value left empty waits for another source to fill it; so does a placeholder, where that is no example.
        if values.iter().any(|value| !value.value.is_empty()) {
            values.retain(|value| !value.value.is_empty());
        }
        if values.iter().any(|value| value.rank <= 1 && !is_placeholder(&value.value)) {
            values.retain(|value| !is_placeholder(&value.value));
        }
        let mut kept: Vec<EnvValue> = Vec::with_capacity(values.len());
        for value in values.drain(..) {
            if !kept.iter().any(|known| known.value == value.value) {
                kept.push(value);
            }
        }
        *values = kept;
    }
    for (file, variable) in settings::environment(context, draft).into_iter().rev() {
        let place = Place { file, range: variable.range };
        let value = variable.value.clone().unwrap_or_default();
        found.insert(variable.name.clone(), vec![EnvValue { value, place, rank: 0 }]);
    }
    found
}

/// Whether a value is nothing but the name of another variable: `${API_URL}`.
fn is_placeholder(value: &str) -> bool {
    let name = value.strip_prefix("${").and_then(|value| value.strip_suffix('}'));
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

fn add(found: &mut Environment, name: &Symbol, value: Symbol, place: Place, rank: u8) {
    found.entry(name.clone()).or_default().push(EnvValue { value, place, rank });
}

fn from_compose(context: &Context<'_>, draft: &Draft<'_>, found: &mut Environment) {
    for (source, service, layer) in &draft.compose {
        let folder = source.folder();
        // What an overlay for development sets is weaker than what the base or production does.
        let rank = (*layer).min(1);
        for variable in &service.environment {
            let place = Place { file: source.file, range: variable.range };
            match &variable.value {
                Some(value) => {
                    let rank = if context.variables.is_weak(folder, value) { 2 } else { rank };
                    add(found, &variable.name, context.variables.fill(folder, value), place, rank);
                }
                None => {
                    if let Some(given) = context.variables.given(folder, &variable.name)
                        && let Some(value) = &given.variable.value
                    {
                        let rank = if given.rank == 1 { rank } else { given.rank };
                        add(found, &variable.name, context.variables.fill(folder, value), given.place(), rank);
                    }
                }
            }
        }
        for path in &service.env_files {
            let Some(path) = paths::join(folder, &context.variables.fill(folder, &path.value)) else { continue };
            if let Some(file) = context.variables.file_at(&path) {
                add_file(context, file, 1, found);
                continue;
            }
            // The file itself is not kept in the workspace; an example beside it often is.
            let examples = dotenv::EXAMPLE_WORDS.map(|ending| format!("{path}.{ending}"));
            if let Some(file) = examples.iter().find_map(|path| context.variables.file_at(path)) {
                add_file(context, file, 2, found);
            }
        }
    }
}

fn add_file(context: &Context<'_>, file: Source<'_, portolan_grammars::manifests::DotEnv>, rank: u8, found: &mut Environment) {
    let own = |name: &str| last(&file.facts.variables, name).filter(|value| !value.contains('$'));
    for variable in file.facts.variables.iter().rev() {
        if let Some(value) = &variable.value {
            let value = context.variables.fill_upwards(file.folder(), value, &own);
            add(found, &variable.name, value, Place { file: file.file, range: variable.range }, rank);
        }
    }
}

fn last(variables: &[Variable], name: &str) -> Option<Symbol> {
    variables.iter().rev().find(|variable| variable.name == name)?.value.clone()
}

fn from_kubernetes(context: &Context<'_>, maps: &ConfigMaps<'_>, draft: &Draft<'_>, found: &mut Environment) {
    for (file, folder, _, container) in &draft.workloads {
        // The map beside the workload, where several have its name.
        let map = |name: &str| {
            let all = maps.get(name)?;
            all.iter().find(|(_, at, _)| at == folder).or(all.first()).copied()
        };
        let referenced = |name: &str| {
            let of = container.references.iter().find(|of| of.variable == name)?;
            map(&of.object)?.2.data.iter().find(|entry| entry.name == of.key)?.value.clone()
        };
        let handed = |name: &str| {
            let maps = container.env_from.iter().filter_map(|object| map(object));
            maps.flat_map(|(_, _, map)| &map.data).find(|entry| entry.name == name)?.value.clone()
        };
        let of = |name: &str| last(&container.environment, name).or_else(|| referenced(name)).or_else(|| handed(name));
        for variable in &container.environment {
            if let Some(value) = &variable.value {
                let value = fill_parentheses(value, &of);
                add(found, &variable.name, value, Place { file: *file, range: variable.range }, 0);
            }
        }
        for of in &container.references {
            if let Some((file, _, map)) = map(&of.object)
                && let Some(entry) = map.data.iter().find(|entry| entry.name == of.key)
                && let Some(value) = &entry.value
            {
                add(found, &of.variable, value.clone(), Place { file, range: entry.range }, 0);
            } else if !of.optional {
                // It is set, to what is not known here: a default in code is not what counts.
                let open = format!("${{{}}}", of.variable).into();
                add(found, &of.variable, open, Place { file: *file, range: of.range }, OPEN);
            }
        }
        for object in &container.env_from {
            let Some((file, at, map)) = map(object) else { continue };
            for path in &map.env_files {
                if let Some(file) = paths::join(at, path).and_then(|path| context.variables.file_at(&path)) {
                    add_file(context, file, 1, found);
                }
            }
            for entry in &map.data {
                if let Some(value) = &entry.value {
                    add(found, &entry.name, value.clone(), Place { file, range: entry.range }, 0);
                }
            }
        }
    }
}

/// Kubernetes' own `$(NAME)`, which refers to variables of the same container; one that is not known stays open as any other.
fn fill_parentheses(value: &Symbol, of: &dyn Fn(&str) -> Option<Symbol>) -> Symbol {
    if !value.contains("$(") {
        return value.clone();
    }
    let mut filled = String::new();
    let mut rest = value.as_str();
    while let Some((before, (name, behind))) = rest.split_once("$(").and_then(|(before, rest)| Some((before, rest.split_once(')')?))) {
        filled.push_str(before);
        match of(name).filter(|value| !value.contains("$(")) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&format!("${{{name}}}")),
        }
        rest = behind;
    }
    filled.push_str(rest);
    filled.into()
}

/// What the platform that hosts a service sets; files of other stages than the main one are weaker.
fn from_platform(context: &Context<'_>, draft: &Draft<'_>, found: &mut Environment) {
    for source in context.sources.processes.iter().filter(|source| !source.facts.environment.is_empty()) {
        if !services::is_hosted(context, *source, draft) {
            continue;
        }
        let name = paths::file_name(source.path);
        let rank = u8::from(name.starts_with("fly.") && name != "fly.toml");
        // The port within the platform's machine is no port of this one.
        for variable in source.facts.environment.iter().filter(|variable| variable.name != "PORT") {
            if let Some(value) = &variable.value {
                add(found, &variable.name, value.clone(), Place { file: source.file, range: variable.range }, rank);
            }
        }
    }
}

fn from_image(context: &Context<'_>, draft: &Draft<'_>, found: &mut Environment) {
    let Some(dockerfile) = context.dockerfile(draft) else { return };
    let stages = context.stages(draft);
    for stage in &stages {
        for variable in stage.env.iter().rev() {
            let Some(value) = &variable.value else { continue };
            let of = |name: &str| {
                let earlier = stages.iter().flat_map(|stage| stage.env.iter().chain(&stage.args)).chain(&dockerfile.facts.args);
                let value = earlier.filter(|known| known.name == name).find_map(|known| known.value.clone())?;
                (!value.contains('$')).then_some(value)
            };
            add(found, &variable.name, dotenv::expand(value, &of), Place { file: dockerfile.file, range: variable.range }, 1);
        }
    }
}

/// Options of the command lines that start a service, as variables of that name: `--orders-url`, `-c`.
fn from_commands(context: &Context<'_>, draft: &Draft<'_>, found: &mut Environment) {
    for (command, place) in services::written_commands(context, draft) {
        if !command.contains('-') {
            continue;
        }
        let folder = draft.compose.iter().find(|(source, ..)| source.file == place.file).map(|(source, ..)| source.folder());
        let command = folder.map_or_else(|| command.clone(), |folder| context.variables.fill(folder, &command));
        let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'', ',', '[', ']'])).peekable();
        // What starts another program has letters of its own: `sh -c`, `wait-for-it -t`.
        let mut is_own = words.peek().is_some_and(|first| first.starts_with('-'));
        while let Some(word) = words.next() {
            is_own |= is_program(context, draft, paths::file_name(word));
            if !(word.starts_with("--") && word.len() > 3 || is_letter_option(word) && is_own) {
                continue;
            }
            let given = match word.split_once('=') {
                Some((name, value)) => Some((name, value)),
                None => words.peek().filter(|next| !next.starts_with('-')).map(|next| (word, *next)),
            };
            if let Some((name, value)) = given.filter(|(_, value)| !value.contains('$')) {
                add(found, &Symbol::new(name), value.trim_matches(['"', '\'']).into(), place, 0);
            }
        }
    }
}

fn is_program(context: &Context<'_>, draft: &Draft<'_>, name: &str) -> bool {
    draft.binary.is_some_and(|binary| context.modules.crates[binary.0 as usize].target == name)
}

/// `-c`.
fn is_letter_option(word: &str) -> bool {
    matches!(word.as_bytes(), [b'-', letter] if letter.is_ascii_alphabetic())
}

/// Dotenv files in the folder of the code, and in the workspace's root where no manifest deploys the service.
fn from_dotenv(context: &Context<'_>, draft: &Draft<'_>, found: &mut Environment) {
    let mut folders: Vec<(String, bool)> =
        ["", "src", "config", "env", "envs"].iter().filter_map(|folder| Some((paths::join(&draft.root, folder)?, false))).collect();
    if draft.compose.is_empty() && draft.workloads.is_empty() && !draft.root.is_empty() {
        folders.push((String::new(), true));
    }
    for (folder, is_weak) in folders {
        for (rank, file) in context.variables.files_in(&folder) {
            add_file(context, *file, if is_weak { 2 } else { *rank }, found);
        }
    }
}
