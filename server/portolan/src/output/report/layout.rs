//! Where the nodes of a service map stand in a picture, and which way its edges take: in layers from left to right, who asks before who answers.
//!
//! The steps are those of Sugiyama: turn edges of cycles round, give each node a layer, order the layers so that few edges cross, bring what
//! belongs together to one height. Invariants: nodes do not overlap, every edge goes from its node to its other node, equal maps get equal
//! layouts, and the work is bounded by the size of the map.

use std::collections::BTreeMap;

use portolan_analysis::chart::map::ServiceMap;

/// Height of a node.
pub(super) const HEIGHT: f64 = 44.0;
const GAP: f64 = 22.0;
/// Height of an edge that passes a layer.
const LANE: f64 = 10.0;
const BETWEEN_LAYERS: f64 = 96.0;
const MARGIN: f64 = 16.0;
const SWEEPS: usize = 24;

/// A picture of a map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// Left upper corner and width of each node.
    pub(super) boxes: Vec<Box>,
    /// The points that each edge passes, from its node to its other node.
    pub(super) paths: Vec<Vec<(f64, f64)>>,
    /// Width and height of the whole.
    pub(super) size: (f64, f64),
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Box {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
}

/// A node, or an edge's way through a layer, in the making.
#[derive(Debug, Clone, Default)]
struct Cell {
    layer: usize,
    /// Height of its middle.
    middle: f64,
    height: f64,
    before: Vec<usize>,
    after: Vec<usize>,
}

impl Layout {
    /// Lays out a map whose nodes have these widths.
    pub(super) fn new(map: &ServiceMap, widths: &[f64]) -> Self {
        let turned = turned(map);
        let directed: Vec<(usize, usize)> =
            map.edges.iter().zip(&turned).map(|(edge, turned)| if *turned { (edge.to, edge.from) } else { (edge.from, edge.to) }).collect();
        let layers = layers(map.nodes.len(), &directed);
        let mut cells: Vec<Cell> = layers.iter().map(|layer| Cell { layer: *layer, height: HEIGHT, ..Cell::default() }).collect();
        let mut ways: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for pair in &directed {
            if !ways.contains_key(pair) {
                let way = way(&mut cells, pair.0, pair.1);
                ways.insert(*pair, way);
            }
        }
        let joined = |cell: &Cell| !cell.before.is_empty() || !cell.after.is_empty();
        let count = layers.iter().max().map_or(0, |layer| layer + 1);
        let mut order: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| joined(cell)) {
            order[cell.layer].push(at);
        }
        order.retain(|layer| !layer.is_empty());
        let order = untangled(order, &cells);
        stack(&mut cells, &order);
        let top = order.iter().flatten().map(|at| cells[*at].middle - cells[*at].height / 2.0).fold(f64::INFINITY, f64::min);
        let mut boxes = vec![Box::default(); map.nodes.len()];
        let (mut x, mut middles, mut bottom) = (MARGIN, vec![0.0; cells.len()], MARGIN);
        for layer in &order {
            let width = layer.iter().filter_map(|at| widths.get(*at)).copied().fold(40.0, f64::max);
            for at in layer {
                cells[*at].middle += MARGIN - top;
                middles[*at] = x + width / 2.0;
                bottom = f64::max(bottom, cells[*at].middle + cells[*at].height / 2.0);
                if let (Some(place), Some(own)) = (boxes.get_mut(*at), widths.get(*at)) {
                    *place = Box { x: x + (width - own) / 2.0, y: cells[*at].middle - HEIGHT / 2.0, width: *own };
                }
            }
            x += width + BETWEEN_LAYERS;
        }
        let right = (x - BETWEEN_LAYERS).max(640.0);
        let alone: Vec<usize> = (0..map.nodes.len()).filter(|at| !joined(&cells[*at])).collect();
        let bottom = in_rows(&mut boxes, widths, &alone, if order.is_empty() { MARGIN } else { bottom + 2.0 * GAP }, right).max(bottom);
        let paths = map
            .edges
            .iter()
            .zip(turned)
            .zip(&directed)
            .map(|((_, turned), pair)| {
                let (from, to) = (boxes[pair.0], boxes[pair.1]);
                let mut points = vec![(from.x + from.width, from.y + HEIGHT / 2.0)];
                points.extend(ways[pair].iter().map(|at| (middles[*at], cells[*at].middle)));
                points.push((to.x, to.y + HEIGHT / 2.0));
                if turned {
                    points.reverse();
                }
                points
            })
            .collect();
        Self { boxes, paths, size: (right + MARGIN, bottom + MARGIN) }
    }
}

