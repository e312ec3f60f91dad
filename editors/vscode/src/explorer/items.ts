// The chart as trees for the activity view. Pure: a chart in, items out.

import type { PortolanChart, ServiceSite, Site } from "../chart/document";
import { languagesOf, requestName } from "../chart/names";

/** A line of a tree. */
export interface Item {
  /** Stays the same from chart to chart, so that what is open stays open. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly tooltip?: string;
  /** The name of a codicon. */
  readonly icon?: string;
  /** What can be done with it: `service`, `endpoint`, `unresolved`. */
  readonly context?: string;
  /** The service that it stands for. */
  readonly service?: string;
  readonly site?: Site;
  readonly children?: readonly Item[];
  readonly open?: boolean;
}

const SERVICE_ICONS: Record<string, string> = { frontend: "browser", worker: "server-process", gateway: "arrow-swap" };
const iconOf = (kind: string | undefined): string => SERVICE_ICONS[kind ?? ""] ?? "server";
const SEVERITY_ICONS: Record<string, string> = { error: "error", warning: "warning", information: "info", hint: "lightbulb" };

/** Services, each with what it answers, calls, sends, receives, reads, writes and traces. */
export function servicesOf(chart: PortolanChart): Item[] {
  return chart.services
    .filter((service) => !service.third_party)
    .map((service) => {
      const { id } = service;
      const tracing = chart.tracing.find((row) => row.service === id);
      const children = [endpoints(chart, id), calls(chart, id), channels(chart, id), stores(chart, id), traced(chart, id)].flat();
      const [declared] = service.evidence;
      return {
        id,
        label: service.name,
        description: [...languagesOf(service), tracing?.instrumented === false && "not traced"].filter(Boolean).join(" · "),
        icon: iconOf(service.kind),
        context: "service",
        service: id,
        children,
        // One with nothing below it leads to where it is declared.
        ...(!children.length && declared && { site: declared }),
      };
    });
}

/** A heading, if there is anything below it. */
function group(service: string, label: string, icon: string, children: readonly Item[]): Item[] {
  return children.length ? [{ id: `${service} ${label}`, label, description: String(children.length), icon, children }] : [];
}

const endpoints = (chart: PortolanChart, service: string): Item[] =>
  group(
    service,
    "Endpoints",
    "symbol-interface",
    chart.endpoints
      .filter((endpoint) => endpoint.service === service)
      .map((endpoint, index) => ({
        ...leaf(`${service} endpoint ${index}`, requestName(endpoint), endpoint.handler ?? endpoint),
        description: endpoint.handler?.name ?? "",
        context: "endpoint",
      })),
  );

const calls = (chart: PortolanChart, service: string): Item[] =>
  group(
    service,
    "Calls",
    "arrow-right",
    chart.calls
      .filter((call) => call.from === service && call.status !== "ambiguous")
      .map((call, index) => ({
        ...leaf(`${service} call ${index}`, `${call.to ?? call.external}`, call),
        description: requestName(call),
        tooltip: [call.status, ...call.evidence.map((reason) => `${reason.what}  ${reason.file}:${reason.line}`)].join("\n"),
      })),
  );

const channels = (chart: PortolanChart, service: string): Item[] =>
  group(
    service,
    "Channels",
    "mail",
    chart.channels.flatMap(({ name, broker, producers, consumers }) => [
      ...ends(`${service} ${broker} ${name} sends`, name, "sends", of(service, producers)),
      ...ends(`${service} ${broker} ${name} receives`, name, "receives", of(service, consumers)),
    ]),
  );

const stores = (chart: PortolanChart, service: string): Item[] =>
  group(
    service,
    "Stores",
    "database",
    chart.stores.flatMap((store) =>
      store.collections.flatMap(({ name, reads, writes }) => [
        ...ends(`${service} ${store.id} ${name} writes`, name, "writes", of(service, writes)),
        ...ends(`${service} ${store.id} ${name} reads`, name, "reads", of(service, reads)),
      ]),
    ),
  );

const traced = (chart: PortolanChart, service: string): Item[] =>
  chart.tracing
    .filter((row) => row.service === service)
    .map(({ instrumented, evidence }) => ({
      id: `${service} tracing`,
      label: instrumented ? "Traced" : "Not traced",
      icon: instrumented ? "eye" : "eye-closed",
      ...(evidence[0] && { site: evidence[0] }),
    }));

const of = (service: string, sites: readonly ServiceSite[]): ServiceSite[] => sites.filter((site) => site.service === service);

const ends = (id: string, label: string, verb: string, sites: readonly Site[]): Item[] =>
  sites.map((site, index) => ({ ...leaf(`${id} ${index}`, label, site), description: verb }));

const leaf = (id: string, label: string, site: Site): Item => ({ id, label, site, tooltip: `${site.file}:${site.line}` });

/** Findings under the services they are about. */
export function findingsOf(chart: PortolanChart): Item[] {
  const services = [...new Set(chart.findings.flatMap((finding) => finding.services))].sort();
  return services.map((service) => {
    const findings = chart.findings.filter((finding) => finding.services.includes(service));
    return {
      id: service,
      label: service,
      description: String(findings.length),
      icon: iconOf(chart.services.find(({ id }) => id === service)?.kind),
      children: findings.map((finding, number) => ({
        id: `${service} ${finding.identity} ${number}`,
        label: finding.message,
        description: finding.rule,
        tooltip: `${finding.message}\n${finding.file}:${finding.line}`,
        icon: SEVERITY_ICONS[finding.severity] ?? "info",
        site: { file: finding.file, line: finding.line },
        children: finding.related.map((reason, index) => leaf(`${service} ${finding.identity} ${number} ${index}`, reason.what, reason)),
      })),
    };
  });
}

/** Calls that could not be followed, under the reason. */
export function unresolvedOf(chart: PortolanChart): Item[] {
  const reasons = [...new Set(chart.unresolved.map((row) => row.reason))].sort();
  return reasons.map((reason) => {
    const rows = chart.unresolved.filter((row) => row.reason === reason);
    return {
      id: reason,
      label: reason,
      description: String(rows.length),
      icon: "question",
      open: true,
      children: rows.map((row, index) => ({
        ...leaf(`${reason} ${row.from} ${row.file} ${index}`, requestName(row) || "A call", row),
        description: `${row.from} · ${row.file.split("/").at(-1)}:${row.line}`,
        context: "unresolved",
      })),
    };
  });
}
