// Checks the packaged extension in a real workbench, on the demonstration workspace.
//   npm run workbench [-- [--server PATH] [--pictures]]
// Without --server, cargo builds one for development. What is seen on the way lies in dist/workbench; the pictures of the README
// go into docs/ with --pictures only.
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { node, prepare } from "./tools.mjs";

const { values } = parseArgs({ options: { server: { type: "string" }, pictures: { type: "boolean" } } });
const extension = path.resolve(import.meta.dirname, "../..");
const root = path.resolve(extension, "../..");
const out = path.join(extension, "dist/workbench");

prepare();
if (!values.server) execFileSync("cargo", ["build", "-p", "portolan"], { cwd: root, stdio: "inherit" });
const server = path.resolve(values.server ?? path.join(root, "target/debug/portolan"));
fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });
const vsix = path.join(out, "portolan.vsix");
execFileSync(process.execPath, [path.join(extension, "scripts/package.mjs"), "--server", server, "--out", vsix], { stdio: "inherit" });

const env = { ...process.env, VSIX: vsix, WORKSPACE: path.join(root, "tests/workspaces/chandlery"), OUT: out };
const passes = (name) => {
  const file = path.join(import.meta.dirname, `${name}.test.mjs`);
  return spawnSync(node, ["--test", "--test-reporter=spec", file], { env, stdio: "inherit" }).status === 0;
};
// A browser loses a key or the focus now and then, so what fails is seen to fail twice.
const failing = ["shop", "navigation", "map", "roots", "server", "large"].filter((name) => {
  if (passes(name)) return false;
  console.error(`${name} fails, and is run once more`);
  return !passes(name);
});
process.exitCode = failing.length ? 1 : 0;
if (process.exitCode) console.error(`what was seen and logged of each test that failed lies in ${out}`);
if (values.pictures && !process.exitCode)
  for (const picture of ["vscode-hover.png", "vscode-map.png", "vscode-trace.png"])
    fs.copyFileSync(path.join(out, picture), path.join(root, "docs", picture));
