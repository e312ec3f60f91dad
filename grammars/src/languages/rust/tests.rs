//! What a Rust file's facts are, point by point.
#![allow(clippy::unwrap_used)]

use super::printer::{bindings, calls, expr, functions, imports, type_defs};
use super::read;
use crate::facts::{Expr, FunctionKind, SourceFacts, TextRange};
use crate::languages::{Edit, Tree};

fn facts(text: &str) -> SourceFacts {
    let facts = read(text, None).0;
    check(&facts, text);
    facts
}

/// Asserts what holds of any facts: ids and ranges that lie where they must.
fn check(facts: &SourceFacts, text: &str) {
    let within = |range: TextRange| {
        assert!(range.start <= range.end && range.end as usize <= text.len(), "{range:?} of {}", text.len());
        assert!(text.is_char_boundary(range.start as usize) && text.is_char_boundary(range.end as usize), "{range:?} in {text:?}");
    };
    for (at, expr) in facts.exprs.iter().enumerate() {
        within(expr.range);
        assert!(expr.function.index() < facts.functions.len());
        let below = |id: crate::facts::ExprId| assert!(id.index() < at, "{at} names a later {id:?}");
        match &expr.kind {
            Expr::Concat(ids) | Expr::Array(ids) | Expr::Choice(ids) => ids.iter().copied().for_each(below),
            Expr::Member { object, .. } => below(*object),
            Expr::Call(call) => assert!(call.index() < facts.calls.len()),
            _ => {}
        }
    }
    for call in &facts.calls {
        within(call.range);
        within(call.name_range);
        assert!(call.region.index() < facts.regions.len());
        assert_eq!(facts.region(call.region).function, call.function);
    }
    for function in &facts.functions {
        within(function.range);
        within(function.name_range);
    }
    facts.bindings.iter().for_each(|binding| within(binding.range));
    facts.imports.iter().for_each(|import| within(import.range));
    facts.regions.iter().for_each(|region| within(region.range));
    facts.problems.iter().for_each(|problem| within(problem.range));
    for def in &facts.types {
        within(def.range);
        def.fields.iter().for_each(|field| within(field.range));
        def.attributes.iter().for_each(|attribute| within(attribute.range));
    }
}

/// The calls of a function body.
fn calls_of(body: &str) -> String {
    calls(&facts(&format!("fn f() {{ {body} }}")))
}

fn bindings_of(body: &str) -> String {
    bindings(&facts(&format!("fn f() {{ {body} }}")))
}

/// The value of an expression.
fn value(text: &str) -> String {
    let facts = facts(&format!("fn f() {{ let x = {text}; }}"));
    expr(&facts, facts.bindings.last().unwrap().value.unwrap())
}

#[test]
fn callees() {
    assert_eq!(value("foo.bar(x, 1)"), "foo.bar(x, 1)");
    assert_eq!(value("a::b(x)"), "a::b(x)");
    assert_eq!(value("f()"), "f()");
    assert_eq!(value("self.client.get(&url).send()"), "self.client.get(url).send()");
    assert_eq!(value("Client::<Http>::new()"), "Client::new<Http>()");
    assert_eq!(value("db.collection::<User>(\"users\")"), "db.collection<User>(\"users\")");
    assert_eq!(value("parse::<Vec<u8>, _>(x)"), "parse<Vec<u8>, _>(x)");
    assert_eq!(value("<Store as Load>::load(x)"), "Load::load(x)");
    assert_eq!(value("<Store>::load(x)"), "Store::load(x)");
    assert_eq!(value("(self.handler)(x)"), "self.handler(x)");
    assert_eq!(value("crate::config::url()"), "crate::config::url()");
    assert_eq!(value("r#type::r#fn()"), "type::fn()");
}

