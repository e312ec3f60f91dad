//! A report as one page that needs nothing else: style, script and pictures are in it.
//!
//! What deliberately does not live here: escaping, which is the template's. Invariant: the page asks no network for anything, and says all
//! without its script.

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use portolan_analysis::chart::ServiceKind;
use portolan_analysis::chart::map::{Edge, Node, NodeKind, Relation, ServiceMap};
use portolan_analysis::report::{Block, Report, Span, Text};

use super::picture;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole page.
pub fn render(report: &Report) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (report.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (report.title) }
                    div.figures {
                        @for (what, count) in &report.figures { div.figure { b { (count) } span { (what) } } }
                    }
                }
                div.page {
                    nav { @for (at, section) in report.sections.iter().enumerate() { a href={ "#section-" (at) } { (section.title) } } }
                    main {
                        @for (at, section) in report.sections.iter().enumerate() {
                            section id={ "section-" (at) } {
                                h2 { (section.title) }
                                @for block in &section.blocks { (self::block(block)) }
                            }
                        }
                        footer { "Written by portolan " (env!("CARGO_PKG_VERSION")) " from the code alone." }
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    let mut page = page.into_string();
    page.push('\n');
    page
}

fn block(block: &Block) -> Markup {
    html! {
        @match block {
            Block::Heading(heading) => h3 { (heading) },
            Block::Paragraph(text) => p { (line(text)) },
            Block::List(points) => ul { @for point in points { li { (line(point)) } } },
            Block::Table { columns, rows } => {
                div.scroll { table {
                    thead { tr { @for column in columns { th { (column) } } } }
                    tbody { @for row in rows { tr { @for cell in row { td { (line(cell)) } } } } }
                } }
            },
            Block::Map(map) => (figure(map)),
        }
    }
}

fn figure(map: &ServiceMap) -> Markup {
    let has = |kind: NodeKind| map.nodes.iter().any(|node| node.kind == kind);
    html! {
        figure {
            div.canvas { (picture::draw(map)) }
            aside.detail {}
            figcaption {
                @for (class, name) in sorts(map) { span { i.(class) {} (name) } }
                @for (class, name) in relations(map) { span { i.line.(class) {} (name) } }
                span.spacer {}
                @if has(NodeKind::Store) { label { input type="checkbox" checked data-hides="no-stores"; " stores" } }
                @if has(NodeKind::Outside) { label { input type="checkbox" checked data-hides="no-outside"; " outside" } }
            }
        }
    }
}

/// The sorts of nodes that a map has, each with its colour's class and its name.
fn sorts(map: &ServiceMap) -> impl Iterator<Item = (&'static str, &'static str)> {
    let sort = |node: &Node| match node.kind {
        NodeKind::Service(ServiceKind::Backend) => ("backend", "back end"),
        NodeKind::Service(ServiceKind::Frontend) => ("frontend", "front end"),
        NodeKind::Service(ServiceKind::Gateway) => ("gateway", "gateway"),
        NodeKind::Service(ServiceKind::Worker) => ("worker", "worker"),
        NodeKind::Service(ServiceKind::Cli | ServiceKind::Job) => ("tool", "tool, job"),
        NodeKind::Store => ("store", "store"),
        NodeKind::Channel => ("channel", "channel"),
        NodeKind::Bought | NodeKind::Outside => ("outside", "not built here"),
    };
    map.nodes.iter().map(sort).collect::<BTreeSet<_>>().into_iter()
}

/// The sorts of edges that a map has, each with its class and what it means.
fn relations(map: &ServiceMap) -> impl Iterator<Item = (&'static str, &'static str)> {
    let relation = |edge: &Edge| match edge.relation {
        Relation::Calls => ("calls", "waits for an answer"),
        Relation::Sends | Relation::Delivers => ("sends", "sends messages"),
        Relation::Opens => ("opens", "opens a store"),
    };
    map.edges.iter().map(relation).collect::<BTreeSet<_>>().into_iter()
}

fn line(text: &Text) -> Markup {
    html! { @for span in &text.0 { (self::span(span)) } }
}

fn span(span: &Span) -> Markup {
    html! {
        @match span {
            Span::Words(words) => (words),
            Span::Code(code) => code { (code) },
            Span::Service(name) => strong.service { (name) },
            Span::Severity(severity) => span.severity.(severity.as_str()) { (severity.as_str()) },
            Span::Place { file, line } => {
                @let (folder, name) = file.rfind('/').map_or(("", file.as_str()), |at| file.split_at(at + 1));
                code.place { (folder) b { (name) ":" (line) } }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use portolan_analysis::report::Section;

    use super::*;

    #[test]
    fn no_name_is_taken_for_a_part_of_the_page() {
        let text = Text(vec![
            Span::Words("<script>".into()),
            Span::Code("</code>&".into()),
            Span::Service("\"><b>".into()),
            Span::Place { file: "a/<i>.ts".into(), line: 3 },
        ]);
        let sections = vec![Section { title: "<h1>".into(), blocks: vec![Block::Paragraph(text)] }];
        let page = render(&Report { title: "T".into(), figures: Vec::new(), sections });
        let main = page.split("<main>").nth(1).unwrap_or_default().split("</main>").next().unwrap_or_default().to_owned();
        assert!(
            main.contains("&lt;script&gt;<code>&lt;/code&gt;&amp;</code><strong class=\"service\">&quot;&gt;&lt;b&gt;</strong>"),
            "{main}"
        );
        assert!(main.contains("<code class=\"place\">a/<b>&lt;i&gt;.ts:3</b></code>"), "{main}");
        // Nothing is fetched.
        assert!(!page.contains("src=") && !page.contains("@import") && !page.contains("url(http"));
    }
}
