// The chart as a graph: what is drawn, and what is said of each node and edge. Pure: a chart in, a graph out; sorted, so that equal charts
// make equal graphs. Where things are drawn is layout.ts's affair, which of them is visible.ts's.

import type { Call, Collection, PortolanChart, ServiceSite, Site, Store } from "../chart/document";
import { count, languagesOf, requestName, storeName } from "../chart/names";

/** What a node stands for. */
export type NodeKind = "service" | "gateway" | "channel" | "store" | "external";

/** What crosses an edge: a request whose sender waits, a message whose sender does not, reads and writes of data. */
export type EdgeKind = "call" | "message" | "data";

/** A line of text that leads to a line of code. */
export interface Row {
  readonly text: string;
  readonly site?: Site;
  /** What it rests on, hop by hop. */
  readonly evidence?: readonly Row[];
}

/** Rows under a heading. */
export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

export interface Node {
  readonly id: string;
  readonly kind: NodeKind;
  readonly label: string;
  /** What sort it is, in a few words. */
  readonly caption: string;
  /** Folder of a service's code. */
  readonly root?: string;
  /** Whether no tracer starts in the process, so that a trace goes dark. */
  readonly dark: boolean;
  /** Whether several services write what is in the store. */
  readonly shared: boolean;
  /** Whether it waits for itself, through others. */
  readonly cyclic: boolean;
  /** How many findings are about it. */
  readonly findings: number;
  readonly sections: readonly Section[];
}

export interface Edge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly kind: EdgeKind;
  /** Whether it is part of a cycle of calls. */
  readonly cyclic: boolean;
  /** Whether all that crosses it is inferred, or goes through a development server's proxy alone. */
  readonly likely: boolean;
  /** In a few words, what crosses. */
  readonly label: string;
  readonly rows: readonly Row[];
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
}

export const EMPTY: Graph = { nodes: [], edges: [] };

/** The id of a service's node. */
export const serviceNode = (id: string): string => `service ${id}`;

const channelNode = (name: string, broker: string): string => `channel ${broker} ${name}`;
const storeNode = (id: string): string => `store ${id}`;
const externalNode = (name: string): string => `external ${name}`;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byId = (a: { id: string }, b: { id: string }): number => compare(a.id, b.id);

/** The graph of a chart. Services that others run and that nothing calls are left out: brokers and databases are there as what they hold. */
export function graphOf(chart: PortolanChart): Graph {
  const edges = [...callEdges(chart), ...messageEdges(chart), ...dataEdges(chart)].sort(byId);
  // One that asks itself, as pages ask their own server, waits for nobody else.
  const cycles = cyclicGroups(edges.filter((edge) => edge.kind === "call" && edge.from !== edge.to));
  const inCycle = ({ kind, from, to }: Edge) => kind === "call" && from !== to && cycles.has(from) && cycles.get(from) === cycles.get(to);
  const touched = new Set(edges.flatMap((edge) => [edge.from, edge.to]));
  const drafts = [...serviceNodes(chart), ...channelNodes(chart), ...storeNodes(chart), ...externalNodes(chart)];
  const nodes = drafts.filter((node) => node.kind !== "gateway" || touched.has(node.id)).sort(byId);
  const labels = new Map(nodes.map((node) => [node.id, node.label]));
  const leaving = byKey(edges, (edge) => [edge.from]);
  const coming = byKey(edges, (edge) => [edge.to]);
  return {
    nodes: nodes.map((node) => ({
      ...node,
      cyclic: cycles.has(node.id),
      sections: [...node.sections, ...neighbours(leaving.get(node.id) ?? [], coming.get(node.id) ?? [], labels)],
    })),
    edges: edges.map((edge) => ({ ...edge, cyclic: inCycle(edge) })),
  };
}