#[test]
fn places_of_names() {
    let text = "fn f() { self.client.get::<T>(u); a::b::<T>(x); Client::<T>::new(); m::log!(x); }";
    let facts = facts(text);
    let names = facts.calls.iter().map(|call| &text[call.name_range.start as usize..call.name_range.end as usize]).collect::<Vec<_>>();
    assert_eq!(names, ["get", "b", "new", "log"]);
    let range = facts.calls[0].range;
    assert_eq!(&text[range.start as usize..range.end as usize], "self.client.get::<T>(u)");
}

#[test]
fn values() {
    assert_eq!(value("(&mut *x as &str)"), "x");
    assert_eq!(value("unsafe { x }"), "x");
    assert_eq!(value("\"a\\n\\u{e9}\\\"\""), "\"a\\né\\\"\"");
    assert_eq!(value("r#\"a\"b\"#"), "\"a\\\"b\"");
    assert_eq!(value("b'x'"), "\"x\"");
    assert_eq!(value("1_000u64"), "1000");
    assert_eq!(value("-5"), "-5");
    assert_eq!(value("0xffu8"), "0xff");
    assert_eq!(value("None"), "null");
    assert_eq!(value("()"), "null");
    assert_eq!(value("(a, [b, true])"), "[a, [b, true]]");
    assert_eq!(value("a.to_string() + \"/b\" + &c + d"), "concat(a.to_string(), \"/b\", c, d)");
    assert_eq!(value("x.0.y"), "x.0.y");
    assert_eq!(value("x[\"k\"][i][..]"), "x.k[i]");
    assert_eq!(value("Self::BASE"), "Self::BASE");
    assert_eq!(value("a::S::<T> { x, y: 1, ..z() }"), "a::S{x: x, y: 1, ..z()}");
    assert_eq!(value("if c { \"a\" } else if d { \"b\" } else { return }"), "choice(\"a\", \"b\")");
    assert_eq!(value("match m { A => \"a\", B => { f(); \"b\" } C => panic!(), _ => continue }"), "choice(\"a\", \"b\")");
    assert_eq!(value("loop { if c { break get(); } }"), "get()");
    assert_eq!(value("!ready()"), "?");
    assert_eq!(value("|a, (b, c)| a.get(b)"), "fn2");
}

#[test]
fn environment() {
    assert_eq!(value("std::env::var(\"URL\").unwrap_or_else(|_| d())"), "env(\"URL\").unwrap_or_else(fn2)");
    assert_eq!(value("env::var(NAME)?"), "env(NAME)");
    assert_eq!(value("env::var_os(\"A\")"), "env(\"A\")");
    assert_eq!(value("dotenvy::var(\"A\")"), "env(\"A\")");
    assert_eq!(value("env!(\"A\")"), "env(\"A\")");
    assert_eq!(value("option_env!(\"A\").unwrap_or(\"b\")"), "env(\"A\").unwrap_or(\"b\")");
    let imported = facts("use std::env::var; fn f() { let x = var(\"A\"); }");
    assert_eq!(bindings(&imported), "x = env(\"A\")");
    assert_eq!(value("var(\"A\")"), "var(\"A\")");
}

#[test]
fn use_of_results() {
    assert_eq!(calls_of("f()?;"), "f() failureonly");
    assert_eq!(calls_of("f().await?;"), "f() awaited failureonly");
    assert_eq!(calls_of("f();"), "f() ignored");
    assert_eq!(calls_of("let _ = f().await;"), "f() awaited ignored");
    assert_eq!(calls_of("let _ = f()?;"), "f() failureonly");
    assert_eq!(calls_of("_ = f();"), "f() ignored");
    assert_eq!(calls_of("let _x = f()?;"), "f()");
    assert_eq!(calls_of("f()"), "f() returned");
    assert_eq!(calls_of("return f();"), "f() returned");
    assert_eq!(calls_of("g(f()?)"), "f()\ng(f()) returned");
    assert_eq!(calls_of("if c { f() } else { g()? };"), "f() ignored in Branch\ng() failureonly in Branch");
    assert_eq!(calls_of("match c { A => f(), _ => g() }"), "f() returned in Branch\ng() returned in Branch");
    assert_eq!(calls_of("for x in y { f(x) }"), "f(x) ignored in ForEach");
    assert_eq!(calls_of("f().unwrap();"), "f()\nf().unwrap() ignored");
    assert_eq!(calls_of("tx.commit().await.context(\"x\")?;"), "tx.commit() awaited\ntx.commit().context(\"x\") failureonly");
}

