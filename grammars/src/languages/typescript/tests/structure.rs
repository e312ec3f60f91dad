//! Functions, classes, types.

use super::*;

#[test]
fn functions_and_params() {
    let text = r#"
        async function f(a: string, b = 1, c?: T, ...d: U[]): Promise<V> { return a; }
        function* g() { yield h(); }
        const k = x => x.y, l = async ({ m, n: { o = 2 } }: P, [q, , r], s = {}) => { return m }, t = function named() {};
        function u(this: W, { v } = z) { function inner() { return 1 } }
    "#;
    let facts = facts(text);
    assert_lines(
        functions(&facts),
        "
        fn1 async Function f(a: string, b = 1, c: T, ...d: []<U>): Promise<V> -> a
        fn2 Function g()
        fn3 Closure (x) -> x.y
        fn4 async Closure ({}: P, {}, s = {}) -> m
        fn5 Closure ()
        fn6 Function u({} = z)
        fn7 Function inner() in fn6 -> 1
        ",
    );
    assert_lines(
        bindings(&facts),
        "
        const k = fn3
        let m = param(4, 0).m in fn4
        let o = (param(4, 0).n.o ?? 2) in fn4
        let q = param(4, 1)[0] in fn4
        let r = param(4, 1)[2] in fn4
        const l = fn4
        const t = fn5
        let v = param(6, 0).v in fn6
        ",
    );
}

#[test]
fn types_behind_patterns() {
    let text = "function f({ a, b: c = 1, d: { e } }: { a: A; b?: B[]; d: D }) {} const { g }: { g: G } = h, { i }: I = j;";
    assert_lines(
        bindings(&facts(text)),
        "
        let a: A = param(1, 0).a in fn1
        let c: []<B> = (param(1, 0).b ?? 1) in fn1
        let e = param(1, 0).d.e in fn1
        const g: G = h.g
        const i = j.i
        ",
    );
}

#[test]
fn classes() {
    let text = r#"
        @Controller("orders")
        @Guards(AuthGuard("jwt"))
        export class Orders<T> extends mix(Base) implements OnInit, ns.X<T> {
            @Input() private readonly url: string = "x";
            static limit = 3;
            #secret = 1;
            handle = async () => this.url;
            constructor(private readonly http: HttpService, @Inject("Q") queue: Queue, readonly id = 1) { super(); this.q = queue; }
            overload(a: string): void;
            overload(a: any) {}
            @Get(":id") @ns.Other async get(@Param("id") id: string): Promise<Order> { return this.http.get(id); }
            get base() { return this.url }
            set base(v) {}
            static make() { return new Orders() }
            static { boot(); }
        }
        abstract class A extends ns.B<C> { abstract run(x: X): Y; abstract name: string; }
        const K = class {};
    "#;
    let facts = facts(text);
    assert_lines(
        type_defs(&facts),
        r#"
        type0 @Controller("orders") @Guards(#0) Class Orders<T> extends #1 : OnInit, ns.X<T> fn2 fn3 fn4 fn5 fn6 fn7
        . @Input() url: string = "x"
        . static limit = 3
        . #secret = 1
        . handle = fn1
        type1 Class A extends ns.B : ns.B<C> fn8
        . name: string
        type2 Class -
        "#,
    );
    assert_lines(
        functions(&facts),
        r#"
        fn1 async self Closure () of type0 -> this.url
        fn2 self Constructor constructor(property http: HttpService, @Inject("Q") queue: Queue, property id = 1) of type0
        fn3 self Method overload(a: any) of type0
        fn4 @Get(":id") @ns.Other() async self Method get(@Param("id") id: string): Promise<Order> of type0 -> #3
        fn5 self Getter base() of type0 -> this.url
        fn6 self Method base(v) of type0
        fn7 Method make() of type0 -> #4
        fn8 self Method run(x: X): Y of type1
        "#,
    );
    assert_lines(assignments(&facts), "this.q = queue in fn2");
}

#[test]
fn interfaces_aliases_enums() {
    let text = r#"
        interface A<T> extends B, ns.C<T> { x: string; "y-z"?: number; run(a: T): Promise<U>; f: (a: string) => R; [k: string]: any }
        type O = { a: A; go(): void }; type S = "x" | 'y' | 1; type I = A & { more: M } & B; type F = () => Promise<X>;
        enum E { A, B, C = 5, D, Q = "q", R } const enum K { X = "x", "y-z" = 'z' }
    "#;
    let facts = facts(text);
    assert_lines(
        type_defs(&facts),
        r#"
        type0 Interface A<T> : B, ns.C<T> fn1
        . x: string
        . y-z: number
        . f: fn<R>
        type1 Alias O fn2
        . a: A
        type2 Alias S : |<"x", "y", 1>
        type3 Alias I : A, B
        . more: M
        type4 Alias F : fn<Promise<X>>
        type5 Enum E
        . static A = 0
        . static B = 1
        . static C = 5
        . static D = 6
        . static Q = "q"
        . static R
        type6 Enum K
        . static X = "x"
        . static y-z = "z"
        "#,
    );
}

#[test]
fn type_refs() {
    let text = r#"
        let a: string[], b: readonly Map<K, V>[], c: (A | null), d: [A, b?: B, ...C[]], e: typeof x.y, f: keyof T, g: T["k"], h: A & B,
            i: grpc.Client, j: { x: 1 }, k: new () => X, l: T extends U ? A : B, m: `a${string}`, n: -1, o: this, p: import("x").Y;
        let z: { a: A, b: { c: C } };
        function q(x): x is string {} function r(x): asserts x {}
    "#;
    let read = facts(text);
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    let found: Vec<String> = read.bindings.iter().map(|one| ty(one.ty.as_ref().unwrap())).collect();
    assert_eq!(
        found,
        [
            "[]<string>",
            "[]<Map<K, V>>",
            "|<A, null>",
            "()<A, B, []<C>>",
            "typeof<x.y>",
            "keyof<T>",
            "?",
            "&<A, B>",
            "grpc.Client",
            "{}",
            "fn<X>",
            "?",
            "string",
            "-1",
            "this",
            "import(\"x\").Y",
            "{}0"
        ]
    );
    let fields: Vec<String> = read.types.iter().flat_map(|one| &one.fields).map(|field| ty(field.ty.as_ref().unwrap())).collect();
    assert_eq!(fields, ["A", "{}1", "C"]);
    let results: Vec<String> = read.functions[1..].iter().map(|one| ty(one.result.as_ref().unwrap())).collect();
    assert_eq!(results, ["boolean", "void"]);
}
