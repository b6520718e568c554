// A query without "=" → the arguments of a script, as the first search forms sent them.
import { escapeShell, unescapeUrl } from "../../api/index.js";

/** Most arguments; the rest is dropped. */
const mostArguments = 4000;

/** Words of the query, decoded, with a backslash before what a shell would take for its own. */
export function argumentsOf(query: string | undefined): string[] {
  if (query === undefined || query === "" || query.includes("=")) return [];
  return query.split("+", mostArguments).map((word) => escapeShell(unescapeUrl(word)));
}
