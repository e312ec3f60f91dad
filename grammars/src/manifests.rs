//! What deployment and package manifests say, as plain data with places; one module a format, one row in [`MANIFESTS`].
//!
//! No file is followed from here to another (`env_file`, `extends`, `include`): that is the workspace's work. Variables such as `${A:-b}` stay
//! as written: [`crate::manifests::dotenv::expand`] fills them in once the workspace knows the values.

pub mod baseline;
pub mod builds;
mod deployments;
pub mod dotenv;
pub mod gateway;
pub mod helm;
mod http_rules;
pub mod models;
pub mod settings;
pub mod traefik;
pub mod tree;

mod azd;
mod caddyfile;
mod cargo;
mod cloudformation;
mod code_owners;
mod compose;
mod config;
mod connectors;
mod dapr;
mod dockerfile;
mod envoy;
mod fly;
mod go;
mod json;
mod kong;
mod kubernetes;
mod makefile;
mod mend;
mod nginx;
mod nodemon;
mod npm;
mod openapi;
mod pnpm_workspace;
mod prisma;
mod processes;
mod procfile;
mod projects;
mod proto;
mod proxy_conf;
mod sam;
mod serverless;
mod spanned_toml;
mod sql;
mod tiltfile;
mod tsconfig;
mod wrangler;
mod yaml;

pub use go::{GoFile, GoServer};
pub use openapi::ApiOperation;
pub use processes::{FunctionMessages, FunctionRoute, Process, Processes};
use serde::{Deserialize, Serialize};

pub use deployments::{
    Compose, ComposeService, ConfigMap, Container, Copy, Dockerfile, DotEnv, Kubernetes, KubernetesService, Port, Reference, Stage,
    Workload,
};

use crate::facts::{Problem, Spanned, Symbol, TextRange};

/// What one manifest says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Manifest {
    /// `compose.yaml`, `docker-compose*.yml`, and other YAML files that are one.
    Compose(Compose),
    /// Kubernetes objects.
    Kubernetes(Kubernetes),
    /// `Dockerfile`, `*.Dockerfile`, `Dockerfile.*`.
    Dockerfile(Dockerfile),
    /// `.env`, `.env.*`, `*.env`.
    DotEnv(DotEnv),
    /// `Cargo.toml`.
    Cargo(CargoManifest),
    /// `package.json`.
    Npm(NpmManifest),
    /// What nodemon runs where it is given no file, as a `nodemon.json` says it.
    Nodemon(Symbol),
    /// `pnpm-workspace.yaml`.
    PnpmWorkspace(PnpmWorkspace),
    /// `tsconfig*.json`, `jsconfig.json`.
    TsConfig(TsConfig),
    /// `*.proto`.
    Proto(Proto),
    /// `*.go`.
    Go(GoFile),
    /// The path of the module that a `go.mod` declares.
    GoModule(Symbol),
    /// `nginx*.conf`, `*.conf.template` and the like with a `server` or `upstream` block.
    Nginx(Nginx),
    /// `envoy*.yaml`, also as a template.
    Envoy(Envoy),
    /// `Caddyfile`.
    Caddy(Caddy),
    /// `kong*.yaml`.
    Kong(Kong),
    /// `proxy.conf.json`, `swa-cli.config.json`.
    ProxyConf(ProxyConf),
    /// `schema.prisma`, `*.prisma`.
    Prisma(Prisma),
    /// `*.sql`: the text; the analysis parses it.
    Sql(Symbol),
    /// `portolan.toml`.
    Settings(Box<settings::Settings>),
    /// `portolan-baseline.toml`.
    Baseline(baseline::Baseline),
    /// What builds images: GitHub workflows, skaffold and bake files, Tiltfiles, Makefiles.
    Builds(Builds),
    /// Projects of Nx, Nest or Angular.
    Projects(Vec<Project>),
    /// A connector of Kafka Connect.
    Connector(Connector),
    /// What a platform starts: `Procfile`, `serverless.yml`, a template of AWS SAM, `dapr.yaml`, `azure.yaml`, `fly.toml`, `wrangler.toml`.
    Processes(Processes),
    /// A configuration file of a service.
    Config(tree::Tree),
    /// A model of the services that people keep by hand.
    Model(models::Model),
    /// `CODEOWNERS`.
    CodeOwners(Vec<OwnerRule>),
    /// The name of a Helm chart.
    HelmChart(Symbol),
    /// The values of a Helm chart.
    HelmValues(tree::Tree),
    /// The text of a file with named templates.
    HelmHelpers(Symbol),
    /// The operations of an OpenAPI document that code names.
    OpenApi(Vec<ApiOperation>),
}

