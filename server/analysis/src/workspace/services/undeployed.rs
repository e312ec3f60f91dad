//! Services that no manifest deploys: binaries that an image holds, packages with a Dockerfile beside them, applications and tools with an entry
//! of their own.
//!
//! What deliberately is none: libraries, tools for those who write the workspace, programs that speak with nobody, examples and tests. Invariant: a
//! package or binary that a deployed service runs is not found again.

use portolan_grammars::facts::{CallKind, Expr, Imported, Symbol};
use portolan_grammars::manifests::{Dockerfile, NpmManifest};
use rustc_hash::FxHashSet;

use super::images::Images;
use super::known::{self, FRONTEND_PACKAGES, SERVER_PACKAGES, WORKER_PACKAGES, normal, unscoped};
use super::{Context, Draft, code, command_lines, evidence, installed, is_cargo, projects, stage_chain};
use crate::FileId;
use crate::chart::ServiceKind;
use crate::workspace::Ecosystem;
use crate::workspace::modules::{Crate, CrateId};
use crate::workspace::paths;

mod lone;
mod network;
pub(crate) mod processes;

/// Adds what is a product without being deployed.
pub(super) fn add<'a>(context: &Context<'a>, images: &Images, drafts: &mut Vec<Draft<'a>>) {
    installed_binaries(context, drafts);
    processes::add(context, drafts);
    let is_deployed = drafts.iter().any(|draft| !draft.third_party);
    let mut taken: FxHashSet<usize> = drafts.iter().filter(|draft| !draft.third_party).filter_map(|draft| draft.package).collect();
    // The package that a deployed program lies in may be an inner one: `command: node src/server.js`, beside `src/package.json`.
    let started = drafts.iter().filter(|draft| !draft.third_party).flat_map(|draft| &draft.entries);
    taken.extend(started.filter_map(|entry| context.roots.of_file(context.files.path(*entry))));
    npm_packages(context, images, drafts, &mut taken);
    cargo_packages(context, drafts, &taken, is_deployed);
    applications_listed(context, drafts);
    lone::add(context, drafts);
    processes::name_hosted(context, drafts);
}

fn is_aside(path: &str) -> bool {
    known::is_test_path(path) || known::is_example_path(path)
}

/// The binaries that services run: by name, or as the one of their package, which is among their entries then.
fn started(context: &Context<'_>, drafts: &[Draft<'_>]) -> FxHashSet<CrateId> {
    let entries: FxHashSet<FileId> = drafts.iter().filter(|draft| !draft.third_party).flat_map(|draft| draft.entries.clone()).collect();
    let crates = context.modules.crates.iter().enumerate().filter(|(_, krate)| !krate.library && entries.contains(&krate.root));
    crates.map(|(index, _)| CrateId(index as u32)).chain(drafts.iter().filter_map(|draft| draft.binary)).collect()
}

