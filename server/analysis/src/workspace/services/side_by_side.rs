//! Several processes of one image: the packages of a monorepo that the scripts which an image starts have run side by side: by `pnpm --parallel`,
//! `turbo run`, `nx run-many`, `concurrently`, `pm2`.
//!
//! What deliberately does not live here: images that start one package of a monorepo, see [`super::code`]. Invariant: what starts fewer than two
//! packages is left as it is.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::NpmManifest;

use super::command_lines::{commands, written_commands};
use super::known::{self, unscoped};
use super::{Context, Draft, code, evidence, is_cargo};
use crate::Place;
use crate::chart::ServiceKind;
use crate::workspace::{Ecosystem, paths};

/// How many scripts may call one another.
const MAX_DEPTH: usize = 8;

/// Puts in place of each draft whose image starts several packages a draft for each of them. Where a proxy runs in front of them, that is what others
/// reach.
pub(super) fn split<'a>(context: &Context<'a>, drafts: &mut Vec<Draft<'a>>) {
    let mut all = Vec::with_capacity(drafts.len());
    for mut draft in drafts.drain(..) {
        let started = started(context, &draft);
        if started.packages.len() < 2 {
            all.push(draft);
            continue;
        }
        all.extend(started.packages.iter().map(|process| process_of(context, &draft, process, started.has_proxy)));
        if started.has_proxy {
            draft.kind = Some(ServiceKind::Gateway);
            draft.third_party = true;
            draft.package = None;
            draft.root = String::new();
            draft.entries.clear();
            all.push(draft);
        }
    }
    *drafts = all;
}

/// What an image starts.
#[derive(Default)]
struct Started {
    packages: Vec<Process>,
    /// Whether nginx is started beside them.
    has_proxy: bool,
}

/// A package that is started.
struct Process {
    package: usize,
    root: String,
    name: Symbol,
    place: Place,
}

fn process_of<'a>(context: &Context<'a>, draft: &Draft<'a>, process: &Process, behind_proxy: bool) -> Draft<'a> {
    let mut own = Draft {
        name: process.name.clone(),
        compose: draft.compose.clone(),
        workloads: draft.workloads.clone(),
        dockerfile: draft.dockerfile.clone(),
        image: draft.image.clone(),
        context: draft.context.clone(),
        root: process.root.clone(),
        package: Some(process.package),
        shares_image: behind_proxy,
        ..Draft::default()
    };
    own.evidence.push(evidence(format!("started in {}", draft.name), process.place.file, process.place.range));
    if !behind_proxy {
        own.hosts.extend(draft.hosts.iter().cloned());
        own.aliases.insert(draft.name.clone());
    }
    code::settle_package(context, &mut own);
    own
}

fn started(context: &Context<'_>, draft: &Draft<'_>) -> Started {
    let mut started = Started::default();
    let around = draft.context.as_deref().unwrap_or_default();
    let is_monorepo = draft.package.is_none_or(|package| context.packages[package].root == around);
    if draft.third_party || draft.binary.is_some() || !is_monorepo || !context.npm_at.contains_key(around) {
        return started;
    }
    let lines = written_commands(context, draft);
    // An entry point may be the beginning of the line only; what the deploying manifest says is in place of what the image says.
    let Some(first) = lines.first().map(|(_, place)| place.file) else { return started };
    let line = lines.iter().filter(|(_, place)| place.file == first).map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(" ");
    Run { context, depth: 0 }.line(around, &line, &mut started);
    started
}

/// A walk along command lines.
struct Run<'c, 'a> {
    context: &'c Context<'a>,
    depth: usize,
}