/// A manifest and what could not be read of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestFacts {
    /// What it says.
    pub manifest: Manifest,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// A name and a value, both with their place; the value is empty where only the name is given (compose: taken from the environment).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    /// The name.
    pub name: Symbol,
    /// The value as written; `None` for a name alone.
    pub value: Option<Symbol>,
    /// The place of the entry.
    pub range: TextRange,
}

/// A `Cargo.toml`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CargoManifest {
    /// `package.name`.
    pub name: Option<Spanned<Symbol>>,
    /// `lib.name`, `lib.path`, where given.
    pub lib: Option<CargoTarget>,
    /// `[[bin]]`.
    pub bins: Vec<CargoTarget>,
    /// `package.default-run`.
    pub default_run: Option<Symbol>,
    /// Dependencies of all kinds but build; development ones are marked.
    pub dependencies: Vec<CargoDependency>,
    /// `workspace.members`, globs as written.
    pub members: Vec<Symbol>,
    /// `workspace.exclude`.
    pub exclude: Vec<Symbol>,
    /// `workspace.dependencies` with a path or with features.
    pub workspace_dependencies: Vec<CargoDependency>,
    /// Features, each with what it turns on: `ssr = ["leptos/ssr"]`.
    pub features: Vec<(Symbol, Vec<Symbol>)>,
}

/// A target of a Cargo package.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CargoTarget {
    /// `name`.
    pub name: Option<Spanned<Symbol>>,
    /// `path`.
    pub path: Option<Symbol>,
    /// `required-features`.
    pub required_features: Vec<Symbol>,
}

/// A dependency of a Cargo package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CargoDependency {
    /// The name used in code (before `_` for `-`).
    pub name: Symbol,
    /// The package, where renamed.
    pub package: Option<Symbol>,
    /// `path`.
    pub path: Option<Symbol>,
    /// `version`.
    pub version: Option<Symbol>,
    /// Whether it is `workspace = true`.
    pub from_workspace: bool,
    /// Whether it is for tests alone.
    pub dev: bool,
    /// `features`.
    pub features: Vec<Symbol>,
    /// Whether its default features are wanted: not `default-features = false`.
    pub default_features: bool,
}

/// A `package.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NpmManifest {
    /// `name`.
    pub name: Option<Spanned<Symbol>>,
    /// `version`.
    pub version: Option<Symbol>,
    /// `packageManager`: `pnpm@9.11.0`.
    pub package_manager: Option<Symbol>,
    /// `main`, `module`, `types`, `source`, and the targets of `exports` for `.`, in this order, without repeats.
    pub entries: Vec<Symbol>,
    /// Targets that Nx knows of it, under `nx`.
    pub nx_targets: Vec<Symbol>,
    /// `exports` by subpath: `./server` → target (the first string found under it).
    pub exports: Vec<(Symbol, Symbol)>,
    /// `bin` targets.
    pub bins: Vec<(Symbol, Symbol)>,
    /// `scripts`.
    pub scripts: Vec<Variable>,
    /// `dependencies`, `peerDependencies` and `optionalDependencies`: name and version.
    pub dependencies: Vec<(Symbol, Symbol)>,
    /// `devDependencies`.
    pub dev_dependencies: Vec<(Symbol, Symbol)>,
    /// `workspaces`, globs as written.
    pub workspaces: Vec<Symbol>,
    /// `private`.
    pub private: bool,
    /// `proxy`, as create-react-app has it.
    pub proxy: Option<Symbol>,
    /// `type` is `module`.
    pub is_module: bool,
    /// `nodemonConfig.exec`.
    pub nodemon: Option<Symbol>,
}

