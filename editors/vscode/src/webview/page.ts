// The HTML around a webview's script: nothing but what comes with the extension may be loaded or run.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** Lets a webview run `dist/<name>.js` with `dist/<name>.css`, and nothing else. */
export function fill(webview: vscode.Webview, extension: vscode.Uri, name: string): void {
  const dist = vscode.Uri.joinPath(extension, "dist");
  webview.options = { enableScripts: true, localResourceRoots: [dist] };
  const uri = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(dist, file));
  const nonce = randomBytes(16).toString("base64");
  const policy = `default-src 'none'; style-src ${webview.cspSource}; img-src data:; script-src 'nonce-${nonce}'`;
  webview.html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="stylesheet" href="${uri(`${name}.css`)}">
<title>${name}</title>
</head>
<body><script nonce="${nonce}" src="${uri(`${name}.js`)}"></script></body>
</html>`;
}
