// What a script exports → the application it is.
import { Server as HttpServer } from "node:http";
import { Server as HttpsServer } from "node:https";
import type { RunApplication } from "./call.js";
import { fetchApplication, type FetchHandler } from "./fetch.js";
import { listenerApplication, type Listener } from "./listener.js";
import { upgradeApplication, type UpgradeListener } from "./upgrade.js";
import { wsgiApplication, type WsgiApplication } from "./wsgi.js";

type Exports = Readonly<Record<string, unknown>>;

/**
 * Chooses the calling convention by what is exported, in this order: a function by the name of the callable object,
 * `application` by default, is application(environ, startResponse); an exported `fetch`, or a default export with one, is
 * a web-standard handler; a default export (or module.exports) that is a function is a node:http listener, one that is a
 * server of node:http gets its events. An exported `upgrade` gets the requests that ask for another protocol, whatever the
 * others are for. Throws a TypeError that says what was looked for.
 */
export function applicationOf(exports: Exports, callable: string): RunApplication {
  const application = ordinaryOf(exports, callable);
  const byDefault = exports["default"];
  const upgrade = exports["upgrade"] ?? (isTable(byDefault) && !isServer(byDefault) ? byDefault["upgrade"] : undefined);
  return isFunction(upgrade) ? upgradeApplication(upgrade as UpgradeListener, application) : application;
}

function ordinaryOf(exports: Exports, callable: string): RunApplication {
  const name = callable === "" ? "application" : callable;
  const byDefault = exports["default"];
  // What a CommonJS script exports comes as the default, with names only where they could be guessed.
  if (isServer(byDefault)) return serverApplication(byDefault);
  const table = isTable(byDefault) ? byDefault : {};
  const named = exports[name] ?? table[name];
  if (isFunction(named)) return wsgiApplication(named as WsgiApplication);
  for (const owner of [named, exports, byDefault]) {
    if (!hasFetch(owner)) continue;
    return fetchApplication((request, environment) => owner.fetch(request, environment));
  }
  if (isFunction(byDefault)) return listenerApplication(byDefault as Listener);
  if (isFunction(table["default"])) return listenerApplication(table["default"] as Listener);
  if (isServer(table["default"])) return serverApplication(table["default"]);
  throw new TypeError(
    `it exports neither a function "${name}", nor "fetch", nor a function or a server of node:http by default (or module.exports); ` +
      `it exports ${Object.keys(exports).join(", ") || "nothing"}`,
  );
}

/** A server that listens nowhere: who attached to it, as ws and socket.io do, hears what it would. */
function serverApplication(server: HttpServer | HttpsServer): RunApplication {
  const ordinary = listenerApplication((request, response) => server.emit("request", request, response));
  const upgrade: UpgradeListener = (request, socket, head) => server.emit("upgrade", request, socket, head);
  return upgradeApplication(upgrade, ordinary, () => server.listenerCount("upgrade") > 0);
}

function isServer(value: unknown): value is HttpServer | HttpsServer {
  return value instanceof HttpServer || value instanceof HttpsServer;
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