/// Rust binaries that an image takes from its build.
fn installed_binaries<'a>(context: &Context<'a>, drafts: &mut Vec<Draft<'a>>) {
    if context.binaries.is_empty() {
        return;
    }
    let mut taken = started(context, drafts);
    for (index, source) in context.sources.dockerfiles.iter().enumerate().filter(|(_, source)| !is_aside(source.path)) {
        let chain = stage_chain(source.facts, None);
        let runs = source.facts.stages.iter().flat_map(|stage| &stage.runs);
        let built: Vec<&str> = runs
            .flat_map(|run| command_lines::words(&run.value).zip(command_lines::words(&run.value).skip(1)))
            .filter(|(option, _)| *option == "--bin")
            .map(|(_, name)| name)
            .collect();
        let names = installed::names(source.facts, None);
        for name in names.iter().map(String::as_str).chain(built) {
            let Some(binaries) = context.binaries.get(name) else { continue };
            let Some(binary) = code::nearest(context, Some(*source), binaries.iter().copied()) else { continue };
            // What an image is made to start is no tool of those who write the workspace only because it generates something.
            let is_tool = if is_started(source.facts, name) { known::is_tool_image(name) } else { known::is_tool_name(name) };
            if is_tool || is_aside(context.root_of(binary)) || !taken.insert(binary) {
                continue;
            }
            let range = chain
                .iter()
                .flat_map(|stage| &stage.copies)
                .find(|copy| copy.sources.iter().any(|source| paths::file_name(source) == name))
                .map(|copy| copy.range);
            let range = range.or_else(|| chain.first().map(|stage| stage.range)).unwrap_or_default();
            let mut draft = Draft { name: name.into(), dockerfile: Some((index, None)), shares_image: true, ..Draft::default() };
            draft.evidence.push(evidence(format!("image holds binary {name}"), source.file, range));
            code::settle_binary(context, &mut draft, binary);
            // An image of a command-line tool listens nowhere.
            let package = draft.package.map_or("", |package| context.packages[package].name.as_str());
            let listens = chain.iter().any(|stage| !stage.expose.is_empty());
            draft.kind = tool_kind(name).or_else(|| tool_kind(package).filter(|_| !listens));
            drafts.push(draft);
        }
    }
}

/// Whether an image starts the binary that its build calls so.
fn is_started(dockerfile: &Dockerfile, name: &str) -> bool {
    let chain = stage_chain(dockerfile, None);
    let Some(stage) = chain.iter().find(|stage| stage.starts()) else { return false };
    let paths: Vec<String> = stage.started().flat_map(|line| command_lines::program_paths(&line.value)).collect();
    let built = |path: &String| installed::origins(dockerfile, None, path).pop().unwrap_or_else(|| path.clone());
    paths.iter().any(|path| paths::file_name(&built(path)) == name)
}

fn tool_kind(name: &str) -> Option<ServiceKind> {
    let lower = name.to_ascii_lowercase();
    (lower.ends_with("ctl") && lower != "ctl" || lower.split(['-', '_']).any(|word| word == "cli")).then_some(ServiceKind::Cli)
}

fn npm_packages<'a>(context: &Context<'a>, images: &Images, drafts: &mut Vec<Draft<'a>>, taken: &mut FxHashSet<usize>) {
    let applications = context.sources.projects.iter().filter(|project| project.facts.is_application);
    let applications: Vec<String> = applications.filter_map(|project| projects::folder(*project)).collect();
    for (index, package) in context.packages.iter().enumerate().filter(|(_, package)| !is_cargo(package)) {
        let root = package.root.as_str();
        // In a folder of both, npm's package often only has scripts for the program in Rust.
        if taken.contains(&index) || is_aside(root) || code::package_at(context, root) != Some(index) {
            continue;
        }
        let own = |at: &usize| Draft { dockerfile: Some((*at, None)), context: Some(root.to_owned()), ..Draft::default() };
        let dockerfile = context.dockerfile_at.get(join(root, "Dockerfile").as_str()).copied();
        let dockerfile = dockerfile.filter(|at| !code::installs_its_program(context, &own(at)));
        let built = dockerfile.is_some_and(|at| starts(context.sources.dockerfiles[at].facts));
        let name = unscoped(&package.name);
        // What has no name of its own and lies in the root only has scripts or tools for what is built there.
        if name.is_empty() && root.is_empty() {
            continue;
        }
        if if built { known::is_tool_image(name) } else { known::is_tool_name(name) } {
            continue;
        }
        let Some(source) = context.npm_at.get(root).map(|at| &context.sources.npm[*at]) else { continue };
        let npm = source.facts;
        let is_monorepo = !npm.workspaces.is_empty()
            || context.sources.pnpm.iter().any(|pnpm| pnpm.folder() == root)
            || applications.iter().any(|folder| folder != root && paths::is_within(folder, root));
        if is_monorepo || (root.is_empty() && context.packages.len() > 1 && npm.dependencies.is_empty()) {
            continue;
        }
        let kind = if dockerfile.is_some() { Some(None) } else { application(context, index, root, npm) };
        let Some(kind) = kind else { continue };
        taken.insert(index);
        let name = npm.name.as_ref().map_or_else(|| package.name.clone(), |name| name.value.clone());
        let range = npm.name.as_ref().map(|name| name.range).unwrap_or_default();
        let mut draft = Draft { name: unscoped(&name).into(), root: root.to_owned(), package: Some(index), kind, ..Draft::default() };
        draft.aliases.insert(name.clone());
        draft.evidence.push(evidence(format!("package {name}"), source.file, range));
        if let Some(at) = dockerfile {
            let built = &context.sources.dockerfiles[at];
            draft.dockerfile = Some((at, None));
            draft.aliases.extend(images.names_of(at).map(Symbol::new));
            draft.evidence.push(evidence(
                "Dockerfile beside it",
                built.file,
                built.facts.stages.first().map(|stage| stage.range).unwrap_or_default(),
            ));
        }
        drafts.push(draft);
    }
}

