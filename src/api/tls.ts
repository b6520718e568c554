// What encrypts the connections to a virtual host, between the module that makes it and the server that uses it.
import type { SecureContext, SecureContextOptions, TLSSocket } from "node:tls";
import type { VirtualHost } from "./request.js";

/** Versions of the protocol that can be spoken, from old to new, as Node names them. */
export const tlsVersions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;

/** What connections to a virtual host are encrypted with. */
export interface TlsSettings {
  readonly options: SecureContextOptions;
  /** Made of the options. */
  readonly context: SecureContext;
  /** Whether clients are asked for a certificate: not at all, without it mattering, or so that a good one is needed. */
  readonly clientCertificate: "none" | "optional" | "optional_no_ca" | "require";
  /** Whether parts of the virtual host need a certificate, so that clients are asked for one all the same. */
  readonly asksForParts: boolean;
  /** Most certificates between a client's own and the one it is trusted by. */
  readonly verifyDepth: number;
}

/** Encrypts connections; registered as `provides: { tls: { NAME: provider } }`. */
export interface TlsProvider {
  /** The settings of a virtual host whose connections are encrypted. */
  settingsOf(virtualHost: VirtualHost): TlsSettings | undefined;
}

/** The encryption of one connection. */
export interface TlsConnection {
  readonly socket: TLSSocket;
  /** The virtual host the client named in the handshake, else the first of the address. */
  readonly virtualHost: VirtualHost;
  /** Whether the client named one. */
  readonly isNamed: boolean;
}