/// A `pnpm-workspace.yaml`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PnpmWorkspace {
    /// `packages`, globs as written.
    pub packages: Vec<Symbol>,
    /// `linkWorkspacePackages`: whether it links packages that a range of versions is asked of, too.
    pub links_ranges: bool,
}

/// A `tsconfig.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TsConfig {
    /// `extends`.
    pub extends: Vec<Symbol>,
    /// `compilerOptions.baseUrl`.
    pub base_url: Option<Symbol>,
    /// `compilerOptions.paths`: pattern → targets.
    pub paths: Vec<(Symbol, Vec<Symbol>)>,
}

/// A `.proto` file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Proto {
    /// `package`.
    pub package: Symbol,
    /// `option go_package`: the path of the package of Go that is generated, and after `;` what that is called.
    pub go_package: Symbol,
    /// Its services.
    pub services: Vec<ProtoService>,
    /// How its rpcs, or those that a service's configuration names, are asked over HTTP.
    pub http: Vec<HttpRule>,
}

/// A way in which an rpc is asked over HTTP by way of what translates: `option (google.api.http) = { get: "/v1/orders/{id}" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRule {
    /// The rpc: `package.Service/Method`.
    pub rpc: Symbol,
    /// `GET`.
    pub method: Symbol,
    /// The path, its parameters as `{name}`.
    pub path: Symbol,
}

/// A service of a `.proto` file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProtoService {
    /// Its name.
    pub name: Spanned<Symbol>,
    /// Its methods.
    pub methods: Vec<ProtoMethod>,
}

/// An rpc.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProtoMethod {
    /// Its name.
    pub name: Spanned<Symbol>,
    /// Type of its request.
    pub input: Symbol,
    /// Type of its response.
    pub output: Symbol,
    /// Whether either side streams.
    pub streaming: bool,
}

/// An nginx configuration, or a part of one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Nginx {
    /// `upstream` blocks: name and servers.
    pub upstreams: Vec<(Symbol, Vec<Spanned<Symbol>>)>,
    /// `location` blocks that pass on, in order.
    pub locations: Vec<NginxLocation>,
    /// `listen` ports.
    pub listens: Vec<Symbol>,
    /// `include`s, as written.
    pub includes: Vec<Symbol>,
}

/// A `location` that passes requests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NginxLocation {
    /// `=`, `~`, `~*`, `^~` or empty.
    pub modifier: Symbol,
    /// The prefix or pattern.
    pub path: Symbol,
    /// `server_name`s of its server; none for all. `*` where it is the server for hosts that no other one names.
    pub hosts: Vec<Symbol>,
    /// `rewrite` rules: pattern and replacement.
    pub rewrites: Vec<(Symbol, Symbol)>,
    /// Target of `proxy_pass`, `grpc_pass` or `uwsgi_pass`, variables filled in from `set` where possible.
    pub target: Spanned<Symbol>,
}

/// An envoy configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Envoy {
    /// Its routes in order.
    pub routes: Vec<EnvoyRoute>,
    /// Clusters: name and `address:port`.
    pub clusters: Vec<(Symbol, Spanned<Symbol>)>,
}

/// A route of an envoy configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnvoyRoute {
    /// `domains` of its virtual host; none for all.
    pub hosts: Vec<Symbol>,
    /// `match.prefix`, `match.path` or `match.safe_regex`.
    pub prefix: Symbol,
    /// How that is meant.
    pub matching: gateway::PathMatching,
    /// `route.prefix_rewrite`.
    pub prefix_rewrite: Option<Symbol>,
    /// `route.regex_rewrite`: pattern and substitution.
    pub regex_rewrite: Option<(Symbol, Symbol)>,
    /// `route.cluster`.
    pub cluster: Symbol,
    /// The place.
    pub range: TextRange,
}

