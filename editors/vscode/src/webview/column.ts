// Where code is shown that is opened from a page.

import * as vscode from "vscode";

/** The column of an editor that is there already, so that the page stays in sight; else a new one beside it. */
export function besides(page: vscode.WebviewPanel | undefined): vscode.ViewColumn {
  const other = vscode.window.visibleTextEditors.find((editor) => editor.viewColumn !== page?.viewColumn);
  return other?.viewColumn ?? vscode.ViewColumn.Beside;
}
