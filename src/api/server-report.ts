// What the HTTP workers of a server are doing and have done, as mod_status shows it.

/** What a connection is at: the request's head, its answer, waiting for the next request, or its end. */
export type ConnectionState = "reading" | "working" | "kept" | "closing";

/** One connection. Texts are latin1 strings of bytes, as the client sent them. */
export interface ConnectionReport {
  readonly state: ConnectionState;
  readonly client: string;
  /** Requests answered on it before. */
  readonly requests: number;
  /** Bytes sent on it. */
  readonly bytes: number;
  /** Of the request being answered: its line, name and port of its virtual host, when it began; else "" and 0. */
  readonly requestLine: string;
  readonly host: string;
  readonly startedAt: number;
}

/** What requests have cost, those that are answered: their number, bytes sent, and milliseconds they took together. */
export interface WorkDone {
  readonly requests: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

/** What one HTTP worker says of itself. */
export interface WorkerReport extends WorkDone {
  /** Connections it may hold at the same time. */
  readonly capacity: number;
  readonly states: Readonly<Record<ConnectionState, number>>;
  /** Connections that have changed protocols: WebSockets. They count as working, too. */
  readonly upgraded: number;
  /** The connections, up to a number; those that do something first. */
  readonly connections: readonly ConnectionReport[];
  /** Milliseconds of processor time. */
  readonly userTime: number;
  readonly systemTime: number;
}

/** All workers of a server. Times are milliseconds since the epoch. */
export interface ServerReport {
  readonly startedAt: number;
  /** Counts the configurations that have been served, from 1. */
  readonly generation: number;
  readonly workers: readonly (WorkerReport & {
    readonly pid: number;
    readonly generation: number;
    /** It finishes what it has, and takes nothing new. */
    readonly isDraining: boolean;
  })[];
  /** What workers have done that are gone. */
  readonly ended: WorkDone;
}

/**
 * What a module adds to the page of server-status: HTML, or lines where it is asked for as a text; registered as
 * `provides: { statusSection: { NAME: section } }`.
 */
export type StatusSection = (isText: boolean) => string;
