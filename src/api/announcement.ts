// What a connection begins with that the proxy in front says, not its client, between the module that reads it and the server.
import type { VirtualHost } from "./request.js";

/** Where a connection comes from and where it arrives, as the system has it. */
export interface Ends {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** A client as the proxy in front of it names it. */
export interface AnnouncedClient {
  readonly address: string;
  readonly port: number;
}

/** What was read of an announcement: not enough bytes yet; its length and whom it names, if anybody; or why it is none. */
export type Announcement =
  "more" | { readonly length: number; readonly client: AnnouncedClient | undefined } | { readonly fault: string };

/** Reads announcements; registered as `provides: { announcements: { NAME: reader } }`. */
export interface AnnouncementReader {
  /** Whether connections between those ends begin with one, on a server with that main server. */
  expects(main: VirtualHost, ends: Ends): boolean;
  /** Reads one from the first bytes of a connection. Never "more" of more bytes than `most`. */
  read(bytes: Buffer): Announcement;
  readonly most: number;
  /** Who speaks in the error log: a module's name without "mod_". */
  readonly module: string;
}
