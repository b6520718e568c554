// Responses → the same at no more than so many bytes a second: the filter RATE_LIMIT.
import { pipeline } from "node:stream";
import { defineModule, lengthOf, streamOf, type NamedFilter, type Request } from "../../api/index.js";
import { Slowdown, turn } from "./slowdown.js";

const rateLimit: NamedFilter = {
  type: "connection",
  run: (request, response) => {
    const { body } = response;
    if (body === undefined || request.parent || request.headOnly) return response;
    const rate = kilobytes(request, "rate-limit");
    if (rate === undefined) return response;
    const burst = kilobytes(request, "rate-initial-burst") ?? 0;
    const each = Math.max(1, Math.floor((rate * turn) / 1000));
    const length = lengthOf(body);
    if (length !== undefined && length <= each + burst) return response;
    if (length !== undefined && !response.unsized) response.headers.set("Content-Length", String(length));
    const slow = new Slowdown(each, burst);
    // A body that breaks off breaks this one off too.
    pipeline(streamOf(body), slow, () => undefined);
    return { ...response, body: slow };
  },
};

/** A variable in KiB → bytes; undefined where it is not there or no number above 0. */
function kilobytes(request: Request, name: string): number | undefined {
  const text = request.environment.get(name);
  if (text === undefined) return undefined;
  const number = parseInt(text, 10) * 1024;
  if (number > 0 && Number.isSafeInteger(number)) return number;
  request.log("info", "ratelimit", `AH03488: disabled: ${name} = ${text}`);
  return undefined;
}

export default defineModule({
  name: "mod_ratelimit",
  summary:
    "Sends responses no faster than the variable rate-limit says: the filter RATE_LIMIT. It counts KiB a second for each " +
    "response; rate-initial-burst are KiB that go out at once.",
  settings: {},
  directives: () => ({}),
  provides: { outputFilter: { RATE_LIMIT: rateLimit } },
});
