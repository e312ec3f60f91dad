//! What names and paths alone say: stock images, servers by dependency, folders of tests and tools, languages by extension.
//!
//! What deliberately does not live here: library call shapes, those are the catalog's.

use crate::words::words;

/// Last parts of image names of well-known software: what a workspace deploys but does not write.
const STOCK_IMAGES: &[&str] = &[
    "adminer",
    "airflow",
    "akhq",
    "alertmanager",
    "alpine",
    "alloy",
    "apache",
    "azurite",
    "beanstalkd",
    "blackbox-exporter",
    "busybox",
    "cadvisor",
    "caddy",
    "cassandra",
    "centrifugo",
    "certbot",
    "clickhouse",
    "clickhouse-server",
    "cockroach",
    "consul",
    "couchbase",
    "couchdb",
    "cp-kafka",
    "cp-kafka-connect",
    "cp-schema-registry",
    "cp-zookeeper",
    "curl",
    "dbmate",
    "debezium",
    "dgraph",
    "docker-registry",
    "dragonfly",
    "dynamodb-local",
    "elasticmq",
    "elasticsearch",
    "emqx",
    "envoy",
    "eclipse-mosquitto",
    "etcd",
    "eventstore",
    "filebeat",
    "flagd",
    "fluent-bit",
    "fluentd",
    "flyway",
    "gitea",
    "gotenberg",
    "grafana",
    "graphite",
    "haproxy",
    "hasura",
    "hivemq",
    "httpd",
    "imgproxy",
    "inbucket",
    "influxdb",
    "jaeger",
    "jenkins",
    "kafdrop",
    "kafka",
    "kafka-connect",
    "kafka-exporter",
    "kafka-ui",
    "keycloak",
    "keydb",
    "kibana",
    "kong",
    "ksqldb-server",
    "liquibase",
    "localstack",
    "logstash",
    "loki",
    "maildev",
    "mailhog",
    "mailpit",
    "mariadb",
    "mc",
    "meilisearch",
    "memcached",
    "metabase",
    "milvus",
    "minio",
    "mockserver",
    "mongo",
    "mongo-express",
    "mongodb",
    "mongodb-exporter",
    "mosquitto",
    "mssql-server",
    "mysql",
    "nats",
    "nats-streaming",
    "neo4j",
    "nginx",
    "nginx-unprivileged",
    "node-exporter",
    "openldap",
    "opensearch",
    "opensearch-dashboards",
    "opentelemetry-collector",
    "opentelemetry-collector-contrib",
    "oracle-xe",
    "otel-collector",
    "otel-lgtm",
    "pgadmin",
    "pgadmin4",
    "pgbouncer",
    "pgvector",
    "phpmyadmin",
    "portainer",
    "postgis",
    "postgres",
    "postgres-exporter",
    "postgresql",
    "prometheus",
    "promtail",
    "pulsar",
    "pushgateway",
    "qdrant",
    "questdb",
    "rabbitmq",
    "redis",
    "redis-commander",
    "redis-exporter",
    "redis-stack",
    "redis-stack-server",
    "redisinsight",
    "redpanda",
    "registry",
    "rethinkdb",
    "rustfs",
    "schema-registry",
    "scylla",
    "seaweedfs",
    "selenium",
    "sentry",
    "solr",
    "sonarqube",
    "statsd",
    "surrealdb",
    "swagger-ui",
    "tempo",
    "temporal",
    "timescaledb",
    "toxiproxy",
    "traefik",
    "trino",
    "typesense",
    "unleash-server",
    "valkey",
    "vault",
    "varnish",
    "vector",
    "victoria-metrics",
    "weaviate",
    "wiremock",
    "zipkin",
    "zookeeper",
];

/// Images that pass requests on or hand out files by a configuration of the workspace: built here, they are its services.
const CONFIGURED_IMAGES: &[&str] = &[
    "nginx",
    "nginx-unprivileged",
    "envoy",
    "caddy",
    "traefik",
    "haproxy",
    "httpd",
    "kong",
    "apache",
    "openresty",
    "alpine",
    "busybox",
    "varnish",
];

