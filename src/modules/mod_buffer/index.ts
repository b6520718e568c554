// Bodies that come in small pieces → the same in large ones: the filter BUFFER.
import { pipeline, type Readable } from "node:stream";
import { arg, defineModule, defineSettings, lengthOf, value } from "../../api/index.js";
import type { Headers, InputFilter, NamedFilter, RequestBody, RequestBodyError } from "../../api/index.js";
import { Gathering } from "./gathering.js";

const definition = defineSettings("mod_buffer", { size: value<number>(131_072) });

const bufferOutput: NamedFilter = {
  type: "content set",
  run: (request, response) => {
    const { body } = response;
    // What has a length is at hand already.
    if (body === undefined || request.parent || request.headOnly || lengthOf(body) !== undefined) return response;
    return { ...response, body: gathered(body as Readable, request.settings(definition).size) };
  },
};

const bufferInput: InputFilter = (request, body) =>
  request.parent || request.previous ? body : new BufferedBody(body, request.settings(definition).size);

function gathered(source: Readable, size: number): Readable {
  const gathering = new Gathering(size);
  // A body that breaks off breaks this one off too.
  pipeline(source, gathering, () => undefined);
  return gathering;
}

/** The body of a request, given on in large pieces. */
class BufferedBody implements RequestBody {
  readonly #body: RequestBody;
  readonly #size: number;

  constructor(body: RequestBody, size: number) {
    this.#body = body;
    this.#size = size;
  }

  get length(): number | undefined {
    return this.#body.length;
  }

  get arrived(): Buffer | undefined {
    return this.#body.arrived;
  }

  get isTaken(): boolean {
    return this.#body.isTaken ?? false;
  }

  get trailers(): Headers | undefined {
    return this.#body.trailers;
  }

  get error(): RequestBodyError | undefined {
    return this.#body.error;
  }

  stream(): Readable {
    return gathered(this.#body.stream(), this.#size);
  }

  discard(): boolean | Promise<boolean> {
    return this.#body.discard();
  }
}

export default defineModule({
  name: "mod_buffer",
  summary:
    "Gathers bodies that come in small pieces into large ones: the filter BUFFER, for responses (SetOutputFilter) and for " +
    "what clients send (SetInputFilter). What an application sends then reaches its client late: not for event streams.",
  settings: definition.settings,
  directives: (directive) => ({
    BufferSize: directive({
      args: [arg.int("bytes", { min: 1 })],
      contexts: ["directory"],
      summary: "How many bytes are gathered before they are sent on.",
      doc: "A response without a length stays without one: it is sent in chunks, of which there are fewer.",
      default: "131072",
      example: "<Location /app>\n  SetOutputFilter BUFFER\n  BufferSize 65536\n</Location>",
      set: ([size]) => ({ size }),
    }),
  }),
  provides: { outputFilter: { BUFFER: bufferOutput }, inputFilter: { BUFFER: bufferInput } },
});
