// What encrypts the connections to a virtual host, between the module that makes it and the server that uses it.
import type { SecureContext, SecureContextOptions, TLSSocket } from "node:tls";
import type { ServerView } from "./module.js";
import type { VirtualHost } from "./request.js";

/** Versions of the protocol that can be spoken, from old to new, as Node names them. */
export const tlsVersions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;

/** What connections to a virtual host are encrypted with; options and staples change when a certificate is renewed. */
export interface TlsSettings {
  readonly options: SecureContextOptions;
  /** Whether clients are asked for a certificate in the handshake. */
  readonly asksForCertificate: boolean;
  /** What is shown of its certificates in handshakes where clients ask (OCSP stapling); undefined: nothing. */
  readonly staples: readonly Staple[] | undefined;
  /** Of several certificates with staples: what encrypts with each alone. */
  readonly alone?: CertificatesAlone | undefined;
  /** Whether the server's order of ciphers and signatures counts, not the client's. */
  readonly honorsOrder?: boolean;
  /** Looks at a client's certificate when the handshake is over; the reason why the connection is refused. Never rejects. */
  verify?(socket: TLSSocket): string | undefined | Promise<string | undefined>;
}

/** The certificates of a virtual host, one by one. */
export interface CertificatesAlone {
  readonly certificates: readonly CertificateAlone[];
  /** The ciphers that are allowed, by their numbers and in the server's order. */
  readonly ciphers: readonly number[];
}

/** One certificate of several, and which clients can do with it. Numbers of schemes and groups are those of RFC 8446. */
export interface CertificateAlone {
  readonly options: SecureContextOptions;
  /** What its key can sign with, from TLS 1.3 on. */
  readonly schemes: readonly number[];
  /** What else it can sign with before. */
  readonly olderSchemes: readonly number[];
  /** Whether up to TLS 1.2 it goes with ECDSA's ciphers; else with RSA's. */
  readonly isElliptic: boolean;
  /** Its curve, which clients up to TLS 1.2 have to know. */
  readonly group: number | undefined;
}

/** An answer of a certificate's authority about it, for handshakes. */
export interface Staple {
  /** In DER. */
  readonly certificate: Buffer;
  /** Undefined: there is none. Never rejects. */
  response(): Promise<Buffer | undefined>;
  /** The certificate is not used any more. */
  end?(): void;
}

/** Encrypts connections; registered as `provides: { tls: { NAME: provider } }`. */
export interface TlsProvider {
  /** The settings of a virtual host whose connections are encrypted. */
  settingsOf(virtualHost: VirtualHost): TlsSettings | undefined;
  /** Whether the configuration has the connections to a virtual host encrypted. */
  isEncrypted(server: ServerView, virtualHost: VirtualHost): boolean;
}

/** A certificate with those of the authorities behind it, and its key; in PEM. */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
}

/** Looks after certificates that nobody has to name; registered as `provides: { certificates: { NAME: provider } }`. */
export interface CertificateProvider {
  /** Whether it does so for a virtual host. */
  manages(server: ServerView, virtualHost: VirtualHost): boolean;
  /**
   * Those there are for the virtual host, in a worker that starts or serves; `isTemporary`: to be used only where the
   * virtual host has none of its own. Undefined where there is none at all.
   */
  credentialsOf(server: ServerView, virtualHost: VirtualHost): ManagedCredentials | undefined;
  /** Hears of virtual hosts whose certificates have been renewed. */
  onRenewal(listener: (virtualHost: VirtualHost) => void): void;
  /** Whether answers of OCSP are to be stapled for a virtual host, its certificate looked after or not, and how. */
  stapling(server: ServerView, virtualHost: VirtualHost): WantedStapling | undefined;
}

/** How answers of OCSP are to be stapled, and who keeps them. Certificates and answers in DER. */
export interface WantedStapling {
  /** How long before its end an answer that is good for so many milliseconds is renewed. */
  renewsBefore(life: number): number;
  /** Milliseconds until a responder is asked again that has failed so many times in a row. */
  retriesAfter(failures: number): number;
  /** A proxy on the way to responders. */
  readonly proxy: URL | undefined;
  /** The last answer about a certificate that any process has got, since the server was started or before. */
  known(certificate: Buffer): Buffer | undefined;
  /** Hears of each answer, and keeps it; of undefined where there was none that is good. */
  answered(certificate: Buffer, answer: (OcspStatus & { readonly bytes: Buffer }) | undefined): void;
}

/** What an answer of OCSP says of a certificate. Milliseconds since the epoch. */
export interface OcspStatus {
  readonly state: "good" | "revoked" | "unknown";
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
}

export interface ManagedCredentials {
  readonly credentials: readonly Credential[];
  readonly isTemporary: boolean;
}

/** The protocol by which an authority asks for the proof that a name is ours (RFC 8737). */
export const challengeProtocol = "acme-tls/1";

/** Gives such proofs; registered as `provides: { tlsChallenges: { NAME: challenges } }`. */
export interface TlsChallenges {
  /** Whether one is expected to be asked for. */
  readonly isPending: boolean;
  /** What answers for a name. */
  contextFor(name: string): SecureContext | undefined;
}

/** The encryption of one connection. */
export interface TlsConnection {
  readonly socket: TLSSocket;
  /** The virtual host the client named in the handshake, else the first of the address. */
  readonly virtualHost: VirtualHost;
}