/// Which edges have to be turned round so that no cycle is left: those that lead back to where a walk came from.
fn turned(map: &ServiceMap) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Open,
        Done,
    }
    let mut after: Vec<Vec<(usize, usize)>> = vec![Vec::new(); map.nodes.len()];
    let mut entered = vec![0; map.nodes.len()];
    for (at, edge) in map.edges.iter().enumerate() {
        after[edge.from].push((at, edge.to));
        entered[edge.to] += 1;
    }
    let mut starts: Vec<usize> = (0..map.nodes.len()).collect();
    starts.sort_by_key(|at| entered[*at] > 0);
    let (mut turned, mut seen) = (vec![false; map.edges.len()], vec![Seen::Not; map.nodes.len()]);
    for start in starts {
        let mut walk: Vec<(usize, usize)> = Vec::new();
        if seen[start] == Seen::Not {
            seen[start] = Seen::Open;
            walk.push((start, 0));
        }
        while let Some((node, next)) = walk.last_mut() {
            let Some((edge, to)) = after[*node].get(*next).copied() else {
                seen[*node] = Seen::Done;
                walk.pop();
                continue;
            };
            *next += 1;
            match seen[to] {
                Seen::Open => turned[edge] = true,
                Seen::Done => {}
                Seen::Not => {
                    seen[to] = Seen::Open;
                    walk.push((to, 0));
                }
            }
        }
    }
    turned
}

/// The layer of each node: one more than that of all that lead to it; what nothing leads to stands just before what it leads to.
fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut waiting = vec![0; count];
    for (_, to) in edges {
        waiting[*to] += 1;
    }
    let sources: Vec<usize> = (0..count).filter(|at| waiting[*at] == 0).collect();
    let (mut layers, mut ready) = (vec![0; count], sources.clone());
    while let Some(node) = ready.pop() {
        for (_, to) in edges.iter().filter(|(from, _)| *from == node) {
            layers[*to] = layers[*to].max(layers[node] + 1);
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    for source in sources {
        if let Some(nearest) = edges.iter().filter(|(from, _)| *from == source).map(|(_, to)| layers[*to]).min() {
            layers[source] = nearest - 1;
        }
    }
    layers
}

/// Joins two nodes, by a cell in each layer between them.
fn way(cells: &mut Vec<Cell>, from: usize, to: usize) -> Vec<usize> {
    let between: Vec<usize> = (cells[from].layer + 1..cells[to].layer)
        .map(|layer| {
            cells.push(Cell { layer, height: LANE, ..Cell::default() });
            cells.len() - 1
        })
        .collect();
    let all: Vec<usize> = std::iter::once(from).chain(between.iter().copied()).chain([to]).collect();
    for pair in all.windows(2) {
        cells[pair[0]].after.push(pair[1]);
        cells[pair[1]].before.push(pair[0]);
    }
    between
}

/// Orders the layers, back and forth, each by the middle of what its cells are joined to; keeps the order with the fewest crossings.
fn untangled(mut order: Vec<Vec<usize>>, cells: &[Cell]) -> Vec<Vec<usize>> {
    let (mut best, mut fewest) = (order.clone(), crossings(&order, cells));
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        let count = order.len();
        for step in 1..count {
            let at = if forward { step } else { count - 1 - step };
            let fixed = if forward { at - 1 } else { at + 1 };
            let places: BTreeMap<usize, usize> = order[fixed].iter().enumerate().map(|(place, cell)| (*cell, place)).collect();
            let mut keyed: Vec<(f64, usize)> = order[at]
                .iter()
                .enumerate()
                .map(|(place, cell)| {
                    let others = if forward { &cells[*cell].before } else { &cells[*cell].after };
                    let others: Vec<f64> = others.iter().filter_map(|other| places.get(other)).map(|place| *place as f64).collect();
                    // What is joined to nothing on this side keeps its place.
                    (if others.is_empty() { place as f64 } else { others.iter().sum::<f64>() / others.len() as f64 }, *cell)
                })
                .collect();
            keyed.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            order[at] = keyed.into_iter().map(|(_, cell)| cell).collect();
        }
        let now = crossings(&order, cells);
        if now < fewest {
            (best, fewest) = (order.clone(), now);
        }
    }
    best
}

fn crossings(order: &[Vec<usize>], cells: &[Cell]) -> usize {
    let between = |pair: &[Vec<usize>]| {
        let places: BTreeMap<usize, usize> = pair[1].iter().enumerate().map(|(place, cell)| (*cell, place)).collect();
        let ends = pair[0].iter().enumerate().flat_map(|(place, cell)| cells[*cell].after.iter().map(move |other| (place, *other)));
        let lines: Vec<(usize, usize)> = ends.filter_map(|(place, other)| Some((place, *places.get(&other)?))).collect();
        let crossed = |at: usize| lines[at + 1..].iter().filter(|line| line.0 > lines[at].0 && line.1 < lines[at].1).count();
        (0..lines.len()).map(crossed).sum::<usize>()
    };
    order.windows(2).map(between).sum()
}

