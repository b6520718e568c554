// What a filter named in a configuration (SetOutputFilter, AddOutputFilterByType) does with a response.
import type { Request, RequestBody } from "./request.js";
import type { Response } from "./response.js";

/**
 * A filter, registered as `provides: { outputFilter: { NAME: filter } }` with its name in upper case. It changes
 * content, so pages that the server makes for a status do not pass through it.
 */
export interface NamedFilter {
  /**
   * "resource": makes or changes the content (INCLUDES); "content set": packs what all of those made (DEFLATE);
   * "connection": sees what is to be sent, ranges and the server's own pages too (RATE_LIMIT); "mark": changes nothing, and
   * says where among those of type "resource" responses are kept (CACHE).
   */
  readonly type: "resource" | "content set" | "connection" | "mark";
  /** Called before the handler, for what it has to know (the note "no-local-copy": conditions are not for it). */
  begin?(request: Request): void;
  /** Of a mark: whether it counts for this request. */
  isMarked?(request: Request): boolean;
  /** Gives the response changed, or as it is where there is nothing for the filter to do. */
  run(request: Request, response: Response): Response;
}

/**
 * Filters that a module puts behind those of SetOutputFilter and AddOutputFilter, registered as
 * `provides: { outputFilterChain: { MODULE: chain } }`; asked once for each response.
 */
export type FilterChain = (request: Request) => readonly NamedFilter[];

/** A filter of request bodies, registered as `provides: { inputFilter: { NAME: filter } }`. */
export type InputFilter = (request: Request, body: RequestBody) => RequestBody;

/** The names of a list "DEFLATE;INCLUDES", in upper case; none for "None". */
export function filterNames(list: string): readonly string[] {
  const names = list.toUpperCase().split(";");
  return list.toLowerCase() === "none" ? [] : names.filter((name) => name !== "");
}

/** Why a name cannot stand where it does, or undefined if there is such a filter. */
export function unknownFilter(name: string, known: ReadonlyMap<string, unknown>): string | undefined {
  if (known.has(name)) return undefined;
  const there = [...known.keys()].sort().join(", ") || "none";
  return `there is no filter "${name}": those of the loaded modules are ${there}`;
}
