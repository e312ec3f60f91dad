// How things of a chart are called where there is little room. Pure.

/** `POST /orders`, `Pricing/Quote`. */
export const requestName = ({ method, path }: { method?: string | null; path: string }): string =>
  [method, withoutPackage(path)].filter(Boolean).join(" ");

/** `Pricing/Quote` of `shop.pricing.v1.Pricing/Quote`; anything else as it is. */
export const withoutPackage = (name: string): string => name.replace(/^(?:\w+\.)+(?=\w+\/\w+$)/, "");

/** The database of `postgresql:host/orders`; where only the system is known, or the line that opens it, the system. */
export const storeName = (id: string): string => id.split(/[:/]/).at(/:unknown(?:@|$)|#\d+$/.test(id) ? 0 : -1) || id;

/** Languages whose code is read, and software that is told what to do by settings. */
const READ = new Set(["caddy", "envoy", "haproxy", "javascript", "nginx", "rust", "traefik", "typescript"]);

/** The languages of a service; of one whose code is not read, that too, as it is why little is known of it. */
export const languagesOf = ({ languages }: { languages: readonly string[] }): string[] =>
  languages.length && !languages.some((language) => READ.has(language)) ? [`${languages[0]}, not read`] : [...languages];

/** `1 service`, `2 services`. */
export const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? "" : "s"}`;