impl Run<'_, '_> {
    /// Adds what a command line starts that runs in a folder.
    fn line(&mut self, folder: &str, line: &str, started: &mut Started) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        for command in commands(line) {
            let words: Vec<&str> = command.iter().map(String::as_str).skip_while(|word| is_before_program(word)).collect();
            let Some((program, rest)) = words.split_first() else { continue };
            match paths::file_name(program) {
                "nginx" => started.has_proxy = true,
                // The words of a shell's line may stand in quotes, or be all that follows.
                "sh" | "bash" | "ash" => {
                    if let Some(at) = rest.iter().position(|word| *word == "-c") {
                        self.line(folder, &rest[at + 1..].join(" "), started);
                    }
                }
                "npm" | "pnpm" | "yarn" | "bun" => self.manager(folder, rest, started),
                "turbo" | "lerna" | "nx" => self.many(folder, rest, started),
                "concurrently" => {
                    for line in rest.iter().filter(|word| !word.starts_with('-')) {
                        let line = line.strip_prefix("npm:").map_or_else(|| (*line).to_owned(), |script| format!("npm run {script}"));
                        self.line(folder, &line, started);
                    }
                }
                "npm-run-all" | "run-p" => {
                    for script in rest.iter().filter(|word| !word.starts_with('-')) {
                        self.script(folder, script, started);
                    }
                }
                "pm2" | "pm2-runtime" if rest.first() == Some(&"start") => self.add(folder, option(rest, &["--name", "-n"]), started),
                _ => {}
            }
        }
        self.depth -= 1;
    }

    /// `pnpm run --parallel dev`, `npm run dev`, `yarn workspace shop start`.
    fn manager(&mut self, folder: &str, words: &[&str], started: &mut Started) {
        let filters = options(words, &["--filter", "-F", "-w", "--workspace", "workspace"]);
        let is_for_all = words.iter().any(|word| matches!(*word, "-r" | "--recursive" | "--parallel" | "-ws" | "--workspaces" | "foreach"));
        let Some(script) = script_of(words) else { return };
        if is_for_all || !filters.is_empty() {
            self.each(folder, &filters, script, started);
        } else {
            self.script(folder, script, started);
        }
    }

    /// `turbo run dev --filter=shop`, `nx run-many -t serve -p shop,site`, `lerna run start`.
    fn many(&mut self, folder: &str, words: &[&str], started: &mut Started) {
        let filters = options(words, &["--filter", "-F", "--scope", "--projects", "-p"]);
        let script = option(words, &["--target", "--targets", "-t"]).or_else(|| script_of(words));
        if let Some(script) = script.filter(|script| !matches!(*script, "run-many" | "affected")) {
            self.each(folder, &filters, script, started);
        }
    }

    /// Runs a script of each package below a folder that has it and is meant.
    fn each(&mut self, folder: &str, filters: &[&str], script: &str, started: &mut Started) {
        let all = self.context.sources.npm.iter().filter(|source| source.folder() != folder && paths::is_within(source.folder(), folder));
        for source in all {
            let name = source.facts.name.as_ref().map_or("", |name| name.value.as_str());
            let has_target = source.facts.nx_targets.iter().any(|target| target == script);
            let is_meant = filters.is_empty() || filters.iter().any(|filter| means(filter, name, source.folder(), folder));
            if !is_meant || !(has_target || value_of(source.facts, script).is_some()) {
                continue;
            }
            let before = started.packages.len();
            self.script(source.folder(), script, started);
            if started.packages.len() == before && known::is_start_script(script) {
                self.add(source.folder(), None, started);
            }
        }
    }

    fn script(&mut self, folder: &str, script: &str, started: &mut Started) {
        let npm = self.context.npm_at.get(folder).map(|at| self.context.sources.npm[*at].facts);
        if let Some(line) = npm.and_then(|npm| value_of(npm, script)) {
            self.line(folder, line, started);
        }
    }

    fn add(&self, folder: &str, name: Option<&str>, started: &mut Started) {
        let Some(package) = self.context.roots.at(folder, Ecosystem::Npm) else { return };
        let own = &self.context.packages[package];
        if folder.is_empty() || is_cargo(own) || started.packages.iter().any(|known| known.package == package) {
            return;
        }
        let manifest = self.context.npm_at.get(folder).map(|at| &self.context.sources.npm[*at]);
        let range = manifest.and_then(|source| source.facts.name.as_ref()).map(|name| name.range).unwrap_or_default();
        let name = name.unwrap_or_else(|| unscoped(&own.name)).into();
        started.packages.push(Process { package, root: folder.to_owned(), name, place: Place { file: own.manifest, range } });
    }
}

fn value_of<'n>(npm: &'n NpmManifest, script: &str) -> Option<&'n str> {
    npm.scripts.iter().find(|known| known.name == script)?.value.as_deref()
}

/// The script that words behind a package manager name: the one behind `run`, else the first that is no option.
fn script_of<'w>(words: &[&'w str]) -> Option<&'w str> {
    let from = words.iter().position(|word| *word == "run").map_or(0, |at| at + 1);
    let mut rest = words[from..].iter();
    while let Some(word) = rest.next() {
        match *word {
            "--filter" | "-F" | "-w" | "--workspace" | "--scope" | "workspace" => drop(rest.next()),
            "exec" | "dlx" | "install" | "add" => return None,
            word if word.starts_with('-') => {}
            word => return Some(word),
        }
    }
    None
}

/// The values of options, given behind them or behind `=`, several by commas.
fn options<'w>(words: &[&'w str], names: &[&str]) -> Vec<&'w str> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let value = match word.split_once('=') {
            Some((name, value)) if names.contains(&name) => Some(value),
            _ if names.contains(word) => words.get(at + 1).copied(),
            _ => None,
        };
        found.extend(value.into_iter().flat_map(|value| value.split(',')));
    }
    found
}

fn option<'w>(words: &[&'w str], names: &[&str]) -> Option<&'w str> {
    options(words, names).first().copied()
}

/// Whether a filter means a package, by its name or its folder: `./apps/shop`, `@shop/*`, `shop...`.
fn means(filter: &str, name: &str, root: &str, folder: &str) -> bool {
    let filter = filter.trim_matches(['{', '}']).trim_end_matches("...").trim_start_matches("^...");
    let fits = |text: &str, pattern: &str| match pattern.split_once('*') {
        Some((before, after)) => text.starts_with(before) && text.ends_with(after.trim_start_matches('*')),
        None => text == pattern,
    };
    match filter.strip_prefix("./") {
        Some(path) => paths::join(folder, path).is_some_and(|path| fits(root, &path)),
        None => fits(name, filter) || fits(unscoped(name), filter) || fits(root, filter),
    }
}

fn is_before_program(word: &str) -> bool {
    matches!(word, "exec" | "npx" | "cross-env" | "env" | "tini" | "dumb-init" | "--")
        || word.split_once('=').is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
}

#[cfg(test)]
mod tests {
    use super::{means, options, script_of};

    #[test]
    fn command_lines_name_scripts_and_packages() {
        let line = "run --filter ./apps/a --filter=b --parallel dev";
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(script_of(&words), Some("dev"));
        assert_eq!(options(&words, &["--filter"]), ["./apps/a", "b"]);
        assert_eq!(script_of(&["workspace", "shop", "start"]), Some("start"));
        assert!(means("./apps/*", "x", "apps/shop", "") && means("shop...", "@a/shop", "apps/shop", "") && means("@a/*", "@a/b", "c", ""));
        assert!(!means("shop", "@a/shop-admin", "apps/shop-admin", ""));
    }
}
