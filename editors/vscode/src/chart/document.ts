// Types of the chart, made of server/analysis/chart.schema.json by `npm run generate`: do not edit.

/**
 * A chart of the services of a workspace, as Portolan reads it from source.
 */
export interface PortolanChart {
  /**
   * Requests that leave a service, to other services and to the outside.
   */
  calls: Call[];
  /**
   * Topics, queues and subjects.
   */
  channels: Channel[];
  /**
   * What they answer.
   */
  endpoints: Endpoint[];
  /**
   * Problems found by the rules.
   */
  findings: Finding[];
  generator: Generator;
  /**
   * Version of this format.
   */
  schema: number;
  /**
   * Processes that the workspace deploys, by id.
   */
  services: Service[];
  /**
   * Databases, caches and object stores.
   */
  stores: Store[];
  /**
   * Whether each service whose language is read starts a tracer.
   */
  tracing: Tracing[];
  /**
   * Requests whose target could not be settled.
   */
  unresolved: Unresolved[];
}
/**
 * A request that leaves a service.
 */
export interface Call {
  /**
   * Whether it gets there through a development server's proxy alone: no gateway of production is known to have it.
   */
  development?: boolean;
  /**
   * The endpoint that answers, if known.
   */
  endpoint?: Site | null;
  /**
   * Why it is thought to go there, hop by hop.
   */
  evidence: Reason[];
  /**
   * Host or vendor that answers, when it is outside of the workspace.
   */
  external?: string | null;
  /**
   * Where method and path are decided.
   */
  file: string;
  /**
   * Id of the service whose process runs it.
   */
  from: string;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * HTTP method in upper case; null for rpc and where it is not known.
   */
  method?: string | null;
  /**
   * Path as called, parts known only at run time as `{}`; or `package.Service/Method`.
   */
  path: string;
  /**
   * The protocol.
   */
  protocol: "http" | "grpc" | "message" | "graphql" | "trpc" | "sdk";
  /**
   * How sure it is.
   */
  status: "exact" | "likely" | "ambiguous";
  /**
   * Id of the service that answers; null when it is outside of the workspace.
   */
  to?: string | null;
  /**
   * Ids of the gateways it passes.
   */
  via: string[];
}
/**
 * A line of a file.
 */
export interface Site {
  /**
   * Path relative to the workspace's root.
   */
  file: string;
  /**
   * Line, counted from 1.
   */
  line: number;
}
/**
 * A line of a file, and what it says.
 */
export interface Reason {
  /**
   * Path relative to the workspace's root.
   */
  file: string;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * In a few words: `env ORDER_URL = http://order:8080`.
   */
  what: string;
}
/**
 * A topic, queue or subject.
 */
export interface Channel {
  /**
   * The broker: `kafka`, `rabbitmq`, `nats`, ….
   */
  broker: string;
  /**
   * Who receives.
   */
  consumers: ServiceSite[];
  /**
   * Its name.
   */
  name: string;
  /**
   * Who sends.
   */
  producers: ServiceSite[];
}
/**
 * A line of a file, and the service that it is part of.
 */
export interface ServiceSite {
  /**
   * Path relative to the workspace's root.
   */
  file: string;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * Id of the service.
   */
  service: string;
}
/**
 * Something a service answers.
 */
export interface Endpoint {
  /**
   * Where it is declared.
   */
  file: string;
  /**
   * The function that answers, if known.
   */
  handler?: Handler | null;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * HTTP method in upper case, `*` for all; null for rpc.
   */
  method?: string | null;
  /**
   * Route with its prefixes, parameters as `{name}`; or `package.Service/Method`.
   */
  path: string;
  /**
   * The protocol.
   */
  protocol: "http" | "grpc" | "message" | "graphql" | "trpc" | "sdk";
  /**
   * Id of the service.
   */
  service: string;
}
/**
 * A function that answers.
 */
export interface Handler {
  /**
   * Path relative to the workspace's root.
   */
  file: string;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * Its name; empty for a function without one.
   */
  name: string;
}
/**
 * A problem found by a rule.
 */
export interface Finding {
  /**
   * Column, counted from 1, in bytes of UTF-8; may be left out.
   */
  column?: number | null;
  /**
   * Column behind the end, counted from 1, in bytes of UTF-8; may be left out.
   */
  end_column?: number | null;
  /**
   * Last line, counted from 1; may be left out.
   */
  end_line?: number | null;
  /**
   * Path relative to the workspace's root.
   */
  file: string;
  /**
   * A name that stays the same while lines move.
   */
  identity: string;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * One line for people.
   */
  message: string;
  /**
   * Other places that belong to it: the hops of a chain, the writers of a table.
   */
  related: Reason[];
  /**
   * The rule's name: `sync-chain`.
   */
  rule: string;
  /**
   * Ids of the services it is about.
   */
  services: string[];
  /**
   * How bad it is.
   */
  severity: "hint" | "information" | "warning" | "error";
}
/**
 * What wrote the document.
 */
export interface Generator {
  /**
   * `portolan`.
   */
  name: string;
  /**
   * Its version.
   */
  version: string;
}
/**
 * A process that the workspace deploys.
 */
export interface Service {
  /**
   * Other host names and names it goes by.
   */
  aliases: string[];
  /**
   * Why it is thought to be a service.
   */
  evidence: Site[];
  /**
   * Unique name; other rows refer to it.
   */
  id: string;
  /**
   * What sort of process.
   */
  kind: "backend" | "frontend" | "gateway" | "worker" | "cli" | "job";
  /**
   * Languages of its code, most of it first.
   */
  languages: string[];
  /**
   * Name to show.
   */
  name: string;
  /**
   * Folder of its code, relative to the workspace's root; empty for the root itself.
   */
  root: string;
  /**
   * Whether the workspace deploys it without building it: a database, a broker.
   */
  third_party: boolean;
}
/**
 * A database, cache or object store.
 */
export interface Store {
  /**
   * Tables and collections.
   */
  collections: Collection[];
  /**
   * `postgres`, `mysql`, `mongodb`, `redis`, `s3`, ….
   */
  engine: string;
  /**
   * Unique name.
   */
  id: string;
  /**
   * Whether a host, a name or a variable tells which database it is; else several may go by this id.
   */
  identified: boolean;
  /**
   * Ids of the services that open it.
   */
  services: string[];
}
/**
 * A table or collection.
 */
export interface Collection {
  /**
   * Its name.
   */
  name: string;
  /**
   * Who reads it.
   */
  reads: ServiceSite[];
  /**
   * Who writes it.
   */
  writes: ServiceSite[];
}
/**
 * Whether a service starts a tracer.
 */
export interface Tracing {
  /**
   * Why.
   */
  evidence: Site[];
  /**
   * Whether a tracer is started in its process.
   */
  instrumented: boolean;
  /**
   * Id of the service.
   */
  service: string;
}
/**
 * A request whose target could not be settled.
 */
export interface Unresolved {
  /**
   * Path relative to the workspace's root.
   */
  file: string;
  /**
   * Id of the service whose process runs it.
   */
  from: string;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * Why: `host is decided at run time`.
   */
  reason: string;
}
