// A request → its method, as the client or an internal redirect has it.
import type { Request } from "./request.js";

/** The method: HEAD where the client asked by it, but GET for an ErrorDocument, which is asked for by GET whatever the client did. */
export function methodOf({ headOnly, method, previous, environment }: Request): string {
  if (!headOnly) return method;
  const servesError = previous !== undefined && Number(environment.get("REDIRECT_STATUS") ?? 200) >= 400;
  return servesError ? "GET" : "HEAD";
}
