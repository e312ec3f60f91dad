//! Clients that are generated of OpenAPI documents while the code that uses them is built, so that their code is nowhere in the workspace.
//!
//! A macro (`progenitor::generate_api!("orders.json")`), or a build script whose output a file includes, makes the items of a module. What
//! there is then is a library of its own in the catalog: what its generator's entry says of all clients, and a request for each operation of
//! the document. What deliberately does not live here: how values of such a library are followed, which is as those of any other. Invariant: a
//! module has a client only where one document is meant, and that is there and has operations.

use camino::Utf8Path;
use portolan_grammars::catalog::{Catalog, GeneratedClient, HttpClient, Library, Names, Selector};
use portolan_grammars::facts::{Call, CallKind, Expr, ExprId, FunctionId, Imported, Language, SourceFacts, Symbol, TextRange};
use portolan_grammars::manifests::{ApiOperation, Manifest};
use rustc_hash::{FxHashMap, FxHashSet};

use super::index::callee_name;
use crate::FileId;
use crate::files::Files;
use crate::words::generated_words;
use crate::workspace::paths::{self, join};

/// Where Cargo runs a package's own code before it builds the package.
const BUILD_SCRIPT: &str = "build.rs";
/// The variable that Cargo sets to the folder that a build script writes to.
const OUTPUT_FOLDER: &str = "OUT_DIR";
/// How names of documents end.
const DOCUMENT_ENDINGS: [&str; 3] = [".json", ".yaml", ".yml"];
/// Words that are no names in Rust: a generator puts `_` behind them.
const KEYWORDS: &str = " abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl \
                        in let loop macro match mod move mut override priv pub ref return self static struct super trait true try type \
                        typeof unsafe unsized use virtual where while yield ";

/// What one file says of generated clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Generated {
    /// A macro makes the items of a module.
    Macro {
        /// The inline modules around it, joined by `::`.
        module: Symbol,
        /// Its library's id.
        library: Symbol,
        /// The document's path, below the folder of the package.
        document: Symbol,
    },
    /// A module includes what the package's build script writes.
    Included {
        /// The inline modules around it, joined by `::`.
        module: Symbol,
        /// The name of the file that is written.
        output: Symbol,
    },
    /// A build script has a client generated.
    Script {
        /// The generator's library's id.
        library: Symbol,
        /// What may be the document, below the folder of the package.
        documents: Vec<Symbol>,
        /// The names of files that it writes, and of others.
        names: Vec<Symbol>,
    },
}

impl Generated {
    /// Reads them.
    pub(crate) fn read(path: &Utf8Path, facts: &SourceFacts, catalog: &Catalog) -> Vec<Self> {
        if facts.language != Language::Rust {
            return Vec::new();
        }
        let is_script = path.file_name() == Some(BUILD_SCRIPT);
        let makes_items = |call: &&Call| call.kind == CallKind::Macro && call.function == FunctionId::MODULE;
        let calls = facts.calls.iter().filter(|call| is_script || makes_items(call));
        let mut all: Vec<Self> = Vec::new();
        for call in calls {
            let Some(name) = callee_name(facts, call.callee) else { continue };
            if name == "include" && call.function == FunctionId::MODULE {
                all.extend(included(facts, call).map(|output| Self::Included { module: module_at(facts, call.range), output }));
                continue;
            }
            for (library, entry) in catalog.generators() {
                let is = |names: &Names| names.iter().any(|known| is_called(facts, call, library, known));
                if makes_items(&call) && is(&entry.macros) {
                    let document = literal(facts, call, &entry.document);
                    all.extend(document.map(|document| {
                        let module = module_at(facts, call.range);
                        Self::Macro { module, library: library.id.clone(), document }
                    }));
                } else if is_script && is(&entry.build_script) {
                    all.push(script(facts, library));
                }
            }
        }
        all.dedup();
        all
    }

    /// The documents that it names, below the folder of the package.
    pub(crate) fn documents(&self) -> &[Symbol] {
        match self {
            Self::Macro { document, .. } => std::slice::from_ref(document),
            Self::Included { .. } => &[],
            Self::Script { documents, .. } => documents,
        }
    }
}

/// The generated clients of a workspace.
#[derive(Debug, Default)]
pub(crate) struct GeneratedClients {
    /// What the catalog calls the items of modules, by the file and the inline modules in it.
    pub(crate) modules: FxHashMap<(FileId, Symbol), Symbol>,
    /// What the catalog says of them.
    pub(crate) libraries: Vec<Library>,
    /// The documents, by the ids of those libraries.
    pub(crate) documents: FxHashMap<Symbol, FileId>,
}

