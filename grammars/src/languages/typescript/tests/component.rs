//! Components, and which files are skipped.

use super::*;

fn at(path: &str, text: &str) -> SourceFacts {
    read_component(Utf8Path::new(path), text, None).0
}

#[test]
fn script_blocks() {
    let text = "<!-- <script>no()</script> -->\n<template><p @click='x > 1'>é</p></template>\n<script lang=\"ts\">\nexport default { name: 'x' }\n</script>\n<script setup lang='ts'>\nconst a = <T>load('/x');\n</script>\n<style>a { }</style>";
    let facts = at("a.vue", text);
    assert_eq!(facts.language, Language::TypeScript);
    assert!(facts.problems.is_empty(), "{:?}", facts.problems);
    assert_lines(calls(&facts), "#0 load(\"/x\") Used Body");
    assert_lines(exports(&facts), "default = {name: \"x\"}");
    let call = &facts.calls[0];
    assert_eq!(&text[call.range.start as usize..call.range.end as usize], "load('/x')");
    check(&facts, text);
}

#[test]
fn other_scripts() {
    let facts = at(
        "a.svelte",
        "<script context=module>a()</script><script type='application/json'>{}</script><SCRIPT>\nb()</SCRIPT><script src='x'/>",
    );
    assert_eq!(facts.language, Language::JavaScript);
    assert_lines(calls(&facts), "#0 a() Ignored Body\n#1 b() Ignored Body");
    assert!(at("a.vue", "<template/>").calls.is_empty());
    assert_lines(calls(&at("a.vue", "<script>\nopen()")), "#0 open() Ignored Body");
    assert!(at("a.vue", "<script lang=\"ts").calls.is_empty());
}

#[test]
fn cut_components() {
    let text = "<!-- é --><template a=\"é\"/><script lang='ts' é=1 / x>\nconst a = f(`é${b}`);</script><script setup>g()</script>";
    for (at_byte, _) in text.char_indices() {
        let cut = &text[..at_byte];
        check(&at("a.vue", cut), cut);
        check(&at("a.vue", &text[at_byte..]), &text[at_byte..]);
    }
}

#[test]
fn skipped() {
    for path in [
        "node_modules/a/index.js",
        "src/__tests__/a.ts",
        "tests/a.rs",
        "e2e/docker-compose.yml",
        "src/a.test.ts",
        "src/a.spec.tsx",
        "src/a.e2e.mjs",
        "src/Button.stories.tsx",
        "types/a.d.ts",
        "public/jquery.min.js",
        "src/store_test.rs",
        "src/store/tests.rs",
        "vitest.config.ts",
        "rollup.config.dev.js",
        "crate/benches/a.rs",
        "src/testing/a.rs",
        "third_party/x/main.ts",
    ] {
        assert!(is_skipped(Utf8Path::new(path)), "{path}");
    }
    for path in [
        "src/test-runner/a.ts",
        "src/contest.ts",
        "next.config.js",
        "src/app.config.ts",
        "src/config.ts",
        "target/a.rs",
        "dist/a.js",
        "testing/docker-compose.yml",
        "spec/openapi.yaml",
        "docker-compose.test.yml",
        "compute_tools/src/spec.rs",
        "src/tests",
        "src/d.ts",
        "src/attestation.rs",
    ] {
        assert!(!is_skipped(Utf8Path::new(path)), "{path}");
    }
}