function serviceNodes(chart: PortolanChart): Node[] {
  const allFindings = byKey(chart.findings, (finding) => finding.services);
  const allEndpoints = byKey(chart.endpoints, (endpoint) => [endpoint.service]);
  const allUnresolved = byKey(chart.unresolved, (row) => [row.from]);
  const allTracing = byKey(chart.tracing, (row) => [row.service]);
  return chart.services.map((service): Node => {
    const findings = allFindings.get(service.id) ?? [];
    const endpoints = allEndpoints.get(service.id) ?? [];
    const unresolved = allUnresolved.get(service.id) ?? [];
    const evidence = service.evidence.map((site) => ({ text: `${site.file}:${site.line}`, site }));
    const tracing = allTracing.get(service.id)?.[0];
    return {
      ...plain(serviceNode(service.id), service.third_party ? "gateway" : "service", service.name),
      caption: [service.third_party ? "deployed, not built here" : service.kind, ...languagesOf(service).slice(0, 2)].join(" · "),
      root: service.root,
      dark: tracing?.instrumented === false,
      findings: findings.length,
      sections: sections({
        Findings: findings.map((finding) => ({ text: finding.message, site: { file: finding.file, line: finding.line } })),
        Answers: endpoints.map((endpoint) => ({ text: requestName(endpoint), site: endpoint.handler ?? endpoint })),
        Unresolved: unresolved.map((row) => ({ text: [requestName(row), row.reason].filter(Boolean).join(": "), site: row })),
        Tracing: tracing ? [traced(tracing.instrumented, tracing.evidence[0])] : [],
        "Belongs to": (service.owners ?? []).map((text) => ({ text })),
        "Declared in": evidence,
      }),
    };
  });
}

const traced = (instrumented: boolean, site?: Site): Row => ({
  text: instrumented ? "a tracer is started" : "no tracer is started: a trace goes dark here",
  ...(site && { site }),
});

function channelNodes(chart: PortolanChart): Node[] {
  return chart.channels.map((channel) => ({
    ...plain(channelNode(channel.name, channel.broker), "channel", channel.name),
    caption: channel.broker,
  }));
}

function storeNodes(chart: PortolanChart): Node[] {
  return chart.stores.map((store) => {
    const shared = sharedCollections(store);
    const writers = new Set(shared.flatMap((collection) => collection.writes.map((site) => site.service)));
    return {
      ...plain(storeNode(store.id), "store", storeName(store.id)),
      caption: [store.engine, ...(writers.size ? [`shared by ${writers.size} writers`] : [])].join(" · "),
      shared: writers.size > 0,
      sections: sections({
        "Written by several": shared.flatMap((collection) => accesses(collection.name, "written by", collection.writes)),
      }),
    };
  });
}

/** What several services write of a store; nothing of one that may be several databases. */
const sharedCollections = ({ identified, collections }: Store): Collection[] =>
  collections.filter(({ writes }) => identified && new Set(writes.map((site) => site.service)).size > 1);

const accesses = (name: string, verb: string, sites: readonly ServiceSite[]): Row[] =>
  sites.map((site) => ({ text: `${name} ${verb} ${site.service}`, site }));

function externalNodes(chart: PortolanChart): Node[] {
  const names = new Set(drawn(chart).flatMap((call) => (call.to ? [] : [call.external ?? "?"])));
  return [...names].map((name) => ({ ...plain(externalNode(name), "external", name), caption: "outside" }));
}

/** A node of which nothing else is known yet. */
const plain = (id: string, kind: NodeKind, label: string): Node => ({
  id,
  kind,
  label,
  caption: "",
  dark: false,
  shared: false,
  cyclic: false,
  findings: 0,
  sections: [],
});

const sections = (rows: Record<string, Row[]>): Section[] =>
  Object.entries(rows).flatMap(([title, rows]) => (rows.length ? [{ title, rows }] : []));

/** Who is at the other ends of a node's edges. */
function neighbours(leaving: readonly Edge[], coming: readonly Edge[], labels: ReadonlyMap<string, string>): Section[] {
  const rows = (edges: readonly Edge[], other: "from" | "to") =>
    edges.flatMap((edge) => edge.rows.map((row) => ({ ...row, text: `${labels.get(edge[other]) ?? ""}: ${row.text}` })));
  return sections({ "Goes to": rows(leaving, "to"), "Comes from": rows(coming, "from") });
}

/** Calls that go to one place: of an ambiguous one that is not known. */
const drawn = (chart: PortolanChart): Call[] => chart.calls.filter((call) => call.status !== "ambiguous");

function callEdges(chart: PortolanChart): Edge[] {
  const target = (call: Call) => (call.to ? serviceNode(call.to) : externalNode(call.external ?? "?"));
  return grouped(drawn(chart), (call) => [serviceNode(call.from), target(call)]).map(([from, to, calls]) => ({
    ...edge(from, to, "call", calls.map(callRow)),
    likely: calls.every((call) => call.status === "likely" || call.development),
    label: calls.length === 1 && calls[0] ? requestName(calls[0]) : count(calls.length, "call"),
  }));
}

function callRow(call: Call): Row {
  const notes = [
    call.via.length ? `via ${call.via.join(", ")}` : "",
    call.status === "likely" ? "likely" : "",
    call.development ? "development only" : "",
  ];
  const evidence = call.evidence.map((reason) => ({ text: reason.what, site: reason }));
  return { text: [requestName(call), ...notes.filter(Boolean)].join(" · "), site: call, evidence };
}

