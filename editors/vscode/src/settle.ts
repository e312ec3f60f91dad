// Settles a call that could not be followed: the server's quick fixes at its line that write into portolan.toml.

import * as vscode from "vscode";
import type { Charts } from "./chart/source";
import type { Item } from "./explorer/items";

export async function settle(charts: Charts, { site }: Item): Promise<void> {
  const uri = site && (await charts.uri(site.file));
  if (!uri) return;
  const line = site.line - 1;
  await charts.open(site);
  const range = new vscode.Range(line, 0, line, Number.MAX_SAFE_INTEGER);
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    uri,
    range,
    vscode.CodeActionKind.QuickFix.value,
    20,
  );
  const fixes = actions.filter((action) => action.edit?.entries().some(([target]) => target.path.endsWith("/portolan.toml")));
  if (!fixes.length) {
    await vscode.window.showInformationMessage(
      "Nothing in the workspace tells where this call goes; say it in portolan.toml, under [[calls]].",
    );
    return;
  }
  const choice = await vscode.window.showQuickPick(
    fixes.map((action) => ({ label: action.title, action })),
    { title: "Settle in portolan.toml" },
  );
  const edit = choice?.action.edit;
  if (!edit || !(await vscode.workspace.applyEdit(edit))) return;
  const target = edit.entries()[0]?.[0];
  if (target) await vscode.window.showTextDocument(target, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
}
