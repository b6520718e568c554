// The Accept fields of a request → what the client takes, and how gladly.
import type { Headers } from "../../api/index.js";

/** One item of a list. */
export interface Accepted {
  readonly name: string;
  readonly quality: number;
  readonly level: number;
}

/** The four lists; undefined where there is no such field. */
export interface Accepts {
  readonly types: readonly Accepted[];
  readonly languages: readonly Accepted[] | undefined;
  readonly charsets: readonly Accepted[] | undefined;
  readonly encodings: readonly Accepted[] | undefined;
  /** Whether the client weighs types: if not, its wildcards are taken for less than they say. */
  readonly weighs: boolean;
}

const scriptType = "application/x-httpd-cgi";

/** Reads the fields. Scripts are preferred where the request has something for them. */
export function readAccepts(headers: Headers, prefersScripts: boolean): Accepts {
  const types = readList(headers.get("accept"));
  const weighs = types === undefined || types.some(({ quality }) => quality < 1);
  return {
    types: [
      ...(types ?? [{ name: "*/*", quality: 1, level: 0 }]),
      { name: scriptType, quality: prefersScripts ? 2 : 0.001, level: 0 },
    ],
    languages: readList(headers.get("accept-language")),
    charsets: readList(headers.get("accept-charset")),
    encodings: readList(headers.get("accept-encoding")),
    weighs,
  };
}

function readList(field: string | undefined): readonly Accepted[] | undefined {
  return field
    ?.split(",")
    .map((item) => readItem(item))
    .filter(({ name }) => name !== "");
}

/** Reads a name with its parameters; `level` is one of HTML. */
export function readItem(text: string): Accepted & { readonly charset: string | undefined } {
  const [name = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  let [quality, level] = [1, name === "text/x-server-parsed-html" ? 2 : name === "text/x-server-parsed-html3" ? 3 : 0];
  let charset: string | undefined;
  for (const parameter of parameters) {
    const match = /^([^=\s]+)\s*=\s*"?([^"]*)"?$/.exec(parameter);
    const value = match?.[2] ?? "";
    if (match?.[1] === "q") quality = /^[01]?(?:\.\d*)?$/.test(value) && value !== "" ? Math.min(1, Number(value)) : 1;
    else if (match?.[1] === "level") level = parseInt(value, 10) || 0;
    else if (match?.[1] === "charset") charset = value;
  }
  return { name, quality, level, charset };
}
