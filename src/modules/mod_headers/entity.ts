// Type, language and encoding of a response, beside header lines that touch them → fields in the places Apache gives them.
import { Headers, type PlacedField, type Request, type Response } from "../../api/index.js";

/** What Apache keeps apart from the fields until it writes them. */
interface Entity {
  readonly type: string | undefined;
  readonly languages: readonly string[];
  readonly encodings: readonly string[];
}

/**
 * Runs lines on a response whose type, language and encoding are not among its fields, as with Apache, which adds them when
 * it writes the head: at the end, or where a line has put a field of that name. Request.contentType is the type meanwhile,
 * and lines that set, edit or unset the type change it.
 */
export function withEntityApart(request: Request, response: Response, run: () => void): void {
  if (response.relayed) return run();
  const asked = request.contentType;
  const entity = takeEntity(response);
  request.contentType = entity.type;
  run();
  const placed = new Set<PlacedField>(response.placed);
  const isBare = response.status === 304 || response.status === 204 || response.status < 200;
  const put = (name: PlacedField, value: string | undefined): void => {
    if (isPlaced(response, name)) {
      placed.add(name);
      if (value !== undefined && !isBare) replaceFirst(response, name, value);
    } else if (value !== undefined) response.headers.append(fieldNames[name], value);
  };
  put("content-type", request.contentType);
  put("content-encoding", entity.encodings.length === 0 ? undefined : entity.encodings.join(", "));
  put("content-language", languagesOf(response, entity.languages));
  if (placed.size > 0) response.placed = placed;
  request.contentType = asked;
}

const fieldNames: Readonly<Record<PlacedField, string>> = {
  "content-type": "Content-Type",
  "content-encoding": "Content-Encoding",
  "content-language": "Content-Language",
};

function takeEntity({ headers, encodedHere, ownStatus, stored, placed }: Response): Entity {
  const take = (name: PlacedField, isField: boolean | undefined): string[] => {
    if (isField || placed?.has(name)) return [];
    const values = headers.all(name);
    if (values.length > 0) headers.delete(name);
    return values;
  };
  return {
    type: take("content-type", false).at(-1),
    languages: take("content-language", ownStatus ?? stored),
    encodings: take("content-encoding", encodedHere ?? ownStatus ?? stored),
  };
}

function isPlaced({ always, headers }: Response, name: PlacedField): boolean {
  return always?.has(name) === true || headers.has(name);
}

/** Gives the first field of that name the value, and takes away the others. */
function replaceFirst(response: Response, name: PlacedField, value: string): void {
  const { always = new Headers(), headers } = response;
  if (!always.has(name)) return headers.set(fieldNames[name], value);
  always.set(fieldNames[name], value);
  headers.delete(name);
}

/** The languages of the response, with those that lines have named. */
function languagesOf({ always, headers }: Response, languages: readonly string[]): string | undefined {
  if (languages.length === 0) return undefined;
  const own = itemsOf(languages.join(","));
  const named = itemsOf(always?.all("content-language")[0] ?? headers.all("content-language")[0] ?? "");
  return [...new Set([...own, ...named])].join(",");
}

function itemsOf(list: string): string[] {
  return list.split(",").flatMap((item) => item.trim() || []);
}
