// Writes what is made from the server's schemas: src/chart/document.ts, and the server's settings in package.json. `--check` writes nothing and
// fails where they differ.
import fs from "node:fs";
import path from "node:path";
import { compileFromFile } from "json-schema-to-typescript";

const root = path.resolve(import.meta.dirname, "..");
const server = path.join(root, "../../server");

/** Makes a file what it should be, or says that it is not. */
function put(name, text) {
  const file = path.join(root, name);
  if (fs.readFileSync(file, "utf8").replaceAll("\r\n", "\n") === text) return;
  if (!process.argv.includes("--check")) return fs.writeFileSync(file, text);
  console.error(`${name} is not what the server's schemas say: run \`npm run generate\``);
  process.exitCode = 1;
}

const types = await compileFromFile(path.join(server, "analysis/chart.schema.json"), {
  additionalProperties: false,
  bannerComment: "// Types of the chart, made of server/analysis/chart.schema.json by `npm run generate`: do not edit.",
  style: { printWidth: 140 },
});
put("src/chart/document.ts", types);

/** The settings below a schema, by their full names. */
function settings(schema, name, defs) {
  const { properties } = schema.$ref ? defs[path.basename(schema.$ref)] : schema;
  return Object.entries(properties).flatMap(([key, value]) => {
    const full = `${name}.${key}`;
    if (!value.type) return settings(value, full, defs);
    const { description, ...rest } = value;
    return [[full, { ...rest, scope: "window", markdownDescription: description }]];
  });
}

const schema = JSON.parse(fs.readFileSync(path.join(server, "portolan/settings.schema.json"), "utf8"));
const manifest = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
const [inTheEditor] = manifest.contributes.configuration;
inTheEditor.properties = Object.fromEntries(settings(schema, "portolan", schema.$defs));
put("package.json", `${JSON.stringify(manifest, null, 2)}\n`);
