//! Bad input is normal input: nothing panics, what is wrong is listed, and the rest of the workspace is served.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use portolan::{Loaded, load};
use portolan_tests::disk::Folder;
use portolan_tests::lines::{Kind, spans};

/// Two services and a call between them.
const HEALTHY: [(&str, &str); 5] = [
    (
        "compose.yaml",
        "services:\n  web:\n    build: ./web\n    environment:\n      ORDERS_URL: http://orders:8080\n  orders:\n    build: ./orders\n",
    ),
    ("web/package.json", r#"{"name": "web", "main": "src/index.ts", "dependencies": {"axios": "^1"}}"#),
    ("web/src/index.ts", "import axios from \"axios\";\nexport const list = () => axios.get(`${process.env.ORDERS_URL}/orders`);\n"),
    ("orders/package.json", r#"{"name": "orders", "main": "src/index.ts", "dependencies": {"express": "^5"}}"#),
    (
        "orders/src/index.ts",
        "import express from \"express\";\nconst app = express();\napp.get(\"/orders\", (req, res) => res.json([]));\napp.listen(8080);\n",
    ),
];

/// Loads a folder and checks that the healthy part of it is served.
#[track_caller]
fn served(folder: &Folder) -> Loaded {
    let mut loaded = load(folder.path());
    let snapshot = loaded.world.snapshot();
    let calls = spans(&snapshot, &[Kind::Calls]);
    assert!(calls.contains(&"web -> orders GET /orders exact".to_owned()), "calls: {calls:?}, problems: {:?}", loaded.problems);
    loaded
}

/// Loads the healthy workspace with more files beside it; the problems are of those files only.
#[track_caller]
fn served_beside(files: &[(&str, &[u8])]) -> Vec<String> {
    let folder = Folder::with(&HEALTHY);
    for (path, bytes) in files {
        folder.write(path, bytes);
    }
    let loaded = served(&folder);
    let foreign = |path: &str| files.iter().any(|(own, _)| *own == path);
    let strange: Vec<_> = loaded.problems.iter().filter(|problem| !foreign(problem.path.as_str())).collect();
    assert!(strange.is_empty(), "problems of files without fault: {strange:?}");
    loaded.problems.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_problem_of(problems: &[String], path: &str) {
    assert!(problems.iter().any(|problem| problem.starts_with(path)), "no problem of {path} among {problems:?}");
}

#[test]
fn the_healthy_workspace_has_no_problem() {
    let loaded = served(&Folder::with(&HEALTHY));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
}

#[test]
fn invalid_utf8() {
    let problems = served_beside(&[("web/src/latin.ts", b"// caf\xe9\nexport const a = 1;\n"), ("web/src/wide.ts", b"\xff\xfea\0b\0")]);
    assert_problem_of(&problems, "web/src/latin.ts");
    assert_problem_of(&problems, "web/src/wide.ts");
}

#[test]
fn byte_order_mark_and_carriage_returns() {
    let problems = served_beside(&[("web/src/dos.ts", "\u{feff}export const a = 1;\r\nexport const b = 2;\r\n".as_bytes())]);
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn half_typed_code() {
    let source =
        std::fs::read_to_string(portolan_tests::disk::workspace("chandlery").join("services/orders/src/orders.service.ts")).unwrap();
    let rust = std::fs::read_to_string(portolan_tests::disk::workspace("chandlery").join("services/inventory/src/stock.rs")).unwrap();
    let mut files = Vec::new();
    for (text, extension) in [(source, "ts"), (rust, "rs")] {
        for at in (0..text.len()).step_by(97).filter(|at| text.is_char_boundary(*at)) {
            files.push((format!("web/src/cut/{at}.{extension}"), text[..at].to_owned()));
        }
    }
    let folder = Folder::with(&HEALTHY);
    for (path, text) in &files {
        folder.write(path, text);
    }
    served(&folder);
}

#[test]
fn broken_manifests() {
    let problems = served_beside(&[
        ("broken/compose.yaml", b"services:\n  a: [\n"),
        ("broken/package.json", b"{\"name\": \"broken\", "),
        ("broken/Cargo.toml", b"[package\nname = broken\n"),
        ("broken/api.proto", b"syntax = \"proto3\"; service Broken { rpc X( }"),
        ("broken/tsconfig.json", b"{ compilerOptions: { // no }"),
        ("broken/Dockerfile", b"FROM\nRUN \\\n"),
        ("broken/.env", b"=\nA\n=B=\n\"\n"),
        ("broken/nginx.conf", b"http { server { location / { proxy_pass"),
    ]);
    assert_problem_of(&problems, "broken/compose.yaml");
    assert_problem_of(&problems, "broken/package.json");
    assert_problem_of(&problems, "broken/Cargo.toml");
    assert_problem_of(&problems, "broken/api.proto");
}

#[test]
fn manifests_of_the_wrong_shape() {
    served_beside(&[
        ("odd/compose.yaml", b"- 1\n- services: {a: 1}\n"),
        ("odd/package.json", b"[1, null, {\"name\": 3}]"),
        ("odd/Cargo.toml", b"package = 3\n[dependencies]\na = [1]\n"),
        ("odd/a/package.json", b"null"),
        ("odd/b/package.json", b""),
        ("odd/c/compose.yaml", b""),
        ("odd/d/compose.yaml", b"services:\n  a:\n    build: [1]\n    environment: 7\n    ports: {x: y}\n    env_file: {}\n"),
        ("odd/e/Cargo.toml", b""),
    ]);
}

#[test]
fn templates_in_yaml() {
    served_beside(&[(
        "chart/templates/deployment.yaml",
        b"{{- if .Values.on }}\nkind: Deployment\nmetadata:\n  name: {{ include \"x.name\" . }}\nspec:\n{{ toYaml .Values.spec | indent 2 }}\n{{- end }}\n",
    )]);
}

#[test]
fn yaml_that_refers_to_itself() {
    let bomb = {
        let mut text = String::from("a0: &a0 [x, x]\n");
        for level in 1..30 {
            let below = level - 1;
            text += &format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}, *a{below}]\n");
        }
        text + "services:\n  a:\n    environment: *a29\n"
    };
    served_beside(&[
        ("loop/compose.yaml", b"services: &s\n  a: *s\n  <<: *s\n"),
        ("bomb/compose.yaml", bomb.as_bytes()),
        ("deep/compose.yaml", format!("services: {}", "[".repeat(20_000)).as_bytes()),
    ]);
}

#[test]
fn deep_nesting() {
    let deep = |open: &str, close: &str| format!("const x = {}1{};\n", open.repeat(5_000), close.repeat(5_000)).into_bytes();
    let rust = format!("fn main() {{ {} }}\n", "{".repeat(5_000) + &"}".repeat(5_000));
    let json = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let toml = format!("a = {}{}\n", "[".repeat(20_000), "]".repeat(20_000));
    let sum = format!("const x = {}1;\n", "1 + ".repeat(20_000));
    let chain = format!("x{};\n", ".then(y)".repeat(5_000));
    served_beside(&[
        ("web/src/parens.ts", &deep("(", ")")),
        ("web/src/arrays.ts", &deep("[", "]")),
        ("web/src/calls.ts", &deep("f(", ")")),
        ("web/src/arrows.ts", &deep("() => (", ")")),
        ("web/src/blocks.rs", rust.as_bytes()),
        ("web/src/sum.ts", sum.as_bytes()),
        ("web/src/chain.ts", chain.as_bytes()),
        ("deep/package.json", json.as_bytes()),
        ("deep/Cargo.toml", toml.as_bytes()),
    ]);
}

#[test]
fn import_cycles() {
    let problems = served_beside(&[
        ("web/src/a.ts", b"import { b } from \"./b\";\nexport const a = b + \"/a\";\nexport * from \"./b\";\nfetch(a);\n"),
        ("web/src/b.ts", b"import { a } from \"./a\";\nexport const b = a + \"/b\";\nexport * from \"./a\";\nexport * from \"./b\";\nfetch(b);\n"),
        ("web/src/self.ts", b"export const x = x ?? `${x}/y`;\nconst f = () => f();\nfetch(f() + x);\nclass C extends C { u = this.u; }\nfetch(new C().u);\n"),
        ("web/tsconfig.json", b"{\"extends\": \"./tsconfig.json\"}"),
        ("cycle/Cargo.toml", b"[package]\nname = \"cycle\"\n[dependencies]\ncycle = { path = \".\" }\n"),
        ("cycle/src/main.rs", b"mod main;\nuse crate::main as main;\npub use self::*;\nfn main() { main::main() }\nconst A: &str = A;\n"),
    ]);
    assert!(problems.is_empty(), "{problems:?}");
}

#[cfg(unix)]
#[test]
fn symlink_loops() {
    let folder = Folder::with(&HEALTHY);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("web/src/again")).unwrap();
    std::os::unix::fs::symlink("nowhere.ts", folder.path().join("web/src/dangling.ts")).unwrap();
    std::os::unix::fs::symlink("round.ts", folder.path().join("web/src/round.ts")).unwrap();
    let loaded = served(&folder);
    assert_eq!(loaded.files, HEALTHY.len(), "a file is read once, whatever links to it");
}

#[cfg(unix)]
#[test]
fn files_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with(&HEALTHY);
    folder.write("web/src/secret.ts", "export const a = 1;");
    let path = folder.path().join("web/src/secret.ts");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    let forbidden = std::fs::read(&path).is_err();
    let loaded = served(&folder);
    // The superuser may read everything.
    assert_eq!(loaded.problems.len(), usize::from(forbidden), "{:?}", loaded.problems);
}

