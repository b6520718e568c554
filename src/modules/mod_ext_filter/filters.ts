// Definitions → filters by name, for responses and for bodies of requests.
import type { Readable } from "node:stream";
import {
  refuse,
  RequestBodyError,
  streamOf,
  type Headers,
  type InputFilter,
  type NamedFilter,
  type Request,
  type RequestBody,
} from "../../api/index.js";
import { runThrough } from "./run.js";
import { extFilter, type ExternalFilter } from "./settings.js";

/** A filter of responses by that name; what it does is said by the virtual host of a request. */
export function outputFilter(name: string, type: NamedFilter["type"]): NamedFilter {
  return {
    type,
    run(request, response) {
      const { body, headers } = response;
      const filter = definitionOf(request, name, "output");
      if (!filter) return failed(request) ? refuse(500) : response;
      if (body === undefined || !applies(request, filter, headers.get("content-type"))) return response;
      if (!request.headOnly) {
        const output = runThrough(request, filter, () => streamOf(body));
        if (typeof output === "number") return output === 503 || failed(request) ? refuse(output) : response;
        response.body = output;
      }
      if (filter.outType !== undefined) headers.set("Content-Type", filter.outType);
      if (!filter.keepsLength) headers.delete("Content-Length");
      return request.headOnly ? { ...response, body: undefined } : response;
    },
  };
}

/** A filter of bodies of requests by that name. */
export function inputFilter(name: string): InputFilter {
  return (request, body) => {
    // An internal redirect comes with the body it found.
    if (request.parent || request.previous) return body;
    const filter = definitionOf(request, name, "input");
    if (!filter || !applies(request, filter, request.headers.get("content-type"))) return body;
    return new FilteredBody(request, filter, body);
  };
}

function definitionOf(request: Request, name: string, mode: ExternalFilter["mode"]): ExternalFilter | undefined {
  const filter = request.settings(extFilter).filters.find((each) => each.name === name && each.mode === mode);
  if (!filter)
    request.log("error", "ext_filter", `AH01459: couldn't find definition of filter '${name.toLowerCase()}'`);
  return filter;
}

/** Whether the answer is refused where its filter cannot run. */
function failed(request: Request): boolean {
  return request.settings(extFilter).onFail === "abort";
}

function applies({ environment }: Request, filter: ExternalFilter, type: string | undefined): boolean {
  const { inType, enabledBy, disabledBy } = filter;
  if (inType !== undefined && type?.replace(/;.*$/s, "").trim().toLowerCase() !== inType) return false;
  if (enabledBy !== undefined && !environment.has(enabledBy)) return false;
  return disabledBy === undefined || !environment.has(disabledBy);
}

/** The body of a request as its program makes it. */
class FilteredBody implements RequestBody {
  readonly length = undefined;
  readonly arrived = undefined;
  readonly #request: Request;
  readonly #filter: ExternalFilter;
  readonly #body: RequestBody;
  #error: RequestBodyError | undefined;

  constructor(request: Request, filter: ExternalFilter, body: RequestBody) {
    this.#request = request;
    this.#filter = filter;
    this.#body = body;
  }

  get isTaken(): boolean {
    return this.#body.isTaken ?? false;
  }

  get error(): RequestBodyError | undefined {
    return this.#error ?? this.#body.error;
  }

  get trailers(): Headers | undefined {
    return this.#body.trailers;
  }

  stream(): Readable {
    const output = runThrough(this.#request, this.#filter, () => this.#body.stream());
    if (typeof output !== "number") return output;
    const source = this.#body.stream();
    if (output === 500 && !failed(this.#request)) return source;
    this.#error = new RequestBodyError(output, `the filter ${this.#filter.name} of the request's body cannot run`);
    return source.destroy(this.#error);
  }

  discard(): boolean | Promise<boolean> {
    return this.#body.discard();
  }
}
