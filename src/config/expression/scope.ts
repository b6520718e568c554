// What one evaluation of an expression knows: the request, what else was given, groups, look-ups and faults.
import type { Captures, ExpressionContext, Headers, Lookup, Request } from "../../api/index.js";

/** One evaluation. */
export interface Scope {
  readonly request: Request;
  readonly context: ExpressionContext;
  readonly captures: Captures;
  /** Whether request fields that are read go into Vary. */
  readonly vary: boolean;
  /** Look-ups that had to be waited for, by operator and name. */
  readonly lookups: Map<string, Lookup>;
  /** The first fault; the rest of the evaluation goes on, its outcome is not used. */
  error: string | undefined;
}

/** Gives a text, latin1. */
export type WordFunction = (scope: Scope) => string;

/** Tells whether something is true. */
export type TestFunction = (scope: Scope) => boolean;

/** Thrown out of an evaluation that has to wait for a look-up; it begins anew when the look-up is there. */
export class Waiting extends Error {
  readonly ready: Promise<void>;

  constructor(ready: Promise<void>) {
    super("an expression waits for a look-up");
    this.ready = ready;
  }
}

/** Reads a request field, and notes it for Vary; Host is never noted (RFC 9110, section 12.5.5). */
export function requestField(scope: Scope, name: string): string {
  const { headers, answerHeaders } = scope.request;
  // Where there is a response already, it is past taking up what was set beforehand.
  if (scope.vary && name.toLowerCase() !== "host") addVary(scope.context.response?.headers ?? answerHeaders, name);
  return headers.get(name) ?? "";
}

function addVary(fields: Headers, written: string): void {
  // White space divides names when the field is sent.
  const name = written.replace(/[\r\n]/g, " ");
  const known = fields.get("Vary");
  if (known === undefined) fields.set("Vary", name);
  else if (!known.toLowerCase().split(",").includes(name.toLowerCase())) fields.set("Vary", `${known},${name}`);
}