#[test]
fn a_file_of_fifty_megabytes() {
    let line = "export const x = fetch(`http://orders:8080/orders`);\n";
    let text = line.repeat(50 * 1024 * 1024 / line.len());
    let problems = served_beside(&[("web/src/huge.ts", text.as_bytes()), ("huge/compose.yaml", text.as_bytes())]);
    assert_problem_of(&problems, "web/src/huge.ts");
    assert_problem_of(&problems, "huge/compose.yaml");
}

#[test]
fn one_line_of_a_megabyte() {
    let text = format!("const x=[{}];", "{a:f(1)},".repeat(100_000));
    served_beside(&[("web/src/long.js", text.as_bytes())]);
}

#[test]
fn ten_thousand_small_files() {
    let folder = Folder::with(&HEALTHY);
    for index in 0..10_000 {
        folder.write(&format!("web/src/many/{}/m{index}.ts", index % 100), format!("export const m{index} = {index};\n"));
    }
    let loaded = served(&folder);
    assert_eq!(loaded.files, HEALTHY.len() + 10_000);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
}

#[test]
fn a_folder_without_services() {
    let folder = Folder::with(&[("notes.md", "# Notes\n"), ("lib/util.ts", "export const one = 1;\n"), ("data.json", "{}")]);
    let mut loaded = load(folder.path());
    let snapshot = loaded.world.snapshot();
    assert!(snapshot.chart.services.is_empty(), "{:?}", snapshot.chart.services);
    assert!(snapshot.findings.is_empty());
    assert!(loaded.problems.is_empty());
}

#[test]
fn a_folder_that_is_not_there() {
    let folder = Folder::empty();
    let mut loaded = load(&folder.path().join("nowhere"));
    assert!(loaded.world.snapshot().chart.services.is_empty());
}

#[test]
fn files_deleted_while_the_server_runs() {
    let folder = Folder::with(&HEALTHY);
    let mut loaded = served(&folder);
    for (path, _) in HEALTHY {
        folder.delete(path);
        loaded.world.remove(path.into());
        loaded.world.snapshot();
    }
    let snapshot = loaded.world.snapshot();
    assert!(snapshot.chart.services.is_empty(), "{:?}", snapshot.chart.services);
    loaded.world.remove("never/was.ts".into());
    loaded.world.snapshot();
}

#[test]
fn names_that_are_no_names() {
    served_beside(&[
        ("web/src/with space/ü 🦀.ts", b"export const a = 1;"),
        ("web/src/[...slug]/page.tsx", b"export default () => null;"),
        ("web/src/$weird{}.ts", b"export const a = 1;"),
        ("web/src/.ts", b"export const a = 1;"),
    ]);
}