impl GeneratedClients {
    /// Those of all files, of which `said` tells what each says.
    pub(crate) fn of(files: &Files, catalog: &Catalog, said: impl Fn(&Utf8Path) -> Vec<Generated>) -> Self {
        let is_package = |folder: &str| files.id(Utf8Path::new(folder).join("Cargo.toml").as_path()).is_some();
        let operations = |path: &str| {
            let file = files.id(path.into())?;
            match files.facts(file)?.manifest()? {
                Manifest::OpenApi(operations) if !operations.is_empty() => Some((file, operations.as_slice())),
                _ => None,
            }
        };
        let mut all = Self::default();
        for (file, path, _) in files.iter() {
            for one in said(path) {
                let place = |name: &Symbol| document_path(path, name, &is_package);
                let (module, library, document) = match one {
                    Generated::Macro { module, library, document } => (module, library, place(&document)),
                    Generated::Included { module, output } => {
                        let script =
                            document_path(path, BUILD_SCRIPT, &is_package).filter(|script| files.id(script.as_str().into()).is_some());
                        let of_script = script.into_iter().flat_map(|script| said(script.as_str().into()));
                        let mut scripts = of_script.filter_map(|one| match one {
                            Generated::Script { library, documents, names } => Some((library, documents, names)),
                            _ => None,
                        });
                        let Some((library, documents, names)) = scripts.next() else { continue };
                        let mut known = documents.iter().filter_map(place).filter(|document| operations(document).is_some());
                        let only = known.next().filter(|_| known.next().is_none() && names.contains(&output));
                        (module, library, only)
                    }
                    Generated::Script { .. } => continue,
                };
                let Some(path) = document else { continue };
                let Some((document, operations)) = operations(&path) else { continue };
                let Some((generator, entry)) = catalog.generators().find(|(known, _)| known.id == library) else { continue };
                let package = Symbol::from(path);
                if !all.documents.values().any(|known| *known == document) {
                    let library = client(generator, entry, &package, operations);
                    all.documents.insert(library.id.clone(), document);
                    all.libraries.push(library);
                }
                all.modules.insert((file, module), package);
            }
        }
        all
    }
}

/// Where a document is that a file of a package names.
pub(crate) fn document_path(file: &Utf8Path, document: &str, is_package: &impl Fn(&str) -> bool) -> Option<String> {
    let folder = paths::upwards(paths::folder(file.as_str())).find(|folder| is_package(folder))?;
    join(folder, document)
}

/// The client of a document, as a library of the catalog.
fn client(generator: &Library, entry: &GeneratedClient, document: &Symbol, operations: &[ApiOperation]) -> Library {
    let request = |operation: &ApiOperation| {
        let method = method_name(&operation.id.value);
        let mut callee = vec![Symbol::from(format!("{}.{method}", entry.type_name))];
        if operation.paginated {
            callee.push(format!("{}.{method}_stream", entry.type_name).into());
        }
        HttpClient {
            callee: Names::Many(callee),
            method: Selector::Literal(operation.method.clone()),
            url: Selector::Literal(operation.path.clone()),
            base_url: Some(entry.base_url.clone()),
            base_required: true,
            headers: None,
            body: None,
            body_by: None,
            limit: Some(entry.limit.clone()),
            limited_by: None,
            retry: None,
            retry_times: None,
            retried_by: None,
        }
    };
    let mut library = Library { generated_client: None, example: Vec::new(), counterexample: Vec::new(), ..generator.clone() };
    library.id = format!("{} {document}", generator.id).into();
    library.packages = vec![document.clone()];
    library.http_client.extend(operations.iter().map(request));
    library
}

/// What a method is called that stands for an operation: its words in small letters with `_` between them.
pub(crate) fn method_name(operation: &str) -> String {
    let name = match operation {
        "+1" => "plus1".to_owned(),
        "-1" => "minus1".to_owned(),
        _ => generated_words(&operation.replace('\'', "")).join("_"),
    };
    let starts = name.starts_with(|first: char| first.is_alphabetic());
    let name = if starts || name.is_empty() { name } else { format!("_{name}") };
    match name.as_str() {
        "" => "x".to_owned(),
        word if KEYWORDS.split(' ').any(|keyword| keyword == word) => format!("{word}_"),
        _ => name,
    }
}

