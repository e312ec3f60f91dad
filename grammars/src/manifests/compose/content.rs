//! Compose files that are not called so: `cluster.yaml`, `stack.yml`, `prover-compose.yml`.
//!
//! What deliberately does not live here: what the keys mean. Invariant: a file is one only where Compose itself would take it, which refuses keys
//! that it does not know; so a pipeline, an application's settings or the values of a chart that have `services`, too, are none.

use super::super::yaml::{Node, Value};

/// What a compose file may say beside its services and `x-…`.
const OF_FILES: &[&str] = &["configs", "include", "models", "name", "networks", "secrets", "services", "version", "volumes"];

/// What a service may say.
#[rustfmt::skip]
const OF_SERVICES: &[&str] = &[
    "annotations", "attach", "blkio_config", "build", "cap_add", "cap_drop", "cgroup", "cgroup_parent", "command", "configs", "container_name",
    "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus", "cpuset", "credential_spec",
    "depends_on", "deploy", "develop", "device_cgroup_rules", "devices", "dns", "dns_opt", "dns_search", "domainname", "entrypoint", "env_file",
    "environment", "expose", "extends", "external_links", "extra_hosts", "gpus", "group_add", "healthcheck", "hostname", "image", "init", "ipc",
    "isolation", "label_file", "labels", "links", "logging", "mac_address", "mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit",
    "models", "network_mode", "networks", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform", "ports", "post_start", "pre_stop",
    "privileged", "profiles", "provider", "pull_policy", "pull_refresh_after", "read_only", "restart", "runtime", "scale", "secrets",
    "security_opt", "shm_size", "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls", "tmpfs", "tty", "ulimits",
    "use_api_socket", "user", "userns_mode", "uts", "volumes", "volumes_from", "working_dir",
];

/// Whether a text may be a compose file, so that it is worth to be parsed.
pub(super) fn may_be(text: &str) -> bool {
    let names_services = text.starts_with("services:") || text.contains("\nservices:");
    names_services && ["image:", "build:", "extends:"].iter().any(|key| text.contains(key))
}

/// Whether a document is a compose file.
pub(super) fn is(document: &Node) -> bool {
    let services = document.get("services").map_or(&[][..], Node::entries);
    !services.is_empty() && knows_all(document, OF_FILES) && services.iter().all(|service| is_service(&service.value))
}

fn is_service(node: &Node) -> bool {
    let is_made = node.get("build").or_else(|| node.get("extends")).is_some_and(|made| !made.is_null());
    // The values of a chart have an image's name and its tag one by one.
    let is_run = node.get("image").is_some_and(|image| matches!(image.value, Value::Scalar(_)));
    (is_made || is_run) && knows_all(node, OF_SERVICES)
}

fn knows_all(node: &Node, keys: &[&str]) -> bool {
    node.entries().iter().all(|entry| keys.contains(&entry.key.value.as_str()) || entry.key.value.starts_with("x-"))
}

#[cfg(test)]
mod tests {
    use super::super::read_content;

    #[test]
    fn the_content_tells() {
        for text in [
            "services:\n  web: {image: acme/web}\n",
            "name: shop\nx-base: &base {build: .}\nservices:\n  web:\n    <<: *base\n  db:\n    image: postgres\n    x-note: a\nvolumes: {data: }\n",
            "# two\nservices:\n  web:\n    extends: {file: base.yml, service: web}\n",
        ] {
            assert!(read_content(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_others_call_services_is_no_compose_file() {
        for text in [
            "steps:\n  test: {image: node}\nservices:\n  database:\n    image: postgres\n",
            "services:\n  - name: web\n    image: acme/web\n",
            "services:\n  web:\n    image: {repository: acme/web, tag: v1}\n",
            "services:\n  web:\n    image: acme/web\n    replicas: 2\n",
            "services:\n  web: {image: acme/web}\n  mailer: {class: Mailer}\n",
            "services:\n  web:\n    build:\n",
            "services:\n  web: image:\n",
            "jobs:\n  test:\n    services:\n      db: {image: postgres}\n",
            "services:\n\nimage: acme/web\n",
        ] {
            assert!(read_content(text).is_none(), "{text}");
        }
    }
}
