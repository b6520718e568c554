// An accepted socket of a TLS address → an encrypted one, with the virtual host the client named in the handshake.
import type { Socket } from "node:net";
import { TLSSocket, type SecureContext } from "node:tls";
import type { TlsConnection, TlsProvider, TlsSettings, VirtualHost } from "../api/index.js";
import { hostByName, type HostGroup } from "./site.js";

/** A virtual host with what encrypts its connections. */
export interface TlsHost {
  readonly virtualHost: VirtualHost;
  readonly settings: TlsSettings;
}

/** How the connections of an address are encrypted. */
export interface TlsChoice {
  readonly default: TlsHost;
  /** The virtual host of that name, if there is one. */
  byName(name: string): TlsHost | undefined;
  /** Whether any of the virtual hosts wants a certificate of the client. */
  readonly asksForCertificate: boolean;
  /** A handshake failed; for the log. */
  failed(host: TlsHost, reason: string): void;
}

/** How the connections to a group of virtual hosts are encrypted; undefined when the first of them does without. */
export function tlsChoice(group: HostGroup, providers: readonly TlsProvider[]): TlsChoice | undefined {
  const hosts = new Map<VirtualHost, TlsHost>();
  for (const virtualHost of group.hosts) {
    for (const provider of providers) {
      const settings = provider.settingsOf(virtualHost);
      if (settings) hosts.set(virtualHost, { virtualHost, settings });
    }
  }
  const first = hosts.get(group.default);
  if (!first) return undefined;
  return {
    default: first,
    byName: (name) => {
      const host = hostByName(group, name);
      return host && hosts.get(host);
    },
    asksForCertificate: [...hosts.values()].some(
      ({ settings }) => settings.clientCertificate !== "none" || settings.asksForParts,
    ),
    failed: ({ virtualHost }, reason) =>
      virtualHost.errorLog.write({
        level: "info",
        module: "ssl",
        message: `AH02008: SSL library error in handshake: ${reason}`,
      }),
  };
}

/** First byte of a record that begins a handshake. */
const handshake = 0x16;

/** An encrypted socket, or a plain one whose client did not know better. */
export interface Opened {
  readonly socket: Socket;
  readonly tls: TlsConnection | undefined;
  /** The client speaks plain HTTP. */
  readonly isPlain: boolean;
}

/**
 * Looks at the first byte, which tells TLS from plain HTTP, and wraps the socket. `open` is not called when the client
 * leaves, or says nothing for `timeout` milliseconds.
 */
export function openTls(client: Socket, choice: TlsChoice, timeout: number, open: (opened: Opened) => void): void {
  const drop = (): void => void client.destroy();
  const look = (): void => {
    const first = client.read() as Buffer | null;
    if (first === null) return;
    client.off("readable", look).off("timeout", drop).off("end", drop);
    client.setTimeout(0);
    client.unshift(first);
    if (first[0] === handshake) open(wrap(client, choice));
    else open({ socket: client, tls: undefined, isPlain: true });
  };
  client.setTimeout(timeout, drop);
  client.on("error", drop).on("end", drop).on("readable", look);
}

type SniCallback = (name: string, done: (error: Error | null, context?: SecureContext) => void) => void;

function wrap(client: Socket, choice: TlsChoice): Opened {
  let host = choice.default;
  let isNamed = false;
  const SNICallback: SniCallback = (name, done) => {
    const named = choice.byName(name.toLowerCase());
    if (named) {
      host = named;
      isNamed = true;
    }
    done(null, host.settings.context);
  };
  const socket = new TLSSocket(client, {
    isServer: true,
    secureContext: choice.default.settings.context,
    SNICallback,
    requestCert: choice.asksForCertificate,
    // Whether it is good enough is for the virtual host the client names, which is not known yet.
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
  });
  // A client that begins anew again and again costs a lot, and nobody needs it.
  socket.disableRenegotiation();
  socket.once("secure", () => {
    const refusal = refusalOf(socket, host.settings);
    if (refusal === undefined) return;
    choice.failed(host, refusal);
    socket.destroy();
  });
  socket.on("error", (error) => {
    if (socket.getCipher() === undefined) choice.failed(host, error.message);
  });
  const tls: TlsConnection = {
    socket,
    get virtualHost() {
      return host.virtualHost;
    },
    get isNamed() {
      return isNamed;
    },
  };
  return { socket, tls, isPlain: false };
}

/** Why the client's certificate is not good enough, if it is not. */
function refusalOf(socket: TLSSocket, { clientCertificate, verifyDepth }: TlsSettings): string | undefined {
  if (clientCertificate === "none" || clientCertificate === "optional_no_ca") return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return clientCertificate === "require" ? "the client has no certificate" : undefined;
  if (socket.authorizationError) return `the client's certificate is not good: ${String(socket.authorizationError)}`;
  let depth = 0;
  for (let at = socket.getPeerCertificate(true); depth <= verifyDepth; depth++) {
    const issuer = at.issuerCertificate as typeof at | undefined;
    if (!issuer || issuer.fingerprint256 === at.fingerprint256) return undefined;
    at = issuer;
  }
  return `the client's certificate is more than SSLVerifyDepth ${verifyDepth} away from one that is trusted`;
}