/// A Caddyfile.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Caddy {
    /// What its sites pass on, in order; variables as `${NAME:-default}`.
    pub rules: Vec<gateway::GatewayRule>,
}

/// A declarative configuration of Kong.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Kong {
    /// Its routes, each with its service's address, in order.
    pub rules: Vec<gateway::GatewayRule>,
}

/// What a development server passes on, as Angular's has it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProxyConf {
    /// Its rules in order.
    pub rules: Vec<gateway::GatewayRule>,
}

/// A connector of Kafka Connect.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Connector {
    /// `topics`: what it takes messages from.
    pub topics: Vec<Symbol>,
    /// Whether a regular expression says what it takes messages from.
    pub any_topic: bool,
    /// `topic.prefix`: how topics begin that it sends changes to.
    pub prefix: Option<Symbol>,
    /// The tables or collections whose changes it sends, as written; none for all.
    pub tables: Vec<Symbol>,
    /// Whether it may send to topics of other names.
    pub renames: bool,
}

/// A Prisma schema.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Prisma {
    /// `datasource.provider`.
    pub provider: Option<Symbol>,
    /// `datasource.url`: the variable of `env("…")`.
    pub url_env: Option<Spanned<Symbol>>,
    /// `datasource.url`, where written out.
    pub url: Option<Spanned<Symbol>>,
    /// `generator client.output`.
    pub output: Option<Symbol>,
    /// Models.
    pub models: Vec<PrismaModel>,
}

/// A model of a Prisma schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrismaModel {
    /// Its name.
    pub name: Spanned<Symbol>,
    /// `@@map`, else the name.
    pub table: Symbol,
    /// `@@schema`.
    pub schema: Option<Symbol>,
    /// Whether rows are told apart by more than a key that the database makes: `@unique`, `@@unique`, `@@id`, an `@id` without a default.
    pub has_unique_key: bool,
}

/// Images that something builds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Builds {
    /// In order.
    pub builds: Vec<ImageBuild>,
}

/// How an image is built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageBuild {
    /// Its name with tag, as written; `*` stands for what only a run decides.
    pub image: Symbol,
    /// The folder it is built in.
    pub context: Option<Symbol>,
    /// Its Dockerfile.
    pub dockerfile: Option<Symbol>,
    /// The stage that is built.
    pub target: Option<Symbol>,
    /// The place.
    pub range: TextRange,
}

/// A project of Nx, Nest or Angular.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Project {
    /// What it is called, and where that stands.
    pub name: Option<Spanned<Symbol>>,
    /// Its folder, from the folder of the file that lists it; the file's own if it lists none.
    pub folder: Option<Symbol>,
    /// Whether it is an application.
    pub is_application: bool,
    /// Whether a command starts it.
    pub is_served: bool,
    /// The file that is started, from the folder of the file that lists it; in Nx from the workspace's root.
    pub main: Option<Symbol>,
    /// Source files that its targets name, each with the target's name; from the folder of the project, or from the workspace's root.
    pub sources: Vec<(Symbol, Symbol)>,
    /// Projects that it depends on by word alone: Nx's `implicitDependencies`.
    pub implicit: Vec<Spanned<Symbol>>,
}

/// A line of `CODEOWNERS`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnerRule {
    /// Which paths it is about, as in `.gitignore`.
    pub pattern: Symbol,
    /// Who owns them; nobody where none is named.
    pub owners: Vec<Symbol>,
    /// The place of the line.
    pub range: TextRange,
}

