// What a filter named in a configuration (SetOutputFilter, AddOutputFilterByType) does with a response.
import type { Request } from "./request.js";
import type { Response } from "./response.js";

/**
 * A filter, registered as `provides: { outputFilter: { NAME: filter } }` with its name in upper case. It changes
 * content, so pages that the server makes for a status do not pass through it.
 */
export interface NamedFilter {
  /** "resource": makes or changes the content (INCLUDES); "content set": packs what all of those made (DEFLATE). */
  readonly type: "resource" | "content set";
  /** Gives the response changed, or as it is where there is nothing for the filter to do. */
  run(request: Request, response: Response): Response;
}

/**
 * Filters that a module puts behind those of SetOutputFilter and AddOutputFilter, registered as
 * `provides: { outputFilterChain: { MODULE: chain } }`; asked once for each response.
 */
export type FilterChain = (request: Request) => readonly NamedFilter[];
