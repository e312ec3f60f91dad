use portolan_grammars::catalog::Operation;

use super::*;
use crate::chart::ServiceKind;
use crate::testing::{Scene, access, end, module};

#[test]
fn narrowest_place_wins_and_declarations_stop_at_their_line() {
    let mut scene = Scene::default();
    let file = scene.file("src/app.ts", "app.post('/orders', async () => {\n  await axios.post(`${url}/x`);\n});\n");
    let service = scene.service("orders", ServiceKind::Backend);
    let handler = scene.closure(module(file), "async () => {\n  await axios.post(`${url}/x`);\n}");
    let all = scene.place(file, "app.post('/orders', async () => {\n  await axios.post(`${url}/x`);\n})");
    let endpoint = scene.endpoint(service, "POST /orders", all, handler);
    let call_place = scene.place(file, "axios.post(`${url}/x`)");
    let call = scene.call(service, call_place, handler, endpoint);
    let snapshot = scene.snapshot();
    let at = |offset| snapshot.index.at(file, offset).iter().map(|(subject, _)| *subject).collect::<Vec<_>>();
    assert_eq!(at(2), [Subject::Endpoint(endpoint)]);
    assert_eq!(at(call_place.range.start + 1), [Subject::Call(call)]);
    assert_eq!(at(36), []);
    assert_eq!(snapshot.index.endpoints_of(handler), [endpoint]);
    assert_eq!(snapshot.index.callers_of(endpoint), [call]);
}

#[test]
fn closures_run_with_the_function_around_them_unless_called_elsewhere() {
    let mut scene = Scene::default();
    let file = scene.file("src/app.ts", "handler map(load) later(save)");
    let service = scene.service("orders", ServiceKind::Backend);
    let handler = scene.function(file, "handler");
    let load = scene.closure(handler, "load");
    let save = scene.closure(handler, "save");
    let later = scene.place(file, "later(save)");
    scene.edge(handler, save, later, true);
    let place = scene.place(file, "load");
    scene.store("db", "postgresql", vec![("orders", vec![access(service, Operation::Read, place, load)])]);
    let place = scene.place(file, "save");
    scene.channel("orders", vec![end(service, place, save)], Vec::new());
    let snapshot = scene.snapshot();
    let edges: Vec<_> = snapshot.index.edges_of(handler).iter().map(|edge| (edge.callee, edge.detached)).collect();
    assert_eq!(edges, [(load, false), (save, true)]);
}
