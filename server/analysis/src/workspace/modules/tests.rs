#![allow(clippy::unwrap_used)]

use camino::{Utf8Path, Utf8PathBuf};
use portolan_grammars::facts::{Language, Module, SourceFacts, Spanned, TextRange};
use portolan_grammars::manifests::{CargoDependency, CargoManifest, CargoTarget, Manifest, ManifestFacts, NpmManifest, TsConfig};
use portolan_grammars::{Content, FileFacts};

use super::*;
use crate::workspace::Workspace;

fn manifest(manifest: Manifest) -> FileFacts {
    FileFacts {
        line_starts: vec![0],
        content: Content::Manifest(ManifestFacts { manifest, problems: Vec::new() }),
        suppressions: Vec::new(),
    }
}

fn npm(name: &str, fill: impl FnOnce(&mut NpmManifest)) -> FileFacts {
    let mut facts = NpmManifest { name: Some(Spanned::new(name.into(), TextRange::default())), ..NpmManifest::default() };
    fill(&mut facts);
    manifest(Manifest::Npm(facts))
}

fn source(language: Language) -> FileFacts {
    FileFacts { line_starts: vec![0], content: Content::Source(SourceFacts::empty(language)), suppressions: Vec::new() }
}

fn ts() -> FileFacts {
    source(Language::TypeScript)
}

fn rust(modules: &[(&str, &str, Option<&str>, bool)]) -> FileFacts {
    let mut facts = SourceFacts::empty(Language::Rust);
    facts.modules = modules
        .iter()
        .map(|(name, module, path, inline)| Module {
            name: (*name).into(),
            module: (*module).into(),
            path: path.map(Symbol::new),
            inline: *inline,
            range: TextRange::default(),
        })
        .collect();
    FileFacts { line_starts: vec![0], content: Content::Source(facts), suppressions: Vec::new() }
}

struct World {
    files: Files,
    workspace: Workspace,
}

impl World {
    fn new(facts: Vec<(&str, FileFacts)>) -> Self {
        let files = Files::from_facts(facts.into_iter().map(|(path, facts)| (Utf8PathBuf::from(path), facts)));
        let workspace = Workspace::build(&files);
        Self { files, workspace }
    }
    fn id(&self, path: &str) -> FileId {
        self.files.id(Utf8Path::new(path)).unwrap()
    }
    fn specifier(&self, from: &str, specifier: &str) -> String {
        match self.workspace.modules.specifier(self.id(from), specifier) {
            Specifier::File(file) => self.files.path(file).to_string(),
            Specifier::Package(name, rest) => format!("<{name}> {rest}"),
            Specifier::Missing => "missing".to_owned(),
        }
    }
    fn module(&self, krate: &str, path: &str) -> Option<(String, String)> {
        let modules = &self.workspace.modules;
        let id = modules.crates.iter().position(|known| known.target == krate)?;
        let found = modules.place(modules.below(modules.crate_root(CrateId(id as u32))?, path)?)?;
        Some((self.files.path(found.file).to_string(), found.inline.to_string()))
    }
    fn crate_named(&self, from: &str, name: &str) -> Option<String> {
        let id = self.workspace.modules.crate_named(self.id(from), name)?;
        Some(self.files.path(self.workspace.modules.krate(id)?.root).to_string())
    }
}

#[test]
fn relative_specifiers_find_their_source() {
    let world = World::new(vec![
        ("web/a.ts", ts()),
        ("web/b.tsx", ts()),
        ("web/c/index.js", source(Language::JavaScript)),
        ("web/d.vue", ts()),
        ("web/user.service.ts", ts()),
    ]);
    assert_eq!(world.specifier("web/a.ts", "./b"), "web/b.tsx");
    assert_eq!(world.specifier("web/a.ts", "./b.js"), "web/b.tsx");
    assert_eq!(world.specifier("web/a.ts", "./c"), "web/c/index.js");
    assert_eq!(world.specifier("web/c/index.js", ".."), "missing");
    assert_eq!(world.specifier("web/a.ts", "./d.vue"), "web/d.vue");
    assert_eq!(world.specifier("web/a.ts", "./user.service"), "web/user.service.ts");
    assert_eq!(world.specifier("web/a.ts", "./data.json"), "missing");
    assert_eq!(world.specifier("web/a.ts", "../../../x"), "missing");
    assert_eq!(world.specifier("web/a.ts", "next/server"), "<next> server");
    assert_eq!(world.specifier("web/a.ts", "@scope/x"), "<@scope/x> ");
    assert_eq!(world.specifier("web/a.ts", ""), "missing");
    assert_eq!(world.specifier("web/a.ts", "@"), "missing");
}