const GATEWAY_IMAGES: &[&str] = &["envoy", "traefik", "haproxy", "kong"];

/// Images of systems, that hold no program of anybody's own.
const SYSTEM_IMAGES: &[&str] = &[
    "almalinux",
    "amazonlinux",
    "archlinux",
    "buildpack-deps",
    "centos",
    "debian",
    "debian-slim",
    "fedora",
    "rockylinux",
    "scratch",
    "ubi-minimal",
    "ubi8",
    "ubi8-minimal",
    "ubi9",
    "ubi9-minimal",
    "ubuntu",
    "wolfi-base",
];

/// Whether an image is well-known software, by its name without registry, path and tag.
pub(crate) fn is_stock_image(image: &str) -> bool {
    let name = image_name(image);
    // `mssql/server`: whose it is says what it is.
    let whose = || image_owner(image).map(|owner| format!("{}-{name}", owner.to_ascii_lowercase()));
    STOCK_IMAGES.contains(&name.as_str()) || whose().is_some_and(|name| STOCK_IMAGES.contains(&name.as_str()))
}

/// Whether an image made from `base`, with only settings added, is still that software: a broker with a plug-in, a search engine.
pub(crate) fn is_stock_base(base: &str) -> bool {
    is_stock_image(base) && !CONFIGURED_IMAGES.contains(&image_name(base).as_str())
}

/// Whether an image does what the files say that are put into it.
pub(crate) fn is_configured_image(image: &str) -> bool {
    let name = image_name(image);
    CONFIGURED_IMAGES.iter().chain(&["tomcat", "php"]).any(|known| name.contains(known))
}

/// Whether an image is that of a language, of a system or of well-known software, and thus brings no code of a workspace.
pub(crate) fn is_bare_image(image: &str) -> bool {
    let is_system = SYSTEM_IMAGES.contains(&image_name(image).as_str()) || image.contains("/distroless/");
    is_system || is_stock_image(image) || language_of_image(image).is_some()
}

/// Whether an image is a proxy.
pub(crate) fn is_gateway_image(image: &str) -> bool {
    GATEWAY_IMAGES.contains(&image_name(image).as_str())
}

/// The last part of an image's name, without tag and digest, in lower case.
pub(crate) fn image_name(image: &str) -> String {
    let image = image.split('@').next().unwrap_or(image);
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split(':').next().unwrap_or(last).to_ascii_lowercase()
}

/// Whose image it is, where that is said: the part before its name, that a registry's host is none of.
pub(crate) fn image_owner(image: &str) -> Option<&str> {
    let before = image.split('@').next().unwrap_or(image).rsplit_once('/')?.0;
    before.rsplit('/').next().filter(|owner| !owner.contains(['.', ':']))
}

/// An image's tag.
pub(crate) fn image_tag(image: &str) -> Option<&str> {
    let image = image.split('@').next().unwrap_or(image);
    image.rsplit('/').next().unwrap_or(image).split_once(':').map(|(_, tag)| tag)
}

/// A name for comparing: lower case, without `-`, `_`, `.` and blanks.
pub(crate) fn normal(name: &str) -> String {
    name.chars().filter(|letter| !matches!(letter, '-' | '_' | '.' | ' ')).flat_map(char::to_lowercase).collect()
}

/// A package's name without its scope.
pub(crate) fn unscoped(name: &str) -> &str {
    name.strip_prefix('@').and_then(|rest| rest.split_once('/')).map_or(name, |(_, rest)| rest)
}

/// Whether a script of a package is called as those are that start its program: `dev`, `start:prod`.
pub(crate) fn is_start_script(name: &str) -> bool {
    matches!(name.split(':').next(), Some("start" | "serve" | "dev" | "develop"))
}

