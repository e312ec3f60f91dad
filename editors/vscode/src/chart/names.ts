// How things of a chart are called where there is little room. Pure.

/** `POST /orders`, `Pricing/Quote`. */
export const requestName = ({ method, path }: { method?: string | null; path: string }): string =>
  [method, withoutPackage(path)].filter(Boolean).join(" ");

/** `Pricing/Quote` of `shop.pricing.v1.Pricing/Quote`; anything else as it is. */
export const withoutPackage = (name: string): string => name.replace(/^(?:\w+\.)+(?=\w+\/\w+$)/, "");

/** The database of `postgresql:host/orders`; where only the system is known, or the line that opens it, the system. */
export const storeName = (id: string): string => id.split(/[:/]/).at(/:unknown$|#\d+$/.test(id) ? 0 : -1) || id;

/** `1 service`, `2 services`. */
export const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? "" : "s"}`;
