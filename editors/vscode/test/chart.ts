// A chart to test with: three services, of which two wait for each other; a channel, a database that two of them write, and a host outside.

import type { Call, Endpoint, PortolanChart, Service } from "../src/chart/document";

const service = (id: string): Service => ({
  id,
  name: id,
  aliases: [],
  evidence: [{ file: "compose.yaml", line: 1 }],
  kind: "backend",
  languages: ["typescript"],
  root: `services/${id}`,
  third_party: false,
});

const call = (from: string, to: Partial<Call>): Call => ({
  from,
  evidence: [],
  file: `services/${from}/client.ts`,
  line: 3,
  method: "GET",
  path: "/",
  protocol: "http",
  status: "exact",
  via: [],
  ...to,
});

const endpoint = (service: string, method: string, path: string): Endpoint => ({
  service,
  method,
  path,
  protocol: "http",
  file: `services/${service}/routes.ts`,
  line: 5,
  handler: { name: "list", file: `services/${service}/handlers.ts`, line: 7 },
});

const at = (service: string) => ({ service, file: `services/${service}/code.ts`, line: 9 });

export const chart = (): PortolanChart => ({
  schema: 1,
  generator: { name: "portolan", version: "0" },
  services: ["billing", "orders", "web"].map(service),
  endpoints: [endpoint("orders", "GET", "/orders"), endpoint("billing", "POST", "/bills")],
  calls: [
    call("web", { to: "orders", path: "/orders", via: ["gateway"] }),
    call("web", { to: "orders", path: "/orders/open", status: "likely" }),
    call("orders", { to: "billing", path: "/bills", status: "likely" }),
    call("billing", { to: "orders", path: "/orders" }),
    call("billing", { external: "api.bank.example", path: "/transfers" }),
    call("web", { to: "billing", status: "ambiguous" }),
  ],
  channels: [{ name: "orders.placed", broker: "kafka", producers: [at("orders")], consumers: [at("billing")] }],
  stores: [
    {
      id: "postgres://db/shop",
      engine: "postgres",
      identified: true,
      services: ["billing", "orders"],
      collections: [{ name: "orders", reads: [at("billing")], writes: [at("orders"), at("billing")] }],
    },
  ],
  tracing: [
    { service: "orders", instrumented: true, evidence: [{ file: "services/orders/tracing.ts", line: 1 }] },
    { service: "web", instrumented: false, evidence: [] },
  ],
  findings: [
    {
      rule: "sync-chain",
      severity: "warning",
      identity: "a",
      message: "orders and billing wait for each other",
      file: "services/orders/client.ts",
      line: 3,
      services: ["orders", "billing"],
      related: [{ what: "then here", file: "services/billing/client.ts", line: 3 }],
    },
  ],
  unresolved: [{ from: "web", file: "services/web/api.ts", line: 4, method: "GET", path: "/orders/{}", reason: "SHOP_URL is set nowhere" }],
});