/// Whether an image starts something.
fn starts(dockerfile: &Dockerfile) -> bool {
    stage_chain(dockerfile, None).iter().any(|stage| stage.starts())
}

/// Projects that are known as applications, where no package of their own says more: those with an image, and those that can be served.
fn applications_listed<'a>(context: &Context<'a>, drafts: &mut Vec<Draft<'a>>) {
    let own = |draft: &&Draft<'_>| !draft.third_party;
    let roots: FxHashSet<String> = drafts.iter().filter(own).map(|draft| draft.root.clone()).collect();
    let started: Vec<FileId> = drafts.iter().filter(own).flat_map(|draft| draft.entries.iter().copied()).collect();
    for source in &context.sources.projects {
        let (Some(folder), project) = (projects::folder(*source), source.facts) else { continue };
        let dockerfile = context.dockerfile_at.get(join(&folder, "Dockerfile").as_str()).copied();
        let name = projects::name(*source, &folder);
        let is_product = project.is_application && (project.is_served || dockerfile.is_some());
        if !is_product || folder.is_empty() || roots.contains(&folder) {
            continue;
        }
        let is_named = drafts.iter().any(|draft| normal(&draft.name) == normal(&name) && !runs_beside(context, draft, &folder));
        let is_started = started.iter().any(|entry| paths::is_within(context.files.path(*entry).as_str(), &folder));
        // A list may name what is gone.
        let is_there = || context.files.paths().iter().any(|path| paths::is_within(path.as_str(), &folder));
        if is_aside(&folder) || known::is_test_name(&name) || is_named || is_started || !is_there() {
            continue;
        }
        let range = project.name.as_ref().map(|name| name.range).unwrap_or_default();
        let mut draft = Draft { name, dockerfile: dockerfile.map(|at| (at, None)), ..Draft::default() };
        // What the workspace's own list of applications names is part of the package around it.
        draft.package = match project.folder {
            Some(_) => context.roots.around(&folder, Ecosystem::Npm),
            None => context.roots.at(&folder, Ecosystem::Npm),
        };
        let found = |main: &Symbol| context.modules.source_of(source.folder(), main).or_else(|| context.modules.source_of("", main));
        draft.entries = project.main.iter().filter_map(found).collect();
        draft.root = folder;
        draft.evidence.push(evidence("application of the workspace", source.file, range));
        drafts.push(draft);
    }
}