/// Whether a call is of a library's name: by its whole path, or by what an import brings in.
fn is_called(facts: &SourceFacts, call: &Call, library: &Library, name: &str) -> bool {
    let path: &[Symbol] = match facts.expr(call.callee) {
        Expr::Path(path) => path,
        Expr::Name(name) => std::slice::from_ref(name),
        _ => return false,
    };
    let Some((first, rest)) = path.split_first() else { return false };
    let is_package = |source: &str| library.packages.iter().any(|package| package.replace('-', "_") == source);
    if is_package(first) {
        return rest.join("::") == name;
    }
    facts.imports.iter().filter(|import| import.local == *first).any(|import| {
        let mut whole: Vec<&str> = import.source.split("::").filter(|segment| !segment.is_empty()).collect();
        if let Imported::Named(original) = &import.imported {
            whole.push(original);
        }
        whole.extend(rest.iter().map(Symbol::as_str));
        whole.split_first().is_some_and(|(package, path)| is_package(package) && path.join("::") == name)
    })
}

/// The text that is written in one of the places of a call.
fn literal(facts: &SourceFacts, call: &Call, places: &Selector) -> Option<Symbol> {
    places.takes().iter().find_map(|take| {
        let index = take.argument?;
        let at = if index < 0 { call.args.len() as i32 + index } else { index };
        let mut value = call.args.get(usize::try_from(at).ok()?)?.value;
        if let Some(key) = &take.key {
            let Expr::Object(object) = facts.expr(value) else { return None };
            value = object.field(key)?;
        }
        text(facts, value).cloned()
    })
}

fn text(facts: &SourceFacts, id: ExprId) -> Option<&Symbol> {
    match facts.expr(id) {
        Expr::Str(text) => Some(text),
        _ => None,
    }
}

/// The name of the file that `include!(concat!(env!("OUT_DIR"), "/orders.rs"))` includes.
fn included(facts: &SourceFacts, call: &Call) -> Option<Symbol> {
    let Expr::Concat(parts) = facts.expr(call.args.first()?.value) else { return None };
    let [folder, file] = parts.as_slice() else { return None };
    let Expr::Env(variable) = facts.expr(*folder) else { return None };
    let file = text(facts, *file).filter(|_| text(facts, *variable).is_some_and(|name| name == OUTPUT_FOLDER))?;
    file.rsplit('/').next().map(Symbol::new)
}

fn script(facts: &SourceFacts, library: &Library) -> Generated {
    let texts = || (0..facts.exprs.len()).filter_map(|at| text(facts, ExprId(at as u32)));
    let is_document = |text: &&Symbol| DOCUMENT_ENDINGS.iter().any(|ending| text.ends_with(ending)) && !text.contains([' ', '=']);
    let once = |names: &mut dyn Iterator<Item = Symbol>| {
        let mut known = FxHashSet::default();
        names.filter(|name| known.insert(name.clone())).collect::<Vec<_>>()
    };
    let documents = once(&mut texts().filter(is_document).cloned());
    let names = once(&mut texts().filter_map(|text| text.rsplit('/').next()).filter(|name| name.ends_with(".rs")).map(Symbol::new));
    Generated::Script { library: library.id.clone(), documents, names }
}

/// The inline modules around a place, joined by `::`.
fn module_at(facts: &SourceFacts, range: TextRange) -> Symbol {
    let around = facts.modules.iter().filter(|module| module.inline && module.range.contains(range));
    let Some(inner) = around.max_by_key(|module| module.range.start) else { return Symbol::default() };
    if inner.module.is_empty() { inner.name.clone() } else { format!("{}::{}", inner.module, inner.name).into() }
}

#[cfg(test)]
mod tests {
    use super::method_name;

    #[test]
    fn methods_are_named_as_the_generator_names_them() {
        for (operation, method) in [
            ("order_view", "order_view"),
            ("getOrderByID", "get_order_by_id"),
            ("order-list", "order_list"),
            ("GetHTTPOrders", "get_http_orders"),
            ("getV2Orders", "get_v2_orders"),
            ("ip4Address", "ip4_address"),
            ("orders/list", "orders_list"),
            ("customer's orders", "customers_orders"),
            ("type", "type_"),
            ("2fa", "_2fa"),
            ("+1", "plus1"),
            ("", "x"),
        ] {
            assert_eq!(method_name(operation), method);
        }
    }
}
