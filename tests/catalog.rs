//! Runs every example and counterexample of the library catalog through the whole analysis.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use camino::Utf8PathBuf;
use libtest_mimic::{Arguments, Failed, Trial};
use portolan_analysis::resolve::describe::describe;
use portolan_grammars::catalog::{Catalog, Example, Family, Library};
use portolan_tests::texts::{Texts, world};

fn main() {
    let arguments = Arguments::from_args();
    let catalog = Catalog::builtin();
    let mut trials = Vec::new();
    for library in &catalog.libraries {
        if library.example.is_empty() || library.counterexample.is_empty() {
            trials.push(Trial::test(library.id.to_string(), || Err(Failed::from("an entry needs an example and a counterexample"))));
        }
        let kinds = [("example", &library.example), ("counterexample", &library.counterexample)];
        for (kind, examples) in kinds {
            for (index, example) in examples.iter().enumerate() {
                let (example, texts) = (example.clone(), texts(library, example));
                trials.push(Trial::test(format!("{} {kind} {}", library.id, index + 1), move || check(&example, &texts)));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// The workspace around an example: one service, `example`, whose package depends on the library.
fn texts(library: &Library, example: &Example) -> Texts {
    let mut texts = Texts::new();
    let packages = library.packages.iter().filter(|name| *name != "global");
    let (path, manifest, text) = match library.language {
        Family::TypeScript => {
            let dependencies: Vec<String> = packages.map(|name| format!("{name:?}: \"*\"")).collect();
            let text = format!("{{\"name\": \"example\", \"main\": \"src/index.ts\", \"dependencies\": {{{}}}}}", dependencies.join(", "));
            ("src/index.ts", "package.json", text)
        }
        Family::Rust => {
            let dependencies: String = packages.map(|name| format!("{name} = \"*\"\n")).collect();
            ("src/main.rs", "Cargo.toml", format!("[package]\nname = \"example\"\n[dependencies]\n{dependencies}"))
        }
    };
    texts.insert("compose.yaml".into(), "services:\n  example:\n    build: .\n".to_owned());
    texts.insert(manifest.into(), text);
    for (path, text) in &example.files {
        texts.insert(Utf8PathBuf::from(path.as_str()), text.to_string());
    }
    texts.insert(Utf8PathBuf::from(example.path.as_deref().unwrap_or(path)), example.code.to_string());
    texts
}

fn check(example: &Example, texts: &Texts) -> Result<(), Failed> {
    let mut found = describe(&world(texts).snapshot());
    let mut expected: Vec<String> = example.finds.iter().map(ToString::to_string).collect();
    found.sort();
    expected.sort();
    if found == expected {
        return Ok(());
    }
    Err(Failed::from(format!("expected: {expected:#?}\nfound: {found:#?}\nin:\n{}", example.code)))
}
