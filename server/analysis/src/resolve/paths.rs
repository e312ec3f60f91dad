//! Paths of routes and calls: one normal form, and which route a call's path means.
//!
//! A path is a list of segments: literal, parameter, or rest. Frameworks write parameters as `:id`, `{id}`, `<id>`, `[id]`; a call has a hole
//! where its text is decided at run time. Literals match exactly; a hole matches a parameter, and a literal only where nothing else does.

use camino::Utf8Path;
use portolan_grammars::catalog::FileRouteConvention;
use portolan_grammars::facts::Symbol;

/// What a hole of a call's path is written as while it is text.
pub const HOLE: &str = "{}";

/// A segment of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Text.
    Literal(Symbol),
    /// A parameter, with its name; or a hole, without.
    Param(Symbol),
    /// All further segments.
    Rest(Symbol),
}

/// A route's path in the normal form: `/orders/{id}`, `/files/{*rest}`.
pub fn normal_route(path: &str) -> Symbol {
    let segments = segments(path);
    if segments.is_empty() {
        return "/".into();
    }
    let mut text = String::new();
    for segment in &segments {
        text.push('/');
        match segment {
            Segment::Literal(literal) => text.push_str(literal),
            Segment::Param(name) => {
                text.push('{');
                text.push_str(name);
                text.push('}');
            }
            Segment::Rest(name) => {
                text.push_str("{*");
                text.push_str(name);
                text.push('}');
            }
        }
    }
    text.into()
}

/// Forms of one path that are told apart; further optional parts are taken to be there.
const MAX_FORMS: usize = 16;

/// Every path that a route with optional parts stands for: `/a/:b?` and `/a{/:b}` are `/a` and `/a/:b`. Of two that follow each other, the second
/// is not there without the first.
pub fn optional_forms(path: &str) -> Vec<String> {
    // With each form, whether the optional part before was taken.
    let mut forms = vec![(String::new(), true)];
    let mut rest = path;
    while let Some(optional) = first_optional(rest) {
        let follows = optional.before.is_empty() && rest.len() < path.len();
        let with = |form: &str| (format!("{form}{}{}", optional.before, optional.part), true);
        let without = |form: &str| (format!("{form}{}", optional.before), false);
        let is_full = forms.len() > MAX_FORMS;
        forms = forms
            .into_iter()
            .flat_map(|(form, taken)| match (is_full, follows && !taken) {
                (true, _) => vec![with(&form)],
                (_, true) => vec![without(&form)],
                _ => vec![without(&form), with(&form)],
            })
            .collect();
        rest = optional.behind;
    }
    forms.into_iter().map(|(form, _)| form + rest).collect()
}

/// A part of a route that may be left out, and what stands around it.
struct Optional<'a> {
    before: &'a str,
    part: &'a str,
    behind: &'a str,
}

/// The first part of a route that may be left out: `/:name?`, also with a pattern, or `{/:name}`.
fn first_optional(path: &str) -> Option<Optional<'_>> {
    path.match_indices(['/', '{']).find_map(|(at, _)| {
        let (before, rest) = path.split_at(at);
        if rest.starts_with("{/") {
            let end = rest.find('}')?;
            return Some(Optional { before, part: &rest[1..end], behind: &rest[end + 1..] });
        }
        let name = rest.strip_prefix("/:")?;
        let end = name.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(name.len());
        let pattern = name[end..].starts_with('(').then(|| name[end..].find(')')).flatten().map_or(0, |at| at + 1);
        let behind = name[end + pattern..].strip_prefix('?').filter(|behind| behind.is_empty() || behind.starts_with(['/', '{']))?;
        Some(Optional { before, part: &rest[..2 + end + pattern], behind })
    })
}

/// The segments of a path, whatever the framework.
pub fn segments(path: &str) -> Vec<Segment> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    split(path).into_iter().filter(|segment| !segment.is_empty()).map(segment).collect()
}