#[test]
fn regions() {
    assert_eq!(calls_of("for x in 0..n { f(x); }"), "f(x) ignored in For");
    assert_eq!(calls_of("while let Some(x) = s.next().await { f(x); }"), "s.next() awaited in While\nf(x) ignored in While");
    assert_eq!(calls_of("loop { f(); if g() { break; } }"), "f() ignored in Loop\ng() in Loop");
    assert_eq!(calls_of("match f() { Ok(v) => g(v), Err(e) => h(e), }"), "f()\ng(v) returned in Branch\nh(e) returned in Catch");
    assert_eq!(calls_of("if let Err(e) = f() { g(e); }"), "f()\ng(e) ignored in Catch");
    assert_eq!(calls_of("let Some(x) = f() else { return g(); };"), "f()\ng() returned in Catch");
    assert_eq!(calls_of("spawn(async move { for x in xs { f(x).await; } });"), "f(x) awaited ignored in ForEach<Body\nspawn(fn2) ignored");
    assert_eq!(
        calls_of("let (a, b) = tokio::join!(f(), g(x));"),
        "f() awaited in Parallel\ng(x) awaited in Parallel\ntokio::join!(f(), g(x))"
    );
    assert_eq!(bindings_of("let (a, b) = tokio::try_join!(f(), g(x))?;"), "a = [f(), g(x)].0\nb = [f(), g(x)].1");
    assert_eq!(calls_of("futures::future::join_all(xs.iter().map(f)).await;").lines().next().unwrap(), "xs.iter() in Parallel");
}

#[test]
fn select() {
    let text = "tokio::select! { biased; Some(m) = rx.recv() => { g(m)?; } _ = sleep(d()), if on() => h(), r = &mut fut => i(r), else => { j() } }";
    assert_eq!(
        calls_of(text),
        "rx.recv() awaited in Race\ng(m) failureonly in Branch<Race\nd() in Race\nsleep(d()) awaited in Race\non() in Race\n\
         h() returned in Branch<Race\ni(r) returned in Branch<Race\nj() returned in Branch<Race\n\
         tokio::select!(rx.recv(), sleep(d()), fut)"
    );
    assert_eq!(bindings_of(text), "m = rx.recv()\nr = fut");
}

#[test]
fn patterns() {
    assert_eq!(bindings_of("let (a, mut b) = f();"), "a = f().0\nmut b = f().1");
    assert_eq!(bindings_of("let S { x, y: Some(z), .. } = s;"), "x = s.x\nz = s.y");
    assert_eq!(bindings_of("let Some(Pair(a, _, c)) = f() else { return };"), "a = f().0\nc = f().2");
    assert_eq!(bindings_of("if let Ok(ref x) | Err(x) = f() {}"), "x = f()");
    assert_eq!(
        bindings_of("match f() { n @ Kind::A(x) => (), None => (), MAX => (), Foo::Bar(x, .., y) => () }"),
        "n = f()\nx: Kind::A = f().0\nx: Foo::Bar = f().0\ny"
    );
    assert_eq!(bindings_of("for (i, x) in xs.iter() {}"), "i = element(xs.iter()).0\nx = element(xs.iter()).1");
    assert_eq!(bindings_of("let [a, b, rest @ ..] = xs;"), "a = xs[0]\nb = xs[1]\nrest = xs");
    assert_eq!(bindings_of("let x: Arc<dyn Api + Send>;"), "x: Arc<Api>");
    assert_eq!(bindings_of("if let Some(x) = f() && let Some(y) = g(x) {}"), "x = f()\ny = g(x)");
    let facts = facts("async fn h(State(pool): State<PgPool>, mut a: u8, _: B, Path((x, y)): Path<(u8, u8)>) {}");
    assert_eq!(functions(&facts), "1 async fn h(: State<PgPool>, a: u8, : B, : Path<()<u8, u8>>)");
    assert_eq!(bindings(&facts), "pool = param1.0.0\nx = param1.3.0.0\ny = param1.3.0.1");
}

