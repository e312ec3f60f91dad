// The trees of the activity view, as the workbench asks for them.

import * as vscode from "vscode";
import type { PortolanChart } from "../chart/document";
import type { Charts } from "../chart/source";
import { findingsOf, type Item, servicesOf, unresolvedOf } from "./items";

/** The three views. */
export function explorer(charts: Charts): vscode.Disposable {
  return vscode.Disposable.from(
    tree("portolan.services", charts, servicesOf, ({ services }) => services.filter((service) => !service.third_party).length),
    // One finding may stand under several services.
    tree("portolan.findings", charts, findingsOf, ({ findings }) => findings.length),
    tree("portolan.unresolved", charts, unresolvedOf, ({ unresolved }) => unresolved.length),
  );
}

function tree(
  id: string,
  charts: Charts,
  items: (chart: PortolanChart) => Item[],
  counted: (chart: PortolanChart) => number,
): vscode.Disposable {
  const provider: vscode.TreeDataProvider<Item> = {
    onDidChangeTreeData: charts.onDidChange,
    getTreeItem: treeItem,
    async getChildren(item) {
      if (item) return [...(item.children ?? [])];
      const chart = await charts.get();
      view.description = chart ? `${counted(chart) || ""}` : "";
      return chart ? items(chart) : [];
    },
  };
  const view = vscode.window.createTreeView(id, { treeDataProvider: provider, showCollapseAll: true });
  return view;
}

function treeItem(item: Item): vscode.TreeItem {
  const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const shown = new vscode.TreeItem(item.label, item.children?.length ? (item.open ? Expanded : Collapsed) : None);
  shown.id = item.id;
  if (item.description) shown.description = item.description;
  if (item.tooltip) shown.tooltip = item.tooltip;
  if (item.icon) shown.iconPath = new vscode.ThemeIcon(item.icon);
  if (item.context) shown.contextValue = item.context;
  if (item.site) shown.command = { command: "portolan.open", title: "Open", arguments: [item.site] };
  return shown;
}
