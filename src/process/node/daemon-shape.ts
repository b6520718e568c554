// A shape of requests and the values of one → environ and fields (docs/daemon-protocol.md).

/** What a worker says of requests of one kind, as it comes. */
interface ShapeMessage {
  readonly id: number;
  readonly script: string;
  readonly callable: string;
  readonly reloading: boolean;
  readonly constant: Readonly<Record<string, string>>;
  readonly variable: readonly string[];
}

/** Requests of one kind. */
export class RequestShape {
  readonly id: number;
  /** A path as text. */
  readonly script: string;
  readonly callable: string;
  readonly reloading: boolean;
  readonly #constant: Readonly<Record<string, string>>;
  readonly #variable: readonly string[];
  readonly #positions: ReadonlyMap<string, number>;
  /** Names of fields with their variable's position, or its value where that is constant. */
  readonly #fields: readonly (readonly [name: string, value: string | number])[];

  /** Throws a SyntaxError when the payload is no JSON. */
  constructor(payload: Buffer) {
    const message = JSON.parse(payload.toString("utf8")) as ShapeMessage;
    this.id = message.id;
    this.script = Buffer.from(message.script, "latin1").toString("utf8");
    this.callable = message.callable;
    this.reloading = message.reloading;
    this.#constant = message.constant;
    this.#variable = message.variable;
    this.#positions = new Map(message.variable.map((name, i) => [name, i]));
    const all: [string, string | number][] = [...Object.entries(message.constant), ...this.#positions];
    this.#fields = all.flatMap(([name, value]) => {
      const field = fieldName(name);
      return field === undefined ? [] : [[field, value] as const];
    });
  }

  /** The values of a request, or undefined when they are not as many as declared. */
  values(text: string): readonly string[] | undefined {
    const values = this.#variable.length === 0 ? [] : text.split("\0");
    return values.length === this.#variable.length ? values : undefined;
  }

  get(values: readonly string[], name: string): string | undefined {
    const position = this.#positions.get(name);
    return position === undefined ? this.#constant[name] : values[position];
  }

  environ(values: readonly string[]): Record<string, string> {
    const environ: Record<string, string> = { ...this.#constant };
    this.#variable.forEach((name, i) => (environ[name] = values[i] ?? ""));
    return environ;
  }

  /** Names and values of the request's fields in turn. Their names are lost on the way: these are as most write them. */
  rawHeaders(values: readonly string[]): string[] {
    const headers: string[] = [];
    for (const [name, value] of this.#fields) {
      const text = typeof value === "number" ? (values[value] ?? "") : value;
      if (text !== "" || name !== "Content-Type") headers.push(name, text);
    }
    return headers;
  }
}

function fieldName(variable: string): string | undefined {
  if (variable === "CONTENT_TYPE") return "Content-Type";
  if (variable === "CONTENT_LENGTH") return "Content-Length";
  if (!variable.startsWith("HTTP_")) return undefined;
  const words = variable.slice(5).toLowerCase().split("_");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("-");
}
