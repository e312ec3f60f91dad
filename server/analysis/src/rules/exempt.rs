//! What rules leave alone, by kind and by name: front ends, jobs, health routes, tables that are shared on purpose.
//!
//! Invariant: names are compared word by word, never as substrings.

use camino::Utf8Path;

use super::Texts;
use crate::chart::{Service, ServiceKind};
use crate::words::words;
use crate::workspace::services::known;

/// Queues and marks that stand in for a broker, and what migrations leave.
pub(crate) const SHARED_TABLES: Texts = Texts {
    name: "shared_tables",
    meaning: "Words in the names of tables that several write on purpose.",
    default: &[
        "outbox",
        "inbox",
        "job",
        "jobs",
        "lock",
        "locks",
        "migration",
        "migrations",
        "flyway",
        "databasechangelog",
        "databasechangeloglock",
    ],
};

/// Whether rules about data leave a service alone: front ends hold no data, jobs and tools run beside the system and not in it.
pub(crate) fn from_data_rules(service: &Service) -> bool {
    service.third_party
        || matches!(service.kind, ServiceKind::Frontend | ServiceKind::Job | ServiceKind::Cli)
        || words(&service.id).iter().any(|word| is_housekeeper(word))
}

/// Whether code stands beside what a service does all day, by the folders it is in: migrations, seeds, scripts, examples, tests and what stands in
/// for others in them; or by its own name, where that is one of a test. `*.test.ts` and its kin are never read.
pub(crate) fn stands_beside(path: &Utf8Path) -> bool {
    path.parent().is_some_and(is_beside) || is_test_file(path)
}

/// `orders_test.rs`, `test_orders.rs`; and `docs/test-orders.ts`, as documents hold examples. Elsewhere a product may have tests of its own to show.
fn is_test_file(path: &Utf8Path) -> bool {
    let Some(stem) = path.file_stem() else { return false };
    if path.extension() == Some("rs") {
        return stem.starts_with("test_") || stem.ends_with("_test") || stem.ends_with("_tests");
    }
    let mut folders = path.components().map(|folder| folder.as_str());
    let is_document = folders.clone().any(|folder| folder == "docs") && folders.all(|folder| folder != "src");
    is_document && ["test-", "e2e-"].iter().any(|begins| stem.starts_with(begins))
}

/// Whether a service stands beside the system, by the folder of its code: one to develop or test it with, a stand-in, a tool.
pub(crate) fn is_aside(service: &Service) -> bool {
    let is_tool = |folder: &str| matches!(folder, "tool" | "tools" | "bench" | "benches" | "benchmarks");
    is_beside(&service.root) || service.root.components().any(|folder| is_tool(folder.as_str()))
}

fn is_beside(folder: &Utf8Path) -> bool {
    folder.components().any(|folder| {
        matches!(folder.as_str(), "seed" | "seeds" | "scripts" | "examples" | "dev")
            || known::is_test_name(folder.as_str())
            || has_word(folder.as_str(), &["migration", "migrations", "seeder", "seeders"])
    })
}

/// Services that set data up, tear it down or carry it away are told by their names where their kind does not tell.
fn is_housekeeper(word: &str) -> bool {
    let stem = word.strip_suffix("service").or_else(|| word.strip_suffix("job")).unwrap_or(word);
    matches!(stem, "reset" | "seed" | "seeder" | "seeds" | "migrate" | "migrator" | "migration" | "migrations" | "fixtures" | "backup")
}

/// Whether rules about spans leave a service alone: front ends, and what stands beside the system.
pub(crate) fn from_span_rules(service: &Service) -> bool {
    service.third_party || service.kind == ServiceKind::Frontend || is_aside(service)
}

/// Whether requests and messages that a service answers are to have spans: it is none that those rules leave alone, and stays.
pub(crate) fn records_what_it_answers(service: &Service) -> bool {
    !from_span_rules(service) && !runs_and_ends(service)
}

/// Whether a service is there to end: what it would answer, it shares with one that stays.
pub(crate) fn runs_and_ends(service: &Service) -> bool {
    matches!(service.kind, ServiceKind::Job | ServiceKind::Cli)
}

/// Whether a service only passes on what it is asked, and so is no step of its own in a chain: gateways, and back ends of front ends.
pub(crate) fn from_chains(service: &Service) -> bool {
    matches!(service.kind, ServiceKind::Gateway | ServiceKind::Frontend)
}

