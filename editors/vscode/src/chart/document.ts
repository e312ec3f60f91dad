// Types of the chart, made of server/analysis/chart.schema.json by `npm run generate`: do not edit.

/**
 * A chart of the services of a workspace, as Portolan reads it from source.
 */
export interface PortolanChart {
  /**
   * Version of this format.
   */
  schema: number;
  generator: Generator;
  /**
   * Processes that the workspace deploys, by id.
   */
  services: Service[];
  /**
   * What they answer.
   */
  endpoints: Endpoint[];
  /**
   * Requests that leave a service, to other services and to the outside.
   */
  calls: Call[];
  /**
   * Requests whose target could not be settled.
   */
  unresolved: Unresolved[];
  /**
   * Topics, queues and subjects.
   */
  channels: Channel[];
  /**
   * Databases, caches and object stores.
   */
  stores: Store[];
  /**
   * Whether each service whose language is read starts a tracer.
   */
  tracing: Tracing[];
  /**
   * Problems found by the rules.
   */
  findings: Finding[];
  /**
   * Those that somebody accepted, by a comment or a baseline; left out where there are none.
   */
  accepted?: Accepted[];
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
   * Unique name; other rows refer to it.
   */
  id: string;
  /**
   * Name to show.
   */
  name: string;
  /**
   * Other host names and names it goes by.
   */
  aliases: string[];
  /**
   * Folder of its code, relative to the workspace's root; empty for the root itself.
   */
  root: string;
  /**
   * Languages of its code, most of it first.
   */
  languages: string[];
  /**
   * What sort of process.
   */
  kind: "backend" | "frontend" | "gateway" | "worker" | "cli" | "job";
  /**
   * Whether the workspace deploys it without building it: a database, a broker.
   */
  third_party: boolean;
  /**
   * Who answers for it, as `CODEOWNERS` or a catalog says.
   */
  owners?: string[];
  /**
   * Why it is thought to be a service.
   */
  evidence: Site[];
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
 * Something a service answers.
 */
export interface Endpoint {
  /**
   * Id of the service.
   */
  service: string;
  /**
   * The protocol.
   */
  protocol: "http" | "grpc" | "message" | "graphql" | "trpc" | "jsonrpc" | "sdk";
  /**
   * HTTP method in upper case, `*` for all; null for rpc.
   */
  method?: string | null;
  /**
   * Route with its prefixes, parameters as `{name}`; or `package.Service/Method`.
   */
  path: string;
  /**
   * Where it is declared.
   */
  file: string;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * The function that answers, if known.
   */
  handler?: Handler | null;
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
 * A request that leaves a service.
 */
export interface Call {
  /**
   * Id of the service whose process runs it.
   */
  from: string;
  /**
   * Id of the service that answers; null when it is outside of the workspace.
   */
  to?: string | null;
  /**
   * Host or vendor that answers, when it is outside of the workspace.
   */
  external?: string | null;
  /**
   * The protocol.
   */
  protocol: "http" | "grpc" | "message" | "graphql" | "trpc" | "jsonrpc" | "sdk";
  /**
   * HTTP method in upper case; null for rpc and where it is not known.
   */
  method?: string | null;
  /**
   * Path as called, parts known only at run time as `{}`; or `package.Service/Method`.
   */
  path: string;
  /**
   * Where method and path are decided.
   */
  file: string;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * The endpoint that answers, if known.
   */
  endpoint?: Site | null;
  /**
   * Ids of the gateways it passes.
   */
  via: string[];
  /**
   * Whether it gets there through a development server's proxy alone: no gateway of production is known to have it.
   */
  development?: boolean;
  /**
   * How sure it is.
   */
  status: "exact" | "likely" | "ambiguous";
  /**
   * Why it is thought to go there, hop by hop.
   */
  evidence: Reason[];
}
/**
 * A line of a file, and what it says.
 */
export interface Reason {
  /**
   * In a few words: `env ORDER_URL = http://order:8080`.
   */
  what: string;
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
 * A request whose target could not be settled.
 */
export interface Unresolved {
  /**
   * Id of the service whose process runs it.
   */
  from: string;
  /**
   * Path relative to the workspace's root.
   */
  file: string;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * HTTP method in upper case; null for rpc and where it is not known.
   */
  method?: string | null;
  /**
   * Path as called, parts known only at run time as `{}`; or `package.Service/Method`; empty where nothing of it is known.
   */
  path: string;
  /**
   * Why: `host is decided at run time`.
   */
  reason: string;
}
/**
 * A topic, queue or subject.
 */
export interface Channel {
  /**
   * Its name.
   */
  name: string;
  /**
   * The broker: `kafka`, `rabbitmq`, `nats`, ….
   */
  broker: string;
  /**
   * Who sends.
   */
  producers: ServiceSite[];
  /**
   * Who receives.
   */
  consumers: ServiceSite[];
}
/**
 * A line of a file, and the service that it is part of.
 */
export interface ServiceSite {
  /**
   * Id of the service.
   */
  service: string;
  /**
   * Path relative to the workspace's root.
   */
  file: string;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * On which settings that are off by default it depends; left out where there are none.
   */
  conditions?: Reason[];
}
/**
 * A database, cache or object store.
 */
export interface Store {
  /**
   * Unique name.
   */
  id: string;
  /**
   * `postgres`, `mysql`, `mongodb`, `redis`, `s3`, ….
   */
  engine: string;
  /**
   * Whether a host, a name or a variable tells which database it is; else several may go by this id.
   */
  identified: boolean;
  /**
   * Ids of the services that open it.
   */
  services: string[];
  /**
   * Tables and collections.
   */
  collections: Collection[];
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
   * Id of the service.
   */
  service: string;
  /**
   * Whether a tracer is started in its process.
   */
  instrumented: boolean;
  /**
   * Why.
   */
  evidence: Site[];
}
/**
 * A problem found by a rule.
 */
export interface Finding {
  /**
   * The rule's name: `sync-chain`.
   */
  rule: string;
  /**
   * How bad it is.
   */
  severity: "hint" | "information" | "warning" | "error";
  /**
   * One line for people.
   */
  message: string;
  /**
   * Path relative to the workspace's root.
   */
  file: string;
  /**
   * Line, counted from 1.
   */
  line: number;
  /**
   * Column, counted from 1, in bytes of UTF-8; may be left out.
   */
  column?: number | null;
  /**
   * Last line, counted from 1; may be left out.
   */
  end_line?: number | null;
  /**
   * Column behind the end, counted from 1, in bytes of UTF-8; may be left out.
   */
  end_column?: number | null;
  /**
   * Other places that belong to it: the hops of a chain, the writers of a table.
   */
  related: Reason[];
  /**
   * A name that stays the same while lines move.
   */
  identity: string;
  /**
   * Of one that stands for several things, those: the tables that a service reads; left out where there are none.
   */
  parts?: string[];
  /**
   * Ids of the services it is about.
   */
  services: string[];
}
/**
 * A finding that somebody accepted.
 */
export interface Accepted {
  /**
   * Its identity.
   */
  identity: string;
  /**
   * Its file.
   */
  file: string;
  /**
   * Its parts; left out where it has none.
   */
  parts?: string[];
}
