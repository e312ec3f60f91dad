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
      const at = typeof of === "string" && position ? { uri: of, position } : await placeOf(charts, of);
      if (at) await trace.show(at.uri, at.position);
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

/** The place of an item of a tree, or of the cursor. */
async function placeOf(charts: Charts, of: string | Item | undefined): Promise<{ uri: string; position: Position } | undefined> {
  if (typeof of === "object" && of.site) {
    const uri = await charts.uri(of.site.file);
    return uri && (await startOfLine(uri, of.site.line - 1));
  }
  const editor = vscode.window.activeTextEditor;
  return editor && { uri: editor.document.uri.toString(), position: editor.selection.active };
}

/** The first character of a line that is no white space. */
async function startOfLine(uri: vscode.Uri, line: number): Promise<{ uri: string; position: Position }> {
  const document = await vscode.workspace.openTextDocument(uri);
  const character = document.lineAt(line).firstNonWhitespaceCharacterIndex;
  return { uri: uri.toString(), position: { line, character } };
}