/// Whether a name, or one part of a path, speaks of tests. A browser that is driven is that of tests, unless it is a service itself.
pub(crate) fn is_test_name(name: &str) -> bool {
    let words = words(name);
    let serves = || words.iter().any(|word| matches!(word.as_str(), "service" | "server" | "api" | "worker" | "scraper"));
    words.iter().any(|word| match word.as_str() {
        "test" | "tests" | "testing" | "e2e" | "cypress" | "fixture" | "fixtures" | "mock" | "mocks" | "spec" => true,
        "playwright" => !serves(),
        _ => false,
    })
}

/// Whether a path lies in a folder of tests, or of an editor's own settings.
pub(crate) fn is_test_path(path: &str) -> bool {
    path.split('/').any(|part| is_test_name(part) || matches!(part, ".devcontainer" | ".github" | ".gitlab" | ".circleci" | "node_modules"))
}

/// Whether a path lies in a folder of examples, documentation or templates.
pub(crate) fn is_example_path(path: &str) -> bool {
    path.split('/').any(|part| {
        words(part).iter().any(|word| {
            matches!(
                word.as_str(),
                "example"
                    | "examples"
                    | "sample"
                    | "samples"
                    | "playground"
                    | "playgrounds"
                    | "template"
                    | "templates"
                    | "docs"
                    | "documentation"
                    | "benchmarks"
                    | "benches"
            )
        })
    })
}

/// Whether a folder's name says how code is laid out and not what it is.
pub(crate) fn is_layout_folder(name: &str) -> bool {
    matches!(name, "src" | "app" | "apps" | "lib" | "libs" | "source" | "code" | "cmd" | "main" | "packages" | "services")
}

/// Whether a name speaks of something that is run once and ends.
pub(crate) fn is_job_name(name: &str) -> bool {
    let jobs = ["migrate", "migration", "migrations", "migrator", "init", "seed", "seeder", "bootstrap", "setup"];
    words(name).iter().any(|word| jobs.contains(&word.as_str()))
}

/// Whether a name is that of a tool although an image is built of it. What generates, migrates or fills something may well be a product then, and so
/// may what serves benchmarks.
pub(crate) fn is_tool_image(name: &str) -> bool {
    let serves = words(name).iter().any(|word| matches!(word.as_str(), "server" | "service" | "api" | "dashboard"));
    let kept: Vec<String> = words(name)
        .into_iter()
        .filter(|word| !(serves && matches!(word.as_str(), "bench" | "benches" | "benchmark" | "benchmarks")))
        .filter(|word| {
            !matches!(
                word.as_str(),
                "generator" | "plugin" | "migrate" | "migration" | "migrations" | "seed" | "seeder" | "sim" | "simulator" | "simulation"
            )
        })
        .collect();
    is_tool_name(&kept.join("-"))
}

/// Whether a name is that of a tool for those who write the workspace, and of no product.
pub(crate) fn is_tool_name(name: &str) -> bool {
    const TOOLS: &[&str] = &[
        "test",
        "tests",
        "testing",
        "bench",
        "benches",
        "benchmark",
        "benchmarks",
        "example",
        "examples",
        "sample",
        "demo",
        "xtask",
        "fuzz",
        "fuzzer",
        "mock",
        "mocks",
        "codegen",
        "generator",
        "gen",
        "genproto",
        "lint",
        "lints",
        "coverage",
        "sbom",
        "eslint",
        "prettier",
        "tsconfig",
        "storybook",
        "sim",
        "simulator",
        "simulation",
        "helper",
        "e2e",
        "fixtures",
        "script",
        "scripts",
        "build",
        "builder",
        "dev",
        "ci",
        "playground",
        "template",
        "healthcheck",
        "health",
        "migrate",
        "migration",
        "migrations",
        "seed",
        "seeder",
        "docs",
        "loadtest",
        "stress",
        "repro",
        "prototype",
        "plugin",
    ];
    words(name).iter().any(|word| TOOLS.contains(&word.as_str()) || word.ends_with("bench"))
}

