// A question for a back end whose scheme says how it is spoken with → an exchange in that protocol.
import { refuse, type ProxyScheme, type ProxySpeaker, type Request, type Response } from "../../api/index.js";
import { Asking, type Question, type Watcher } from "./asking.js";
import { converse } from "./converse.js";
import { connectionsTo } from "./known-connections.js";
import { isOverridden } from "./relay.js";
import type { ProxySettings } from "./settings.js";
import { spooled, spoolOf } from "./spooled.js";
import { canonicalPath } from "./target.js";
import type { Mapping } from "./translate.js";
import { bodyOf, uploadOf, wantsLength, type Upload } from "./upload.js";

/** Asks. */
export async function askByScheme(request: Request, question: Question, watcher: Watcher): Promise<Response> {
  const { mapping, settings, scheme } = question;
  const { address, parameters, decoded, isHandedOver = false } = mapping;
  let upload: Upload | undefined;
  let spoken: ProxySpeaker | Response | undefined;
  try {
    upload = spoolOf(request) ?? (await uploadOf(bodyOf(request)));
    const needsLength = scheme.needsLength === true || wantsLength(request);
    if (upload.length === undefined && needsLength) upload = await spooled(request, upload);
    const passage = { request, url: urlOf(mapping, scheme), path: decoded, isHandedOver, bodyLength: upload.length };
    spoken = await scheme.speak?.(passage);
  } finally {
    if (!spoken || "status" in spoken) watcher.over?.(0, 0);
  }
  if (!spoken || "status" in spoken) return spoken ?? refuse(500);
  const speaker = spoken;
  const body = upload;
  const { defaultPort } = scheme;
  // Only where enablereuse=On asks for it, as in Apache.
  const connections = connectionsTo({ address, defaultPort, parameters, keeps: false });
  return new Promise((resolve, reject) => {
    const asking = new Asking(request, { address, parameters, settings }, { watcher, resolve, reject });
    const override = (response: Response): Response => overridden(request, response, settings);
    converse({
      asking,
      speaker,
      connections,
      upload: body,
      isAlone: false,
      mayChange: false,
      timeoutStatus: 504,
      override,
    });
  });
}

/** The response, or the server's own page in its place (ProxyErrorOverride). */
function overridden(request: Request, response: Response, settings: ProxySettings): Response {
  if (request.previous || !isOverridden(response.status, settings)) return response;
  return { ...refuse(response.status), ...(response.always ? { always: response.always } : {}) };
}

/** The URL as Apache hands it on: encoded, unless it is the name of a file. */
function urlOf({ address, decoded, path, isHandedOver, isRaw }: Mapping, { defaultPort }: ProxyScheme): string {
  const port = address.port === undefined || address.port === defaultPort ? "" : `:${address.port}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host.toLowerCase();
  const mark = path.indexOf("?");
  const shown = isHandedOver ? decoded : isRaw ? path.slice(0, mark < 0 ? undefined : mark) : canonicalPath(decoded);
  return `${address.scheme}://${host}${port}${shown.startsWith("/") ? "" : "/"}${shown}`;
}