/// Splits at slashes outside of braces, parentheses and angle brackets, so that patterns of parameters stay whole.
fn split(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    for (at, character) in path.char_indices() {
        match character {
            '{' | '(' | '<' => depth += 1,
            '}' | ')' | '>' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                parts.push(&path[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&path[start..]);
    parts
}

fn segment(text: &str) -> Segment {
    if text == "*" || text == "**" {
        return Segment::Rest(Symbol::default());
    }
    if let Some(name) = text.strip_prefix('*') {
        return Segment::Rest(name.into());
    }
    if let Some(inner) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        if let Some(name) = inner.strip_prefix('*') {
            return Segment::Rest(name.into());
        }
        if let Some(name) = inner.strip_suffix('*').filter(|name| !name.contains(':')) {
            return Segment::Rest(name.into());
        }
        if is_one_parameter(inner) {
            let (name, pattern) = inner.split_once(':').unwrap_or((inner, ""));
            return if pattern.contains('*') && pattern.contains('.') { Segment::Rest(name.into()) } else { Segment::Param(name.into()) };
        }
    }
    if let Some(inner) = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')) {
        return match inner.strip_suffix("..") {
            Some(name) => Segment::Rest(name.into()),
            None => Segment::Param(inner.split(':').next_back().unwrap_or(inner).into()),
        };
    }
    if let Some(inner) = text.strip_prefix("[...").or_else(|| text.strip_prefix("[[...")) {
        return Segment::Rest(inner.trim_end_matches(']').into());
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return Segment::Param(inner.into());
    }
    if let Some(name) = text.strip_prefix(':') {
        let name = name.split(['(', '?', '*', '+']).next().unwrap_or(name);
        return if text.ends_with('*') || text.contains("(.*)") { Segment::Rest(name.into()) } else { Segment::Param(name.into()) };
    }
    // A hole or parameter within a segment makes the whole segment one.
    if text.contains(HOLE) || (text.contains('{') && text.contains('}')) {
        return Segment::Param(Symbol::default());
    }
    Segment::Literal(text.into())
}

/// Whether what stands between braces is one parameter: a name, perhaps with a pattern in which braces count: `uid:[0-9]{1,10}`.
fn is_one_parameter(inner: &str) -> bool {
    let mut depth = 0i32;
    let closes = inner.chars().any(|character| {
        depth += i32::from(character == '{') - i32::from(character == '}');
        depth < 0
    });
    let name = inner.split(':').next().unwrap_or(inner);
    !closes && depth == 0 && !name.contains('{')
}

/// How well a call's path fits a route's; `None` if not at all. Higher is better: literals that agree count more than parameters.
pub fn fit(call: &[Segment], route: &[Segment]) -> Option<u32> {
    let mut score = 1;
    let mut at = 0;
    for segment in route {
        match segment {
            Segment::Rest(_) => return Some(score),
            Segment::Literal(literal) => match call.get(at)? {
                Segment::Literal(text) if text == literal => score += 10,
                // What is decided at run time may be this literal; anything better wins.
                Segment::Param(_) => score += 1,
                _ => return None,
            },
            Segment::Param(_) => match call.get(at)? {
                Segment::Param(_) => score += 5,
                Segment::Literal(_) => score += 3,
                Segment::Rest(_) => return None,
            },
        }
        at += 1;
    }
    (at == call.len()).then_some(score)
}

/// Whether a fit rests on literals alone: no hole of the call stands for a literal of the route, and no rest swallows what the call says.
pub fn fits_by_literals(call: &[Segment], route: &[Segment]) -> bool {
    let by_hole = call.iter().zip(route).any(|(call, route)| matches!((call, route), (Segment::Param(_), Segment::Literal(_))));
    // A number is what a parameter is for; a word may be a route of its own elsewhere.
    let word = |text: &str| !text.bytes().all(|byte| byte.is_ascii_digit());
    let swallowed =
        call.iter().zip(route).any(|(call, route)| matches!((call, route), (Segment::Literal(text), Segment::Param(_)) if word(text)));
    let rest = route.iter().any(|segment| matches!(segment, Segment::Rest(_)));
    !by_hole && !swallowed && !rest
}

/// The route that a file's path declares by a convention.
pub fn file_route(convention: FileRouteConvention, path: &Utf8Path) -> Option<String> {
    let text = path.as_str();
    let stem = text.rsplit_once('.')?.0;
    match convention {
        FileRouteConvention::NextPages => {
            let inner = after_folder(stem, "pages/api/")?;
            let inner = inner.strip_suffix("/index").unwrap_or(if inner == "index" { "" } else { inner });
            Some(format!("/api/{inner}"))
        }
        FileRouteConvention::NextApp => {
            let inner = after_folder(stem, "app/")?;
            let inner = if inner == "route" { "" } else { inner.strip_suffix("/route")? };
            // `(group)` and `@slot` are folders that the URL leaves out.
            let left_out = |segment: &str| segment.starts_with('@') || (segment.starts_with('(') && segment.ends_with(')'));
            let kept: Vec<&str> = inner.split('/').filter(|segment| !left_out(segment)).collect();
            Some(format!("/{}", kept.join("/")))
        }
        FileRouteConvention::Remix => Some(remix_route(after_folder(stem, "app/routes/")?)),
        FileRouteConvention::SvelteKit => {
            let inner = after_folder(stem, "src/routes/")?;
            let inner = if inner == "+server" { "" } else { inner.strip_suffix("/+server")? };
            let left_out = |segment: &str| segment.starts_with('(') && segment.ends_with(')');
            let kept: Vec<&str> = inner.split('/').filter(|segment| !left_out(segment)).collect();
            Some(format!("/{}", kept.join("/")))
        }
        FileRouteConvention::Astro => {
            let inner = after_folder(stem, "src/pages/")?;
            Some(format!("/{}", inner.strip_suffix("/index").unwrap_or(if inner == "index" { "" } else { inner })))
        }
        FileRouteConvention::Nitro => {
            let (folder, inner) = [("/api/", "server/api/"), ("/", "server/routes/")]
                .into_iter()
                .find_map(|(prefix, folder)| Some((prefix, after_folder(stem, folder)?)))?;
            let inner = nitro_method(inner).map_or(inner, |(_, inner)| inner);
            Some(format!("{folder}{}", inner.strip_suffix("/index").unwrap_or(if inner == "index" { "" } else { inner })))
        }
    }
}

/// The method that an export of a file of routes answers, if it does.
pub fn file_method(convention: FileRouteConvention, export: &str, path: &Utf8Path) -> Option<String> {
    match convention {
        FileRouteConvention::NextPages => (export == "default").then(|| "*".to_owned()),
        FileRouteConvention::Remix => match export {
            "loader" => Some("GET".to_owned()),
            "action" => Some("*".to_owned()),
            _ => None,
        },
        FileRouteConvention::Nitro => {
            let stem = path.as_str().rsplit_once('.')?.0;
            (export == "default").then(|| nitro_method(stem).map_or("*".to_owned(), |(method, _)| method))
        }
        FileRouteConvention::Astro if export == "ALL" => Some("*".to_owned()),
        FileRouteConvention::NextApp | FileRouteConvention::SvelteKit | FileRouteConvention::Astro => {
            matches!(export, "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS").then(|| export.to_owned())
        }
    }
}

/// The method at the end of a file's name, and what stands before: `orders.get`.
fn nitro_method(stem: &str) -> Option<(String, &str)> {
    let (inner, method) = stem.rsplit_once('.')?;
    matches!(method, "get" | "post" | "put" | "patch" | "delete" | "head" | "options").then(|| (method.to_ascii_uppercase(), inner))
}

/// Before a letter of a Remix file's name that stands for itself.
const LITERAL: char = '\\';

/// The route of a Remix file: dots and folders are slashes, `$id` a parameter, `_layout` no part of the path, `orders_` no child of `orders`;
/// in brackets letters are only themselves, `[_]` a part of the path.
fn remix_route(inner: &str) -> String {
    let mut segments = vec![String::new()];
    let mut escaped = false;
    for letter in inner.chars() {
        match letter {
            '[' => escaped = true,
            ']' => escaped = false,
            '.' | '/' if !escaped => segments.push(String::new()),
            letter => {
                let sign = (escaped && matches!(letter, '_' | '$' | '(')).then_some(LITERAL);
                segments.last_mut().into_iter().for_each(|last| last.extend(sign.into_iter().chain([letter])));
            }
        }
    }
    if segments.len() > 1 && segments.last().is_some_and(|last| last == "route") && inner.ends_with("/route") {
        segments.pop();
    }
    let last = segments.len() - 1;
    let kept = segments.iter().enumerate().filter_map(|(at, segment)| match segment.as_str() {
        "index" if at == last => None,
        "$" => Some("*".to_owned()),
        // Left out, or there only sometimes.
        segment if segment.starts_with(['_', '(']) => None,
        segment => {
            let path = segment.strip_suffix('_').filter(|path| !path.ends_with(LITERAL)).unwrap_or(segment);
            Some(path.strip_prefix('$').map_or(path.to_owned(), |name| format!(":{name}")).replace(LITERAL, ""))
        }
    });
    format!("/{}", kept.collect::<Vec<_>>().join("/"))
}

fn after_folder<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let mut rest = path;
    loop {
        if let Some(below) = rest.strip_prefix(folder) {
            return Some(below);
        }
        rest = &rest[rest.bytes().position(|byte| byte == b'/')? + 1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frameworks_have_one_normal_form() {
        for (written, normal) in [
            ("/orders/:id", "/orders/{id}"),
            ("orders/{id}/", "/orders/{id}"),
            ("/orders/<id>", "/orders/{id}"),
            ("/orders/[id]", "/orders/{id}"),
            ("/orders/:id(\\d+)", "/orders/{id}"),
            ("/files/*rest", "/files/{*rest}"),
            ("/files/{*rest}", "/files/{*rest}"),
            ("/files/{tail:.*}", "/files/{*tail}"),
            ("/{uid:[0-9]{1,10}}/{name:[a-z]{2}}", "/{uid}/{name}"),
            ("/{from}-{to}", "/{}"),
            ("/files/{path*}", "/files/{*path}"),
            ("/files/[...path]", "/files/{*path}"),
            ("/x-{}", "/{}"),
            ("", "/"),
        ] {
            assert_eq!(normal_route(written), normal, "{written}");
        }
        for (path, forms) in [
            ("/a/:b/:c?", &["/a/:b", "/a/:b/:c"][..]),
            ("/:lang?/products", &["/products", "/:lang/products"]),
            ("/a/:b(\\d+)?", &["/a", "/a/:b(\\d+)"]),
            ("/a/:b?/:c?", &["/a", "/a/:b", "/a/:b/:c"]),
            ("/shops{/:id}/x{/:y}", &["/shops/x", "/shops/x/:y", "/shops/:id/x", "/shops/:id/x/:y"]),
            ("/files/{*path}", &["/files/{*path}"]),
            ("/items/{id}", &["/items/{id}"]),
            ("/a/:b.:ext?", &["/a/:b.:ext?"]),
        ] {
            assert_eq!(optional_forms(path), forms, "{path}");
        }
    }

    #[test]
    fn literals_fit_better_than_parameters() {
        let call = segments("/orders/latest");
        let literal = fit(&call, &segments("/orders/latest"));
        let param = fit(&call, &segments("/orders/:id"));
        assert!(literal > param && param.is_some());
        assert_eq!(fit(&call, &segments("/orders")), None);
        assert_eq!(fit(&segments("/orders"), &segments("/orders/:id")), None);
        assert!(fit(&segments("/files/a/b"), &segments("/files/*")).is_some());
    }

    #[test]
    fn files_declare_routes() {
        let pages = |path: &str| file_route(FileRouteConvention::NextPages, Utf8Path::new(path));
        assert_eq!(pages("src/web/pages/api/cart/[id].ts").as_deref(), Some("/api/cart/[id]"));
        assert_eq!(pages("pages/api/index.ts").as_deref(), Some("/api/"));
        let app = |path: &str| file_route(FileRouteConvention::NextApp, Utf8Path::new(path));
        assert_eq!(app("web/src/app/(shop)/health/route.ts").as_deref(), Some("/health"));
        assert_eq!(app("web/src/app/health/page.tsx"), None);
        for (file, route) in [
            ("app/routes/_index.tsx", "/"),
            ("app/routes/orders.$id.tsx", "/orders/:id"),
            ("apps/web/app/routes/_shop.orders_.$id.items/route.tsx", "/orders/:id/items"),
            ("app/routes/files.$.ts", "/files/*"),
            ("app/routes/orders/$id.tsx", "/orders/:id"),
            ("app/routes/sitemap[.]xml.ts", "/sitemap.xml"),
            ("app/routes/[_].$.ts", "/_/*"),
            ("app/routes/_.$.ts", "/*"),
            ("app/routes/[$]prices[_].tsx", "/$prices_"),
        ] {
            assert_eq!(file_route(FileRouteConvention::Remix, Utf8Path::new(file)).as_deref(), Some(route), "{file}");
        }
        let nitro = |path: &str| file_route(FileRouteConvention::Nitro, Utf8Path::new(path));
        assert_eq!(nitro("web/server/api/orders/[id].get.ts").as_deref(), Some("/api/orders/[id]"));
        assert_eq!(nitro("server/routes/health.ts").as_deref(), Some("/health"));
        let svelte = |path: &str| file_route(FileRouteConvention::SvelteKit, Utf8Path::new(path));
        assert_eq!(svelte("src/routes/(shop)/orders/[id]/+server.ts").as_deref(), Some("/orders/[id]"));
    }
}
