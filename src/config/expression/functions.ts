// Names of functions → what they make of their argument.
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { escapePath, fileSystemPath } from "../../api/index.js";
import { requestField, type Scope } from "./scope.js";

/** A function of expressions; a fault goes into the scope. */
export type ScopedFunction = (argument: string, scope: Scope) => string | undefined;

const ofRequest: ScopedFunction = (name, scope) => requestField(scope, name);
const hash =
  (algorithm: "md5" | "sha1"): ScopedFunction =>
  (text) =>
    createHash(algorithm).update(text, "latin1").digest("hex");

/** The functions every server has, by name in lower case. */
export const functions: ReadonlyMap<string, ScopedFunction> = new Map<string, ScopedFunction>([
  ["req", ofRequest],
  ["http", ofRequest],
  ["req_novary", (name, { request }) => request.headers.get(name)],
  ["resp", (name, { context: { response } }) => response?.headers.get(name) ?? response?.always?.get(name)],
  ["reqenv", (name, { request }) => request.environment.get(name)],
  ["osenv", (name) => process.env[name]],
  ["note", (name, { request }) => request.notes.get(name)],
  ["env", (name, { request: { notes, environment } }) => notes.get(name) ?? environment.get(name) ?? process.env[name]],
  ["tolower", (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())],
  ["toupper", (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())],
  ["escape", (text) => escapePath(text)],
  ["unescape", unescape],
  ["base64", (text) => Buffer.from(text, "latin1").toString("base64")],
  ["unbase64", (text) => cString(Buffer.from(/^[A-Za-z0-9+/]*/.exec(text)?.[0] ?? "", "base64").toString("latin1"))],
  ["md5", hash("md5")],
  ["sha1", hash("sha1")],
  ["ldap", escapeLdap],
  ["file", readFile],
  ["filesize", fileSize],
]);

/** Decodes all but slashes; empty where an escape is bad, or stands for a NUL. */
function unescape(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})|%00/.test(text)) return "";
  return text.replace(/%([0-9A-Fa-f]{2})/g, (escape, hex: string) =>
    hex.toLowerCase() === "2f" ? escape : String.fromCharCode(parseInt(hex, 16)),
  );
}

/** Texts end at a NUL byte in Apache. */
function cString(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** Makes a text ordinary in names (RFC 4514) and filters (RFC 4515) of LDAP, but for spaces and "#" at their ends, as APR. */
function escapeLdap(text: string): string {
  return text.replace(/[^ !#-'\-./0-:=?-[\]-~]/g, (char) => `\\${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

const longestFile = 10 * 1024 * 1024;

function readFile(name: string, scope: Scope): string {
  let file: number;
  try {
    file = openSync(fileSystemPath(name), "r");
  } catch {
    scope.error ??= `Cannot open file ${name}`;
    return "";
  }
  try {
    const { size } = fstatSync(file);
    if (size > longestFile) {
      scope.error ??= `File ${name} too large`;
      return "";
    }
    const content = Buffer.alloc(size);
    return cString(content.toString("latin1", 0, readSync(file, content, 0, size, 0)));
  } catch {
    scope.error ??= `Cannot read from file ${name}`;
    return "";
  } finally {
    closeSync(file);
  }
}

function fileSize(name: string): string {
  try {
    const stats = statSync(fileSystemPath(name));
    return stats.isFile() ? String(stats.size) : "0";
  } catch {
    return "0";
  }
}