/// Whether a route is there for machines that watch or people who look into a process, or hands out files and descriptions.
pub(crate) fn is_plumbing(path: &str) -> bool {
    if path.starts_with("grpc.health.") || path.starts_with("grpc.reflection.") {
        return true;
    }
    let segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(str::to_ascii_lowercase).collect();
    let watched = |segment: &String| {
        let name: String = segment.chars().filter(char::is_ascii_alphanumeric).collect();
        matches!(
            name.as_str(),
            "health"
                | "healthz"
                | "healthcheck"
                | "livez"
                | "liveness"
                | "readyz"
                | "readiness"
                | "startup"
                | "startupz"
                | "metrics"
                | "prometheus"
                | "ping"
                | "heartbeat"
                | "pprof"
                | "loglevel"
                | "logfilter"
        )
    };
    let is_version = |segment: &String| segment.strip_prefix('v').unwrap_or(segment).bytes().all(|byte| byte.is_ascii_digit());
    let unversioned: Vec<&String> = segments.iter().filter(|segment| *segment != "api" && !is_version(segment)).collect();
    let short = matches!(unversioned.as_slice(), [one] if matches!(one.as_str(), "status" | "live" | "ready" | "alive" | "up" | "version"));
    let file = |segment: &String| matches!(segment.as_str(), "static" | "assets" | "favicon.ico" | "robots.txt");
    let described = matches!(
        unversioned.last().map(|segment| segment.as_str()),
        Some("openapi" | "openapi.json" | "openapi.yaml" | "swagger" | "swagger.json" | "api-docs" | "redoc")
    );
    let looked_into = unversioned.first().is_some_and(|segment| *segment == "debug");
    let catch_all = matches!(segments.as_slice(), [one] if one.starts_with("{*") || one == "*");
    segments.iter().any(watched) || short || described || looked_into || segments.first().is_some_and(file) || catch_all
}

/// Whether one of the words stands in a name as a whole word.
pub(crate) fn has_word(name: &str, wanted: &[&str]) -> bool {
    words(name).iter().any(|word| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_by_words() {
        assert!(has_word("order_outbox", &["outbox"]) && has_word("orderOutbox", &["Outbox"]));
        assert!(!has_word("clocks", &["lock", "locks"]) && !has_word("orders", &[]));
        assert!(is_housekeeper("reset") && is_housekeeper("resetservice") && !is_housekeeper("presets"));
    }

    #[test]
    fn code_beside_a_service_is_told_by_its_folders() {
        assert!(stands_beside("apps/api/migrations/expire-at/expire.ts".into()) && stands_beside("seeds/a.ts".into()));
        assert!(stands_beside("packages/data-seeder/src/a.ts".into()) && stands_beside("sdks/test-agent/src/a.rs".into()));
        assert!(!stands_beside("apps/migrations.ts".into()) && !stands_beside("apps/immigrations/a.ts".into()));
        assert!(stands_beside("docs/test-orders-e2e.js".into()) && stands_beside("src/orders_test.rs".into()));
        assert!(!stands_beside("src/tests.service.ts".into()) && !stands_beside("src/test-runs.controller.ts".into()));
        assert!(!stands_beside("src/ab-test.ts".into()) && !stands_beside("src/docs/test-center.ts".into()));
        assert!(!stands_beside("src/latest-orders.ts".into()) && !stands_beside("src/test.ts".into()));
        assert!(!stands_beside("src/tools/search.ts".into()) && !stands_beside("src/attestation/a.rs".into()));
    }

    #[test]
    fn plumbing_is_told_by_whole_segments() {
        for path in [
            "/health",
            "/api/healthz",
            "/emailer/health-check",
            "/metrics",
            "/status",
            "/v1/status",
            "/startup",
            "/static/{*path}",
            "/{*path}",
            "grpc.health.v1.Health/Check",
            "/debug/pprof/heap",
            "/log_filter",
            "/api/v1/openapi.json",
        ] {
            assert!(is_plumbing(path), "{path}");
        }
        for path in
            ["/orders", "/orders/{id}/status", "/orders/status", "/healthy-recipes", "/", "/docs", "/orders/debug", "shop.Cart/AddItem"]
        {
            assert!(!is_plumbing(path), "{path}");
        }
    }
}