/// The language of a file by its extension, as charts name it.
pub(crate) fn language(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "rs" => "rust",
        "ts" | "tsx" | "mts" | "cts" => "typescript",
        "js" | "jsx" | "mjs" | "cjs" => "javascript",
        "vue" | "svelte" => "javascript",
        "go" => "go",
        "py" => "python",
        "java" => "java",
        "kt" | "kts" => "kotlin",
        "cs" => "csharp",
        "fs" => "fsharp",
        "php" => "php",
        "rb" => "ruby",
        "ex" | "exs" => "elixir",
        "erl" => "erlang",
        "cpp" | "cc" | "cxx" | "hpp" => "cpp",
        "c" => "c",
        "scala" => "scala",
        "swift" => "swift",
        "dart" => "dart",
        "clj" => "clojure",
        "hs" => "haskell",
        "zig" => "zig",
        _ => return None,
    })
}

/// The language of an image that code is built or run in.
pub(crate) fn language_of_image(image: &str) -> Option<&'static str> {
    let name = image_name(image);
    if image.contains("/dotnet/") {
        return Some("csharp");
    }
    let starts = |prefix: &str| name.starts_with(prefix);
    Some(match () {
        () if starts("node") || starts("bun") || starts("deno") => "javascript",
        () if starts("golang") || name == "go" => "go",
        () if starts("python") => "python",
        () if starts("openjdk")
            || starts("eclipse-temurin")
            || starts("maven")
            || starts("gradle")
            || starts("amazoncorretto")
            || starts("java") =>
        {
            "java"
        }
        () if starts("rust") => "rust",
        () if starts("php") => "php",
        () if starts("ruby") => "ruby",
        () if starts("elixir") => "elixir",
        () if starts("dart") => "dart",
        () if starts("swift") => "swift",
        () if starts("nginx") => "nginx",
        () if starts("envoy") => "envoy",
        () if starts("caddy") => "caddy",
        () if starts("traefik") => "traefik",
        () if starts("haproxy") => "haproxy",
        () => return None,
    })
}

/// Crates that draw pages in a browser.
pub(crate) const PAGE_CRATES: &[&str] = &["yew", "leptos", "dioxus", "sycamore", "seed", "perseus"];

/// Features of such crates by which they serve pages themselves.
pub(super) const SERVER_FEATURES: &[&str] = &["ssr", "fullstack", "server"];

/// Features of such crates by which a browser runs the program.
pub(super) const BROWSER_FEATURES: &[&str] = &["csr", "web", "hydrate"];

/// Crates that serve; what depends on one of them draws pages on a server.
pub(super) const SERVER_CRATES: &[&str] =
    &["axum", "actix-web", "rocket", "warp", "poem", "salvo", "tide", "hyper", "tonic", "leptos_axum", "leptos_actix"];

/// Dependencies that make an npm package a front end, unless it serves requests itself.
pub(crate) const FRONTEND_PACKAGES: &[&str] = &[
    "next",
    "react",
    "react-dom",
    "vue",
    "svelte",
    "@sveltejs/kit",
    "@angular/core",
    "react-native",
    "expo",
    "nuxt",
    "solid-js",
    "preact",
    "@remix-run/react",
    "astro",
    "gatsby",
    "qwik",
];

/// Dependencies that make it a server.
pub(crate) const SERVER_PACKAGES: &[&str] = &[
    "express",
    "fastify",
    "koa",
    "@hapi/hapi",
    "@nestjs/core",
    "hono",
    "@hono/node-server",
    "restify",
    "@apollo/server",
    "apollo-server",
    "apollo-server-express",
    "graphql-yoga",
    "polka",
    "@feathersjs/feathers",
    "@adonisjs/core",
    "@grpc/grpc-js",
    "grpc",
    "@connectrpc/connect-node",
    "socket.io",
    "ws",
    "moleculer",
    "@strapi/strapi",
    "@loopback/core",
    "elysia",
    "@trpc/server",
    "micro",
    "nodemailer",
    "smtp-server",
    "@medusajs/medusa",
    "h3",
    "nitropack",
];

