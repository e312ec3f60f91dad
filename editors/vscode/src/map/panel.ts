// The map's tab: hands it charts and the current file, opens what is clicked, saves what is exported.

import * as vscode from "vscode";
import type { Charts } from "../chart/source";
import { besides } from "../webview/column";
import { fill } from "../webview/page";
import type { FromMap, ToMap } from "./messages";

const TYPE = "portolan.map";
const EXTENSIONS = { svg: "svg", png: "png", mermaid: "mmd" } as const;

export class MapPanel implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private panel: vscode.WebviewPanel | undefined;
  /** What is said once the page listens. */
  private pending: ToMap[] = [];
  private ready = false;
  private readonly subscriptions: vscode.Disposable;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly charts: Charts,
  ) {
    this.subscriptions = vscode.Disposable.from(
      vscode.window.registerWebviewPanelSerializer(TYPE, this),
      charts.onDidChange(() => this.sendChart()),
      vscode.window.onDidChangeActiveTextEditor(() => this.sendFile()),
    );
  }

  /** Shows the map, and a service in it. */
  show(service?: string): void {
    this.reveal();
    if (service !== undefined) this.send({ type: "reveal", service });
  }

  /** Shows the neighbourhood of the file in the editor. */
  async showAroundFile(): Promise<void> {
    const file = await this.currentFile();
    this.reveal();
    if (file) this.send({ type: "file", file });
    this.send({ type: "follow" });
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    this.adopt(panel);
  }

  private reveal(): void {
    if (this.panel) this.panel.reveal();
    else this.adopt(vscode.window.createWebviewPanel(TYPE, "Service Map", vscode.ViewColumn.Active));
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel = panel;
    this.ready = false;
    panel.iconPath = vscode.Uri.joinPath(this.extension, "media/activity.svg");
    panel.webview.onDidReceiveMessage((message: FromMap) => this.receive(message));
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.ready = false;
      this.pending = [];
    });
    // A hidden page is gone, and says that it is ready when it is back.
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.ready = false;
    });
    fill(panel.webview, this.extension, "map");
  }

  private async receive(message: FromMap): Promise<void> {
    if (message.type === "open") await this.charts.open(message.site, besides(this.panel));
    else if (message.type === "export") await save(EXTENSIONS[message.format], message.content);
    else {
      this.ready = true;
      await Promise.all([this.sendChart(), this.sendFile()]);
      for (const waiting of this.pending.splice(0)) this.send(waiting);
    }
  }

  private async sendChart(): Promise<void> {
    if (!this.ready) return;
    const chart = await this.charts.get();
    // The page may be gone since; it is sent all of this when it is back.
    if (chart && this.ready) this.send({ type: "chart", chart });
  }

  private async sendFile(): Promise<void> {
    if (!this.ready) return;
    // While the map itself has the focus, the file is the one looked at before.
    const file = await this.currentFile();
    if (file && this.ready) this.send({ type: "file", file });
  }

  private async currentFile(): Promise<string | undefined> {
    const document = vscode.window.activeTextEditor?.document;
    return document && (await this.charts.path(document.uri));
  }

  private send(message: ToMap): void {
    if (this.ready) void this.panel?.webview.postMessage(message);
    else this.pending.push(message);
  }

  dispose(): void {
    this.subscriptions.dispose();
    this.panel?.dispose();
  }
}

async function save(extension: string, content: string): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    title: "Save Service Map",
    filters: { [extension.toUpperCase()]: [extension] },
    ...(folder && { defaultUri: vscode.Uri.joinPath(folder, `service-map.${extension}`) }),
  });
  if (target) await vscode.workspace.fs.writeFile(target, Buffer.from(content, extension === "png" ? "base64" : "utf8"));
}