/// The manifest formats: one row each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ManifestFormat {
    /// A compose file by its name.
    Compose,
    /// Kubernetes objects; any YAML file in which documents have `apiVersion` and `kind`.
    Kubernetes,
    /// A Dockerfile.
    Dockerfile,
    /// A dotenv file.
    DotEnv,
    /// `Cargo.toml`.
    Cargo,
    /// `package.json`.
    Npm,
    /// `nodemon.json`.
    Nodemon,
    /// `pnpm-workspace.yaml`.
    PnpmWorkspace,
    /// `tsconfig*.json`.
    TsConfig,
    /// A `.proto` file.
    Proto,
    /// A file of Go.
    Go,
    /// `go.mod`.
    GoModule,
    /// An nginx configuration.
    Nginx,
    /// An envoy configuration.
    Envoy,
    /// A Caddyfile.
    Caddy,
    /// A declarative configuration of Kong.
    Kong,
    /// Proxies of a development server.
    ProxyConf,
    /// A Prisma schema.
    Prisma,
    /// SQL.
    Sql,
    /// `portolan.toml`.
    Settings,
    /// `portolan-baseline.toml`.
    Baseline,
    /// A GitHub workflow.
    Workflow,
    /// A skaffold file.
    Skaffold,
    /// A file of `docker buildx bake`.
    Bake,
    /// A Tiltfile.
    Tiltfile,
    /// A Makefile.
    Makefile,
    /// Projects of Nx, Nest or Angular.
    Project,
    /// A `Procfile`.
    Procfile,
    /// A configuration of the Serverless Framework.
    Serverless,
    /// A template of Dapr's multi-app run.
    Dapr,
    /// A connector of Kafka Connect.
    Connector,
    /// `azure.yaml`.
    Azd,
    /// `fly.toml`.
    Fly,
    /// `wrangler.toml`, `wrangler.jsonc`.
    Wrangler,
    /// A configuration file of a service.
    Config,
    /// A catalog of Backstage.
    Backstage,
    /// A model of LikeC4 or Structurizr.
    Arrows,
    /// Who owns which paths.
    CodeOwners,
    /// `Chart.yaml`.
    HelmChart,
    /// `values.yaml`.
    HelmValues,
    /// `_helpers.tpl` and its like.
    HelmHelpers,
    /// An OpenAPI document: whatever it is called, code names it.
    OpenApi,
}

/// One manifest format: what it is called, which files are of it, and how they are read.
#[derive(Clone, Copy)]
pub struct ManifestRow {
    /// The format.
    pub format: ManifestFormat,
    /// Whether a file of this name is of the format. The name is the last part of its path.
    pub matches: fn(name: &str) -> bool,
    /// Reads a file of the format. Never fails: what could not be read is among the problems.
    pub read: fn(text: &str) -> ManifestFacts,
}

