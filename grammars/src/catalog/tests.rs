//! What every library file must keep, and the lookups. Whether its examples hold, the analysis tests.

use super::*;

fn library(text: &str) -> Library {
    Catalog::parse_library(text).unwrap()
}

fn callees(library: &Library) -> Vec<&Symbol> {
    library.callees().into_iter().flat_map(|(names, _)| names.iter()).collect()
}

#[test]
fn every_embedded_file_is_a_library_named_like_it() {
    let mut seen = std::collections::BTreeSet::new();
    for (name, library) in Catalog::embedded() {
        let library = library.unwrap_or_else(|error| panic!("{name}.toml:{error}"));
        assert_eq!(library.id, name, "a library's id is its file's name");
        assert!(seen.insert(name), "{name} is there twice");
        assert!(!library.packages.is_empty(), "{name} belongs to no package");
        assert!(!library.example.is_empty(), "{name} has no example");
        assert!(!library.counterexample.is_empty(), "{name} has no counterexample");
        for example in &library.example {
            assert!(!example.finds.is_empty(), "an example of {name} finds nothing: {}", example.code);
        }
        for example in &library.counterexample {
            assert!(example.finds.is_empty(), "a counterexample of {name} finds something: {}", example.code);
        }
    }
    assert!(!seen.is_empty());
    assert_eq!(Catalog::builtin().libraries.len(), seen.len());
}

#[test]
fn every_method_is_of_a_type_that_something_produces() {
    let catalog = Catalog::builtin();
    for (at, library) in catalog.libraries.iter().enumerate() {
        for callee in callees(library) {
            if let Some((owner, _)) = callee.split_once('.') {
                // A value that is read as a member (`mongoose.connection`) is a name of the package itself.
                let member = library.value.iter().any(|value| value.callee.iter().any(|callee| callee == owner));
                let known = member || catalog.type_name(at, owner).is_some();
                assert!(known, "{}: nothing produces {owner} of {callee}: add a value, an alias or an entry of `types`", library.id);
            }
        }
        for (alias, name) in &library.aliases {
            let made = library.types.contains(name) || library.value.iter().any(|value| value.type_name == *name);
            let named = callees(library)
                .iter()
                .any(|callee| callee.rsplit_once("::").is_some_and(|(owner, _)| owner == name.as_str()) || callee == &name);
            assert!(made || named, "{}: {alias} is an alias of {name}, which is nothing", library.id);
        }
    }
}

#[test]
fn every_capture_that_is_taken_is_made() {
    // A macro called `table` makes a module; the analysis has its value remember the module's name.
    let module = Symbol::new("table");
    for library in &Catalog::builtin().libraries {
        let tables =
            library.language == Family::Rust && library.value.iter().any(|value| value.callee.iter().any(|callee| *callee == module));
        let mut made: Vec<&Symbol> = library
            .value
            .iter()
            .flat_map(|value| {
                value
                    .captures
                    .keys()
                    .chain(value.gathers.keys())
                    .chain(value.below.keys())
                    .chain(value.qualified.keys())
                    .chain(value.overlays.keys())
            })
            .collect();
        made.extend(tables.then_some(&module));
        let collection = Symbol::new("collection");
        made.extend(library.entity.iter().any(|entity| !entity.beside.is_empty()).then_some(&collection));
        made.extend((!library.model_class.is_empty()).then_some(&collection));
        // What is injected keeps what another file of the same package captures.
        let kin = Catalog::builtin();
        let kin = kin.libraries.iter().filter(|other| other.packages.iter().any(|package| library.packages.contains(package)));
        let injected: Vec<Symbol> = kin
            .flat_map(|other| {
                other
                    .injected
                    .iter()
                    .flat_map(|value| value.captures.keys())
                    .chain(other.provider.iter().flat_map(|value| value.captures.keys()))
            })
            .cloned()
            .collect();
        made.extend(&injected);
        made.extend(library.setting.iter().map(|setting| &setting.capture));
        for selector in selectors(library) {
            let places = match selector {
                Selector::Literal(_) => continue,
                Selector::Take(take) => std::slice::from_ref(take),
                Selector::FirstOf(places) => places.as_slice(),
            };
            for place in places {
                for capture in place.receiver.iter() {
                    assert!(made.contains(&capture), "{}: no value captures {capture}", library.id);
                }
                // An argument may be another library's: the text of a file that the standard library read.
                for capture in place.capture.iter() {
                    let made_elsewhere = || {
                        Catalog::builtin()
                            .libraries
                            .iter()
                            .any(|other| other.value.iter().any(|value| value.captures.contains_key(capture)))
                    };
                    assert!(made.contains(&capture) || made_elsewhere(), "{}: no value captures {capture}", library.id);
                }
                assert!(!place.called, "{}: `called` is for methods of HTTP", library.id);
                let somewhere = place.argument.is_some() || place.receiver.is_some() || place.type_argument.is_some();
                let somewhere = somewhere || place.env.is_some() || place.looked_up;
                assert!(somewhere || place.class_of.is_some() || place.member.is_some(), "{}: {place:?} is no place", library.id);
            }
        }
    }
}