/// Gives each cell its height: near the middle of what it is joined to, in the order of its layer, with room between.
fn stack(cells: &mut [Cell], order: &[Vec<usize>]) {
    for layer in order {
        let mut y = 0.0;
        for at in layer {
            cells[*at].middle = y + cells[*at].height / 2.0;
            y += cells[*at].height + GAP;
        }
    }
    for sweep in 0..SWEEPS {
        let layers: Vec<&Vec<usize>> = if sweep % 2 == 0 { order.iter().collect() } else { order.iter().rev().collect() };
        for layer in layers {
            let wanted: Vec<f64> = layer.iter().map(|at| wanted(cells, *at)).collect();
            let room = |a: usize, b: usize| (cells[layer[a]].height + cells[layer[b]].height) / 2.0 + GAP;
            // From above and from below nothing overlaps; then nothing does halfway between, either.
            let (mut down, mut up) = (wanted.clone(), wanted.clone());
            for at in 1..layer.len() {
                down[at] = down[at].max(down[at - 1] + room(at - 1, at));
            }
            for at in (0..layer.len().saturating_sub(1)).rev() {
                up[at] = up[at].min(up[at + 1] - room(at, at + 1));
            }
            for (at, cell) in layer.iter().enumerate() {
                cells[*cell].middle = f64::midpoint(down[at], up[at]);
            }
        }
    }
}

fn wanted(cells: &[Cell], at: usize) -> f64 {
    let others: Vec<f64> = cells[at].before.iter().chain(&cells[at].after).map(|other| cells[*other].middle).collect();
    if others.is_empty() { cells[at].middle } else { others.iter().sum::<f64>() / others.len() as f64 }
}

/// Puts what is joined to nothing into rows below; gives the lower end.
fn in_rows(boxes: &mut [Box], widths: &[f64], nodes: &[usize], top: f64, right: f64) -> f64 {
    let (mut x, mut y) = (MARGIN, top);
    for at in nodes {
        let width = widths.get(*at).copied().unwrap_or_default();
        if x > MARGIN && x + width > right {
            (x, y) = (MARGIN, y + HEIGHT + GAP);
        }
        boxes[*at] = Box { x, y, width };
        x += width + GAP;
    }
    if nodes.is_empty() { 0.0 } else { y + HEIGHT }
}

#[cfg(test)]
mod tests {
    use portolan_analysis::chart::ServiceKind;
    use portolan_analysis::chart::map::{Edge, Node, NodeKind, Relation};

    use super::*;

    fn map(count: usize, edges: &[(usize, usize)]) -> ServiceMap {
        let kind = NodeKind::Service(ServiceKind::Backend);
        let node = |at: usize| Node { kind, id: at.to_string(), name: at.to_string(), slug: at.to_string(), technology: String::new() };
        let edge = |(from, to): &(usize, usize)| Edge {
            from: *from,
            to: *to,
            relation: Relation::Calls,
            count: 1,
            label: String::new(),
            technology: String::new(),
        };
        ServiceMap { nodes: (0..count).map(node).collect(), edges: edges.iter().map(edge).collect() }
    }

    #[test]
    fn boxes_do_not_overlap_and_edges_reach_their_nodes_in_rings_too() {
        let edges = [(0, 1), (1, 2), (2, 0), (0, 2), (3, 2), (4, 1), (1, 5), (5, 1), (0, 6), (6, 2)];
        let map = map(9, &edges);
        let layout = Layout::new(&map, &[100.0; 9]);
        for (at, a) in layout.boxes.iter().enumerate() {
            for b in &layout.boxes[at + 1..] {
                assert!(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + HEIGHT <= b.y || b.y + HEIGHT <= a.y, "{a:?} {b:?}");
            }
            assert!(a.x + a.width <= layout.size.0 && a.y + HEIGHT <= layout.size.1 && a.x >= 0.0 && a.y >= 0.0);
        }
        for (edge, path) in map.edges.iter().zip(&layout.paths) {
            for (end, node) in [(path[0], edge.from), (path[path.len() - 1], edge.to)] {
                let place = layout.boxes[node];
                assert!((place.x == end.0 || place.x + place.width == end.0) && end.1 == place.y + HEIGHT / 2.0);
            }
        }
    }

    #[test]
    fn who_asks_stands_before_who_answers() {
        let layout = Layout::new(&map(4, &[(0, 1), (1, 2), (3, 2)]), &[50.0; 4]);
        let x = |at: usize| layout.boxes[at].x;
        assert!(x(0) < x(1) && x(1) < x(2) && x(3) == x(1));
    }

    #[test]
    fn nothing_is_a_picture_too() {
        assert!(Layout::new(&map(0, &[]), &[]).boxes.is_empty());
        assert_eq!(Layout::new(&map(1, &[]), &[50.0]).boxes.len(), 1);
    }
}
