// An error of the system → its number and words.
import { getSystemErrorMap } from "node:util";

/** "(13)Permission denied" for an error of the system, else nothing. */
export function causeText(cause: unknown): string {
  const number = typeof cause === "object" && cause !== null && "errno" in cause ? cause.errno : undefined;
  if (typeof number !== "number") return "";
  const [, words = "unknown error"] = getSystemErrorMap().get(number) ?? [];
  return `(${Math.abs(number)})${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
