// What VS Code starts: puts the parts together.

import * as vscode from "vscode";
import { Charts } from "./chart/source";
import { commands } from "./commands";
import { explorer } from "./explorer/view";
import { MapPanel } from "./map/panel";
import { Server } from "./server";
import { statusBar } from "./statusBar";
import { TracePanel } from "./trace/panel";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  server = new Server(context.extensionUri);
  const charts = new Charts(server);
  const map = new MapPanel(context.extensionUri, charts);
  const trace = new TracePanel(context.extensionUri, server, charts);
  context.subscriptions.push(
    charts,
    map,
    trace,
    statusBar(server),
    explorer(charts),
    commands(server, charts, map, trace),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("portolan.server.path")) void server?.start();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server?.start()),
  );
  // The workbench goes on while the server starts; what goes wrong there, the server's condition tells.
  void server.start();
}

export async function deactivate(): Promise<void> {
  await server?.dispose();
}
