// The commands behind palettes, menus, trees and the server's lenses.

import * as vscode from "vscode";
import type { Location, Position } from "vscode-languageclient";
import type { Site } from "./chart/document";
import type { Charts } from "./chart/source";
import type { Item } from "./explorer/items";
import type { MapPanel } from "./map/panel";
import type { Server } from "./server";
import { settle } from "./settle";
import type { TracePanel } from "./trace/panel";

/** Commands that this client has, so that the server may put them behind lenses. */
export const commandsOfLenses = ["portolan.showReferences", "portolan.showTrace", "portolan.showMap"];

export function commands(server: Server, charts: Charts, map: MapPanel, trace: TracePanel): vscode.Disposable {
  const handlers: Record<string, (...given: never[]) => unknown> = {
    "portolan.restartServer": () => server.start(),
    "portolan.showOutput": () => server.output.show(),
    "portolan.open": (site: Site) => charts.open(site),
    "portolan.settle": (item: Item) => settle(charts, item),
    "portolan.showMap": (of?: string | Item) => map.show(typeof of === "string" ? of : of?.service),
    "portolan.showMapOfFile": () => map.showAroundFile(),
    "portolan.showTrace": async (of?: string | Item, position?: Position) => {
      if (typeof of === "string" && position) return trace.show(of, [position]);
      const line = await lineOf(charts, of);
      if (line) await trace.show(line.document.uri.toString(), [...line.cursor, line.start, line.end]);
    },
    "portolan.showReferences": async (uri: string, position: Position, locations: Location[]) => {
      const converter = server.converter;
      if (!converter) return;
      const places = locations.map((location) => converter.asLocation(location));
      await vscode.commands.executeCommand("editor.action.showReferences", vscode.Uri.parse(uri), converter.asPosition(position), places);
    },
  };
  return vscode.Disposable.from(...Object.entries(handlers).map(([name, handler]) => vscode.commands.registerCommand(name, handler)));
}

/** Where on a line a handler may be: the line of an item of a tree, or the cursor and its line. */
async function lineOf(charts: Charts, of: string | Item | undefined) {
  if (typeof of === "object" && of.site) {
    const uri = await charts.uri(of.site.file);
    return uri && endsOf(await vscode.workspace.openTextDocument(uri), of.site.line - 1, []);
  }
  const editor = vscode.window.activeTextEditor;
  return editor && endsOf(editor.document, editor.selection.active.line, [editor.selection.active]);
}

/** The first character of a line that is no white space, and the end of the line. */
function endsOf(document: vscode.TextDocument, line: number, cursor: readonly Position[]) {
  const { firstNonWhitespaceCharacterIndex: start, range } = document.lineAt(line);
  return { document, cursor, start: { line, character: start }, end: { line, character: range.end.character } };
}
