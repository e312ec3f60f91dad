//! What is deployed and how: types of compose files, Kubernetes' objects, Dockerfiles and dotenv files.
//!
//! What deliberately does not live here: reading them, for which each format has a file of its own.

use serde::{Deserialize, Serialize};

use super::{Variable, gateway};
use crate::facts::{Spanned, Symbol, TextRange};

/// A compose file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Compose {
    /// Its services in order.
    pub services: Vec<ComposeService>,
    /// `include:` paths.
    pub includes: Vec<Spanned<Symbol>>,
    /// `name`, that of the project.
    pub project: Option<Symbol>,
    /// Its networks by the names that other projects know them by, if they are known by one: that of `name`, or an external one's.
    pub networks: Vec<Symbol>,
}

/// A service of a compose file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ComposeService {
    /// Its key, and where that stands.
    pub name: Spanned<Symbol>,
    /// `image`, with variables as written.
    pub image: Option<Spanned<Symbol>>,
    /// `build` or `build.context`.
    pub build_context: Option<Spanned<Symbol>>,
    /// `build.dockerfile`.
    pub dockerfile: Option<Spanned<Symbol>>,
    /// `build.target`.
    pub build_target: Option<Symbol>,
    /// `build.args`.
    pub build_args: Vec<Variable>,
    /// `container_name`, `hostname`, network `aliases`.
    pub aliases: Vec<Spanned<Symbol>>,
    /// `command`, words joined by a space.
    pub command: Option<Spanned<Symbol>>,
    /// `entrypoint`, likewise.
    pub entrypoint: Option<Spanned<Symbol>>,
    /// `working_dir`.
    pub working_dir: Option<Symbol>,
    /// `ports`.
    pub ports: Vec<Port>,
    /// `expose`.
    pub expose: Vec<Spanned<Symbol>>,
    /// `environment`, list or map.
    pub environment: Vec<Variable>,
    /// `env_file` paths.
    pub env_files: Vec<Spanned<Symbol>>,
    /// `depends_on` names.
    pub depends_on: Vec<Spanned<Symbol>>,
    /// Those of them that must have run to their end before.
    pub after: Vec<Symbol>,
    /// `labels` and `deploy.labels` as name and value.
    pub labels: Vec<Variable>,
    /// `profiles`.
    pub profiles: Vec<Symbol>,
    /// `volumes` as `source:target`.
    pub volumes: Vec<Spanned<Symbol>>,
    /// Whether there is a `healthcheck`.
    pub has_healthcheck: bool,
    /// Names of `extra_hosts` that mean the machine on which the containers run.
    pub own_hosts: Vec<Symbol>,
    /// `extends`: file, if another, and service.
    pub extends: Option<(Option<Symbol>, Symbol)>,
    /// All of it.
    pub range: TextRange,
}

/// A published port; either side may hold variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// The port on the host.
    pub host: Option<Symbol>,
    /// The port in the container.
    pub container: Symbol,
    /// The place.
    pub range: TextRange,
}

/// The objects of one Kubernetes file, templates included (`{{ … }}` reads as a placeholder `TEMPLATE`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Kubernetes {
    /// Deployments, StatefulSets, DaemonSets, Jobs, CronJobs, Pods.
    pub workloads: Vec<Workload>,
    /// Services.
    pub services: Vec<KubernetesService>,
    /// ConfigMaps, and Secrets with `stringData`.
    pub config_maps: Vec<ConfigMap>,
    /// Ingress, HTTPRoute, GRPCRoute, and traefik's IngressRoute.
    pub gateways: Vec<gateway::GatewayObject>,
    /// traefik's Middleware.
    pub middlewares: Vec<gateway::PathMiddleware>,
    /// Hosts that a mesh gives all requests a time limit for: Istio's VirtualService.
    pub limited_hosts: Vec<Symbol>,
    /// The text, where it is a template: [`helm::render`] fills it in.
    pub template: Option<Symbol>,
}

/// Something that runs containers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// `kind`.
    pub kind: Symbol,
    /// `metadata.name`.
    pub name: Spanned<Symbol>,
    /// `metadata.namespace`.
    pub namespace: Option<Symbol>,
    /// Labels of the pod template.
    pub labels: Vec<(Symbol, Symbol)>,
    /// Annotations of the object and of the pod template.
    pub annotations: Vec<(Symbol, Symbol)>,
    /// Its containers, init containers left out.
    pub containers: Vec<Container>,
    /// All of it.
    pub range: TextRange,
}

