// The server's life: found, started, restarted, and how it does. What it says about the workspace is chart/source.ts's affair.

import { existsSync } from "node:fs";
import * as vscode from "vscode";
import { type FeatureState, LanguageClient, type ServerOptions, State, type StaticFeature } from "vscode-languageclient/node";
import { commandsOfLenses } from "./commands";
import { type Condition, conditionOf, type Status } from "./condition";

/** Files that the server reads, as far as the editor may have them open. */
const LANGUAGES = ["typescript", "typescriptreact", "javascript", "javascriptreact", "vue", "svelte", "rust"];
const MANIFESTS = [
  // One brace within another means nothing to VS Code.
  "**/*.{yaml,yml,json,jsonc,toml,proto,prisma,sql,conf,nginx,template,tpl,env,hcl,tiltfile,dockerfile,Dockerfile}",
  "**/{Dockerfile,Containerfile,Caddyfile,Procfile,Makefile,makefile,GNUmakefile,Tiltfile,.env}*",
  "**/CODEOWNERS",
];

/** Tells the server what this client understands beyond the protocol. */
const experimental: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { ...(capabilities.experimental as object), portolanStatus: true };
  },
  initialize: () => {},
  getState: (): FeatureState => ({ kind: "static" }),
  clear: () => {},
};

export class Server implements vscode.Disposable {
  readonly output = vscode.window.createOutputChannel("Portolan", { log: true });
  private readonly trace = vscode.window.createOutputChannel("Portolan Trace", { log: true });
  private readonly changed = new vscode.EventEmitter<Condition>();
  /** Fires when the server is started, stopped, at work or done. */
  readonly onDidChange = this.changed.event;
  private client: LanguageClient | undefined;
  private work: Promise<void> = Promise.resolve();
  private state = State.Stopped;
  private status: Status | undefined;
  private problem: string | undefined;

  constructor(private readonly extension: vscode.Uri) {}

  get condition(): Condition {
    return conditionOf(this.state, this.status, this.problem);
  }

  /** Starts the server, once whatever else was asked of it is done; what goes wrong is told in the condition. */
  start(): Promise<void> {
    return this.next(() => this.restart());
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  /** One after the other: two servers that start at once would both run, and only one would ever be stopped. */
  private next(work: () => Promise<void>): Promise<void> {
    this.work = this.work.then(work);
    return this.work;
  }

  private async restart(): Promise<void> {
    await this.end();
    const client = new LanguageClient("portolan", "Portolan", this.executable(), {
      documentSelector: [
        ...LANGUAGES.map((language) => ({ scheme: "file", language })),
        ...MANIFESTS.map((pattern) => ({ scheme: "file", pattern })),
      ],
      outputChannel: this.output,
      traceOutputChannel: this.trace,
      initializationOptions: { ...vscode.workspace.getConfiguration("portolan"), commands: commandsOfLenses },
      initializationFailedHandler: () => false,
    });
    this.client = client;
    client.registerFeature(experimental);
    client.onDidChangeState(({ newState }) => {
      if (this.client !== client) return;
      this.state = newState;
      if (newState !== State.Running) this.status = undefined;
      this.changed.fire(this.condition);
    });
    client.onNotification("portolan/status", (status: Status) => {
      this.status = status;
      this.changed.fire(this.condition);
    });
    try {
      this.problem = undefined;
      await client.start();
    } catch (error) {
      // The client has shown it.
      this.problem = error instanceof Error ? error.message : String(error);
      this.changed.fire(this.condition);
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.state = State.Stopped;
    this.status = undefined;
    await client?.dispose().catch((error) => this.output.warn(`the server did not stop in order: ${error}`));
  }

  /** Asks the server; nothing where it does not run. */
  async request<T>(method: string, parameters: unknown): Promise<T | undefined> {
    return this.client?.isRunning() ? await this.client.sendRequest<T>(method, parameters) : undefined;
  }

  /** From the protocol's form of a place to the editor's. */
  get converter() {
    return this.client?.protocol2CodeConverter;
  }

  async dispose(): Promise<void> {
    await this.stop();
    this.output.dispose();
    this.trace.dispose();
    this.changed.dispose();
  }

  /** The server of the settings, the bundled one, or one on the `PATH`, in this order. */
  private executable(): ServerOptions {
    const configured = vscode.workspace.getConfiguration("portolan").get<string>("server.path")?.trim();
    const bundled = vscode.Uri.joinPath(this.extension, "server", process.platform === "win32" ? "portolan.exe" : "portolan").fsPath;
    const command = configured || (existsSync(bundled) ? bundled : "portolan");
    this.output.info(`the server is ${command}`);
    return { command, args: ["lsp"] };
  }
}
