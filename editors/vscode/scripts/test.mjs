// Bundles the tests into dist/test, and runs them.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import * as esbuild from "esbuild";

process.chdir(path.resolve(import.meta.dirname, ".."));
const outdir = "dist/test";
fs.rmSync(outdir, { recursive: true, force: true });
const entryPoints = fs.readdirSync("test").map((file) => `test/${file}`);
await esbuild.build({
  entryPoints: entryPoints.filter((file) => /\.test\.tsx?$/.test(file)),
  outdir,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  sourcemap: "inline",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
});
const tests = fs.readdirSync(outdir).map((file) => path.join(outdir, file));
process.exitCode = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...tests], { stdio: "inherit" }).status ?? 1;
