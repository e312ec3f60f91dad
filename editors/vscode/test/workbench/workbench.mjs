// Drives a real workbench: starts it, opens a folder in a browser, presses keys, reads what is shown.
//
// A key that is pressed while the focus moves is lost, and rows are drawn anew while they are read. So keys are pressed until what they are
// for is seen, and texts are read until two readings agree.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { after, afterEach } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium as browsers } from "playwright-core";
import { chromium, codeServer, node } from "./tools.mjs";

const SETTINGS = {
  "chat.commandCenter.enabled": false,
  "chat.disableAIFeatures": true,
  "editor.accessibilitySupport": "off",
  "editor.cursorBlinking": "solid",
  "editor.hover.above": false,
  "editor.hover.delay": 100,
  "editor.minimap.enabled": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "files.autoSave": "off",
  "files.hotExit": "off",
  "git.enabled": false,
  // Ports of other programs on this machine are nobody's business here.
  "remote.autoForwardPorts": false,
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  // What the workbench knows of TypeScript itself would stand beside what is tested.
  "typescript.validate.enable": false,
  "update.mode": "none",
  "window.confirmBeforeClose": "never",
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.editor.empty.hint": "hidden",
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

const { VSIX, OUT } = process.env;

/** How long anything is waited for, in milliseconds; the machine may be busy. */
const PATIENCE = Number(process.env.PATIENCE ?? 240_000);

/**
 * Opens a folder, or the folders that a `.code-workspace` file names, in a workbench that has the extension, for the tests of a file. Of a test that
 * fails, what is seen and what was logged are kept.
 */
export async function open(folder) {
  const served = await serve();
  let browser;
  let workbench;
  const close = async () => {
    await browser?.close();
    await served.stop();
  };
  const keep = async (name) => {
    fs.writeFileSync(path.join(OUT, `failed ${name}.log`), served.logs());
    await workbench?.picture(`failed ${name}`);
  };
  try {
    browser = await browsers.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    workbench = new Workbench(page, performance.now());
    page.setDefaultTimeout(PATIENCE);
    await page.addInitScript(recordStatus);
    const what = folder.endsWith(".code-workspace") ? "workspace" : "folder";
    await page.goto(`${served.address}/?${what}=${encodeURIComponent(path.resolve(folder))}`, { waitUntil: "commit" });
    await page.locator(".monaco-workbench .statusbar").waitFor();
  } catch (error) {
    // Why it does not open is what matters, and not what else fails then.
    const more = await Promise.allSettled([keep("to open").finally(close)]);
    for (const { reason } of more) if (reason) console.error(reason);
    throw error;
  }
  afterEach((context) => (context.passed === false ? keep(context.name) : undefined));
  after(close);
  return workbench;
}

/** Runs in the page: keeps what the status bar says, each text once, as some of it is gone before anybody could look. */
function recordStatus() {
  const said = new Set();
  const read = () => {
    for (const item of document.querySelectorAll(".statusbar-item[aria-label]")) said.add(item.getAttribute("aria-label"));
  };
  new MutationObserver(read).observe(document, { subtree: true, childList: true, attributeFilter: ["aria-label"] });
  Object.assign(window, { statusSaid: () => [...said], forgetStatus: () => said.clear() });
}

/** Starts code-server with the extension, and with data and settings of its own. */
async function serve() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "portolan-workbench-"));
  fs.mkdirSync(path.join(home, "data/User"), { recursive: true });
  fs.writeFileSync(path.join(home, "data/User/settings.json"), JSON.stringify(SETTINGS));
  fs.writeFileSync(path.join(home, "config.yaml"), "auth: none\ncert: false\n");
  const own = Object.entries(process.env).filter(([name]) => !/^(VSCODE_|npm_|CODE_SERVER)/.test(name));
  // A gallery without an address is never asked for updates.
  const env = { ...Object.fromEntries(own), HOME: home, EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: "" }) };
  const folders = { "--config": "config.yaml", "--user-data-dir": "data", "--extensions-dir": "extensions" };
  const common = [codeServer, ...Object.entries(folders).flatMap(([option, name]) => [option, path.join(home, name)])];
  execFileSync(node, [...common, "--install-extension", path.resolve(VSIX)], { env, stdio: "ignore" });
  const port = await freePort();
  const quiet = ["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust", "--disable-getting-started-override"];
  const said = fs.openSync(path.join(home, "data/said.log"), "w");
  const stdio = ["ignore", said, said];
  const start = () => spawn(node, [...common, "--bind-addr", `127.0.0.1:${port}`, ...quiet], { env, stdio, detached: true });
  const address = `http://127.0.0.1:${port}`;
  let server = start();
  const stop = async () => {
    if (server.exitCode === null) {
      const gone = once(server, "exit");
      process.kill(-server.pid, "SIGTERM");
      await Promise.race([gone, sleep(5000)]);
    }
    fs.rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  for (const end = Date.now() + PATIENCE; !(await answers(address)); await sleep(100)) {
    if (Date.now() < end) {
      // On a busy machine its two processes lose patience with each other.
      if (server.exitCode !== null) server = start();
      continue;
    }
    const why = logsIn(home);
    await stop();
    throw new Error(`the workbench does not start: ${why}`);
  }
  return { address, stop, logs: () => logsIn(home) };
}

/** What was logged, by the workbench, its extensions and their servers. */
function logsIn(home) {
  const files = fs.readdirSync(path.join(home, "data"), { recursive: true }).filter((file) => file.endsWith(".log"));
  return files.map((file) => `==> ${file}\n${fs.readFileSync(path.join(home, "data", file), "utf8")}\n`).join("");
}