fn selectors(library: &Library) -> Vec<&Selector> {
    let mut all: Vec<&Selector> = Vec::new();
    all.extend(library.value.iter().flat_map(|entry| entry.captures.values()));
    all.extend(library.injected.iter().flat_map(|entry| entry.captures.values()));
    all.extend(library.http_client.iter().flat_map(|entry| [&entry.method, &entry.url].into_iter().chain(&entry.base_url)));
    all.extend(library.http_route.iter().flat_map(|entry| std::iter::once(&entry.path).chain(&entry.method).chain(&entry.handler)));
    all.extend(library.method_router.iter().flat_map(|entry| entry.method.iter().chain(&entry.handler)));
    all.extend(
        library
            .route_attribute
            .iter()
            .flat_map(|entry| [&entry.method, &entry.path].into_iter().chain(&entry.class_path).chain(&entry.class_version)),
    );
    all.extend(library.mount.iter().flat_map(|entry| entry.prefix.iter().chain(&entry.router)));
    all.extend(library.middleware.iter().map(|entry| &entry.middleware));
    all.extend(library.proxy.iter().flat_map(|entry| std::iter::once(&entry.target).chain(&entry.rewrite).chain(&entry.path)));
    all.extend(library.versioning.iter().flat_map(|entry| std::iter::once(&entry.prefix).chain(&entry.scheme).chain(&entry.version)));
    all.extend(library.module_routes.iter().map(|entry| &entry.routes));
    all.extend(library.listen.iter().map(|entry| &entry.port));
    all.extend(library.injected.iter().filter_map(|entry| entry.token.as_ref()));
    let transports =
        library.producer.iter().filter_map(|entry| entry.transport.as_ref()).chain(library.listener.iter().map(|entry| &entry.transport));
    all.extend(
        transports
            .flat_map(|transport| std::iter::once(&transport.name).chain(&transport.host).chain(&transport.port).chain(&transport.queue)),
    );
    all.extend(library.procedure_client.iter().map(|entry| &entry.url));
    all.extend(library.procedure_server.iter().map(|entry| &entry.router));
    all.extend(library.text.iter().map(|entry| &entry.text));
    all.extend(library.instance.iter().map(|entry| &entry.class));
    all.extend(library.registration.iter().flat_map(|entry| std::iter::once(&entry.key).chain(&entry.value).chain(&entry.class)));
    all.extend(library.lookup.iter().map(|entry| &entry.key));
    all.extend(library.service_schema.iter().map(|entry| &entry.schema));
    all.extend(library.decoration.iter().flat_map(|entry| [&entry.name, &entry.value]));
    all.extend(library.graphql_call.iter().flat_map(|entry| std::iter::once(&entry.document).chain(&entry.url)));
    all.extend(library.graphql_client.iter().map(|entry| &entry.url));
    all.extend(library.graphql_server.iter().flat_map(|entry| entry.name.iter().chain(&entry.resolvers).chain(&entry.roots)));
    all.extend(library.rpc_client.iter().flat_map(|entry| entry.address.iter().chain(&entry.service)));
    all.extend(library.rpc_server.iter().flat_map(|entry| entry.service.iter().chain(&entry.implementation).chain(&entry.method)));
    all.extend(library.binding.iter().flat_map(|entry| [&entry.queue, &entry.exchange].into_iter().chain(&entry.routing_key)));
    all.extend(library.dead_letter.iter().flat_map(|entry| [&entry.queue, &entry.exchange].into_iter().chain(&entry.routing_key)));
    all.extend(library.producer.iter().flat_map(|entry| std::iter::once(&entry.destination).chain(&entry.routing_key)));
    all.extend(library.consumer.iter().flat_map(|entry| entry.destination.iter().chain(&entry.handler).chain(&entry.unacknowledged)));
    all.extend(library.consumer_attribute.iter().map(|entry| &entry.destination));
    all.extend(
        library.connection.iter().flat_map(|entry| entry.url.iter().chain(&entry.dialect).chain(&entry.host).chain(&entry.database)),
    );
    all.extend(library.entity.iter().map(|entry| &entry.collection));
    all.extend(library.model_class.iter().filter_map(|entry| entry.collection.as_ref()));
    all.extend(library.query.iter().flat_map(|entry| entry.statement.iter().chain(&entry.dialect).chain(&entry.collection)));
    all.extend(library.common_table.iter().map(|entry| &entry.name));
    all.extend(library.sdk_call.iter().flat_map(|entry| entry.peer.iter().chain(&entry.address)));
    for entry in &library.setting_reader {
        let places = [&entry.key, &entry.default, &entry.source, &entry.values, &entry.file, &entry.prefix, &entry.separator];
        all.extend(places.into_iter().flatten());
    }
    all.extend(library.setting_source.iter().flat_map(|entry| std::iter::once(&entry.value).chain(&entry.namespace)));
    all.extend(library.value.iter().flat_map(|entry| entry.gathers.values().chain(entry.below.values()).chain(entry.qualified.values())));
    all.extend(library.value.iter().flat_map(|entry| entry.overlays.values()));
    all.extend(library.value.iter().filter_map(|entry| entry.given_to.as_ref()).flat_map(|to| to.fields.values()));
    all.extend(library.tracing.iter().filter_map(|entry| entry.list.as_ref()));
    all
}

