// The waterfall's tab: asks the server for the trace of a handler, again with every chart, and opens what is clicked.

import * as vscode from "vscode";
import type { Position } from "vscode-languageclient";
import type { Charts } from "../chart/source";
import type { Server } from "../server";
import { besides } from "../webview/column";
import { fill } from "../webview/page";
import type { FromTrace, ToTrace } from "./messages";
import type { Trace } from "./trace";

interface At {
  readonly uri: string;
  readonly position: Position;
}

export class TracePanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private at: At | undefined;
  private last: Trace | undefined;
  private readonly subscription: vscode.Disposable;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly server: Server,
    charts: Charts,
  ) {
    this.subscription = charts.onDidChange(() => this.refresh());
  }

  /** Shows the trace of the handler at the first of some positions that has one. */
  async show(uri: string, positions: readonly Position[]): Promise<void> {
    let found: { trace: Trace; at: At } | undefined;
    for (const position of positions) {
      const trace = await this.ask({ uri, position });
      if (trace) {
        found = { trace, at: { uri, position } };
        break;
      }
    }
    if (!found) {
      await vscode.window.showInformationMessage(
        "There is no handler at the cursor. A trace is foreseen from a handler, or from the line that declares its route.",
      );
      return;
    }
    this.at = found.at;
    this.last = found.trace;
    if (!this.panel) this.create();
    else this.panel.reveal(undefined, true);
    this.send(false);
  }

  private create(): void {
    const panel = vscode.window.createWebviewPanel("portolan.trace", "Predicted Trace", {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
    });
    this.panel = panel;
    panel.iconPath = vscode.Uri.joinPath(this.extension, "media/activity.svg");
    panel.webview.onDidReceiveMessage((message: FromTrace) => this.receive(message));
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    fill(panel.webview, this.extension, "trace");
  }

  private async receive(message: FromTrace): Promise<void> {
    if (message.type === "ready") return this.send(false);
    const location = this.server.converter?.asLocation(message.location);
    if (!location) return;
    await vscode.window.showTextDocument(location.uri, { viewColumn: besides(this.panel), selection: location.range });
  }

  private async refresh(): Promise<void> {
    if (!this.panel?.visible || !this.at) return;
    const at = this.at;
    const trace = await this.ask(at);
    // Another handler may be shown by now.
    if (this.at !== at) return;
    this.last = trace ?? this.last;
    this.send(!trace);
  }

  private async ask({ uri, position }: At): Promise<Trace | undefined> {
    return (await this.server.request<Trace | null>("portolan/trace", { textDocument: { uri }, position })) ?? undefined;
  }

  private send(stale: boolean): void {
    if (!this.last) return;
    const message: ToTrace = { type: "trace", trace: this.last, stale };
    void this.panel?.webview.postMessage(message);
  }

  dispose(): void {
    this.subscription.dispose();
    this.panel?.dispose();
  }
}
