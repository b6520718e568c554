// Environs → what they have in common, told to a daemon once, and the values that are left to send with each.
import type { ApplicationCall } from "../api/index.js";
import { textFrame, toDaemon } from "./daemon-frames.js";

/** Requests with the same constant part, whose environ has the same names, and the same values of those that seldom change. */
export interface Shape {
  /** Its id on the channel, 0 to 63. */
  readonly slot: number;
  /** The frame that declares it. */
  readonly frame: Buffer;
  readonly script: string;
  readonly callable: string;
  readonly reloading: boolean;
  /** The constant part, which is in the frame. */
  readonly base: ApplicationCall["constant"];
  readonly names: readonly string[];
  /** For each name its value, or undefined where that is sent with each request. */
  readonly constant: readonly (string | undefined)[];
}

const slots = 64;

/** Names whose values are the same for all requests of a mount. None that a client can vary at will. */
const constantNames: ReadonlySet<string> = new Set([
  "CONTEXT_DOCUMENT_ROOT",
  "CONTEXT_PREFIX",
  "DOCUMENT_ROOT",
  "GATEWAY_INTERFACE",
  "REQUEST_SCHEME",
  "SERVER_ADDR",
  "SERVER_ADMIN",
  "SERVER_PROTOCOL",
  "SERVER_SIGNATURE",
  "SERVER_SOFTWARE",
  "mod_wsgi.application_group",
  "mod_wsgi.callable_object",
  "mod_wsgi.handler_script",
  "mod_wsgi.listener_host",
  "mod_wsgi.listener_port",
  "mod_wsgi.process_group",
  "mod_wsgi.request_handler",
  "mod_wsgi.server_pid",
]);

/** The shapes of the requests to one pool: at most 64, the oldest making room. */
export class ShapeTable {
  readonly #files: boolean;
  /** The most recently used first. */
  readonly #shapes: Shape[] = [];
  #made = 0;

  /** `files`: whether the daemon may hand files over. */
  constructor(files: boolean) {
    this.#files = files;
  }

  /** The shape of a call, and its other values joined by NUL. */
  describe(call: ApplicationCall): { readonly shape: Shape; readonly values: string } {
    const names = Object.keys(call.environ);
    for (let i = 0; i < this.#shapes.length; i++) {
      const shape = this.#shapes[i] as Shape;
      const values = valuesFor(shape, call, names);
      if (values === undefined) continue;
      if (i > 0) {
        this.#shapes.splice(i, 1);
        this.#shapes.unshift(shape);
      }
      return { shape, values };
    }
    const shape = this.#make(call, names);
    return { shape, values: valuesFor(shape, call, names) ?? "" };
  }

  #make(call: ApplicationCall, names: readonly string[]): Shape {
    const { script, callable, scriptReloading: reloading, environ } = call;
    const base = call.constant;
    const constant = new Map<string, string>(Object.entries(base ?? {}));
    for (const name of names) {
      // What the request says is stronger.
      constant.delete(name);
      const value = environ[name] ?? "";
      if (constantNames.has(name) || (name === "SCRIPT_FILENAME" && value === script)) constant.set(name, value);
    }
    const slot = this.#shapes.length < slots ? this.#made : (this.#shapes.pop()?.slot ?? 0);
    this.#made++;
    const variable = names.filter((name) => !constant.has(name));
    const message = {
      id: slot,
      script,
      callable,
      reloading,
      files: this.#files,
      constant: Object.fromEntries(constant),
      variable,
    };
    const shape: Shape = {
      ...{ slot, script, callable, reloading, base, names },
      frame: textFrame(toDaemon.shape, JSON.stringify(message)),
      constant: names.map((name) => constant.get(name)),
    };
    this.#shapes.unshift(shape);
    return shape;
  }
}

/** The values to send, or undefined if the call is of another shape. */
function valuesFor(shape: Shape, call: ApplicationCall, names: readonly string[]): string | undefined {
  const count = names.length;
  if (
    shape.base !== call.constant ||
    shape.names.length !== count ||
    shape.script !== call.script ||
    shape.callable !== call.callable ||
    shape.reloading !== call.scriptReloading
  ) {
    return undefined;
  }
  const { environ } = call;
  let values = "";
  let isFirst = true;
  for (let i = 0; i < count; i++) {
    const name = names[i] as string;
    if (name !== shape.names[i]) return undefined;
    const value = environ[name] ?? "";
    const expected = shape.constant[i];
    if (expected !== undefined) {
      if (expected !== value) return undefined;
    } else if (isFirst) {
      values = value;
      isFirst = false;
    } else {
      values += "\0" + value;
    }
  }
  return values;
}
