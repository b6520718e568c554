// An accepted socket of a TLS address → an encrypted one, with the virtual host the client named in the handshake.
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import {
  challengeProtocol,
  type AnnouncedClient,
  type Ends,
  type TlsChallenges,
  type TlsConnection,
  type TlsProvider,
  type TlsSettings,
  type VirtualHost,
} from "../api/index.js";
import { chooseCertificate } from "./certificate-choice.js";
import { readClientHello, type ClientHello } from "./client-hello.js";
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

/** Which end of which connection: a socket's, before and after it is encrypted. */
function endOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** Handshakes under way: the virtual host each is with, and who waits for its end. */
interface Waiting {
  readonly host: TlsHost;
  readonly open: (opened: Encrypted) => void;
}

/** What does handshakes, with the options of the moment. */
interface Handshakes {
  readonly server: Server;
  options: TlsSettings["options"];
}

/** Encrypts the connections to one group of virtual hosts. */
export class TlsEndpoint {
  readonly #hosts: ReadonlyMap<VirtualHost, TlsHost>;
  readonly #first: TlsHost;
  readonly #group: HostGroup;
  readonly #options: EndpointOptions;
  /** What does the handshakes of each virtual host: with all of its certificates, and with each of several alone. */
  readonly #servers = new Map<TlsHost, Map<number, Handshakes>>();
  #challengeServer: Server | undefined;
  readonly #waiting = new Map<string, Waiting>();

