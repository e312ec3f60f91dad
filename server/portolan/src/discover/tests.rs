//! What is found, on a small workspace on disk.
#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

fn workspace(files: &[(&str, &str)]) -> (tempfile::TempDir, Roots) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let roots = Roots::one(folder.path().to_owned());
    (folder, roots)
}

fn paths(discovery: &Discovery) -> Vec<&str> {
    discovery.files.iter().map(|file| file.path.as_str()).collect()
}

const FILES: &[(&str, &str)] = &[
    (".gitignore", "built/\n"),
    (".git/x.ts", ""),
    ("built/x.ts", ""),
    ("node_modules/a/x.ts", ""),
    ("out/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n"),
    ("out/x.rs", ""),
    ("src/a b.ts", ""),
    ("src/é.rs", ""),
    ("src/readme.txt", ""),
    (".config/x.ts", ""),
];

#[test]
fn ignored_vendored_and_cached_files_are_not_found() {
    let (_folder, roots) = workspace(FILES);
    let discovery = discover(&roots);
    assert_eq!(paths(&discovery), [".config/x.ts", "src/a b.ts", "src/é.rs"]);
    assert_eq!(discovery.others, [".gitignore", "src/readme.txt"]);
}

#[test]
fn examples_of_dotenv_files_are_found_though_a_rule_ignores_them() {
    let (folder, roots) = workspace(&[
        (".gitignore", ".env\n.env.*\nbuilt/\n"),
        (".env", "A=1"),
        (".env.example", "A=2"),
        ("built/.env.example", "A=3"),
        ("web/.env.local", "A=4"),
        ("web/.env.sample", "A=5"),
    ]);
    assert_eq!(paths(&discover(&roots)), [".env.example", "web/.env.sample"]);
    assert_eq!(paths(&discover_at(&roots, &[folder.path().join("web/.env.sample")])), ["web/.env.sample"]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let (folder, roots) = workspace(FILES);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("src/é.rs"), folder.path().join("link.rs")).unwrap();
    assert_eq!(discover(&roots).files.len(), 3);
}

#[cfg(unix)]
#[test]
fn documents_are_found_where_links_lead_but_not_where_files_are_ignored() {
    let (folder, roots) =
        workspace(&[(".gitignore", "built/\n"), ("api/orders-1.json", "{}"), ("api/bills.yaml", "a: 1"), ("built/x.json", "{}")]);
    std::os::unix::fs::symlink("orders-1.json", folder.path().join("api/orders.json")).unwrap();
    std::os::unix::fs::symlink("nothing.json", folder.path().join("api/nowhere.json")).unwrap();
    let named = ["api/bills.yaml", "api/missing.json", "api/nowhere.json", "api/orders.json", "api", "built/x.json"];
    let found = documents_at(&roots, named.map(Utf8PathBuf::from));
    assert_eq!(found.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["api/bills.yaml", "api/orders.json"]);
    assert!(found.iter().all(|file| file.kind == FileKind::Manifest(ManifestFormat::OpenApi)));
}

#[test]
fn a_part_is_found_by_the_same_rules() {
    let (folder, roots) = workspace(FILES);
    let at = |paths: &[&str]| {
        let paths: Vec<_> = paths.iter().map(|path| folder.path().join(path)).collect();
        discover_at(&roots, &paths)
    };
    assert_eq!(paths(&at(&["src/a b.ts", "built/x.ts", "built", "missing.ts", "out/x.rs"])), ["src/a b.ts"]);
    assert_eq!(paths(&at(&["src"])), ["src/a b.ts", "src/é.rs"]);
    assert!(at(&[]).files.is_empty());
    assert!(discover_at(&roots, &[PathBuf::from("/elsewhere/x.ts")]).files.is_empty());
}