/// Whether a service is known to run other code than that of a folder. What an image from elsewhere runs may be the folder's.
fn runs_beside(context: &Context<'_>, draft: &Draft<'_>, folder: &str) -> bool {
    let package = draft.package.map_or("", |package| context.packages[package].root.as_str());
    let mut entries = draft.entries.iter().map(|entry| context.files.path(*entry).as_str());
    let is_known = !draft.entries.is_empty() || !package.is_empty() && !paths::is_within(folder, package);
    !draft.third_party && is_known && entries.all(|entry| !paths::is_within(entry, folder))
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Whether a package is an application: something starts it and it is no library. The kind where it is plain.
fn application(context: &Context<'_>, package: usize, root: &str, npm: &NpmManifest) -> Option<Option<ServiceKind>> {
    let has = |list: &[&str]| npm.dependencies.iter().any(|(name, _)| list.contains(&name.as_str()));
    let uses = |list: &[&str]| has(list) || npm.dev_dependencies.iter().any(|(name, _)| list.contains(&name.as_str()));
    // Others may take only the types of a program: those of its router.
    let is_library = uses(&["ng-packagr", "tsup", "microbundle"]) && !has(SERVER_PACKAGES)
        || (context.depended.contains(&package) && !(has(SERVER_PACKAGES) && starts_program(context, root, npm)))
        || (!npm.private
            && !starts_itself(context, root, npm)
            && npm.entries.iter().any(|entry| entry.contains("dist/") || entry.contains("build/") || entry.contains("lib/")));
    let scripts: Vec<&str> = npm
        .scripts
        .iter()
        .filter(|script| {
            script
                .name
                .split(':')
                .next()
                .is_some_and(|name| matches!(name, "start" | "serve" | "dev" | "develop" | "preview" | "android" | "ios"))
        })
        .filter_map(|script| script.value.as_deref())
        .collect();
    let runs = |programs: &[&str]| {
        scripts.iter().any(|script| command_lines::words(script).any(|word| programs.contains(&paths::file_name(word))))
    };
    let is_tool = !npm.bins.is_empty() && npm.bins.iter().any(|(_, target)| context.modules.source_of(root, target).is_some());
    let named_tool = known::unscoped(npm.name.as_ref().map_or("", |name| name.value.as_str())).split(['-', '_']).any(|word| word == "cli");
    if is_tool
        && !context.depended.contains(&package)
        && (named_tool || !npm.private || !has(SERVER_PACKAGES))
        && !uses(FRONTEND_PACKAGES)
        && (npm.private || named_tool || npm.entries.is_empty() || uses(&["commander", "yargs", "oclif", "@oclif/core", "cac", "inquirer"]))
    {
        return Some(Some(ServiceKind::Cli));
    }
    if !is_library {
        let is_started =
            |test: fn(&[&str]) -> bool| move |script: &&str| test(&command_lines::words(script).map(paths::file_name).collect::<Vec<_>>());
        let serves_pages = scripts.iter().any(is_started(known::serves_pages));
        let watches = scripts.iter().all(is_started(known::builds_pages));
        if serves_pages && uses(FRONTEND_PACKAGES) && !serves(context, root, npm) && !watches {
            return Some(Some(ServiceKind::Frontend));
        }
        if serves_pages && uses(&["next", "nuxt", "@sveltejs/kit", "@remix-run/react", "expo", "react-native", "astro"]) {
            return Some(Some(ServiceKind::Frontend));
        }
        // Nx needs no scripts: it has targets, and makes some of what a package's folder holds.
        if npm.scripts.is_empty() && has(&["next"]) && context.modules.source_of(root, "next.config").is_some() {
            return Some(Some(ServiceKind::Frontend));
        }
        let has_target = |name: &str| npm.nx_targets.iter().any(|target| target == name);
        let starts = runs(known::RUNNERS) || has_target("serve");
        let is_source = |path: String| context.modules.source_of(root, &path).is_some();
        let has_entry = ["src/", "lib/", ""]
            .iter()
            .any(|folder| ["main", "index", "server", "app"].iter().any(|stem| is_source(format!("{folder}{stem}"))));
        if starts
            && (has_entry
                || scripts.iter().any(|script| command_lines::words(script).any(|word| context.modules.source_of(root, word).is_some())))
        {
            if has(SERVER_PACKAGES) {
                return Some(None);
            }
            if has(WORKER_PACKAGES) {
                return Some(Some(ServiceKind::Worker));
            }
        }
    }
    // Tasks that a platform runs as they are gathered by its build, whoever else takes their types.
    let has_tasks = uses(&["@trigger.dev/sdk", "trigger.dev"]) && context.modules.source_of(root, "trigger.config").is_some();
    has_tasks.then_some(Some(ServiceKind::Worker))
}

/// A framework whose package has a client of its servers, too, and by which name that is imported.
const WITH_CLIENT: (&str, &str) = ("hono", "hono/client");

/// Whether a package's dependencies make it a server.
fn serves(context: &Context<'_>, root: &str, npm: &NpmManifest) -> bool {
    if may_only_ask(npm) { imports_server(context, root) } else { servers(npm).next().is_some() }
}

fn servers(npm: &NpmManifest) -> impl Iterator<Item = &str> {
    npm.dependencies.iter().map(|(name, _)| name.as_str()).filter(|name| SERVER_PACKAGES.contains(name))
}

/// Whether a package may have its only framework for the client in it.
fn may_only_ask(npm: &NpmManifest) -> bool {
    servers(npm).eq([WITH_CLIENT.0])
}

/// Folders in which what code imports tells whether it is a server's.
pub(super) fn told_by_imports(context: &Context<'_>) -> impl Iterator<Item = String> {
    context.sources.npm.iter().filter(|source| may_only_ask(source.facts)).map(|source| source.folder().to_owned())
}

/// Whether code in a folder imports more of a framework than its client.
fn imports_server(context: &Context<'_>, root: &str) -> bool {
    let (package, client) = WITH_CLIENT;
    let own = context.files.iter().filter(|(_, path, _)| paths::is_within(path.as_str(), root) && !is_aside(path.as_str()));
    let imports = own.filter_map(|(_, _, facts)| facts.source()).flat_map(|facts| &facts.imports);
    imports
        .filter(|import| !import.type_only && import.source != client)
        .any(|import| import.source.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Whether a script of a package starts a program of it.
fn starts_program(context: &Context<'_>, root: &str, npm: &NpmManifest) -> bool {
    const BY_THEMSELVES: [&str; 2] = ["nest", "wrangler"];
    npm.scripts.iter().filter(|script| known::is_start_script(&script.name)).filter_map(|script| script.value.as_deref()).any(|command| {
        let programs = || command_lines::words(command).map(paths::file_name);
        let runs_file = || command_lines::words(command).any(|word| context.modules.source_of(root, word).is_some());
        programs().any(|program| BY_THEMSELVES.contains(&program))
            || programs().any(|program| known::RUNNERS.contains(&program)) && runs_file()
    })
}

/// Whether a package's own script starts a file of it: a program, though nobody marked it as private.
fn starts_itself(context: &Context<'_>, root: &str, npm: &NpmManifest) -> bool {
    let scripts = npm.scripts.iter().filter(|script| script.name.split(':').next() == Some("start"));
    let words = scripts.filter_map(|script| script.value.as_deref()).flat_map(command_lines::words);
    words.into_iter().any(|word| context.modules.source_of(root, word).is_some_and(|file| !is_aside(context.files.path(file).as_str())))
}

/// Binaries of Cargo packages that nothing deploys.
fn cargo_packages<'a>(context: &Context<'a>, drafts: &mut Vec<Draft<'a>>, taken: &FxHashSet<usize>, is_deployed: bool) {
    let bound = started(context, drafts);
    for (index, krate) in context.modules.crates.iter().enumerate().filter(|(_, krate)| !krate.library) {
        let id = CrateId(index as u32);
        let package = &context.packages[krate.package];
        let root = package.root.as_str();
        if bound.contains(&id) || is_aside(root) || known::is_tool_name(&krate.target) || known::is_tool_name(&package.name) {
            continue;
        }
        if draws_window(context, package.manifest, root) || is_guest(context, krate) {
            continue;
        }
        let path = context.files.path(krate.root).as_str();
        let is_main = path == join(root, "src/main.rs") || is_only_program(context, krate);
        let dockerfile = context.dockerfile_at.get(join(root, "Dockerfile").as_str()).copied();
        // Beside what is deployed, a second binary of a package is more often a helper than a product.
        let beside = taken.contains(&krate.package);
        if (is_deployed && !is_main && dockerfile.is_none()) || (beside && !is_main) || (beside && dockerfile.is_some()) || is_aside(path) {
            continue;
        }
        // Where nothing says what is started, a program is a service for those it speaks with.
        if !is_deployed && dockerfile.is_none() && !network::may_speak(context, krate.package) {
            continue;
        }
        let mut draft = Draft { name: krate.target.clone(), ..Draft::default() };
        let manifest = context.cargo(package.manifest);
        let range = manifest.and_then(|source| source.facts.name.as_ref()).map(|name| name.range).unwrap_or_default();
        draft.evidence.push(evidence(format!("binary {}", krate.target), package.manifest, range));
        draft.dockerfile = dockerfile.map(|at| (at, None));
        code::settle_binary(context, &mut draft, id);
        draft.kind = if dockerfile.is_some() || !is_deployed { tool_kind(&krate.target) } else { Some(ServiceKind::Cli) };
        drafts.push(draft);
    }
}

/// Whether a binary is what its package is for: the only one, and called like it (`src/bin/shop.rs` of `shop`), of a package that neither others
/// depend on nor lies among libraries.
fn is_only_program(context: &Context<'_>, krate: &Crate) -> bool {
    let package = &context.packages[krate.package];
    let binaries = context.modules.crates.iter().filter(|other| other.package == krate.package && !other.library).count();
    let dependencies = || context.sources.cargo.iter().flat_map(|source| &source.facts.dependencies);
    let is_library = || dependencies().any(|dependency| normal(&dependency.name) == normal(&package.name));
    let among_libraries = package.root.as_str().split('/').any(|folder| matches!(folder, "lib" | "libs"));
    binaries == 1 && normal(&krate.target) == normal(&package.name) && !among_libraries && !is_library()
}

/// Whether a binary is no process but what a virtual machine proves to have run: a guest of RISC Zero or SP1, which takes its input and hands out its
/// output by the library of that machine, or says that no system starts it.
fn is_guest(context: &Context<'_>, krate: &Crate) -> bool {
    let Some(facts) = context.files.source(krate.root) else { return false };
    let says = |directive: &str| facts.directives.iter().any(|known| known == directive);
    if says("no_main") && says("no_std") {
        return true;
    }
    let of_machine = |path: &[&str]| matches!(path, ["risc0_zkvm", "guest", ..] | ["sp1_zkvm", ..]);
    let imports = facts.imports.iter().any(|import| {
        let mut path: Vec<&str> = import.source.split("::").filter(|part| !part.is_empty()).collect();
        path.push(match &import.imported {
            Imported::Named(name) => name,
            _ => import.local.as_str(),
        });
        import.module.is_empty() && of_machine(&path)
    });
    let enters = facts.calls.iter().any(|call| match facts.expr(call.callee) {
        Expr::Path(path) if call.kind == CallKind::Macro => {
            let path: Vec<&str> = path.iter().map(Symbol::as_str).collect();
            of_machine(&path) && matches!(path.last(), Some(&("entry" | "entrypoint")))
        }
        _ => false,
    });
    imports || enters
}

/// Whether a crate only shows the pages of the npm package around it in a window of its own.
fn draws_window(context: &Context<'_>, manifest: FileId, root: &str) -> bool {
    let has_window =
        context.cargo(manifest).is_some_and(|source| source.facts.dependencies.iter().any(|dependency| dependency.name == "tauri"));
    has_window && context.npm_at.contains_key(paths::folder(root))
}
