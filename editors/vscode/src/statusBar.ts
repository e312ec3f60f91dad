// The server's condition for all to see: the status item, and the context of views that have nothing to show.

import * as vscode from "vscode";
import { words } from "./condition";
import type { Server } from "./server";

const ACTIONS = [
  "[$(type-hierarchy-sub) Service map](command:portolan.showMap)",
  "[$(output) Output](command:portolan.showOutput)",
  "[$(debug-restart) Restart server](command:portolan.restartServer)",
].join("&nbsp;&nbsp;&nbsp;");

export function statusBar(server: Server): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("portolan.status", vscode.StatusBarAlignment.Left, 10);
  item.name = "Portolan";
  const show = () => {
    const { text, sentence } = words(server.condition);
    const stopped = server.condition.phase === "stopped";
    item.text = text;
    item.tooltip = new vscode.MarkdownString(`**Portolan** — ${sentence}\n\n${ACTIONS}`, true);
    item.tooltip.isTrusted = { enabledCommands: ["portolan.showMap", "portolan.showOutput", "portolan.restartServer"] };
    item.accessibilityInformation = { label: `Portolan: ${sentence}`, role: "button" };
    item.command = stopped ? "portolan.showOutput" : "portolan.showMap";
    item.backgroundColor = stopped ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    item.show();
    // What a view says while it has nothing to show depends on it.
    void vscode.commands.executeCommand("setContext", "portolan.phase", server.condition.phase);
  };
  show();
  return vscode.Disposable.from(item, server.onDidChange(show));
}
