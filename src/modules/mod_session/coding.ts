// The entries of a session → a text like that of an HTML form, and back.
import type { Session } from "../../api/index.js";

const expiryName = "expiry";

/** The entries as "name=value&name=value", the expiry among them. */
export function encodeEntries({ entries, expiry }: Session): string {
  if (expiry !== 0) entries.set(expiryName, String(expiry));
  return Array.from(entries, ([name, value]) => `${escapeForm(name)}=${escapeForm(value)}`).join("&");
}

/** Lays what the text says over the session; an empty value takes an entry away, malformed pairs are left out. */
export function decodeEntries(session: Session, text: string): void {
  for (const pair of text.split("&")) {
    const [, rawName, rawValue] = /^=*([^=]+)(?:=(.*))?$/s.exec(pair) ?? [];
    if (rawName === undefined) continue;
    if (!rawValue) {
      session.entries.delete(rawName);
      continue;
    }
    const name = unescapeForm(rawName);
    const value = unescapeForm(rawValue);
    if (name === undefined || value === undefined) continue;
    if (name === expiryName) session.expiry = numberIn(value);
    else session.entries.set(name, value);
  }
}

/** The number a text begins with, 0 without one. */
function numberIn(text: string): number {
  const number = Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(number, Number.MAX_SAFE_INTEGER));
}

function escapeForm(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, (char) =>
    char === " " ? "+" : `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** Undefined where an escape is broken, or stands for NUL. */
function unescapeForm(text: string): string | undefined {
  if (/%(?![0-9a-f]{2})|%00/i.test(text)) return undefined;
  return text
    .replaceAll("+", " ")
    .replace(/%([0-9a-f]{2})/gi, (_all, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}
