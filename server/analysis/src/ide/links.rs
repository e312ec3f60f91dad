//! Links in manifests: from what a compose file, a Kubernetes manifest or a dotenv file names to where that stands.
//!
//! Invariant: a link leads to a file of the workspace; what is not there, or hangs on variables, is no link.

use camino::Utf8Path;
use portolan_grammars::facts::{Spanned, Symbol, TextRange};
use portolan_grammars::manifests::{Compose, ComposeService, Kubernetes, Manifest, Variable};

use crate::workspace::HostMatch;
use crate::workspace::paths::join;
use crate::{FileId, Place, Snapshot};

/// A link in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What is linked.
    pub range: TextRange,
    /// Where it leads.
    pub target: Place,
    /// What is there, in a few words.
    pub what: String,
}

/// The links of a file, by place.
pub fn links(snapshot: &Snapshot, file: FileId) -> Vec<Link> {
    let mut finder = Finder { snapshot, file, folder: snapshot.files.path(file).parent().unwrap_or(Utf8Path::new("")), links: Vec::new() };
    match snapshot.files.facts(file).and_then(|facts| facts.manifest()) {
        Some(Manifest::Compose(compose)) => finder.compose(compose),
        Some(Manifest::Kubernetes(objects)) => finder.kubernetes(objects),
        Some(Manifest::DotEnv(dotenv)) => finder.variables(&dotenv.variables),
        _ => {}
    }
    let mut links = finder.links;
    links.sort_by_key(|link| (link.range, link.target));
    links.dedup_by_key(|link| link.range);
    links
}

struct Finder<'a> {
    snapshot: &'a Snapshot,
    file: FileId,
    folder: &'a Utf8Path,
    links: Vec<Link>,
}

impl Finder<'_> {
    fn compose(&mut self, compose: &Compose) {
        for path in &compose.includes {
            self.path(path, &path.value, "included");
        }
        for service in &compose.services {
            self.compose_service(service);
            for name in &service.depends_on {
                let other = compose.services.iter().find(|other| other.name.value == name.value);
                if let Some(other) = other {
                    let target = Place { file: self.file, range: other.name.range };
                    self.links.push(Link { range: name.range, target, what: format!("service {}", other.name.value) });
                }
            }
        }
    }

    fn compose_service(&mut self, service: &ComposeService) {
        let context = service.build_context.as_ref().map(|context| &context.value);
        let dockerfile = service.dockerfile.as_ref();
        match (dockerfile, service.build_context.as_ref()) {
            (Some(dockerfile), _) => {
                let context = context.map_or(".", |context| context);
                self.path(dockerfile, &format!("{context}/{}", dockerfile.value), "how it is built");
            }
            (None, Some(at)) => self.path(at, &format!("{}/Dockerfile", at.value), "how it is built"),
            (None, None) => {}
        }
        for path in &service.env_files {
            self.path(path, &path.value, "its variables");
        }
        self.variables(&service.environment);
    }

    fn kubernetes(&mut self, objects: &Kubernetes) {
        for container in objects.workloads.iter().flat_map(|workload| &workload.containers) {
            self.variables(&container.environment);
        }
    }

    /// Values that are addresses of services. The whole entry is linked: of the address alone, editors make a link of their own, to nowhere.
    fn variables(&mut self, variables: &[Variable]) {
        for variable in variables {
            let Some(host) = variable.value.as_deref().and_then(host) else { continue };
            let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
            if let HostMatch::One(service, ..) = self.snapshot.workspace.service_of_host(&name.to_lowercase(), port) {
                let service = self.snapshot.chart.service(service);
                let Some(evidence) = service.evidence.first() else { continue };
                self.links.push(Link { range: variable.range, target: evidence.place, what: format!("service {}", service.id) });
            }
        }
    }

    fn path(&mut self, written: &Spanned<Symbol>, path: &str, what: &str) {
        if path.contains('$') {
            return;
        }
        let Some(file) = join(self.folder.as_str(), path).and_then(|path| self.snapshot.files.id(Utf8Path::new(&path))) else {
            return;
        };
        let target = Place { file, range: TextRange::default() };
        self.links.push(Link { range: written.range, target, what: format!("{what}: {}", self.snapshot.files.path(file)) });
    }
}

/// Host and port of a URL, or of a bare `host:port`.
fn host(value: &str) -> Option<&str> {
    let rest = match value.split_once("://") {
        Some((_, rest)) => rest,
        None if value.split_once(':').is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())) => value,
        None => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    (!host.is_empty() && !host.contains(['$', '{', ','])).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn addresses_have_hosts_and_words_have_none() {
        assert_eq!(host("postgres://shop:secret@db:5432/shop"), Some("db:5432"));
        assert_eq!(host("orders:8080"), Some("orders:8080"));
        for value in ["orders", "8080", "a: b", "http://${HOST}/x", "kafka://a:1,b:1"] {
            assert_eq!(host(value), None, "{value}");
        }
    }
}
