// The status item: what is on the chart, and whether it is up to date.

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
  };
  show();
  return vscode.Disposable.from(item, server.onDidChange(show));
}
