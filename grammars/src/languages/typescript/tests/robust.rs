//! Bad input: half-typed, deep, long, cut anywhere.

use super::*;

const SAMPLE: &str = r#"// é
import a, { b as c } from "x"; export * as n from './n';
const { d, e: { f = `g${h}` }, ...i } = process.env, [j, , k] = require("k");
@Dec({ x: 1 }) export default class L<T> extends M(N)<T> implements O { @P() private q?: R[] = new S(); constructor(private t: U) { super(t) } get v() { return this?.t!.w } static { x() } }
enum Y { A = 1 << 2, B } type Z = { a: B } & C; interface AA extends BB { cc(dd: EE): asserts ff is GG }
for (const x of await y()) { try { if (a) b(); else if (c) d(); else e() } catch { } finally { } }
switch (a) { case 1: b(); default: } label: while (1) { break label } do { } while (0);
const t = async <T,>({ a: [b] }: C = {}, ...d: any[]): Promise<void> => { await Promise.all(d.map((e) => e?.f?.(...d))); return a ? b ?? c : d && e + 1 };
module.exports.z = function* () { yield* import("q") }; tag`a${b}c${`d${e}`}`; x = y += z; ({ a, b: c.d } = e);
declare module "m" { } namespace N.O { export const p = -1 } delete a[b], typeof c, void 0, !d, e++; new.target; export { a as "b" };
"\u{1F600}\x4\u12"; /re[/]/g; 1_0n;
"#;

fn read_all(text: &str) {
    for name in ["a.ts", "a.tsx"] {
        let facts = read(Utf8Path::new(name), text, Language::TypeScript, None).0;
        check(&facts, text);
    }
}

#[test]
fn cut_at_every_byte() {
    for (at, _) in SAMPLE.char_indices() {
        read_all(&SAMPLE[..at]);
        read_all(&SAMPLE[at..]);
    }
}

#[test]
fn half_typed() {
    let read =
        facts("import axios from 'axios';\nasync function f() {\n  const a = await axios.get(`/u/${\n}\nexport function g() { h(1); }\n");
    assert!(!read.problems.is_empty());
    let read = facts("first();\nconst x = axios.get(\nsecond();\nfunction g() { third('x'); }");
    let names: Vec<String> =
        calls(&read).iter().map(|line| line.split('(').next().unwrap().split(' ').next_back().unwrap().to_owned()).collect();
    for name in ["first", "second", "third"] {
        assert!(names.iter().any(|found| found == name), "{name} in {names:?}");
    }
    assert_eq!(facts("a(1)\nb.\nc(2)").calls.len(), 2);
    assert!(facts("a = ;").problems.iter().all(|problem| problem.message.starts_with("syntax error")));
    assert!(facts(&"x = ;\n".repeat(100)).problems.len() <= 3);
}

#[test]
fn deep_nesting() {
    const DEEP: usize = 5_000;
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{", "", "}"),
        ("f(", "", ")"),
        ("x = {a:", "1", "}"),
        ("() => ", "1", ""),
        ("() => { ", "1", "}"),
        ("if (a) {", "f()", "}"),
        ("a ? b : ", "c", ""),
        ("<a>", "x", "</a>"),
        ("!", "a", ""),
        ("await ", "a", ""),
        ("a = ", "b", ""),
        ("`${", "1", "}`"),
        ("class A { x = ", "1", "}"),
        ("type A = B<", "C", ">"),
        ("let x: (", "C", ")"),
        ("const {a: ", "b", "} = 1"),
        ("new ", "A", "()"),
        ("if (a) b; else ", "c;", ""),
        ("for (const a of b) ", "c();", ""),
        ("namespace A { ", "", "}"),
        ("@a(", "", ") class B {}"),
        ("a, ", "b", ""),
    ] {
        let text = format!("{}{middle}{}", open.repeat(DEEP), close.repeat(DEEP));
        read_all(&text);
        read_all(&open.repeat(DEEP));
    }
    let pattern = format!("const {}a{} = x;", "{b:".repeat(DEEP), "}".repeat(DEEP));
    read_all(&pattern);
    let ty = format!("let x: {}C{};", "A<".repeat(DEEP), ">".repeat(DEEP));
    read_all(&ty);
}

#[test]
fn long_chains_are_read_whole() {
    let router = facts(&format!("router{};", ".get('/x', h)".repeat(2_000)));
    assert_eq!(router.calls.len(), 2_000);
    let sum = facts(&format!("const s = a{};", " + 'x'".repeat(2_000)));
    assert!(matches!(sum.expr(sum.bindings[0].value.unwrap()), Expr::Concat(parts) if parts.len() == 2_001));
    let union = facts(&format!("type T = A{};", " | 'x'".repeat(2_000)));
    assert_eq!(union.types[0].bases[0].args.len(), 2_001);
    let arms = facts(&format!("if (a) b(); {}", "else if (c) d(); ".repeat(2_000)));
    assert_eq!(arms.calls.len(), 2_001);
}

#[test]
fn ids_survive_white_space_and_comments() {
    let plain = facts(SAMPLE);
    let spaced = facts(&SAMPLE.replace("; ", ";\n  /* note */ ").replace(" = ", "  =  "));
    assert_eq!(calls(&plain), calls(&spaced));
    assert_eq!(bindings(&plain), bindings(&spaced));
    assert_eq!(plain.exprs.len(), spaced.exprs.len());
}

#[test]
fn minified() {
    let text = format!("{}\n{}", "a();".repeat(1_000), "b();\n".repeat(12_000));
    let read = facts(&text);
    assert!(read.calls.is_empty());
    assert_eq!(read.problems[0].message, "minified, not read");
}

#[test]
fn edits_reuse_the_tree() {
    let path = Utf8Path::new("a.ts");
    let before = "const a = f(1);\nconst b = g(2);\n";
    let after = "const a = f(1, 3);\nconst b = g(2);\n";
    let (_, tree) = read(path, before, Language::TypeScript, None);
    let mut tree: Tree = tree.unwrap();
    tree.edit(&Edit { start: 13, old_end: 13, new_end: 16, start_point: (0, 13), old_end_point: (0, 13), new_end_point: (0, 16) });
    let (incremental, _) = read(path, after, Language::TypeScript, Some(&tree));
    assert_eq!(incremental, facts(after));
    // The tree of another grammar is not taken.
    let (other, _) = read(Utf8Path::new("a.tsx"), after, Language::TypeScript, Some(&tree));
    assert_eq!(other, facts_tsx(after));
}
