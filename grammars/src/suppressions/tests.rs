#![allow(clippy::unwrap_used)]

use camino::Utf8Path;

use super::{Suppression, insertion};
use crate::languages;

fn found(path: &str, text: &str) -> Vec<Suppression> {
    let path = Utf8Path::new(path);
    crate::read(path, text, crate::classify(path).unwrap()).suppressions
}

/// Of each comment its rules, its reason and the text it is for.
fn said(path: &str, text: &str) -> Vec<String> {
    let covers = |it: &Suppression| {
        let end = (it.covers.end as usize).min(text.len());
        text[it.covers.start as usize..end].trim().to_owned()
    };
    let rules = |it: &Suppression| it.rules.iter().map(|rule| rule.value.as_str()).collect::<Vec<_>>().join("+");
    found(path, text).iter().map(|it| format!("{} ({}): {}", rules(it), it.reason, covers(it))).collect()
}

#[test]
fn a_comment_is_for_its_line_or_the_next() {
    let text = "// portolan: allow(a) because\nf();\ng(); // portolan: allow(b): so it is\n/* portolan: allow(c) */\n\n// and more\nh();\n";
    assert_eq!(said("x.ts", text), ["a (because): f();", "b (so it is): g(); // portolan: allow(b): so it is", "c (): h();"]);
    assert_eq!(said("x.ts", "/* portolan: allow(c, d) x */ f();"), ["c+d (x): /* portolan: allow(c, d) x */ f();"]);
    assert_eq!(said("x.ts", "// portolan: allow(a) x\n/**\n * Says.\n */\nf();\n"), ["a (x): f();"]);
    assert_eq!(said("x.ts", "f();\n// portolan: allow(a) at the end"), ["a (at the end): "]);
    assert_eq!(
        said("x.ts", "f();\n\n// portolan: allow-file(a) all of it\n"),
        ["a (all of it): f();\n\n// portolan: allow-file(a) all of it"]
    );
    assert_eq!(said("x.ts", "// portolan: allow(a) <why>\r\nf();\r\n"), ["a (): f();"]);
}

#[test]
fn a_statement_is_covered_up_to_its_body() {
    let text = "async function f() {\n  // portolan: allow(a) x\n  const r = await client\n    .get(url)\n    .json();\n  g();\n}\n";
    assert_eq!(said("x.ts", text), ["a (x): const r = await client\n    .get(url)\n    .json();"]);
    let text = "// portolan: allow(a) x\napp.post(\n  \"/x\",\n  async () => {\n    h();\n  },\n);\n";
    assert_eq!(said("x.ts", text), ["a (x): app.post(\n  \"/x\",\n  async () => {"]);
    let text = "class A {\n  // portolan: allow(a) x\n  @Get()\n  @Auth()\n  list() {\n    h();\n  }\n}\n";
    assert_eq!(said("x.ts", text), ["a (x): @Get()\n  @Auth()\n  list() {"]);
    let text =
        "fn f() {\n    // portolan: allow(a) x\n    #[cfg(x)]\n    let r = client\n        .get(url)\n        .send();\n    g();\n}\n";
    assert_eq!(said("x.rs", text), ["a (x): #[cfg(x)]\n    let r = client\n        .get(url)\n        .send();"]);
    let text = "fn f() {\n    client\n        // portolan: allow(a) x\n        .get(url)\n        .send();\n}\n";
    assert_eq!(said("x.rs", text), ["a (x): .get(url)"]);
    let text = "const A = () => (\n  <p>\n    {/* portolan: allow(a) x */}\n    <B on={() => go()} />\n  </p>\n);\n";
    assert_eq!(said("x.tsx", text), ["a (x): <B on={() => go()} />"]);
}

#[test]
fn every_syntax_of_comments_is_read() {
    for (path, text) in [
        ("compose.yaml", "services:\n  # portolan: allow(a) x\n  web: {}\n"),
        ("compose.yaml", "services:\n  web: {} # portolan: allow(a) x\n"),
        ("Dockerfile", "# portolan: allow(a) x\nFROM a\n"),
        ("a.sql", "-- portolan: allow(a) x\nSELECT 1;\n"),
        ("a.sql", "/* portolan: allow(a) x */\nSELECT 1;\n"),
        ("a.proto", "// portolan: allow(a) x\nservice A {}\n"),
        ("model.c4", "// portolan: allow(a) x\na -> b\n"),
        ("a.vue", "<!-- portolan: allow(a) x -->\n<script>\n</script>\n"),
        ("a.vue", "<script>\n// portolan: allow(a) x\nf();\n</script>\n"),
        ("Cargo.toml", "# portolan: allow(a) x\n[package]\n"),
        (".env", "# portolan: allow(a) x\nA=b\n"),
        ("nginx.conf", "server {\n  # portolan: allow(a) x\n  listen 80;\n}\n"),
    ] {
        assert_eq!(found(path, text).len(), 1, "{path}");
        assert_eq!(found(path, text)[0].reason, "x", "{path}");
    }
}

