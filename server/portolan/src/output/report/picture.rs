//! A service map as a picture of a page.
//!
//! What deliberately does not live here: colours and what happens on a click, which are the page's. Invariant: without its script, the picture
//! shows all that there is.

use maud::{Markup, html};
use portolan_analysis::chart::map::{Edge, Node, NodeKind, Relation, ServiceMap};

use super::layout::{Box, HEIGHT, Layout};

/// Width of a letter, and of what stands around a name.
const LETTER: f64 = 8.0;
const AROUND: f64 = 24.0;
/// Width of a letter of the line below the name.
const SMALL_LETTER: f64 = 6.2;
const MAX_LETTERS: usize = 30;
/// Of its own width, below which a picture is scrolled and no longer made smaller.
const READABLE: f64 = 0.6;

/// The map as SVG.
pub(super) fn draw(map: &ServiceMap) -> Markup {
    let names: Vec<String> = map.nodes.iter().map(|node| shortened(&node.name)).collect();
    let width = |text: &str, letter: f64| text.chars().count() as f64 * letter + AROUND;
    let widths: Vec<f64> =
        map.nodes.iter().zip(&names).map(|(node, name)| width(name, LETTER).max(width(&below(node), SMALL_LETTER))).collect();
    let layout = Layout::new(map, &widths);
    let (width, height) = layout.size;
    html! {
        svg.map viewBox={ "0 0 " (number(width)) " " (number(height)) } style={ "min-width:" (number(width * READABLE)) "px;max-width:" (number(width * 1.2)) "px" } role="img" aria-label="Service map" xmlns="http://www.w3.org/2000/svg" {
            defs {
                @for name in ["calls", "sends"] {
                    marker id={ "arrow-" (name) } viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto" {
                        path class={ "head " (name) } d="M0,0.5 L8,4 L0,7.5 z" {}
                    }
                }
            }
            @for (edge, points) in map.edges.iter().zip(&layout.paths) { (line(map, edge, points)) }
            @for ((node, name), place) in map.nodes.iter().zip(&names).zip(&layout.boxes) { (shape(node, name, *place)) }
        }
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= MAX_LETTERS { name.to_owned() } else { name.chars().take(MAX_LETTERS - 1).chain(['…']).collect() }
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

fn relation(edge: &Edge) -> &'static str {
    match edge.relation {
        Relation::Calls => "calls",
        Relation::Sends | Relation::Delivers => "sends",
        Relation::Opens => "opens",
    }
}

/// A curve through the points, level where it meets them.
fn line(map: &ServiceMap, edge: &Edge, points: &[(f64, f64)]) -> Markup {
    let mut d = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        match at.checked_sub(1).map(|before| points[before]) {
            None => d.push_str(&format!("M{x:.1},{y:.1}")),
            Some((from, level)) => {
                let bend = (x - from) / 2.0;
                d.push_str(&format!(" C{:.1},{level:.1} {:.1},{y:.1} {x:.1},{y:.1}", from + bend, x - bend));
            }
        }
    }
    let kind = relation(edge);
    let marker = (edge.relation != Relation::Opens).then(|| format!("url(#arrow-{kind})"));
    let width = 1.2 + (edge.count as f64).log2() * 0.35;
    let name = |at: usize| map.nodes.get(at).map_or("", |node| node.name.as_str());
    html! {
        path.edge.(kind) data-from=(edge.from) data-to=(edge.to) data-label=(edge.label) d=(d) stroke-width=(format!("{width:.2}")) marker-end=[marker] {
            title { (name(edge.from)) " → " (name(edge.to)) ": " (edge.label) }
        }
    }
}

/// The sort of a node, by which the page colours it.
fn kind(node: &Node) -> &'static str {
    match node.kind {
        NodeKind::Service(kind) => kind.as_str(),
        other => other.as_str(),
    }
}

/// The line below the name.
fn below(node: &Node) -> String {
    shortened(match node.kind {
        NodeKind::Bought => "deployed only",
        _ if node.technology.is_empty() => kind(node),
        _ => &node.technology,
    })
}

fn shape(node: &Node, name: &str, place: Box) -> Markup {
    let kind = kind(node);
    let (x, y, right, bottom) = (place.x, place.y, place.x + place.width, place.y + HEIGHT);
    // A store is a drum: its lid is an ellipse.
    let drum = format!(
        "M{x:.1},{t:.1} A{r:.1},6 0 0 1 {right:.1},{t:.1} V{b:.1} A{r:.1},6 0 0 1 {x:.1},{b:.1} Z M{x:.1},{t:.1} A{r:.1},6 0 0 0 {right:.1},{t:.1}",
        t = y + 6.0,
        b = bottom - 6.0,
        r = place.width / 2.0
    );
    html! {
        g.node.(kind) data-name=(node.name) data-kind=(kind) data-technology=(node.technology) tabindex="0" {
            title { (node.name) " (" (kind) ")" }
            @if node.kind == NodeKind::Store {
                path d=(drum) {}
            } @else {
                rect x=(number(x)) y=(number(y)) width=(number(place.width)) height=(number(HEIGHT)) rx="8" {}
            }
            text.name x=(number(x + place.width / 2.0)) y=(number(y + 20.0 + if node.kind == NodeKind::Store { 4.0 } else { 0.0 })) { (name) }
            text.kind x=(number(x + place.width / 2.0)) y=(number(y + 34.0 + if node.kind == NodeKind::Store { 3.0 } else { 0.0 })) { (below(node)) }
        }
    }
}
