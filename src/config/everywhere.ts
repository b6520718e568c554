// The bodies of a configuration → what the lines of one module set in each of them.
import type { Change, Origin, ServerView, VirtualHost } from "../api/index.js";
import type { Body } from "./apply.js";

/** A body, and the virtual host it stands in. */
interface PlacedBody {
  readonly body: Body;
  readonly virtualHost: VirtualHost;
}

/** Bodies of virtual hosts, with the sections in them, in order → `everywhere` of a ServerView. */
export function everywhereIn(bodies: () => Iterable<PlacedBody>): ServerView["everywhere"] {
  let byModule: Map<string, PlacedBody[]> | undefined;
  return function* <S>({ module }: { readonly module: string; readonly settings: S }) {
    // One walk for all modules that ask: there may be 10,000 virtual hosts.
    byModule ??= sortByModule(bodies());
    for (const { body, virtualHost } of byModule.get(module) ?? []) {
      yield new PlacedSettings<S>(module, body, virtualHost);
    }
  };
}

class PlacedSettings<S> {
  readonly settings: Change<S>;
  readonly virtualHost: VirtualHost;
  readonly #module: string;
  readonly #body: Body;

  constructor(module: string, body: Body, virtualHost: VirtualHost) {
    this.settings = body.changes.get(module) as Change<S>;
    this.virtualHost = virtualHost;
    this.#module = module;
    this.#body = body;
  }

  /** Where a setting was set last. */
  get origin(): (setting: string) => Origin | undefined {
    return (setting) => this.#body.setBy.get(`${this.#module}.${setting}`)?.at(-1)?.origin;
  }
}

function sortByModule(bodies: Iterable<PlacedBody>): Map<string, PlacedBody[]> {
  const byModule = new Map<string, PlacedBody[]>();
  for (const { body, virtualHost } of bodies) enter(body, virtualHost, byModule);
  return byModule;
}

function enter(body: Body, virtualHost: VirtualHost, into: Map<string, PlacedBody[]>): void {
  const placed = { body, virtualHost };
  for (const module of body.changes.keys()) {
    const known = into.get(module);
    if (known) known.push(placed);
    else into.set(module, [placed]);
  }
  for (const section of body.sections) enter(section.body, virtualHost, into);
}