const answers = (address) =>
  fetch(`${address}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** Where a text stands first in a file, lines and columns counted from 1. */
export function placeOf(folder, file, text) {
  const whole = fs.readFileSync(path.join(folder, file), "utf8");
  const at = whole.indexOf(text);
  if (at < 0) throw new Error(`${file} has no ${text}`);
  const before = whole.slice(0, at).split("\n");
  return { line: before.length, column: before.at(-1).length + 1 };
}

/** That one of the texts has a text in it. */
export const includes = (texts, text) =>
  assert.ok(
    texts.some((each) => each.includes(text)),
    `"${text}" is not in ${JSON.stringify(texts, null, 1)}`,
  );

/** A folder of its own, which goes away after the tests. */
export function folderOfItsOwn() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "portolan-folder-"));
  after(() => fs.rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  return home;
}

/** A copy of the demonstration workspace, in a folder of its own or in the one that is named. */
export function shop(home = folderOfItsOwn()) {
  const { WORKSPACE } = process.env;
  const folder = path.join(home, path.basename(WORKSPACE));
  fs.cpSync(WORKSPACE, folder, { recursive: true });
  return folder;
}

export class Workbench {
  constructor(page, started) {
    Object.assign(this, { page, started });
  }

  /** Keeps what is seen, among what the tests saw. */
  picture(name) {
    return this.page.screenshot({ path: path.join(OUT, `${name}.png`) });
  }

  /** Does something until it succeeds, each time with more patience: what is slow must not be taken back before it is there. */
  async persist(act) {
    for (let timeout = 2000; ; timeout *= 2) {
      try {
        return await act(timeout);
      } catch (error) {
        if (timeout > PATIENCE / 4) throw error;
        await this.page.keyboard.press("Escape");
      }
    }
  }

  /** Presses keys until something is seen. */
  press(keys, seen) {
    return this.persist(async (timeout) => {
      for (const key of [keys].flat()) await this.page.keyboard.press(key);
      await seen.waitFor({ timeout });
    });
  }

  /** The texts of elements, once there are some and two readings agree. */
  async texts(elements) {
    await elements.first().waitFor();
    for (let last = "", end = Date.now() + PATIENCE; ; await sleep(150)) {
      // Drawings have a text, but no inner one.
      // biome-ignore lint/performance/useDomNodeTextContent: what is not shown is not read
      const all = await elements.evaluateAll((list) => list.map((element) => element.innerText ?? element.textContent));
      const texts = all.map((text) => text.replace(/\s+/g, " ").trim());
      if (JSON.stringify(texts) === last) return texts;
      if (Date.now() > end) throw new Error(`it does not come to rest: ${last}`);
      last = JSON.stringify(texts);
    }
  }

  /** Types into the palette until it has a row with a text, as it may know of it but later, and takes that. */
  async pick(key, text, row) {
    const palette = this.page.locator(".quick-input-widget");
    await this.persist(async (timeout) => {
      await this.page.keyboard.press(key);
      await palette.locator("input.input").fill(text, { timeout });
      await palette.locator(".monaco-list-row").filter({ hasText: row }).first().click({ timeout });
    });
    await palette.waitFor({ state: "hidden" });
  }

  /** Runs a command by its title. */
  command(title) {
    return this.pick("F1", `>${title}`, title);
  }

  /** Opens a file, with the cursor at the first character of a text in it. */
  async openAt(folder, file, text) {
    const { line, column } = placeOf(folder, file, text);
    await this.pick("Control+P", `${file}:${line}:${column}`, path.basename(file));
    await this.at(path.basename(file), line);
  }

  /** Waits until the cursor is in a line of a file. */
  async at(file, line, timeout = PATIENCE) {
    await this.page.locator(`.tab.active[data-resource-name="${file}"]`).waitFor({ timeout });
    await this.page.locator("#status\\.editor\\.selection", { hasText: `Ln ${line},` }).waitFor({ timeout });
  }

  /** Clicks in a webview until the cursor is in a line of a file: a webview that is slow takes the focus back from the editor that it opened. */
  follow(link, file, line) {
    return this.persist(async (timeout) => {
      await link.click({ timeout });
      await this.at(file, line, timeout);
    });
  }

  /** What the hover at the cursor says. */
  async hover() {
    const content = this.page.locator(".monaco-hover:not(.hidden) .monaco-hover-content");
    await this.press(["Control+K", "Control+I"], content.first());
    return (await this.texts(content)).join("\n");
  }

  /** What the status bar has said since the window was opened, in order. */
  statusSaid() {
    return this.page.evaluate(() => window.statusSaid());
  }

  /** Does something, and waits until the status bar has said one of the texts since. */
  async untilStatusSays(texts, act) {
    await this.page.evaluate(() => window.forgetStatus());
    await act();
    await this.page.waitForFunction((texts) => window.statusSaid().some((said) => texts.some((text) => said.includes(text))), texts);
  }

  /** Lines above the code. */
  lenses() {
    return this.texts(this.page.locator(".codelens-decoration a"));
  }

  /** Rows of a list or tree. */
  rows(within) {
    return this.page.locator(`${within} .monaco-list-row`);
  }

  /** The page in the webview of the active tab. */
  webview() {
    return this.page.frameLocator("iframe.webview.ready >> visible=true").frameLocator("iframe#active-frame");
  }
}
