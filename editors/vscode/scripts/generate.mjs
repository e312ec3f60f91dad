// Writes what is made from the server's schemas: src/chart/document.ts. `--check` writes nothing and fails where it differs.
import fs from "node:fs";
import path from "node:path";
import { compileFromFile } from "json-schema-to-typescript";

const root = path.resolve(import.meta.dirname, "..");
const file = path.join(root, "src/chart/document.ts");
const types = await compileFromFile(path.join(root, "../../server/analysis/chart.schema.json"), {
  additionalProperties: false,
  bannerComment: "// Types of the chart, made of server/analysis/chart.schema.json by `npm run generate`: do not edit.",
  style: { printWidth: 140 },
});
if (!process.argv.includes("--check")) fs.writeFileSync(file, types);
else if (fs.readFileSync(file, "utf8") !== types) {
  console.error("src/chart/document.ts is not what the chart's schema says: run `npm run generate`");
  process.exitCode = 1;
}
