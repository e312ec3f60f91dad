// The chart as the server has it: asked for when somebody looks at it, once for each revision.

import * as vscode from "vscode";
import type { Server } from "../server";
import type { PortolanChart, Site } from "./document";

/** The answer to `portolan/chart`: the chart, and where the folders are that its paths begin with. */
export interface Located extends PortolanChart {
  readonly roots: readonly { readonly prefix: string; readonly uri: string }[];
}

export class Charts implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  /** Fires when there is another chart. */
  readonly onDidChange = this.changed.event;
  private revision = 0;
  /** The chart of this revision, once somebody has asked. */
  private chart: Promise<Located | undefined> | undefined;
  private readonly subscription: vscode.Disposable;

  constructor(private readonly server: Server) {
    this.subscription = server.onDidChange((condition) => {
      const revision = "status" in condition ? condition.status.revision : 0;
      if (revision === this.revision) return;
      this.revision = revision;
      this.chart = undefined;
      this.changed.fire();
    });
  }

  /** The newest chart; nothing before the first. */
  get(): Promise<Located | undefined> {
    this.chart ??= this.ask();
    return this.chart;
  }

  private ask(): Promise<Located | undefined> {
    if (!this.revision) return Promise.resolve(undefined);
    const asked = this.server.request<Located>("portolan/chart", null);
    // What failed is asked again.
    asked.catch(() => {
      if (this.chart === asked) this.chart = undefined;
    });
    return asked;
  }

  /** The file of a place of the chart. */
  async uri(file: string): Promise<vscode.Uri | undefined> {
    for (const { prefix, uri } of (await this.get())?.roots ?? []) {
      const relative = prefix ? file.slice(prefix.length + 1) : file;
      if (!prefix || file.startsWith(`${prefix}/`)) return vscode.Uri.joinPath(vscode.Uri.parse(uri), relative);
    }
    return undefined;
  }

  /** The path by which the chart knows a file; nothing for one outside of the workspace. */
  async path(file: vscode.Uri): Promise<string | undefined> {
    for (const { prefix, uri } of (await this.get())?.roots ?? []) {
      const folder = vscode.Uri.parse(uri).path.replace(/\/?$/, "/");
      if (file.path.startsWith(folder)) return [prefix, file.path.slice(folder.length)].filter(Boolean).join("/");
    }
    return undefined;
  }

  /** Shows the code of a place. */
  async open(site: Site, column = vscode.ViewColumn.Active): Promise<void> {
    const uri = await this.uri(site.file);
    if (!uri) return;
    const at = new vscode.Position(Math.max(0, site.line - 1), 0);
    await vscode.window.showTextDocument(uri, { viewColumn: column, selection: new vscode.Range(at, at) });
  }

  dispose(): void {
    this.subscription.dispose();
    this.changed.dispose();
  }
}