#[test]
fn tsconfig_paths_are_read_with_what_they_extend() {
    let base = TsConfig {
        base_url: None,
        extends: Vec::new(),
        paths: vec![("@lib/*".into(), vec!["libs/*/src".into()]), ("@lib/one".into(), vec!["libs/one/special.ts".into()])],
    };
    let app = TsConfig { extends: vec!["../../tsconfig.base".into()], ..TsConfig::default() };
    let looping = TsConfig { extends: vec!["./tsconfig.json".into()], base_url: Some("src".into()), paths: Vec::new() };
    let world = World::new(vec![
        ("tsconfig.base.json", manifest(Manifest::TsConfig(base))),
        ("apps/web/tsconfig.json", manifest(Manifest::TsConfig(app))),
        ("apps/api/tsconfig.json", manifest(Manifest::TsConfig(looping))),
        ("apps/web/main.ts", ts()),
        ("apps/api/src/x/y.ts", ts()),
        ("apps/api/src/z.ts", ts()),
        ("libs/two/src/index.ts", ts()),
        ("libs/one/special.ts", ts()),
    ]);
    assert_eq!(world.specifier("apps/web/main.ts", "@lib/two"), "libs/two/src/index.ts");
    assert_eq!(world.specifier("apps/web/main.ts", "@lib/one"), "libs/one/special.ts");
    assert_eq!(world.specifier("apps/api/src/z.ts", "x/y"), "apps/api/src/x/y.ts");
}

#[test]
fn packages_of_the_workspace_are_led_to_their_source() {
    let link = |name: &str, version: &str| (Symbol::new(name), Symbol::new(version));
    let world = World::new(vec![
        ("services/api/package.json", npm("api", |facts| facts.dependencies.push(link("helpers", "workspace:*")))),
        ("services/api/src/main.ts", ts()),
        (
            "packages/common/package.json",
            npm("@acme/common", |facts| {
                facts.entries = vec!["./dist/index.js".into()];
                facts.exports = vec![("./http".into(), "./dist/http/client.d.ts".into()), ("./deep/*".into(), "./dist/deep/*.js".into())];
            }),
        ),
        ("packages/common/src/index.ts", ts()),
        ("packages/common/src/http/client.ts", ts()),
        ("packages/common/src/deep/x.ts", ts()),
        ("packages/helpers/package.json", npm("helpers", |facts| facts.entries = vec!["lib/main.js".into()])),
        ("packages/helpers/lib/main.js", source(Language::JavaScript)),
        (
            "packages/common/express/package.json",
            manifest(Manifest::Npm(NpmManifest { entries: vec!["../dist/cjs/server.d.cts".into()], ..NpmManifest::default() })),
        ),
        ("packages/common/src/server.ts", ts()),
        ("other/helpers/package.json", npm("helpers", |_| {})),
        ("other/helpers/index.js", source(Language::JavaScript)),
        ("package.json", npm("loop", |facts| facts.entries = vec!["a/..".into(), "./".into(), "..".into()])),
        ("redis/package.json", npm("redis", |_| {})),
        ("redis/index.js", source(Language::JavaScript)),
    ]);
    let from = "services/api/src/main.ts";
    assert_eq!(world.specifier(from, "@acme/common"), "packages/common/src/index.ts");
    assert_eq!(world.specifier(from, "@acme/common/http"), "packages/common/src/http/client.ts");
    assert_eq!(world.specifier(from, "@acme/common/deep/x"), "packages/common/src/deep/x.ts");
    assert_eq!(world.specifier(from, "@acme/common/dist/http/client"), "packages/common/src/http/client.ts");
    assert_eq!(world.specifier(from, "@acme/common/express"), "packages/common/src/server.ts");
    assert_eq!(world.specifier(from, "../../.."), "missing");
    assert_eq!(world.specifier(from, "express"), "<express> ");
    assert_eq!(world.specifier(from, "helpers"), "other/helpers/index.js");
    assert_eq!(world.specifier(from, "redis"), "<redis> ");
    assert_eq!(
        world.workspace.package_of(Utf8Path::new("packages/common/src/x/y.ts")).map(|at| world.workspace.packages[at].name.clone()),
        Some("@acme/common".into())
    );
}