const SHIPPER: &str = r#"
id = "shipper"
language = "typescript"
packages = ["@acme/shipper"]
[aliases]
"legacy.Shipper" = "Shipper"
[[value]]
callee = "create"
type = "Shipper"
[[value]]
callee = "Shipper.*"
type = "Self"
[[http_client]]
callee = ["Shipper.get", "Shipper.del"]
method = { called = true }
url = { argument = 0 }
[[query]]
callee = "Shipper.*.findMany"
system = "*"
collection = { member = 0 }
"#;

#[test]
fn callees_find_their_meanings() {
    let catalog = Catalog::new(vec![library(SHIPPER)]);
    let methods = |callee: &str| -> Vec<String> {
        let meanings = catalog.meanings(0, callee);
        meanings
            .iter()
            .map(|meaning| if let Meaning::HttpClient(client) = meaning { format!("{:?}", client.method) } else { "-".into() })
            .collect()
    };
    assert_eq!(
        methods("Shipper.get"),
        [r#"Literal("GET")"#, "-"],
        "a name wins over a star of its own kind, and keeps what a star hands out"
    );
    assert_eq!(methods("Shipper.del"), [r#"Literal("DELETE")"#, "-"]);
    assert_eq!(methods("legacy.Shipper.get"), [r#"Literal("GET")"#, "-"]);
    assert_eq!(methods("Shipper.timeout"), ["-"]);
    assert!(catalog.meanings(0, "get").is_empty());
    assert!(catalog.meanings(7, "create").is_empty());
    let found = catalog.meanings(0, "Shipper.user.findMany");
    assert_eq!(found.members, ["user"]);
    assert!(matches!(found.iter().next(), Some(Meaning::Query(_))));
}

#[test]
fn packages_and_names_are_found() {
    let mut catalog = Catalog::new(vec![library(SHIPPER)]);
    assert_eq!(catalog.libraries_of(Family::TypeScript, "@acme/shipper/esm"), [0]);
    assert!(catalog.libraries_of(Family::Rust, "@acme/shipper").is_empty());
    assert!(catalog.libraries_of(Family::TypeScript, "@acme").is_empty());
    assert!(catalog.is_interesting(Family::TypeScript, "findMany"));
    assert!(!catalog.is_interesting(Family::TypeScript, "create"), "it only makes a value");
    let own = "id = \"a-crate\"\nlanguage = \"rust\"\npackages = [\"my-crate\"]\n[[spawn]]\ncallee = \"rt::go\"";
    catalog.extend(vec![library(own)]);
    assert_eq!(catalog.libraries_of(Family::Rust, "my_crate"), [0]);
    assert_eq!(catalog.libraries_of(Family::TypeScript, "@acme/shipper"), [1], "positions follow the ids");
    assert!(catalog.is_interesting(Family::Rust, "go"));
    assert_eq!(catalog.type_name(1, "legacy.Shipper").map(Symbol::as_str), Some("Shipper"));
    catalog.extend(vec![Library::named("shipper", Family::Rust)]);
    assert!(catalog.libraries_of(Family::TypeScript, "@acme/shipper").is_empty(), "a workspace's own entry takes the place");
}

#[test]
fn mistakes_have_a_place_and_a_reason() {
    let error = Catalog::parse_library(
        "id = \"x\"\nlanguage = \"rust\"\npackages = []\n[[http_client]]\ncallee = \"a\"\nmethod = \"GET\"\nurl = { argment = 0 }",
    )
    .unwrap_err();
    assert_eq!(error.line, 7, "{error}");
    assert!(error.message.contains("argment"), "{error}");
    let error = Catalog::parse_library("id = 1").unwrap_err();
    assert_eq!((error.line, error.column), (1, 6), "{error}");
    assert!(Catalog::parse_library("[[[").is_err());
}

#[test]
fn every_example_is_code_and_every_find_is_in_the_format() {
    for (name, library) in Catalog::embedded() {
        let library = library.unwrap();
        for example in library.example.iter().chain(&library.counterexample) {
            let main = match (example.path.as_deref(), library.language) {
                (Some(path), _) => path,
                (None, Family::Rust) => "src/main.rs",
                (None, Family::TypeScript) => "src/index.ts",
            };
            let files = example.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
            for (path, text) in files.chain([(main, example.code.as_str())]) {
                assert!(is_code(path, text), "{name}: {path} does not parse:\n{text}");
            }
            for find in &example.finds {
                assert!(is_find(find), "{name}: {find}");
            }
        }
    }
}

fn is_code(path: &str, text: &str) -> bool {
    let language = match path.rsplit('.').next().unwrap() {
        "rs" => tree_sitter_rust::LANGUAGE,
        "ts" | "js" => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        "tsx" => tree_sitter_typescript::LANGUAGE_TSX,
        "json" | "toml" | "yaml" | "proto" | "prisma" => return true,
        other => panic!("an example in {other}"),
    };
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&language.into()).unwrap();
    !parser.parse(text, None).unwrap().root_node().has_error()
}

fn is_find(find: &str) -> bool {
    let is_method = |word: &str| word == "*" || word.bytes().all(|byte| byte.is_ascii_uppercase());
    match find.split(' ').collect::<Vec<_>>().as_slice() {
        ["CLIENT", _system, "read" | "write", _collection] => true,
        ["CLIENT", method, url] => is_method(method) && (url.contains("://") || url.starts_with("${") || url.starts_with('/')),
        ["SERVER", method, route] => is_method(method) && route.starts_with('/') && !route.contains(':'),
        ["GATEWAY", route, _target] | ["GATEWAY", route, _target, "in", "development"] => route.starts_with('/'),
        ["RPC" | "JSONRPC", "CLIENT" | "SERVER", name] => name.split('/').count() == 2,
        ["RPC", "OVER", "HTTP", _service] => true,
        ["GRAPHQL", "CLIENT" | "SERVER", name] => name.contains('.'),
        ["TRPC", "CLIENT" | "SERVER", _name] => true,
        ["PRODUCER" | "CONSUMER", _system, _destination] => true,
        ["SDK", _peer, _operation] => true,
        ["STORE", _system] | ["STORE", _system, _] => true,
        ["TRACING", "exporter" | "layer" | "carrier" | "start"] | ["TRACING", "init" | "span", _] => true,
        ["ENTRY"] => true,
        ["SPAWN" | "LIMIT" | "RETRY" | "TRANSACTION", _callee] => true,
        ["BINDING", _system, _queue, _exchange] => true,
        ["DEAD", "LETTER", _system, _queue, _exchange] => true,
        _ => false,
    }
}
