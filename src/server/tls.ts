// An accepted socket of a TLS address → an encrypted one, with the virtual host the client named in the handshake.
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import {
  challengeProtocol,
  tlsVersions,
  type AnnouncedClient,
  type Ends,
  type TlsChallenges,
  type TlsConnection,
  type TlsProvider,
  type TlsSettings,
  type VirtualHost,
} from "../api/index.js";
import { chooseProtocol, type Spoken } from "./protocols.js";
import { hostByName, type HostGroup } from "./site.js";

/** A virtual host with what encrypts its connections. */
interface TlsHost {
  readonly virtualHost: VirtualHost;
  readonly settings: TlsSettings;
}

/** What came of an accepted socket: an encrypted one, or a plain one whose client did not know better. */
export interface Opened {
  readonly socket: Socket;
  /** The ends of the socket, and whom a proxy in front has named as the client. */
  readonly ends: Ends;
  readonly announced: AnnouncedClient | undefined;
  readonly tls: TlsConnection | undefined;
  /** The client speaks plain HTTP where TLS is spoken. */
  readonly isPlain: boolean;
  /** What was agreed upon in the handshake; HTTP/1.1 where nothing was. */
  readonly protocol: "http/1.1" | "h2";
}

/** What came of an endpoint's part in it. */
export type Encrypted = Pick<Opened, "socket" | "tls" | "isPlain" | "protocol">;

/** What an endpoint needs of the server around it. */
export interface EndpointOptions {
  /** Milliseconds a handshake may take. */
  readonly timeout: number;
  /** What a virtual host speaks. */
  readonly spoken: (virtualHost: VirtualHost) => Spoken;
  /** Who answers authorities that want a proof. */
  readonly challenges: readonly TlsChallenges[];
}

/** First byte of a record that begins a handshake. */
const handshake = 0x16;
/** Most bytes of a client's first message that are waited for. */
const mostHello = 16_384;
/** How that message offers the protocol of challenges: its length, and its name. */
const challengeOffer = Buffer.from(`${String.fromCharCode(challengeProtocol.length)}${challengeProtocol}`);
/** From old to new. */
const versions: readonly string[] = tlsVersions;

/** Which end of which connection: a socket's, before and after it is encrypted. */
function endOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** Whether a record has come to its end, or is longer than what is looked at. */
function isWhole(bytes: Buffer): boolean {
  return bytes.length >= 5 && bytes.length >= Math.min(5 + bytes.readUInt16BE(3), mostHello);
}

/** Encrypts the connections to one group of virtual hosts. */
export class TlsEndpoint {
  readonly #hosts: ReadonlyMap<VirtualHost, TlsHost>;
  readonly #first: TlsHost;
  readonly #group: HostGroup;
  readonly #server: Server;
  readonly #timeout: number;
  readonly #challenges: readonly TlsChallenges[];
  #challengeServer: Server | undefined;
  /** What those get that name no virtual host. */
  #context: TlsSettings["context"];
  /** Handshakes under way: who waits for the end of each. */
  readonly #waiting = new Map<string, (opened: Encrypted) => void>();