/// The manifest formats; the first row that matches a name decides, so [`ManifestFormat::Kubernetes`], which takes any YAML, is last.
pub static MANIFESTS: &[ManifestRow] = &[
    ManifestRow { format: ManifestFormat::Workflow, matches: builds::by_folder, read: builds::read_workflow },
    ManifestRow { format: ManifestFormat::Skaffold, matches: builds::is_skaffold, read: builds::read_skaffold },
    ManifestRow { format: ManifestFormat::Bake, matches: builds::is_bake, read: builds::read_bake },
    ManifestRow { format: ManifestFormat::Tiltfile, matches: tiltfile::matches, read: tiltfile::read },
    ManifestRow { format: ManifestFormat::Makefile, matches: makefile::matches, read: makefile::read },
    ManifestRow { format: ManifestFormat::Project, matches: projects::matches, read: projects::read },
    ManifestRow { format: ManifestFormat::Procfile, matches: procfile::matches, read: procfile::read },
    ManifestRow { format: ManifestFormat::Serverless, matches: serverless::matches, read: serverless::read },
    ManifestRow { format: ManifestFormat::Azd, matches: azd::matches, read: azd::read },
    ManifestRow { format: ManifestFormat::Dapr, matches: dapr::matches, read: dapr::read },
    ManifestRow { format: ManifestFormat::Fly, matches: fly::matches, read: fly::read },
    ManifestRow { format: ManifestFormat::Wrangler, matches: wrangler::matches, read: wrangler::read },
    ManifestRow { format: ManifestFormat::Connector, matches: connectors::matches, read: connectors::read },
    ManifestRow { format: ManifestFormat::Npm, matches: npm::matches, read: npm::read },
    ManifestRow { format: ManifestFormat::Nodemon, matches: nodemon::matches, read: nodemon::read },
    ManifestRow { format: ManifestFormat::Settings, matches: settings::matches, read: settings::read },
    ManifestRow { format: ManifestFormat::Baseline, matches: baseline::matches, read: baseline::read },
    ManifestRow { format: ManifestFormat::Cargo, matches: cargo::matches, read: cargo::read },
    ManifestRow { format: ManifestFormat::TsConfig, matches: tsconfig::matches, read: tsconfig::read },
    ManifestRow { format: ManifestFormat::Compose, matches: compose::matches, read: compose::read },
    ManifestRow { format: ManifestFormat::DotEnv, matches: dotenv::matches, read: dotenv::read },
    ManifestRow { format: ManifestFormat::Dockerfile, matches: dockerfile::matches, read: dockerfile::read },
    ManifestRow { format: ManifestFormat::PnpmWorkspace, matches: pnpm_workspace::matches, read: pnpm_workspace::read },
    ManifestRow { format: ManifestFormat::Proto, matches: proto::matches, read: proto::read },
    ManifestRow { format: ManifestFormat::Go, matches: go::matches, read: go::read },
    ManifestRow { format: ManifestFormat::GoModule, matches: go::is_module, read: go::read_module },
    ManifestRow { format: ManifestFormat::Sql, matches: sql::matches, read: sql::read },
    ManifestRow { format: ManifestFormat::Prisma, matches: prisma::matches, read: prisma::read },
    ManifestRow { format: ManifestFormat::Caddy, matches: caddyfile::matches, read: caddyfile::read },
    ManifestRow { format: ManifestFormat::Kong, matches: kong::matches, read: kong::read },
    ManifestRow { format: ManifestFormat::ProxyConf, matches: proxy_conf::matches, read: proxy_conf::read },
    ManifestRow { format: ManifestFormat::Nginx, matches: nginx::matches, read: nginx::read },
    ManifestRow { format: ManifestFormat::Envoy, matches: envoy::matches, read: envoy::read },
    ManifestRow { format: ManifestFormat::Backstage, matches: models::is_backstage, read: models::read_backstage },
    ManifestRow { format: ManifestFormat::Arrows, matches: models::is_arrows, read: models::read_arrows },
    ManifestRow { format: ManifestFormat::CodeOwners, matches: code_owners::matches, read: code_owners::read },
    ManifestRow { format: ManifestFormat::Config, matches: config::by_path, read: config::read },
    ManifestRow { format: ManifestFormat::HelmChart, matches: helm::is_chart, read: helm::read_chart },
    ManifestRow { format: ManifestFormat::HelmValues, matches: helm::is_values, read: helm::read_values },
    ManifestRow { format: ManifestFormat::HelmHelpers, matches: helm::is_helpers, read: helm::read_helpers },
    ManifestRow { format: ManifestFormat::OpenApi, matches: |_| false, read: openapi::read },
    ManifestRow { format: ManifestFormat::Kubernetes, matches: kubernetes::matches, read: kubernetes::read },
];

/// The format of a manifest, by the last part of its path; of GitHub's own configuration only workflows are read.
pub fn format_of(path: &camino::Utf8Path) -> Option<ManifestFormat> {
    let name = path.file_name()?;
    if builds::is_workflow(path) && (name.ends_with(".yml") || name.ends_with(".yaml")) {
        return Some(ManifestFormat::Workflow);
    }
    let found = MANIFESTS.iter().find(|row| (row.matches)(name)).map(|row| row.format);
    // What no format knows by its name, and YAML that any may be.
    if found.is_none_or(|format| format == ManifestFormat::Kubernetes) && !is_machine_made(name) && config::is_config(path) {
        return Some(ManifestFormat::Config);
    }
    let format = found?;
    let is_foreign = format == ManifestFormat::Kubernetes && path.components().any(|part| part.as_str() == ".github");
    (!is_foreign).then_some(format)
}

/// Whether a tool writes a file of that name: `package-lock.json`, `pnpm-lock.yaml`, `uv.lock`, `openapi.json`.
fn is_machine_made(name: &str) -> bool {
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    stem == "lock" || stem.ends_with("-lock") || stem.ends_with("_lock") || name.contains(".lock") || stem.starts_with("openapi")
}