#[test]
fn constants() {
    let text =
        "const A: &str = \"a\"; static mut B: u8 = 1; mod m { pub const C: u8 = A; } impl T { const D: u8 = 2; } trait Q { const E: u8; }
        lazy_static! { static ref F: Client = Client::new(); }
        thread_local! { static G: u8 = g(); }
        static H: LazyLock<Client> = LazyLock::new(|| Client::new());";
    assert_eq!(
        bindings(&facts(text)),
        "A: str = \"a\"\nmut B: u8 = 1\nC: u8 = A @m\nD: u8 = 2 @T\nE: u8 @Q\nF: Client = Client::new()\nG: u8 = g()\n\
         H: LazyLock<Client> = LazyLock::new(fn1)"
    );
}

#[test]
fn assignments() {
    let facts = facts("fn f() { self.url = g(); url += \"/x\"; n -= h(); *x = 1; }");
    let all = facts.assignments.iter().map(|a| format!("{} := {}", expr(&facts, a.target), expr(&facts, a.value))).collect::<Vec<_>>();
    assert_eq!(all, ["self.url := g()", "url := concat(url, \"/x\")", "x := 1"]);
    assert_eq!(facts.calls.len(), 2);
}

#[test]
fn uses() {
    let text = "use reqwest::{self, Client as C, header::{HeaderMap, *}}; pub use a::b; use std; use ::x::y; use T::q as _;
        extern crate serde as s; mod m { use super::z; fn f() { use self::w; } } #[cfg(test)] use gone; use {p, q::r};";
    assert_eq!(
        imports(&facts(text)),
        "reqwest=|reqwest\nC=reqwest|Client\nHeaderMap=reqwest::header|HeaderMap\n=reqwest::header|Glob\npub b=a|b\nstd=|std\ny=x|y\n\
         _=T|q\ns=|serde\nz=super|z @m\nw=self|w in 1 @m\np=|p\nr=q|r"
    );
}

#[test]
fn modules() {
    let text = "mod a; #[path = \"x/y.rs\"] pub mod b; mod c { mod d; mod e { fn f() {} struct S; } } #[cfg(test)] mod tests { fn g() {} }";
    let facts = facts(text);
    let all = facts.modules.iter().map(|m| format!("{}|{}|{:?}|{}", m.name, m.module, m.path, m.inline)).collect::<Vec<_>>();
    assert_eq!(all, ["a||None|false", "b||Some(\"x/y.rs\")|false", "c||None|true", "d|c|None|false", "e|c|None|true"]);
    assert_eq!(functions(&facts), "1 fn f() @c::e");
    assert_eq!(facts.types[0].module, "c::e");
}

#[test]
fn test_code_is_skipped() {
    let text = "#[test] fn a() {} #[tokio::test(flavor = \"x\")] async fn b() {} #[rstest] #[case(1)] fn c() {} #[cfg(all(test, unix))] fn d() {}
        #[cfg(any(test, feature = \"test-utils\", feature = \"benchmarking\"))] fn l() {} #[cfg(any(unix, feature = \"testing\"))] fn m() {}
        #[cfg(any(test, feature = \"x\"))] fn e() {} #[cfg(not(test))] fn f() {} #[cfg(feature = \"test\")] fn g() {}
        #[cfg_attr(test, x)] fn h() {} impl T { #[cfg(test)] fn i() {} fn j() { #[cfg(test)] k(); } } struct S { #[cfg(test)] x: u8, y: u8 }";
    let facts = facts(text);
    assert_eq!(facts.functions.iter().skip(1).map(|f| f.name.as_str()).collect::<Vec<_>>(), ["m", "e", "f", "g", "h", "j"]);
    assert!(facts.calls.is_empty());
    assert_eq!(type_defs(&facts), "Struct S\n  y: u8");
    assert!(read("#![cfg(test)] fn f() {}", None).0.functions.len() == 1);
}