  private constructor(
    group: HostGroup,
    { hosts, first }: { hosts: ReadonlyMap<VirtualHost, TlsHost>; first: TlsHost },
    { timeout, spoken, challenges }: EndpointOptions,
  ) {
    this.#group = group;
    this.#hosts = hosts;
    this.#first = first;
    this.#timeout = timeout;
    this.#challenges = challenges;
    this.#context = first.settings.context;
    const asks = [...hosts.values()].some(
      ({ settings }) => settings.clientCertificate !== "none" || settings.asksForParts,
    );
    // It listens nowhere: it is handed sockets that were accepted elsewhere.
    this.#server = createServer({
      ...first.settings.options,
      handshakeTimeout: timeout,
      requestCert: asks,
      // Whether it is good enough is for the virtual host the client names, which is not known yet.
      rejectUnauthorized: false,
      ALPNCallback: ({ servername, protocols }) => {
        const { virtualHost } = (servername && this.#byName(servername)) || first;
        return chooseProtocol(
          spoken(virtualHost),
          protocols.filter((each) => each !== challengeProtocol),
        );
      },
      SNICallback: (name, done) => done(null, (this.#byName(name) ?? first).settings.context),
    });
    this.#server.on("secureConnection", (socket) => this.#secured(socket));
    const all = [...hosts.values()];
    if (all.some(({ settings }) => settings.staple)) this.#server.on("OCSPRequest", showStaple(all));
    this.#server.on("tlsClientError", (error, socket) => {
      this.#waiting.delete(endOf(socket));
      this.#failed(first, error.message.trim());
      socket.destroy();
    });
  }

  /** The endpoint of a group; undefined when the first of its virtual hosts does without. */
  static of(group: HostGroup, providers: readonly TlsProvider[], options: EndpointOptions): TlsEndpoint | undefined {
    const hosts = new Map<VirtualHost, TlsHost>();
    for (const virtualHost of group.hosts) {
      for (const provider of providers) {
        const settings = provider.settingsOf(virtualHost);
        if (settings) hosts.set(virtualHost, { virtualHost, settings });
      }
    }
    const first = hosts.get(group.default);
    return first && new TlsEndpoint(group, { hosts, first }, options);
  }

  /**
   * Looks at the first byte, which tells TLS from plain HTTP, and encrypts. `open` is not called when the client leaves,
   * takes too long or is refused: then the socket is destroyed.
   */
  open(client: Socket, open: (opened: Encrypted) => void): void {
    const drop = (): void => void client.destroy();
    let first: Buffer = Buffer.alloc(0);
    const look = (): void => {
      const chunk = client.read() as Buffer | null;
      if (chunk === null) return;
      first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
      const isChallenge = first[0] === handshake && this.#challenges.some(({ isPending }) => isPending);
      // All of the first message, to see what the client wants to speak.
      if (isChallenge && !isWhole(first)) return;
      client.off("readable", look).off("timeout", drop).off("end", drop);
      client.setTimeout(0);
      client.unshift(first);
      if (isChallenge && first.includes(challengeOffer)) return this.#answerChallenge(client);
      if (first[0] !== handshake) return open({ socket: client, tls: undefined, isPlain: true, protocol: "http/1.1" });
      const end = endOf(client);
      this.#waiting.set(end, open);
      client.once("close", () => this.#waiting.delete(end));
      this.#takeRenewed();
      this.#server.emit("connection", client);
    };
    client.setTimeout(this.#timeout, drop);
    client.on("error", drop).on("end", drop).on("readable", look);
  }

  /** Uses a certificate that was renewed for those that name no virtual host; the others ask for it by name. */
  #takeRenewed(): void {
    const { context, options } = this.#first.settings;
    if (context === this.#context) return;
    this.#context = context;
    this.#server.setSecureContext(options);
  }

  /** The handshake is the proof; nothing is said after it. */
  #answerChallenge(client: Socket): void {
    this.#challengeServer ??= createServer({
      handshakeTimeout: this.#timeout,
      ALPNProtocols: [challengeProtocol],
      SNICallback: (name, done) => {
        const context = this.#challenges.map((each) => each.contextFor(name.toLowerCase())).find(Boolean);
        done(context ? null : new Error(`nothing is to be proved for ${name}`), context);
      },
    })
      .on("secureConnection", (socket) => socket.on("error", () => undefined).end())
      .on("tlsClientError", (error, socket) => {
        this.#failed(this.#first, error.message.trim());
        socket.destroy();
      });
    this.#challengeServer.emit("connection", client);
  }

  #secured(socket: TLSSocket): void {
    const end = endOf(socket);
    const open = this.#waiting.get(end);
    this.#waiting.delete(end);
    const name = typeof socket.servername === "string" ? socket.servername : "";
    const named = name === "" ? undefined : this.#byName(name);
    const host = named ?? this.#first;
    const refusal = refusalOf(socket, host.settings);
    if (!open || refusal !== undefined) {
      if (refusal !== undefined) this.#failed(host, refusal);
      socket.destroy();
      return;
    }
    // A client that begins anew again and again costs a lot, and nobody needs it.
    socket.disableRenegotiation();
    const tls: TlsConnection = { socket, virtualHost: host.virtualHost, isNamed: named !== undefined };
    open({ socket, tls, isPlain: false, protocol: socket.alpnProtocol === "h2" ? "h2" : "http/1.1" });
  }

  #byName(name: string): TlsHost | undefined {
    const host = hostByName(this.#group, name.toLowerCase());
    return host && this.#hosts.get(host);
  }

  #failed({ virtualHost }: TlsHost, reason: string): void {
    const message = `AH02008: SSL library error in handshake (server ${virtualHost.serverName}): ${reason}`;
    virtualHost.errorLog.write({ level: "info", module: "ssl", message });
  }
}

/** Answers clients that ask in the handshake whether the certificate is good. */
function showStaple(hosts: readonly TlsHost[]) {
  return (certificate: Buffer, _issuer: Buffer, done: (error: null, response: Buffer | null) => void): void => {
    // Those of the moment: a certificate that was renewed has another.
    const staples = hosts.map(({ settings }) => settings.staple);
    const staple = staples.find((each) => each?.certificate.equals(certificate));
    if (!staple) done(null, null);
    else void staple.response().then((response) => done(null, response ?? null));
  };
}

/** Why the connection is not good enough for the virtual host the client named, if it is not. */
function refusalOf(socket: TLSSocket, { options, clientCertificate, verifyDepth }: TlsSettings): string | undefined {
  const version = socket.getProtocol() ?? "";
  if (versions.indexOf(version) < versions.indexOf(options.minVersion ?? "")) {
    return `${version} is not spoken here; the first virtual host of the address let it pass`;
  }
  if (clientCertificate === "none" || clientCertificate === "optional_no_ca") return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return clientCertificate === "require" ? "the client has no certificate" : undefined;
  if (!socket.authorized) return `the client's certificate is not good: ${String(socket.authorizationError)}`;
  let at = socket.getPeerCertificate(true);
  for (let depth = 0; depth <= verifyDepth; depth++) {
    const issuer = at.issuerCertificate as typeof at | undefined;
    if (!issuer || issuer.fingerprint256 === at.fingerprint256) return undefined;
    at = issuer;
  }
  return `the client's certificate is more than SSLVerifyDepth ${verifyDepth} away from one that is trusted`;
}