  private constructor(
    group: HostGroup,
    { hosts, first }: { hosts: ReadonlyMap<VirtualHost, TlsHost>; first: TlsHost },
    options: EndpointOptions,
  ) {
    this.#group = group;
    this.#hosts = hosts;
    this.#first = first;
    this.#options = options;
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
   * Looks at the first message, which tells TLS from plain HTTP and names the virtual host, and encrypts as that one does.
   * `open` is not called when the client leaves, takes too long or is refused: then the socket is destroyed.
   */
  open(client: Socket, open: (opened: Encrypted) => void): void {
    const drop = (): void => void client.destroy();
    let first: Buffer = Buffer.alloc(0);
    const look = (): void => {
      const chunk = client.read() as Buffer | null;
      if (chunk === null) return;
      first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
      const isPlain = first[0] !== handshake;
      const hello = isPlain ? undefined : readClientHello(first);
      if (hello === "more") return;
      client.off("readable", look).off("end", drop);
      clearTimeout(limit);
      client.unshift(first);
      if (isPlain) return open({ socket: client, tls: undefined, isPlain, protocol: "http/1.1" });
      // Who ends the connection in the middle of a handshake has left it.
      client.allowHalfOpen = false;
      if (hello?.protocols.includes(challengeProtocol) && this.#expectsChallenge) return this.#answerChallenge(client);
      const host = this.#byName(hello?.serverName) ?? this.#first;
      const end = endOf(client);
      this.#waiting.set(end, { host, open });
      client.once("close", () => this.#waiting.delete(end));
      this.#serverOf(host, hello).emit("connection", client);
    };
    const limit = setTimeout(drop, this.#options.timeout);
    client.once("close", () => clearTimeout(limit));
    client.on("error", drop).on("end", drop).on("readable", look);
  }

  get #expectsChallenge(): boolean {
    return this.#options.challenges.some(({ isPending }) => isPending);
  }

  /** What does the handshakes of a virtual host, with a certificate that may have been renewed. */
  #serverOf(host: TlsHost, hello: ClientHello | undefined): Server {
    const { settings } = host;
    const chosen = chooseCertificate(hello, settings);
    const { options } = chosen ?? settings;
    const number = chosen ? (settings.alone?.certificates.indexOf(chosen) ?? -1) : -1;
    let servers = this.#servers.get(host);
    if (!servers) this.#servers.set(host, (servers = new Map<number, Handshakes>()));
    let known = servers.get(number);
    if (!known) servers.set(number, (known = { server: this.#makeServer(host, options), options }));
    if (known.options !== options) {
      known.options = options;
      known.server.setSecureContext(options);
    }
    return known.server;
  }

  #makeServer(host: TlsHost, options: TlsSettings["options"]): Server {
    const { virtualHost, settings } = host;
    // It listens nowhere: it is handed sockets that were accepted elsewhere.
    const server = createServer({
      ...options,
      handshakeTimeout: this.#options.timeout,
      requestCert: settings.asksForCertificate,
      // Whether it is good enough is looked at when the handshake is over.
      rejectUnauthorized: false,
      ALPNCallback: ({ protocols }) => chooseProtocol(this.#options.spoken(virtualHost), withoutChallenges(protocols)),
    });
    server.on("secureConnection", (socket) => this.#secured(socket));
    if (settings.staples) server.on("OCSPRequest", showStaple(settings));
    server.on("tlsClientError", (error, socket) => {
      this.#waiting.delete(endOf(socket));
      this.#failed(host, error.message.trim());
      socket.destroy();
    });
    return server;
  }

  /** The handshake is the proof; nothing is said after it. */
  #answerChallenge(client: Socket): void {
    this.#challengeServer ??= createServer({
      handshakeTimeout: this.#options.timeout,
      ALPNProtocols: [challengeProtocol],
      SNICallback: (name, done) => {
        const context = this.#options.challenges.map((each) => each.contextFor(name.toLowerCase())).find(Boolean);
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
    const waiting = this.#waiting.get(end);
    this.#waiting.delete(end);
    // From now on a client may end its half and wait for the answer.
    socket.allowHalfOpen = true;
    // The name that was read beforehand is the one OpenSSL has read.
    if (!waiting || (this.#byName(nameOf(socket)) ?? this.#first) !== waiting.host) {
      socket.destroy();
      return;
    }
    const refusal = waiting.host.settings.verify?.(socket);
    if (!(refusal instanceof Promise)) return this.#verified(socket, waiting, refusal);
    socket.on("error", () => undefined);
    void refusal.then((reason) => {
      if (!socket.destroyed) this.#verified(socket, waiting, reason);
    });
  }

  /** The handshake is over, and it is known whether the client's certificate is good enough. */
  #verified(socket: TLSSocket, { host, open }: Waiting, refusal: string | undefined): void {
    if (refusal !== undefined) {
      this.#failed(host, refusal);
      socket.destroy();
      return;
    }
    const tls: TlsConnection = { socket, virtualHost: host.virtualHost };
    open({ socket, tls, isPlain: false, protocol: socket.alpnProtocol === "h2" ? "h2" : "http/1.1" });
  }

  #byName(name: string | undefined): TlsHost | undefined {
    const host = name === undefined ? undefined : hostByName(this.#group, name.toLowerCase());
    return host && this.#hosts.get(host);
  }

  #failed({ virtualHost }: TlsHost, reason: string): void {
    const message = `AH02008: SSL library error in handshake (server ${virtualHost.serverName}): ${reason}`;
    virtualHost.errorLog.write({ level: "info", module: "ssl", message });
  }
}

function nameOf({ servername }: TLSSocket): string | undefined {
  // False where the client named none; the types know nothing of it.
  return typeof servername === "string" && servername !== "" ? servername : undefined;
}

function withoutChallenges(protocols: readonly string[]): string[] {
  return protocols.filter((each) => each !== challengeProtocol);
}

/** Answers clients that ask in the handshake whether the certificate is good. */
function showStaple(settings: TlsSettings) {
  return (certificate: Buffer, _issuer: Buffer, done: (error: null, response: Buffer | null) => void): void => {
    // Those of the moment: a certificate that was renewed has another.
    const staple = settings.staples?.find((each) => each.certificate.equals(certificate));
    if (!staple) done(null, null);
    else void staple.response().then((response) => done(null, response ?? null));
  };
}