#[test]
fn what_is_no_comment_or_says_nothing_is_left_alone() {
    for (path, text) in [
        ("x.ts", "const a = \"// portolan: allow(a) x\";\n"),
        ("x.ts", "const a = `\n// portolan: allow(a) x\n`;\n"),
        ("x.rs", "const A: &str = \"// portolan: allow(a)\";\n"),
        ("x.ts", "// portolan: a chart of services\n// portolan:\n// see portolan: allow(a)\n"),
        ("compose.yaml", "services:\n  #portolan:\n  #  image: x\n  web: { image: \"x#portolan: allow(a)\" }\n"),
        ("package.json", "{\"a\": \"// portolan: allow(a) x\"}\n"),
    ] {
        assert_eq!(found(path, text), Vec::new(), "{text}");
    }
}

#[test]
fn what_is_not_understood_says_why() {
    for (comment, why) in [
        ("// portolan: ignore(a) x", "`ignore` is not known; write `portolan: allow(rule) reason`"),
        ("// portolan: allow a", "it names no rule; write"),
        ("// portolan: allow()", "it names no rule; write"),
        ("// portolan: allow(a reason", "its `(` is not closed; write"),
    ] {
        let found = found("x.ts", &format!("{comment}\nf();\n"));
        assert!(found[0].problem.as_deref().is_some_and(|problem| problem.starts_with(why)), "{comment}: {found:?}");
    }
}

fn inserted(path: &str, text: &str) -> Option<String> {
    let at = text.find('§')?;
    let text = text.replace('§', "");
    let path = Utf8Path::new(path);
    let kind = crate::classify(path)?;
    let tree = languages::language_of(path).and_then(|kind| languages::read(path, &text, kind, None).1);
    let insertion = insertion(path, &text, kind, tree.as_ref(), at as u32, "a")?;
    let mut edited = text.clone();
    edited.insert_str(insertion.offset as usize, &insertion.line);
    let found = found(path.as_str(), &edited);
    let moved = (at + insertion.line.len()) as u32;
    assert!(found.iter().any(|it| it.covers.touches(moved)), "{edited}");
    Some(edited)
}

#[test]
fn a_comment_goes_above_the_statement() {
    let cases = [
        (
            "x.ts",
            "f(() => {\n  const r = c\n    .§get(u);\n});\n",
            "f(() => {\n  // portolan: allow(a) <why>\n  const r = c\n    .get(u);\n});\n",
        ),
        ("x.ts", "f(`\n  ${c.§get(u)}\n`);\n", "// portolan: allow(a) <why>\nf(`\n  ${c.get(u)}\n`);\n"),
        ("x.ts", "class A {\n\t@Get()\n\t§list() {}\n}\n", "class A {\n\t// portolan: allow(a) <why>\n\t@Get()\n\tlist() {}\n}\n"),
        (
            "x.ts",
            "app.get(\"/\", () => { a(); b.§get(u); });\n",
            "// portolan: allow(a) <why>\napp.get(\"/\", () => { a(); b.get(u); });\n",
        ),
        ("x.ts", "const o = {\r\n  a: §f(),\r\n};\r\n", "// portolan: allow(a) <why>\r\nconst o = {\r\n  a: f(),\r\n};\r\n"),
        (
            "x.tsx",
            "const A = () => (\n  <p on={() => §go()} />\n);\n",
            "// portolan: allow(a) <why>\nconst A = () => (\n  <p on={() => go()} />\n);\n",
        ),
        (
            "x.rs",
            "fn f() {\n    g!(\n        §h()\n    );\n}\n",
            "fn f() {\n    // portolan: allow(a) <why>\n    g!(\n        h()\n    );\n}\n",
        ),
        ("x.rs", "#[derive(A)]\nstruct §B;\n", "// portolan: allow(a) <why>\n#[derive(A)]\nstruct B;\n"),
        ("compose.yaml", "services:\n  §web: {}\n", "services:\n  # portolan: allow(a) <why>\n  web: {}\n"),
        ("a.sql", "SELECT §1;", "-- portolan: allow(a) <why>\nSELECT 1;"),
    ];
    for (path, text, expected) in cases {
        assert_eq!(inserted(path, text).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(inserted("package.json", "{\n  \"name\": \"§a\"\n}\n"), None);
}