#[test]
fn rust_modules_are_walked_from_each_root() {
    let dependency = |name: &str, package: Option<&str>, path: Option<&str>, from_workspace: bool| CargoDependency {
        name: name.into(),
        package: package.map(Symbol::new),
        path: path.map(Symbol::new),
        version: None,
        from_workspace,
        dev: false,
        features: Vec::new(),
        default_features: true,
    };
    let named = |name: &str| Some(Spanned::new(Symbol::new(name), TextRange::default()));
    let root = CargoManifest {
        members: vec!["crates/*".into()],
        workspace_dependencies: vec![dependency("acme-core", None, Some("crates/core"), false)],
        ..CargoManifest::default()
    };
    let server = CargoManifest {
        name: named("acme-server"),
        dependencies: vec![
            dependency("acme-core", None, None, true),
            dependency("wire", Some("acme-proto"), Some("../proto"), false),
            dependency("serde", None, None, false),
        ],
        bins: vec![CargoTarget { name: named("tool"), path: Some("tools/tool.rs".into()), required_features: Vec::new() }],
        ..CargoManifest::default()
    };
    let proto = CargoManifest {
        name: named("acme-proto"),
        lib: Some(CargoTarget { name: named("acme_wire"), path: None, required_features: Vec::new() }),
        ..CargoManifest::default()
    };
    let world = World::new(vec![
        ("Cargo.toml", manifest(Manifest::Cargo(root))),
        ("crates/server/Cargo.toml", manifest(Manifest::Cargo(server))),
        ("crates/core/Cargo.toml", manifest(Manifest::Cargo(CargoManifest { name: named("acme-core"), ..CargoManifest::default() }))),
        ("crates/proto/Cargo.toml", manifest(Manifest::Cargo(proto))),
        ("crates/proto/src/lib.rs", rust(&[])),
        ("crates/core/src/lib.rs", rust(&[("config", "", None, false), ("inner", "", None, true), ("leaf", "inner", None, false)])),
        ("crates/core/src/config.rs", rust(&[("client", "", None, false)])),
        ("crates/core/src/config/client.rs", rust(&[])),
        ("crates/core/src/inner/leaf.rs", rust(&[])),
        ("crates/core/src/orphan.rs", rust(&[])),
        ("crates/server/src/lib.rs", rust(&[("routes", "", None, false), ("imp", "", Some("unix.rs"), false)])),
        ("crates/server/src/main.rs", rust(&[("routes", "", None, false)])),
        ("crates/server/src/unix.rs", rust(&[("part", "", None, false)])),
        ("crates/server/src/part.rs", rust(&[])),
        ("crates/server/src/routes/mod.rs", rust(&[("users", "", None, false), ("again", "", Some("mod.rs"), false)])),
        ("crates/server/src/routes/users.rs", rust(&[])),
        ("crates/server/src/bin/worker/main.rs", rust(&[])),
        ("crates/server/tools/tool.rs", rust(&[])),
    ]);
    let targets: Vec<(&str, bool)> = world.workspace.modules.crates.iter().map(|krate| (krate.target.as_str(), krate.library)).collect();
    assert_eq!(
        targets,
        [("acme-core", true), ("acme_wire", true), ("acme-server", true), ("tool", false), ("acme-server", false), ("worker", false)]
    );
    let file = |path: &str, inline: &str| Some((path.to_owned(), inline.to_owned()));
    assert_eq!(world.module("acme-core", "config::client"), file("crates/core/src/config/client.rs", ""));
    assert_eq!(world.module("acme-core", "inner"), file("crates/core/src/lib.rs", "inner"));
    assert_eq!(world.module("acme-core", "inner::leaf"), file("crates/core/src/inner/leaf.rs", ""));
    assert_eq!(world.module("acme-server", "imp::part"), file("crates/server/src/part.rs", ""));
    assert_eq!(world.module("acme-server", "routes::users"), file("crates/server/src/routes/users.rs", ""));
    assert_eq!(world.module("acme-core", "nothing"), None);
    let modules = &world.workspace.modules;
    let shared = modules.modules_of(world.id("crates/server/src/routes/users.rs"));
    let around =
        |module: &ModuleId| std::iter::successors(Some(*module), |inner| Some(modules.parent(*inner)).filter(|outer| outer != inner));
    assert_eq!(shared.iter().filter(|module| around(module).count() == 3).count(), 2);
    assert!(modules.modules_of(world.id("crates/core/src/orphan.rs")).is_empty());

    let main = "crates/server/src/main.rs";
    assert_eq!(world.crate_named(main, "acme_core").as_deref(), Some("crates/core/src/lib.rs"));
    assert_eq!(world.crate_named(main, "wire").as_deref(), Some("crates/proto/src/lib.rs"));
    assert_eq!(world.crate_named(main, "acme_wire"), None);
    assert_eq!(world.crate_named(main, "acme_server").as_deref(), Some("crates/server/src/lib.rs"));
    assert_eq!(world.crate_named(main, "serde"), None);
    assert_eq!(world.crate_named("crates/core/src/lib.rs", "acme_server"), None);
    let names: Vec<&str> = world.workspace.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["acme-core", "acme-proto", "acme-server"]);
    assert_eq!(world.workspace.packages[2].dependencies, [0, 1]);
}
