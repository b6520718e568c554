// The hc*= parameters of back ends → how they are checked, between mod_proxy, which reads them, and mod_proxy_hcheck.
import { duration } from "./duration.js";
import { byteString } from "./file-name.js";

/** What is asked of a back end: nothing, a connection, or a request, of HTTP/1.1 where the name ends so. */
export const healthMethods = ["NONE", "TCP", "OPTIONS", "HEAD", "GET", "OPTIONS11", "HEAD11", "GET11"] as const;
export type HealthMethod = (typeof healthMethods)[number];

/** How a back end is checked. */
export interface HealthCheck {
  readonly method: HealthMethod;
  /** Checks that must go well before one that is out comes back, and that must fail before it is taken out. */
  readonly passes: number;
  readonly fails: number;
  /** Milliseconds between checks. */
  readonly interval: number;
  /** Added to the path of the back end; "" for none. */
  readonly uri: string;
  /** Name of the condition that the answer must fulfil; "": a status of 200 to 399. */
  readonly expression: string;
}

/** What one parameter says: a part, or the name of a template that says all. */
export type HealthWord = Partial<HealthCheck> | { readonly template: string };

/** Of a back end that nothing is said of. */
export const noHealthCheck: HealthCheck = {
  method: "NONE",
  passes: 1,
  fails: 1,
  interval: 30_000,
  uri: "",
  expression: "",
};

/** Least milliseconds between checks: Apache's clock does not go faster. */
export const leastHealthInterval = 100;

type Fail = (expectation: string) => never;

const count = (value: string, fail: Fail): number =>
  /^\d{1,6}$/.test(value) ? Number(value) : fail("must be a number");

const words: Readonly<Record<string, (value: string, fail: Fail) => HealthWord>> = {
  hcmethod(value, fail) {
    const method = healthMethods.find((each) => each === value.toUpperCase());
    return method ? { method } : fail(`must be one of ${healthMethods.join(", ")}`);
  },
  hcpasses: (value, fail) => ({ passes: count(value, fail) }),
  hcfails: (value, fail) => ({ fails: count(value, fail) }),
  hcinterval(value, fail) {
    const interval = duration(value, "s");
    return interval !== undefined && interval >= leastHealthInterval
      ? { interval }
      : fail(`must be a length of time of at least ${leastHealthInterval}ms`);
  },
  hcuri: (value, fail) => ({ uri: healthUri(value) ?? fail("must be shorter than 256 characters, without blanks") }),
  hcexpr: (value, fail) => (value === "" ? fail("must be the name of a ProxyHCExpr") : { expression: value }),
  hctemplate: (value, fail) => (value === "" ? fail("must be the name of a ProxyHCTemplate") : { template: value }),
};

/** A path to ask for as latin1 bytes; undefined where it may not stand in a request line. */
export function healthUri(text: string): string | undefined {
  const uri = byteString(text);
  return uri.length < 256 && !/[^!-~\x80-\xff]/.test(uri) ? uri : undefined;
}

/** Reads a parameter by its name in lower case; undefined where it is none of health checks. */
export function healthWord(name: string, value: string, fail: Fail): HealthWord | undefined {
  return words[name]?.(value, fail);
}
