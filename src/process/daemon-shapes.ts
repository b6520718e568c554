// Environs → what they have in common, told to a daemon once, and the values that are left to send with each.
import type { ApplicationCall } from "../api/index.js";
import { textFrame, toDaemon } from "./daemon-frames.js";

/** Requests that run the same, with the same constant part of the environ, and the same names in the other. */
export interface Shape {
  /** Its id on the channel, 0 to 63. */
  readonly slot: number;
  /** The frame that declares it. */
  readonly frame: Buffer;
  readonly script: string;
  readonly callable: string;
  readonly reloading: boolean;
  readonly activity: boolean;
  readonly constant: Readonly<Record<string, string>> | undefined;
  readonly names: readonly string[];
  readonly role: ApplicationCall["role"];
  readonly interface: ApplicationCall["interface"];
}

const slots = 64;

/** The shapes of the requests to one pool: at most 64, the one longest not used making room. */
export class ShapeTable {
  readonly #files: boolean;
  /** The most recently used first. */
  readonly #shapes: Shape[] = [];

  /** `files`: whether the daemon may hand files over. */
  constructor(files: boolean) {
    this.#files = files;
  }

  /** The shape of a call, and the values of its own names joined by NUL. */
  describe(call: ApplicationCall): { readonly shape: Shape; readonly values: string } {
    const names = Object.keys(call.environ);
    for (let i = 0; i < this.#shapes.length; i++) {
      const shape = this.#shapes[i] as Shape;
      if (!fits(shape, call, names)) continue;
      if (i > 0) {
        this.#shapes.splice(i, 1);
        this.#shapes.unshift(shape);
      }
      return { shape, values: valuesOf(call, names) };
    }
    return { shape: this.#make(call, names), values: valuesOf(call, names) };
  }

  #make(call: ApplicationCall, names: readonly string[]): Shape {
    const { script, callable, scriptReloading: reloading, constant, role } = call;
    const activity = !call.ignoresActivity;
    const slot = this.#shapes.length < slots ? this.#shapes.length : (this.#shapes.pop()?.slot ?? 0);
    const message = {
      id: slot,
      script,
      callable,
      reloading,
      activity,
      files: this.#files,
      constant: constant ?? {},
      variable: names,
      role,
      interface: call.interface,
    };
    const frame = textFrame(toDaemon.shape, JSON.stringify(message));
    const shape: Shape = {
      slot,
      frame,
      script,
      callable,
      reloading,
      activity,
      constant,
      names,
      role,
      interface: call.interface,
    };
    this.#shapes.unshift(shape);
    return shape;
  }
}

function fits(shape: Shape, call: ApplicationCall, names: readonly string[]): boolean {
  const known = shape.names;
  if (
    shape.constant !== call.constant ||
    known.length !== names.length ||
    shape.script !== call.script ||
    shape.callable !== call.callable ||
    shape.role !== call.role ||
    shape.interface !== call.interface ||
    shape.reloading !== call.scriptReloading ||
    shape.activity === (call.ignoresActivity ?? false)
  ) {
    return false;
  }
  for (let i = 0; i < names.length; i++) if (known[i] !== names[i]) return false;
  return true;
}

function valuesOf({ environ }: ApplicationCall, names: readonly string[]): string {
  let values = environ[names[0] ?? ""] ?? "";
  for (let i = 1; i < names.length; i++) values += `\0${environ[names[i] as string] ?? ""}`;
  return values;
}