/// Reads one manifest. Never fails: what could not be read is among its problems.
pub fn read(format: ManifestFormat, text: &str) -> ManifestFacts {
    match MANIFESTS.iter().find(|row| row.format == format) {
        Some(row) => (row.read)(text),
        None => ManifestFacts { manifest: Manifest::Sql(Symbol::default()), problems: Vec::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides() {
        for (path, format) in [
            ("a/package.json", Some(ManifestFormat::Npm)),
            ("config/clock.yaml", Some(ManifestFormat::Config)),
            ("config/block.toml", Some(ManifestFormat::Config)),
            ("a/nodemon.worker.json", Some(ManifestFormat::Nodemon)),
            ("config/package-lock.json", None),
            ("config/pnpm-lock.yaml", None),
            ("config/openapi.yaml", None),
            ("Cargo.toml", Some(ManifestFormat::Cargo)),
            ("x/tsconfig.build.json", Some(ManifestFormat::TsConfig)),
            ("docker/docker-compose.dev.yml", Some(ManifestFormat::Compose)),
            ("pnpm-workspace.yaml", Some(ManifestFormat::PnpmWorkspace)),
            ("envoy.tmpl.yaml", Some(ManifestFormat::Envoy)),
            ("gateway/kong.yml", Some(ManifestFormat::Kong)),
            ("k8s/shop.yaml", Some(ManifestFormat::Kubernetes)),
            (".github/workflows/ci.yml", Some(ManifestFormat::Workflow)),
            (".github/dependabot.yml", None),
            (".github/CODEOWNERS", Some(ManifestFormat::CodeOwners)),
            ("docker-bake.hcl", Some(ManifestFormat::Bake)),
            ("apps/web/project.json", Some(ManifestFormat::Project)),
            ("nest-cli.json", Some(ManifestFormat::Project)),
            ("api/Procfile", Some(ManifestFormat::Procfile)),
            ("api/Makefile", Some(ManifestFormat::Makefile)),
            ("build/common.mk", None),
            ("api/Procfile.dev", None),
            ("api/serverless.yml", Some(ManifestFormat::Serverless)),
            ("dapr.yaml", Some(ManifestFormat::Dapr)),
            ("azure.yaml", Some(ManifestFormat::Azd)),
            ("apps/api/fly.staging.toml", Some(ManifestFormat::Fly)),
            ("apps/api/wrangler.jsonc", Some(ManifestFormat::Wrangler)),
            ("web/swa-cli.config.json", Some(ManifestFormat::ProxyConf)),
            ("pnpm-lock.yaml", None),
            ("package-lock.json", None),
            ("Cargo.lock", None),
            ("nginx.conf.template", Some(ManifestFormat::Nginx)),
            ("web.Dockerfile", Some(ManifestFormat::Dockerfile)),
            (".env.production", Some(ManifestFormat::DotEnv)),
            ("schema.prisma", Some(ManifestFormat::Prisma)),
            ("a.proto", Some(ManifestFormat::Proto)),
            ("deploy/Caddyfile", Some(ManifestFormat::Caddy)),
            ("src/proxy.conf.json", Some(ManifestFormat::ProxyConf)),
            ("up.sql", Some(ManifestFormat::Sql)),
            ("shop/portolan.toml", Some(ManifestFormat::Settings)),
            ("portolan-baseline.toml", Some(ManifestFormat::Baseline)),
            ("README.md", None),
        ] {
            assert_eq!(format_of(path.into()), format, "{path}");
        }
    }

    #[test]
    fn every_format_has_one_row_and_reads_anything() {
        for row in MANIFESTS {
            assert_eq!(MANIFESTS.iter().filter(|other| other.format == row.format).count(), 1, "{:?}", row.format);
            for text in ["", "\u{feff}", "\0", "é", "\r\n\t", "{{ {% ${ \" ' ` [ ( <<E", "apiVersion: kind: server location ]}"] {
                read(row.format, text);
            }
        }
    }
}
