// What holds for connections to back ends, whichever client makes them.

/** Connections to one back end that idle, at most. */
export const mostIdle = 256;
/** Milliseconds for which they do, where `ttl=` says nothing else. */
export const idleTime = 60_000;
/** Bytes of a response's head. */
export const mostHeadBytes = 65_536;
/**
 * Milliseconds of silence after which a client that has ended its side counts as gone. Most that end it have left; the
 * few that wait for their answer get it from a back end that is not slower than this.
 */
export const leavePatience = 2000;
/** Methods that may be sent twice. */
export const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"]);
