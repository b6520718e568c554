// The body of a request that is a form → the name, the password and the rest that a login sends.
import { readBody, RequestBodyError, type Request } from "../../api/index.js";
import type { FormSettings } from "./settings.js";

/** What a login form holds; latin1 strings of bytes, up to the first NUL. */
export interface Login {
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Where to go then. */
  readonly location: string | undefined;
  /** The request to be made then: its method, the type of its body, and the body. */
  readonly method: string | undefined;
  readonly mimeType: string | undefined;
  readonly body: Buffer | undefined;
}

const none: Login = {
  user: undefined,
  password: undefined,
  location: undefined,
  method: undefined,
  mimeType: undefined,
  body: undefined,
};

/** Reads the form a request sends; one of another type has no fields. Fails with a RequestBodyError. */
export async function readLogin(request: Request, settings: FormSettings): Promise<Login> {
  const { body, headers } = request;
  if (!/^application\/x-www-form-urlencoded/i.test(headers.get("content-type") ?? "")) {
    if (await body.discard()) return none;
    throw body.error ?? new RequestBodyError(400, "the body of the request broke off");
  }
  // Each byte may be written in three.
  const text = (await readBody(body, 3 * settings.size + 1024)).toString("latin1");
  const fields = parseForm(text);
  const length = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (length > settings.size) {
    throw new RequestBodyError(413, `a form of ${length} bytes is larger than AuthFormSize ${settings.size}`);
  }
  // Of several of a name the first.
  const find = (wanted: string): string | undefined => fields.find(([name]) => name === wanted)?.[1];
  const text0 = (wanted: string): string | undefined => find(wanted)?.replace(/\0[^]*$/, "");
  const kept = find(settings.bodyField);
  return {
    user: text0(settings.userField),
    password: text0(settings.passwordField),
    location: text0(settings.locationField),
    method: text0(settings.methodField),
    mimeType: text0(settings.mimeTypeField),
    body: kept === undefined ? undefined : Buffer.from(kept, "latin1"),
  };
}

/** Names and values of a form, in order; what has no equals sign is left out. */
export function parseForm(text: string): (readonly [string, string])[] {
  return text
    .split("&")
    .filter((pair) => pair.includes("="))
    .map((pair) => {
      const equals = pair.indexOf("=");
      return [unescape(pair.slice(0, equals)), unescape(pair.slice(equals + 1))] as const;
    });
}

function unescape(text: string): string {
  return text
    .replaceAll("+", " ")
    .replace(/%([0-9a-f]{2})/gi, (_all, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}
