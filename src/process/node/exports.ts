// What a script exports → the application it is.
import type { RunApplication } from "./call.js";
import { fetchApplication, type FetchHandler } from "./fetch.js";
import { listenerApplication, type Listener } from "./listener.js";
import { wsgiApplication, type WsgiApplication } from "./wsgi.js";

type Exports = Readonly<Record<string, unknown>>;

/**
 * Chooses the calling convention by what is exported, in this order: a function by the name of the callable object,
 * `application` by default, is application(environ, startResponse); an exported `fetch`, or a default export with one, is
 * a web-standard handler; a default export (or module.exports) that is a function is a node:http listener.
 * Throws a TypeError that says what was looked for.
 */
export function applicationOf(exports: Exports, callable: string): RunApplication {
  const name = callable === "" ? "application" : callable;
  const byDefault = exports["default"];
  // What a CommonJS script exports comes as the default, with names only where they could be guessed.
  const table = isTable(byDefault) ? byDefault : {};
  const named = exports[name] ?? table[name];
  if (isFunction(named)) return wsgiApplication(named as WsgiApplication);
  for (const owner of [named, exports, byDefault]) {
    if (!hasFetch(owner)) continue;
    return fetchApplication((request, environment) => owner.fetch(request, environment));
  }
  if (isFunction(byDefault)) return listenerApplication(byDefault as Listener);
  if (isFunction(table["default"])) return listenerApplication(table["default"] as Listener);
  throw new TypeError(
    `it exports neither a function "${name}", nor "fetch", nor a function by default (or module.exports); ` +
      `it exports ${Object.keys(exports).join(", ") || "nothing"}`,
  );
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isTable(value: unknown): value is Exports {
  return typeof value === "object" && value !== null;
}

function hasFetch(value: unknown): value is { readonly fetch: FetchHandler } {
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    "fetch" in value &&
    isFunction(value.fetch)
  );
}
