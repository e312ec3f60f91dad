// Reads the exports in a folder, each with the parser of the tool it is for. Prints what is wrong with them, and then fails.
import { readFileSync } from "node:fs";
import * as catalog from "@backstage/catalog-model";
import { JSDOM } from "jsdom";
import { parseAllDocuments } from "yaml";
import { parse as parseDot } from "@ts-graphviz/ast";
import { parse as parseJunit } from "junit2json";
import structurizr from "structurizr-parser";
import { draw } from "./plantuml.mjs";

// Mermaid cleans texts by a library that needs a page.
globalThis.window = new JSDOM("").window;
globalThis.document = globalThis.window.document;
const { default: mermaid } = await import("mermaid");

// What Backstage asks of every entity, and what of each kind.
const policies = [new catalog.SchemaValidEntityPolicy(), new catalog.FieldFormatEntityPolicy()];
const kinds = [catalog.componentEntityV1alpha1Validator, catalog.apiEntityV1alpha1Validator, catalog.resourceEntityV1alpha1Validator];

const readers = {
  "catalog-info.yaml": async (text) => {
    for (const document of parseAllDocuments(text)) {
      const entity = document.toJS();
      for (const policy of policies) await policy.enforce(entity);
      const known = await Promise.all(kinds.map((kind) => kind.check(entity)));
      if (!known.includes(true)) throw new Error(`nobody knows the kind of ${entity.metadata.name}`);
    }
  },
  "chart.mmd": (text) => mermaid.parse(text),
  "chart.dot": (text) => parseDot(text),
  "report.xml": async (text) => {
    const { testsuite: suites, ...all } = await parseJunit(text);
    const counted = (cases) => ({ tests: cases.length, failures: cases.filter((one) => one.failure).length });
    for (const [told, cases] of [[all, suites.flatMap((suite) => suite.testcase)], ...suites.map((suite) => [suite, suite.testcase])])
      for (const [what, count] of Object.entries(counted(cases)))
        if (told[what] !== count) throw new Error(`${told.name} tells ${told[what]} ${what} and has ${count}`);
  },
  "chart.puml": async (text) => {
    const drawn = await draw(text);
    const names = [...text.matchAll(/^ *Container\w*\(\w+, "(\w+)"/gm)].map((match) => match[1]);
    for (const name of names) if (!drawn.includes(name)) throw new Error(`${name} is not drawn`);
  },
  "workspace.dsl": (text) => {
    const { tokens, errors } = structurizr.StructurizrLexer.tokenize(text);
    structurizr.StructurizrParser.input = tokens;
    structurizr.StructurizrParser.workspaceWrapper();
    const [first] = [...errors, ...structurizr.StructurizrParser.errors];
    if (first) throw new Error(first.message);
  },
};

const folder = process.argv[2];
for (const [file, read] of Object.entries(readers)) {
  try {
    await read(readFileSync(`${folder}/${file}`, "utf8"));
  } catch (error) {
    console.error(`${file}: ${error.message}`);
    process.exitCode = 1;
  }
}