/// A container of a workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Its name.
    pub name: Symbol,
    /// Its image.
    pub image: Option<Spanned<Symbol>>,
    /// `command` and `args`, joined by a space.
    pub command: Option<Spanned<Symbol>>,
    /// `containerPort`s.
    pub ports: Vec<Spanned<Symbol>>,
    /// `env`, where the value is written out.
    pub environment: Vec<Variable>,
    /// `env` from `configMapKeyRef` and `secretKeyRef`.
    pub references: Vec<Reference>,
    /// `envFrom` object names.
    pub env_from: Vec<Symbol>,
    /// Whether it has probes.
    pub has_probe: bool,
}

/// A variable of a container that a ConfigMap or a Secret gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// The variable.
    pub variable: Symbol,
    /// The name of the object.
    pub object: Symbol,
    /// The key in it.
    pub key: Symbol,
    /// Whether the variable is left out where the object does not have the key.
    pub optional: bool,
    /// The place of the entry.
    pub range: TextRange,
}

/// A Kubernetes Service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KubernetesService {
    /// `metadata.name`: the host name.
    pub name: Spanned<Symbol>,
    /// `metadata.namespace`.
    pub namespace: Option<Symbol>,
    /// `selector`.
    pub selector: Vec<(Symbol, Symbol)>,
    /// `port` and `targetPort`.
    pub ports: Vec<(Symbol, Option<Symbol>)>,
}

/// A ConfigMap or Secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigMap {
    /// `metadata.name`.
    pub name: Symbol,
    /// `data` or `stringData`; of kustomize's generators `literals`.
    pub data: Vec<Variable>,
    /// Dotenv files that a generator of kustomize takes it from.
    pub env_files: Vec<Symbol>,
}

/// A Dockerfile.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Dockerfile {
    /// `ARG` before the first stage, with default: only `FROM` sees these.
    pub args: Vec<Variable>,
    /// Its stages; the last is what is run unless a target is named.
    pub stages: Vec<Stage>,
}

/// A stage of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Stage {
    /// Image or stage it starts from, with variables as written.
    pub from: Symbol,
    /// `AS` name.
    pub name: Option<Symbol>,
    /// `ENV` (not `ARG`).
    pub env: Vec<Variable>,
    /// `ARG`, with default.
    pub args: Vec<Variable>,
    /// `EXPOSE`d ports.
    pub expose: Vec<Spanned<Symbol>>,
    /// `ENTRYPOINT`, words joined by a space.
    pub entrypoint: Option<Spanned<Symbol>>,
    /// `CMD`, likewise.
    pub command: Option<Spanned<Symbol>>,
    /// `WORKDIR`, the last.
    pub workdir: Option<Symbol>,
    /// `COPY`/`ADD`: sources and destination, and the stage of `--from`.
    pub copies: Vec<Copy>,
    /// What `RUN --mount=type=bind` lends from the build context: each `source`, or `.`.
    pub binds: Vec<Symbol>,
    /// `RUN` commands, one a line continued.
    pub runs: Vec<Spanned<Symbol>>,
    /// Whether there is a `HEALTHCHECK`.
    pub has_healthcheck: bool,
    /// The place of `FROM`.
    pub range: TextRange,
}

impl Stage {
    /// The lines that say what a container of it starts: `ENTRYPOINT`, then `CMD`.
    pub fn started(&self) -> impl Iterator<Item = &Spanned<Symbol>> {
        self.entrypoint.iter().chain(&self.command)
    }
    /// Whether it says what a container of it starts.
    pub fn starts(&self) -> bool {
        self.started().next().is_some()
    }
}

/// A `COPY` or `ADD`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    /// `--from`.
    pub from: Option<Symbol>,
    /// Its sources.
    pub sources: Vec<Symbol>,
    /// Its destination.
    pub destination: Symbol,
    /// The working directory that a relative destination is in.
    pub workdir: Option<Symbol>,
    /// The place.
    pub range: TextRange,
}

/// A dotenv file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DotEnv {
    /// Its variables in order, quotes removed, references as written.
    pub variables: Vec<Variable>,
}
