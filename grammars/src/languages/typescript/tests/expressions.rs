//! Values, calls, and what becomes of them.

use super::*;

#[test]
fn literals_and_templates() {
    let text = r#"
        const a = "x\n\u0041\x42\u{43}\q", b = 1_000, c = -2, d = 10n, e = /a+/g, f = true, g = null, h = undefined;
        const i = `plain\``, j = `/a/${id}/b`, k = `${x}`, l = `a${f(`b${y}`)}`;
        const m = [1, ...xs, "s"];
        const n = { a, "b-c": 1, 2: 3, ["d"]: 4, [k]: 5, ...rest, run() { return 1 }, get url() { return u } };
    "#;
    assert_lines(
        bindings(&facts(text)),
        r#"
        const a = "x\nABCq"
        const b = 1000
        const c = -2
        const d = 10
        const e = /a+/g
        const f = true
        const g = null
        const h = null
        const i = "plain`"
        const j = concat("/a/", id, "/b")
        const k = concat(x)
        const l = concat("a", #0)
        const m = [1, element(xs), "s"]
        const n = {a: a, b-c: 1, 2: 3, d: 4, [k]: 5, ...rest, run: fn1, url: fn2}
        "#,
    );
}

#[test]
fn operators() {
    let text = r#"
        const a = base + "/x" + `/${id}`, b = (x ?? y) || "z", c = on && run(), d = t ? "a" : u ? "b" : "c";
        const e = (p as string)!, f = q satisfies T, g = <T>r, h = [1] as const, i = (1, 2), j = +port, k = x - 1, l = a + b || c;
        const m = x + (y + z) + `q`, n = a ?? (b + c);
    "#;
    assert_lines(
        bindings(&facts(text)),
        r#"
        const a = concat(base, "/x", "/", id)
        const b = (x ?? y ?? "z")
        const c = #0
        const d = choice("a", choice("b", "c"))
        const e = p
        const f = q
        const g = r
        const h = [1]
        const i = 2
        const j = port
        const k = ?
        const l = (concat(a, b) ?? c)
        const m = concat(x, y, z, "q")
        const n = (a ?? concat(b, c))
        "#,
    );
}

#[test]
fn chains_and_calls() {
    let text = r#"
        a.b().c(x)[0]?.d!(y);
        const r = new ns.Client<T>({ url }).get<User>("/u", ...args);
        sql`select ${id} from t`;
        new Foo;
        super.go(this.x, o["k"], o[i]);
    "#;
    assert_lines(
        calls(&facts(text)),
        r#"
        #0 a.b() Used Body
        #1 #0.c(x) Used Body
        #2 #1[0].d(y) Ignored Body
        #3 new ns.Client<T>({url: url}) Used Body
        #4 #3.get<User>("/u", ...args) Used Body
        #5 tagged sql(concat("select ", id, " from t")) Ignored Body
        #6 new Foo() Ignored Body
        #7 super.go(this.x, o.k, o[i]) Ignored Body
        "#,
    );
}

#[test]
fn name_ranges() {
    let text = "axios.get(u); go(1); new a.B(); (x)(); f()();";
    let facts = facts(text);
    let names: Vec<&str> = facts.calls.iter().map(|call| &text[call.name_range.start as usize..call.name_range.end as usize]).collect();
    assert_eq!(names, ["get", "go", "B", "(x)", "f", "f()"]);
}

#[test]
fn results() {
    let text = r#"
        async function f() {
            a(); await b(); const c = d(); const _ = e(); x = await g(); void h();
            i().catch(() => {}); j().then(k);
            if (l) return await m();
            on && n(); on ? o() : p();
            return [q()];
        }
        const r = () => s();
        throw t(u());
    "#;
    assert_lines(
        calls(&facts(text)),
        r#"
        #0 a() Ignored Body>Body in fn1
        #1 b() awaited FailureOnly Body>Body in fn1
        #2 d() Used Body>Body in fn1
        #3 e() Ignored Body>Body in fn1
        #4 g() awaited Used Body>Body in fn1
        #5 h() Ignored Body>Body in fn1
        #6 i() Used Body>Body in fn1
        #7 #6.catch(fn2) Ignored Body>Body in fn1
        #8 j() Used Body>Body in fn1
        #9 #8.then(k) Ignored Body>Body in fn1
        #10 m() awaited Returned Body>Body>Branch in fn1
        #11 n() Ignored Body>Body in fn1
        #12 o() Ignored Body>Body>Branch in fn1
        #13 p() Ignored Body>Body>Branch in fn1
        #14 q() Used Body>Body in fn1
        #15 s() Returned Body>Body in fn3
        #16 u() Used Body
        #17 t(#16) Used Body
        "#,
    );
}

#[test]
fn results_of_calls_with_type_arguments() {
    assert_lines(
        calls(&facts("async function f() { await a<T>(); const b = await c.d<T>(e); return await g<T>().h(); (await i)<T>(); }")),
        r#"
        #0 a<T>() awaited FailureOnly Body>Body in fn1
        #1 c.d<T>(e) awaited Used Body>Body in fn1
        #2 g<T>() Used Body>Body in fn1
        #3 #2.h() awaited Returned Body>Body in fn1
        #4 i<T>() Ignored Body>Body in fn1
        "#,
    );
}

#[test]
fn environment() {
    let text = r#"
        const a = process.env.A, b = process.env["B"], c = process.env[name], d = import.meta.env.D, e = Deno.env.get("E");
        const { F, G: g = "x", ...rest } = process.env;
        const { VITE_H } = import.meta.env;
        const all = process.env, i = process?.env?.I, j = process.env.J!, k = process.env[`K`] ?? 1;
    "#;
    let facts = facts(text);
    assert_lines(
        bindings(&facts),
        r#"
        const a = env("A")
        const b = env("B")
        const c = env(name)
        const d = env("D")
        const e = env("E")
        const F = env("F")
        const g = (env("G") ?? "x")
        const rest = process.env
        const VITE_H = env("VITE_H")
        const all = process.env
        const i = env("I")
        const j = env("J")
        const k = (env("K") ?? 1)
        "#,
    );
    assert!(facts.calls.is_empty());
}

#[test]
fn regions() {
    let text = r#"
        for (const x of xs()) { a(x); for await (const [k, v] of b) c(); }
        for (const k in o) d();
        for (let i = e(); i < g(); i++) h();
        for (;;) i();
        while (j()) k(); do l(); while (m());
        if (n()) o1(); else if (p()) q(); else r();
        switch (s()) { case 1: t(); break; default: u(); }
        try { v() } catch ({ message }) { w() } finally { x() }
        await Promise.all([y(), xs.map(async (x) => z(x))]);
        Promise.race([aa()]);
    "#;
    assert_lines(
        calls(&facts(text)),
        r#"
        #0 xs() Used Body
        #1 a(x) Ignored Body>ForEach
        #2 c() Ignored Body>ForEach>While
        #3 d() Ignored Body>ForEach
        #4 e() Used Body
        #5 g() Used Body>For
        #6 h() Ignored Body>For
        #7 i() Ignored Body>Loop
        #8 j() Used Body>While
        #9 k() Ignored Body>While
        #10 l() Ignored Body>While
        #11 m() Used Body>While
        #12 n() Used Body
        #13 o1() Ignored Body>Branch
        #14 p() Used Body
        #15 q() Ignored Body>Branch
        #16 r() Ignored Body>Branch
        #17 s() Used Body
        #18 t() Ignored Body>Branch
        #19 u() Ignored Body>Branch
        #20 v() Ignored Body>Try
        #21 w() Ignored Body>Catch
        #22 x() Ignored Body>Finally
        #23 y() Used Body>Parallel
        #24 z(x) Returned Body>Parallel>Body in fn1
        #25 xs.map(fn1) Used Body>Parallel
        #26 Promise.all([#23, #25]) awaited FailureOnly Body
        #27 aa() Used Body>Race
        #28 Promise.race([#27]) Ignored Body
        "#,
    );
    assert_lines(
        bindings(&facts(text)),
        "
        const x = element(#0)
        const k = element(b)[0]
        const v = element(b)[1]
        const k = ?
        let i = #4
        let message = ?.message
        ",
    );
}

#[test]
fn elements() {
    let text = r#"
        export const Page = () => (
            <Layout title={t("x")} {...more()}>
                {/* nothing */}
                <ns.Button onClick={() => api.save(1)}>text {list.map((x) => <li key={x}>{show(x)}</li>)}</ns.Button>
                <></>
            </Layout>
        );
    "#;
    assert_lines(
        calls(&facts_tsx(text)),
        r#"
        #0 t("x") Used Body>Body in fn1
        #1 more() Used Body>Body in fn1
        #2 element Layout({title: #0, ...#1}) Used Body>Body in fn1
        #3 api.save(1) Returned Body>Body>Body in fn2
        #4 element ns.Button({onClick: fn2}) Used Body>Body in fn1
        #5 show(x) Used Body>Body>Body in fn3
        #6 list.map(fn3) Used Body>Body in fn1
        "#,
    );
}

#[test]
fn assigned() {
    let text = r#"
        this.url = u; axios.defaults.baseURL = "x"; a.b["c"] = d; o[i] = 1; url += "/x"; n ??= m; ({ p, q: this.q = 1 } = r); [s, , t] = v;
    "#;
    assert_lines(
        assignments(&facts(text)),
        r#"
        this.url = u
        axios.defaults.baseURL = "x"
        a.b.c = d
        o[i] = 1
        url = concat(url, "/x")
        n = (n ?? m)
        p = r.p
        this.q = (r.q ?? 1)
        s = v[0]
        t = v[2]
        "#,
    );
}
