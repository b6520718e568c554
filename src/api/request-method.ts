// A request → its method, as the client, an internal redirect or a look-up has it.
import type { Request } from "./request.js";

/** The method: HEAD where the client asked by it, but GET for a look-up and an ErrorDocument, which ask by GET whatever the client did. */
export function methodOf({ headOnly, method, parent, previous, environment }: Request): string {
  if (!headOnly || parent !== undefined) return method;
  const servesError = previous !== undefined && Number(environment.get("REDIRECT_STATUS") ?? 200) >= 400;
  return servesError ? "GET" : "HEAD";
}