function messageEdges(chart: PortolanChart): Edge[] {
  return chart.channels.flatMap((channel) => {
    const id = channelNode(channel.name, channel.broker);
    const row = (text: string) => (site: ServiceSite) => ({ text, site });
    const sent = grouped(channel.producers, (site) => [serviceNode(site.service), id]);
    const received = grouped(channel.consumers, (site) => [id, serviceNode(site.service)]);
    return [
      ...sent.map(([from, to, sites]) => ({ ...edge(from, to, "message", sites.map(row("publishes"))), label: "publishes" })),
      ...received.map(([from, to, sites]) => ({ ...edge(from, to, "message", sites.map(row("consumes"))), label: "consumes" })),
    ];
  });
}

function dataEdges(chart: PortolanChart): Edge[] {
  return chart.stores.flatMap((store) => {
    const access = (verb: string, name: string) => (site: ServiceSite) => ({ verb, name, site });
    const all = store.collections.flatMap(({ name, reads, writes }) => [
      ...writes.map(access("writes", name)),
      ...reads.map(access("reads", name)),
    ]);
    const used = grouped(all, (access) => [serviceNode(access.site.service), storeNode(store.id)]);
    const opened = store.services.map(serviceNode).filter((id) => !used.some(([from]) => from === id));
    return [
      ...used.map(([from, to, accesses]) => {
        const verbs = new Set(accesses.map((access) => access.verb));
        const rows = accesses.map(({ verb, name, site }) => ({ text: `${verb} ${name}`, site }));
        return { ...edge(from, to, "data", rows), label: verbs.has("writes") ? "writes" : "reads" };
      }),
      ...opened.map((from) => ({ ...edge(from, storeNode(store.id), "data", []), label: "opens" })),
    ];
  });
}

const edge = (from: string, to: string, kind: EdgeKind, rows: readonly Row[]): Edge => ({
  id: `${from} > ${to}`,
  from,
  to,
  kind,
  cyclic: false,
  likely: false,
  label: "",
  rows,
});

/** Items by what they are about, each in their order. */
function byKey<T>(items: readonly T[], keys: (item: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items)
    for (const key of new Set(keys(item))) {
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
  return groups;
}

/** Items of the same two ends, together. */
function grouped<T>(items: readonly T[], ends: (item: T) => [from: string, to: string]): [from: string, to: string, items: T[]][] {
  const groups = new Map<string, [string, string, T[]]>();
  for (const item of items) {
    const [from, to] = ends(item);
    const group = groups.get(`${from} > ${to}`);
    if (group) group[2].push(item);
    else groups.set(`${from} > ${to}`, [from, to, [item]]);
  }
  return [...groups.values()];
}

/** For each node that can reach itself through others, the number of its strongly connected component (Tarjan). */
function cyclicGroups(edges: readonly Edge[]): Map<string, number> {
  const next = new Map([...byKey(edges, (edge) => [edge.from])].map(([from, leaving]) => [from, leaving.map((edge) => edge.to)]));
  const index = new Map<string, number>();
  const stack: string[] = [];
  const groups = new Map<string, number>();
  const visit = (id: string): number => {
    const own = index.size;
    index.set(id, own);
    let lowest = own;
    stack.push(id);
    for (const to of next.get(id) ?? []) {
      if (!index.has(to)) lowest = Math.min(lowest, visit(to));
      else if (stack.includes(to)) lowest = Math.min(lowest, index.get(to) ?? lowest);
    }
    if (lowest === own) {
      const members = stack.splice(stack.indexOf(id));
      if (members.length > 1) for (const member of members) groups.set(member, own);
    }
    return lowest;
  };
  for (const id of [...next.keys()].sort()) if (!index.has(id)) visit(id);
  return groups;
}

/** The services whose code a file is: the one in whose folder it lies most deeply, or else those whose calls or handlers stand in it. */
export function servicesOf(graph: Graph, file: string): string[] {
  const services = graph.nodes.filter((node) => node.kind === "service");
  const inside = services.filter((node) => node.root && file.startsWith(`${node.root}/`));
  const depth = Math.max(...inside.map((node) => node.root?.length ?? 0));
  const deepest = inside.filter((node) => node.root?.length === depth);
  const named = (node: Node) => node.sections.some((section) => section.rows.some((row) => row.site?.file === file));
  return (deepest.length ? deepest : services.filter(named)).map((node) => node.id);
}