#[test]
fn functions_and_returns() {
    let text = "impl<T> Api for a::Store<T> { #[tracing::instrument(skip(self, x), fields(user.id = %x.id, n = f(1)), name = \"go\")]
        async fn get(&self, x: &User) -> Result<Box<dyn Row>, Error> { if x { return Err(e()); } Ok(load(x).await?) } fn new(a: u8) -> Self { Self { a } } }
        trait Api: Send + Base<u8> { fn get(self: Arc<Self>, u8) -> impl Future<Output = T> + Send; fn url(&self) -> String { format!(\"{}/x\", self.base()) } }
        fn tail(m: M) -> &'static str { match m { A => \"a\", _ => { if b { \"b\" } else { \"c\" } } } }
        fn unit() { f(); }";
    let facts = facts(text);
    assert_eq!(
        functions(&facts),
        "#tracing::instrument({skip: [self, x], fields: {user.id: x.id, n: f(1)}, name: \"go\"}) \
               1 async method get of a::Store(self x: User) -> Result<Box<Row>, Error> = Err(e()) | Ok(load(x))\n\
               2 method new of a::Store(a: u8) -> Self = Self{a: a}\n\
               3 method get of Api(self : u8) -> Future<T>\n\
               4 method url of Api(self ) -> String = concat(self.base(), \"/x\")\n\
               5 fn tail(m: M) -> str = choice(\"a\", choice(\"b\", \"c\"))\n\
               6 fn unit()"
    );
    assert_eq!(type_defs(&facts), "Trait Api: Send, Base<u8>\n  fn get\n  fn url");
    let of = &facts.impls[0];
    assert_eq!(of.trait_ref.as_ref().unwrap().path, "Api");
    assert_eq!(of.self_type.path, "a::Store");
    assert_eq!(of.methods.len(), 2);
}

#[test]
fn closures() {
    let text = "fn f() { let g = async |x: u8, y| -> R { h(x).await }; let k = async move { k()? }; v.map(|x| move |y| x + y); }";
    let facts = facts(text);
    assert_eq!(
        functions(&facts),
        "1 fn f()\n2 async closure in 1(x: u8, y) -> R = h(x)\n3 async closure in 1() = k()\n4 closure in 1(x) = fn5\n5 closure in 4(y) = concat(x, y)"
    );
    assert!(facts.functions[2..].iter().all(|function| function.kind == FunctionKind::Closure));
}

#[test]
fn types() {
    let text = "/// Doc.
        #[derive(Debug, serde::Deserialize)] #[serde(rename_all = \"camelCase\", deny_unknown_fields)] #[allow(dead_code)]
        struct Settings<'a, T: Clone, const N: usize> {
            #[serde(default, rename = \"baseUrl\")] url: &'a str,
            #[arg(long, env = \"PORT\", default_value = \"80\", default_value_t = 80)] pub port: Option<u16>,
            #[cfg_attr(feature = \"x\", clap(short = 'p'), other)] list: [Arc<Mutex<T>>; N],
        }
        struct Pair(#[serde(skip)] pub a::B, fn(u8) -> C);
        enum Kind { A, #[serde(rename = \"b\")] B(Box<dyn Fn(u8) -> D + Send>, u8), C { x: u8 }, D = 4 }
        type Alias<T> = Result<T, E>; union U { a: u8 } struct Unit;
        trait Named { fn name(&self); }";
    assert_eq!(
        type_defs(&facts(text)),
        "#derive(Debug, serde::Deserialize) #serde(deny_unknown_fields, {rename_all: \"camelCase\"}) Struct Settings<T>
  #serde(default, {rename: \"baseUrl\"}) url: str
  #arg(long, {env: \"PORT\", default_value: \"80\", default_value_t: 80}) port: Option<u16>
  #clap({short: \"p\"}) #other() list: []<Arc<Mutex<T>>>
Struct Pair
  #serde(skip) 0: a::B
  1: fn<C>
Enum Kind
  A
  #serde({rename: \"b\"}) B: Box<fn<D>>
  C
  D = 4
Alias Alias<T>: Result<T, E>
Struct U
  a: u8
Struct Unit
Trait Named
  fn name"
    );
}

#[test]
fn format_strings() {
    assert_eq!(
        value("format!(\"{}/x/{name}/{0}/{{}}/{v:?}{:>5}\", base.url(), last, name = n.0)"),
        "concat(base.url(), \"/x/\", n.0, \"/\", base.url(), \"/{}/\", v, last)"
    );
    assert_eq!(value("format!(\"plain\\n\")"), "\"plain\\n\"");
    assert_eq!(value("format!(r\"{a}\\{b}\")"), "concat(a, \"\\\\\", b)");
    assert_eq!(value("format!(\"{:.*} {x}\", 3, pi)"), "concat(pi, \" \", x)");
    assert_eq!(value("format!(\"{}\", if a { b } else { \"c\" })"), "concat(choice(b, \"c\"))");
    assert_eq!(value("concat!(\"a\", env!(\"B\"), 'c')"), "concat(\"a\", env(\"B\"), \"c\")");
    assert_eq!(value("anyhow!(\"no {x}\")"), "anyhow!(concat(\"no \", x))");
    assert_eq!(value("anyhow!(e.source())"), "anyhow!(e.source())");
    assert_eq!(calls_of("write!(f, \"{}\", self.x)?;"), "write!(f, concat(self.x)) failureonly");
    assert_eq!(calls_of("bail!(\"x\");"), "bail!(\"x\") returned");
    assert_eq!(
        calls_of("tracing::info!(target: \"t\", user.id = %u.id(), ?err, \"sent {n}\", late = 1);"),
        "u.id()\ntracing::info!(err, concat(\"sent \", n), {target: \"t\", user.id: u.id(), late: 1}) ignored"
    );
    let text = "fn f() { g!(); let x = format!(\"é{}/{name}\", a.b); }";
    let facts = facts(text);
    let holes = match facts.expr(facts.bindings[0].value.unwrap()) {
        Expr::Concat(parts) => {
            parts.iter().map(|id| facts.expr_range(*id)).map(|r| &text[r.start as usize..r.end as usize]).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    };
    assert_eq!(holes, ["é", "a.b", "/", "name"]);
}

#[test]
fn macros() {
    assert_eq!(value("vec![a(), b]"), "[a(), b]");
    assert_eq!(value("vec![f(); 3]"), "[f()]");
    assert_eq!(
        value("json!({ \"a\": { \"b\": x.y() }, key: [1, null, true], \"c\": f(1, 2) })"),
        "{a: {b: x.y()}, [key]: [1, null, true], c: f(1, 2)}"
    );
    assert_eq!(value("sqlx::query!(\"select 1\", x.id, &y)"), "sqlx::query!(\"select 1\", x.id, y)");
    assert_eq!(
        value("sqlx::query_as!(User, r#\"select \"a\" \"#).fetch_all(&db)"),
        "sqlx::query_as!(User, \"select \\\"a\\\" \").fetch_all(db)"
    );
    assert_eq!(value("routes![a, b::c]"), "routes!(a, b::c)");
    assert_eq!(value("info_span!(\"name\", x = 1, otel.kind = \"client\")"), "info_span!(\"name\", {x: 1, otel.kind: \"client\"})");
    assert_eq!(value("hashmap!{ \"a\" => b, c => d() }"), "hashmap!({a: b, [c]: d()})");
    assert_eq!(calls_of("if matches!(f(), Some(x)) {}"), "f()");
    assert_eq!(calls_of("ensure!(f(x), \"no {}\", g());"), "f(x)\ng()\nensure!(f(x), concat(\"no \", g())) ignored");
    assert_eq!(
        calls_of("let r = call_with_retry!(self.client.rpc(Request::new(req)))?;"),
        "Request::new(req)\nself.client.rpc(Request::new(req))\ncall_with_retry!(self.client.rpc(Request::new(req)))"
    );
    assert_eq!(calls_of("retry!(3, || async { get(u).await });"), "get(u) awaited returned in Body<Body\nretry!(3, fn2) ignored");
    assert_eq!(calls_of("stream! { while go() { yield next(a, b).await; } }").lines().count(), 3);
    assert_eq!(calls_of("m!(a::<B, C>(x), |a, b| c(a));"), "a<B, C>(x)\nc(a) returned in Body\nm!(a<B, C>(x), fn2) ignored");
    assert_eq!(calls_of("outer!(inner!(deep!(f())));"), "f()\ndeep!(f())\ninner!(deep!(f()))\nouter!(inner!(deep!(f()))) ignored");
    assert_eq!(calls_of("quote! { f() };"), "");
    let facts = facts("macro_rules! m { ($x:expr) => { f($x) } } cfg_if::cfg_if! { if #[cfg(unix)] { mod a; } else { fn b() { c(); } } }");
    assert_eq!(calls(&facts), "f($x) returned\nc() ignored");
    assert_eq!(facts.modules.len(), 1);
    assert_eq!(facts.functions[1].name, "m");
}

#[test]
fn generated_and_directives() {
    assert!(facts("// This file is @generated by a tool.\nfn f() {}").generated);
    assert!(facts("#![allow(x)]\n/* Code generated. DO NOT EDIT. */").generated);
    assert!(!facts("use a;\n// @generated").generated);
    assert_eq!(facts("#![no_std]\n#![recursion_limit = \"256\"]").directives, ["no_std", "recursion_limit = \"256\""]);
}

#[test]
fn broken_code_gives_the_rest() {
    let facts = facts("use a::b; fn f() { client.get(\"x\").; let y = g(; h(1)\n} fn k() { l(); } struct S { a: u8, b }");
    assert!(!facts.problems.is_empty() && facts.problems.len() <= 5);
    assert_eq!(facts.imports.len(), 1);
    let calls = calls(&facts);
    assert!(calls.contains("client.get(\"x\")"), "{calls}");
    assert!(calls.contains("l()"), "{calls}");
}

/// Something of everything.
const SAMPLE: &str = r##"//! Doc.
use a::{b as c, d::{self, *}};
#[derive(Parser)] struct Args { #[arg(long, env = "URL", default_value = "é")] url: String }
impl Api for Client { #[instrument(skip(self), fields(x = %y))] async fn go(&self, State(s): State<S>) -> Result<(), E> {
  let url = format!("{}/ü/{name}", self.base.join("x")?, name = r#"q"#);
  let (a, b) = tokio::join!(self.http.get::<T>(&url).send(), async { f().await });
  tokio::select! { Some(m) = rx.recv() => { g(m)?; } _ = sleep(1) => {} }
  match h::<K>(b'\'', 'é', "\u{e9}") { Ok(ref v) if v.ok() => return Err(anyhow!("ß {v:?}")), Err(e) => warn!(?e, "no"), _ => {} }
  let v = vec![json!({ "a": [1, x.y()] }), S { a, ..b }]; self.x = v[0]["k"] + 1;
  for (i, x) in 0..n { if let Some(z) = x { k(|p, (q, r)| p + q) } else { break } }
  let Some(x) = std::env::var("A").ok() else { unreachable!() }; Ok(())
} } lazy_static! { static ref A: B<'static, [u8; 2]> = B::new(); }
"##;

#[test]
fn cut_at_every_character() {
    for (at, _) in SAMPLE.char_indices() {
        facts(&SAMPLE[..at]);
        facts(&SAMPLE[at..]);
    }
    assert!(facts(SAMPLE).problems.is_empty());
}

#[test]
fn long_chains_and_deep_nesting() {
    let small = std::thread::Builder::new().stack_size(2 << 20);
    let work = || {
        let chain = format!("fn f() {{ let r = Router::new(){}; }}", ".route(\"/a\", get(h))".repeat(2000));
        assert_eq!(facts(&chain).calls.len(), 4001);
        let sum = format!("fn f() {{ let s = a{}; }}", " + b".repeat(5000));
        let sum = facts(&sum);
        assert!(matches!(sum.expr(sum.bindings[0].value.unwrap()), Expr::Concat(parts) if parts.len() == 5001));
        let ifs = format!("fn f() {{ if a {{ g() }} {} }}", "else if b { g() }".repeat(2000));
        assert_eq!(facts(&ifs).calls.len(), 2001);
        for (open, close) in [
            ("f(", ")"),
            ("{", "}"),
            ("if a {", "}"),
            ("match a { b => {", "}}"),
            ("|x| {", "}"),
            ("m!(f(", "))"),
            ("[", "]"),
            ("(", ")"),
            ("vec![", "]"),
            ("json!({\"a\":", "})"),
            ("async { g(", ").await }"),
            ("S { a: ", "}"),
            ("&", ""),
            ("!", ""),
            ("x = ", ""),
            ("select! { a = f(", ") => {} }"),
            ("format!(\"{}\", ", ")"),
            ("a.b(|x| match x { A => loop { c(", ") } })"),
            ("{ let x = ", "; }"),
            ("m! { if x { f(", ") } }"),
            ("for a in b { while c { d(", ") } }"),
        ] {
            let deep = format!("fn f() {{ {}1{} }}", open.repeat(600), close.repeat(600));
            facts(&deep);
            facts(&format!("fn f() {{ {}", open.repeat(600)));
        }
        facts(&format!("fn f(x: {}u8{}) {{}}", "Vec<".repeat(1000), ">".repeat(1000)));
        facts(&format!("fn f() {{ let {}x{} = y; }}", "Some(".repeat(1000), ")".repeat(1000)));
        facts(&format!("use {}x{};", "a::{".repeat(1000), "}".repeat(1000)));
        facts(&format!("{} fn f() {{}} {}", "mod a {".repeat(1000), "}".repeat(1000)));
        facts(&format!("#[a{}{}] fn f() {{}}", "(b".repeat(1000), ")".repeat(1000)));
        facts(&format!("#[cfg({}test{})] fn f() {{}}", "any(".repeat(1000), ")".repeat(1000)));
    };
    small.spawn(work).unwrap().join().unwrap();
}

#[test]
fn an_edit_gives_what_a_fresh_reading_gives() {
    let old = "fn f() { a(); }\nfn g() { b(); }\n";
    let new = "fn f() { a(x); }\nfn g() { b(); }\n";
    let mut tree: Tree = read(old, None).1.unwrap();
    tree.edit(&Edit { start: 11, old_end: 11, new_end: 12, start_point: (0, 11), old_end_point: (0, 11), new_end_point: (0, 12) });
    assert_eq!(read(new, Some(&tree)).0, read(new, None).0);
}

#[test]
fn white_space_and_comments_keep_ids() {
    let strip = |text: &str| {
        let facts = facts(text);
        (functions(&facts), calls(&facts), bindings(&facts), facts.exprs.len(), facts.regions.len())
    };
    let plain = "fn f(a: A) -> B { let x = a.get(1)?; m!(x.y(), 2); if x { g(x) } else { h() } }";
    let spaced = "/* c */ fn f ( a : A , ) -> B {\n // c\n let x = /* c */ a\n  .get( 1 ) ? ; m!( x.y() /* , */, 2 , ); if x { g ( x ) // c\n } else { h ( ) } }";
    assert_eq!(strip(plain), strip(spaced));
}