/// Dependencies that make it work off messages or a schedule.
pub(crate) const WORKER_PACKAGES: &[&str] = &[
    "bullmq",
    "bull",
    "kafkajs",
    "amqplib",
    "amqp-connection-manager",
    "nats",
    "node-cron",
    "cron",
    "agenda",
    "@temporalio/worker",
    "sqs-consumer",
    "@aws-sdk/client-sqs",
    "bee-queue",
    "graphile-worker",
    "pg-boss",
    "mqtt",
    "inngest",
    "node-schedule",
];

/// Dependencies that pass requests on.
pub(crate) const GATEWAY_PACKAGES: &[&str] = &[
    "http-proxy-middleware",
    "http-proxy",
    "express-http-proxy",
    "express-gateway",
    "@fastify/http-proxy",
    "@apollo/gateway",
    "fast-gateway",
    "koa-proxies",
];

/// Whether words of a command line start what hands out pages.
pub(crate) fn serves_pages(words: &[&str]) -> bool {
    words.iter().any(|word| PAGE_SERVERS.contains(word)) || serves_bundle(words)
}

/// Whether they start the development server of a bundler that runs no program of the package itself.
pub(crate) fn serves_bundle(words: &[&str]) -> bool {
    words.contains(&"webpack-dev-server") || words.windows(2).any(|pair| matches!(pair, ["webpack", "serve" | "server"]))
}

/// What the configuration of such a bundler is called.
pub(crate) const BUNDLER_CONFIG: &str = "webpack.config";

/// Whether words of a command line only make pages anew, or show parts of them.
pub(crate) fn builds_pages(words: &[&str]) -> bool {
    words.windows(2).any(|pair| pair == ["vite", "build"]) || words.iter().any(|word| word.contains("storybook"))
}

/// Programs of scripts that hand out pages.
const PAGE_SERVERS: &[&str] = &[
    "next",
    "vite",
    "react-scripts",
    "react-app-rewired",
    "craco",
    "ng",
    "expo",
    "react-native",
    "vue-cli-service",
    "nuxt",
    "nuxi",
    "svelte-kit",
    "remix",
    "astro",
    "gatsby",
    "parcel",
    "rsbuild",
    "vinxi",
    "ionic",
];

/// Images and programs that hand out files as they are.
pub(crate) const FILE_SERVERS: &[&str] = &["nginx", "nginx-unprivileged", "caddy", "httpd", "serve", "http-server", "static-web-server"];

/// Programs of scripts that run a file.
pub(crate) const RUNNERS: &[&str] = &[
    "node",
    "nest",
    "ts-node",
    "ts-node-dev",
    "tsx",
    "nodemon",
    "bun",
    "deno",
    "fastify",
    "wrangler",
    "serverless",
    "sls",
    "strapi",
    "medusa",
    "pm2",
    "pm2-runtime",
    "babel-node",
    "tsnd",
    "encore",
    "swc-node",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        assert_eq!(image_name("docker.io/library/Redis:7.4@sha256:00"), "redis");
        assert_eq!(image_tag("ghcr.io/acme/demo:latest-cart"), Some("latest-cart"));
        assert_eq!(image_tag("localhost:5000/acme/demo"), None);
        assert!(is_test_name("frontendTests") && is_test_name("test_runner") && !is_test_name("latest") && !is_test_name("attestation"));
        assert!(is_test_name("playwright") && is_test_name("playwright-tests") && !is_test_name("playwright-service"));
        assert!(is_tool_name("pagebench") && is_tool_name("slow-helper") && !is_tool_name("gateway"));
        assert!(is_stock_base("apache/kafka:3") && !is_stock_base("nginx:1"));
        assert_eq!(unscoped("@acme/api"), "api");
    }
}
