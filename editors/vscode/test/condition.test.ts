import assert from "node:assert/strict";
import { test } from "node:test";
import { type Condition, conditionOf, words } from "../src/condition";

const RUNNING = 2;
const status = { revision: 1, quiescent: true, services: 7, edges: 1, findings: 0, unresolved: 2 };
const sentence = (condition: Condition) => words(condition).sentence;

test("counts are said when there is a chart", () => {
  const ready = conditionOf(RUNNING, status, undefined);
  assert.equal(ready.phase, "ready");
  assert.equal(sentence(ready), "7 services, 1 edge, 0 findings; 2 calls could not be followed.");
});

test("a folder without services has no numbers", () => {
  const { text, sentence } = words(conditionOf(RUNNING, { ...status, services: 0, edges: 0, unresolved: 0 }, undefined));
  assert.equal(text, "$(compass) No services");
  assert.equal(sentence, "There are no services here.");
});

test("a chart that changes are missing from is stale", () => {
  const stale = conditionOf(RUNNING, { ...status, quiescent: false }, undefined);
  assert.equal(stale.phase, "stale");
  assert.match(sentence(stale), /being brought up to date/);
});

test("before the first chart it is being made", () => {
  assert.equal(conditionOf(RUNNING, { ...status, revision: 0 }, undefined).phase, "reading");
  assert.equal(conditionOf(RUNNING, undefined, undefined).phase, "reading");
});

test("a server that does not run says why", () => {
  assert.equal(sentence(conditionOf(1, status, "no such file")), "The server does not run: no such file");
});
