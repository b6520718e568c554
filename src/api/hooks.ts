// The phases of a request, in order, and the functions modules have in them.
import type { Request } from "./request.js";
import type { Response } from "./response.js";

/**
 * The phases by Apache's names. "first": the first module that answers ends the phase. "all": every module runs unless
 * one answers with a response.
 */
export const phases = {
  postReadRequest: "all",
  quickHandler: "first",
  preTranslateName: "first",
  translateName: "first",
  mapToStorage: "first",
  headerParser: "all",
  accessChecker: "all",
  checkUser: "first",
  authChecker: "first",
  typeChecker: "first",
  fixups: "all",
  handler: "first",
  logTransaction: "all",
} as const;

export type Phase = keyof typeof phases;

/**
 * What a hook says: undefined, it has nothing to say (declined); "done", in a "first" phase: it did the phase's work and
 * the request goes on; a response, and the request is answered with it.
 */
export type Verdict = undefined | "done" | Response;

/** A module's function in a phase. A promise is returned only where there is something to wait for. */
export interface Hook<Settings> {
  /** Modules that must come after this one in the phase. */
  readonly before?: readonly string[];
  /** Modules that must come before this one in the phase. */
  readonly after?: readonly string[];
  /** Apache's rank; "middle" if absent. */
  readonly rank?: "first" | "middle" | "last";
  /** Whether the hook has anything to do under these settings; asked once per set of settings, not per request. */
  when?(settings: Settings): boolean;
  run(request: Request, settings: Settings): Verdict | Promise<Verdict>;
}

/** A module's function that runs when the response has been sent. */
export interface LogHook<Settings> {
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly rank?: "first" | "middle" | "last";
  when?(settings: Settings): boolean;
  run(record: LogRecord, settings: Settings): void;
}

/** What became of a request, for logs. */
export interface LogRecord {
  /** The last request of a chain of internal redirects. */
  readonly request: Request;
  /** The first request of that chain. */
  readonly original: Request;
  /** Status of the first request (`%s`), and the one sent (`%>s`). */
  readonly originalStatus: number;
  readonly status: number;
  /** Fields as sent. */
  readonly headers: import("./headers.js").Headers;
  /** Body bytes sent, chunk framing not counted. */
  readonly bodyBytes: number;
  /** All bytes received and sent for the request, heads included. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Milliseconds since the epoch, with a fraction. */
  readonly endTime: number;
  /** Connection after the response: X aborted, + kept, - closed. */
  readonly connectionState: "X" | "+" | "-";
}

/**
 * Changes a response on its way out: its fields mostly (headers, expires). Filters that a configuration names are
 * something else, see NamedFilter; they run behind the output filters of rank "first" and in front of all others, those
 * of type "resource" in front of all.
 */
export interface OutputFilter<Settings> {
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly rank?: "first" | "middle" | "last";
  /** Whether it sees pages that the server makes for a status too (Response.page). */
  readonly onPages?: true;
  when?(settings: Settings): boolean;
  run(request: Request, response: Response, settings: Settings): Response;
}

/**
 * Sees the response when the filters that change content are through with it, in front of ranges: whoever keeps it, or puts
 * one that was kept in its place. Runs at the mark instead where a filter of type "mark" stands (`isMarked`).
 */
export interface KeepHook<Settings> {
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly rank?: "first" | "middle" | "last";
  when?(settings: Settings): boolean;
  run(request: Request, response: Response, settings: Settings): Response | Promise<Response>;
}

/** The hooks of a module, by phase; several where it acts at several places of one phase. */
export type Hooks<Settings> = {
  readonly [P in Exclude<Phase, "logTransaction">]?: Hook<Settings> | readonly Hook<Settings>[];
} & {
  readonly logTransaction?: LogHook<Settings>;
  readonly outputFilter?: OutputFilter<Settings>;
  readonly keepResponse?: KeepHook<Settings>;
};
