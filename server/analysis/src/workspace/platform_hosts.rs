//! Hosts that platforms make of a service's name: `shop-production-9cb1.up.railway.app`, `shop.onrender.com`; and variables by which a platform
//! tells every process an address of its own.
//!
//! What deliberately does not live here: hosts that a platform's manifest says itself. Invariant: such a host is a service's only where that
//! platform's manifest lies in the service's own folder, for anybody may call a service so.

use rustc_hash::FxHashSet;

use crate::chart::{Service, ServiceIndex};
use crate::files::Files;
use crate::workspace::paths;

/// A platform, by how its hosts end.
struct Platform {
    ending: &'static str,
    /// Names of its manifests.
    manifests: &'static [&'static str],
    /// How many words behind the service's name may be of an environment, a region or a number; the most first.
    behind: &'static [usize],
}

const PLATFORMS: [Platform; 6] = [
    Platform { ending: ".up.railway.app", manifests: &["railway.toml", "railway.json"], behind: &[2, 1] },
    Platform { ending: ".onrender.com", manifests: &["render.yaml"], behind: &[0, 1] },
    Platform { ending: ".herokuapp.com", manifests: &["Procfile", "heroku.yml", "app.json"], behind: &[0, 1] },
    Platform { ending: ".koyeb.app", manifests: &["koyeb.yaml", "koyeb.yml"], behind: &[0] },
    Platform { ending: ".a.run.app", manifests: &["cloudbuild.yaml", "service.yaml"], behind: &[2] },
    Platform { ending: ".azurewebsites.net", manifests: &["azure.yaml", "azure.yml"], behind: &[0] },
];

/// Variables that platforms set, each with what listens at that address.
const VARIABLES: [(&str, &str); 8] = [
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "ecs-credentials"),
    ("AWS_LAMBDA_RUNTIME_API", "lambda-runtime"),
    ("ECS_CONTAINER_METADATA_URI", "ecs-metadata"),
    ("ECS_CONTAINER_METADATA_URI_V4", "ecs-metadata"),
    ("GCE_METADATA_HOST", "gce-metadata"),
    ("IDENTITY_ENDPOINT", "azure-identity"),
    ("KUBERNETES_SERVICE_HOST", "kubernetes-api"),
    ("MSI_ENDPOINT", "azure-identity"),
];

/// What of a platform listens at the address that a variable holds, where the platform sets it.
pub(crate) fn of_variable(name: &str) -> Option<&'static str> {
    VARIABLES.iter().find(|(variable, _)| *variable == name).map(|(_, listener)| *listener)
}

/// Which services have the manifest of which platform in their own folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Hosted(FxHashSet<(usize, ServiceIndex)>);

impl Hosted {
    pub(super) fn of(files: &Files, services: &[Service]) -> Self {
        let mut found = FxHashSet::default();
        for path in files.paths().iter().chain(files.others()) {
            let name = paths::file_name(path.as_str());
            for at in (0..PLATFORMS.len()).filter(|at| PLATFORMS[*at].manifests.contains(&name)) {
                let folder = paths::folder(path.as_str());
                let there = services.iter().enumerate().filter(|(_, service)| !service.third_party && service.root == folder);
                found.extend(there.map(|(index, _)| (at, ServiceIndex(index as u32))));
            }
        }
        Self(found)
    }

    /// Whether a service has the manifest of a platform, told by its position.
    pub(super) fn has(&self, platform: usize, service: ServiceIndex) -> bool {
        self.0.contains(&(platform, service))
    }
}

/// The platform that a host is of, by its position, and the names of services that the host may be made of.
pub(super) fn names(host: &str) -> Option<(usize, impl Iterator<Item = &str>)> {
    let (at, label) = PLATFORMS.iter().enumerate().find_map(|(at, platform)| Some((at, host.strip_suffix(platform.ending)?)))?;
    Some((at, PLATFORMS[at].behind.iter().filter_map(move |count| without_last(label, *count))))
}

/// A label without so many words at its end.
fn without_last(label: &str, count: usize) -> Option<&str> {
    (0..count).try_fold(label, |label, _| Some(label.rsplit_once('-')?.0)).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_stand_before_what_a_platform_adds() {
        let names = |host| super::names(host).map(|(_, names)| names.collect::<Vec<_>>());
        assert_eq!(names("stock-proxy-production-9cb1.up.railway.app"), Some(vec!["stock-proxy", "stock-proxy-production"]));
        assert_eq!(names("stock.onrender.com"), Some(vec!["stock"]));
        assert_eq!(names("stock-abc12-uc.a.run.app"), Some(vec!["stock"]));
        assert_eq!(names("stock.example.com"), None);
    }
}
