// Virtual hosts with SSLEngine → encrypted connections, clients' certificates, and variables about both.
import type { SecureContextOptions, TLSSocket } from "node:tls";
import {
  defineModule,
  escapeLogItem,
  type ManagedCredentials,
  type Request,
  type ServerView,
  type Staple,
  type TlsProvider,
  type TlsSettings,
  type VirtualHost,
} from "../../api/index.js";
import { backEndTls, checkBackEndTls, readBackEndFiles } from "./back-ends.js";
import { checkAccess, checkName, nameUser, refuseFake, setVariables } from "./access.js";
import { certificatesAlone, ciphersOf, lastOfEachKind } from "./alone.js";
import { clientRules } from "./client-rules.js";
import { verifyClient } from "./client-certificates.js";
import { contextOptions, renewedOptions, type OwnCredentials } from "./contexts.js";
import { isIssuedBy } from "./certificate.js";
import { certificateProviders, isEncrypted, isManaged } from "./encrypted.js";
import { sslDirectives } from "./directives.js";
import { KeptStaple } from "./kept-staple.js";
import { TlsFault, unreadableFiles } from "./named-files.js";
import { responderOf } from "./ocsp-client.js";
import { optionsOf, ssl, type SslSettings } from "./settings.js";
import { leafAndIssuer, Stapler } from "./stapling.js";
import { clientExtensions, sslVariable } from "./variables.js";

/** What encrypts the connections to a virtual host; changed where it stands when a certificate is renewed. */
type ChangingSettings = { -readonly [K in keyof TlsSettings]: TlsSettings[K] };

/** What encrypts the connections to each virtual host of this process, and what must be equal for connections to be shared. */
const encrypted = new WeakMap<
  VirtualHost,
  {
    readonly settings: ChangingSettings;
    readonly own: OwnCredentials;
    readonly policy: string;
    readonly ciphers: readonly number[];
  }
>();

/** What a rehearsal encrypts with where there is no certificate yet. */
const anonymous = { ciphers: "aNULL:@SECLEVEL=0", minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;

const provider: TlsProvider = {
  settingsOf: (host) => encrypted.get(host)?.settings,
  isEncrypted: (server, host) => isEncrypted(server, host, server.settings(ssl, host)),
};

/** What modules that look after certificates have for a virtual host. */
function managedOf(server: ServerView, host: VirtualHost): ManagedCredentials | undefined {
  for (const each of certificateProviders(server)) {
    const found = each.manages(server, host) ? each.credentialsOf(server, host) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** Uses a certificate that was renewed for handshakes from now on. */
function takeRenewed(server: ServerView, host: VirtualHost): void {
  const known = encrypted.get(host);
  const managed = managedOf(server, host);
  if (!known || !managed) return;
  try {
    known.settings.options = renewedOptions(known.settings.options, known.own, managed);
    for (const each of known.settings.staples ?? []) each.end?.();
    known.settings.staples = staplesOf(server, host, known.settings.options);
    if (known.settings.staples) known.settings.alone = certificatesAlone(known.settings.options, known.ciphers);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `the renewed certificate of ${nameOf(host)} cannot be used, the former one stays: ${reason}`;
    host.errorLog.write({ level: "error", module: "ssl", message });
  }
}

/** What two virtual hosts must have in common for a connection to one to serve the other. */
function policyText(host: VirtualHost, settings: SslSettings): string {
  const { namePolicy, verifyClient, verifyDepth, authorities, authorityFolder, versions, ciphers, ciphers13 } =
    settings;
  if (namePolicy === "insecure") return "";
  if (namePolicy === "strict") return String(host.index);
  const client = [
    verifyClient,
    verifyDepth,
    authorities?.path,
    authorityFolder?.path,
    settings.revocations?.path,
    settings.revocationFolder?.path,
    settings.revocationCheck,
    settings.ocsp,
  ];
  return JSON.stringify(
    namePolicy === "authonly" ? client : [client, versions, ciphers, ciphers13, settings.honorsOrder],
  );
}

/** The virtual hosts with SSLEngine On, and what is asked of clients in their sections. */
function* encryptedHosts(server: ServerView): Iterable<{ host: VirtualHost; settings: SslSettings; asks: boolean }> {
  const asking = new Set<VirtualHost>();
  for (const { virtualHost, settings } of server.everywhere(ssl)) {
    if (settings.verifyClient !== undefined && settings.verifyClient !== "none") asking.add(virtualHost);
  }
  const [main] = server.virtualHosts;
  for (const host of server.virtualHosts) {
    const settings = server.settings(ssl, host);
    if (!isEncrypted(server, host, settings)) continue;
    yield { host, settings, asks: asking.has(host) || (main !== undefined && asking.has(main)) };
  }
}

const nameOf = ({ serverName, serverPort }: VirtualHost): string => `${serverName}:${serverPort ?? 443}`;

function check(server: ServerView): void {
  for (const host of server.virtualHosts) {
    const settings = server.settings(ssl, host);
    if (isEncrypted(server, host, settings)) {
      try {
        const managed = isManaged(server, host) ? "awaited" : undefined;
        const { own } = contextOptions(settings, {
          name: nameOf(host),
          secret: Buffer.alloc(32),
          managed,
          asks: false,
          files: server,
        });
        const { hidden } = lastOfEachKind(own.cert.map((cert) => ({ cert, key: "" })));
        for (const index of hidden) {
          const reason =
            "SSLCertificateFile: nobody sees this certificate: a later line of this virtual host names another for the same kind of key";
          server.warn(reason, settings.certificates[index]?.origin);
        }
        clientRules(settings, host, server);
      } catch (error) {
        if (!(error instanceof TlsFault)) throw error;
        const unreadable = unreadableFiles(settings);
        for (const { message, origin } of unreadable.length > 0 ? unreadable : [error]) {
          server.error(message, origin ?? host.origin);
        }
      }
    } else if (settings.engine === undefined && settings.certificates.length > 0 && !host.isMain) {
      const [certificate] = settings.certificates;
      server.warn(
        "SSLCertificateFile does nothing here: write SSLEngine On, or https behind the address in its Listen line",
        certificate?.origin,
      );
    }
  }
}

/** What handshakes show of each certificate; a fault is a line in the log, as in Apache. */
function staplesOf(server: ServerView, host: VirtualHost, { cert, ca }: SecureContextOptions): Staple[] | undefined {
  const settings = server.settings(ssl, host);
  const wanted = certificateProviders(server)
    .map((each) => each.stapling(server, host))
    .find(Boolean);
  if (!settings.staples && !wanted) return undefined;
  const log = (message: string): void => host.errorLog.write({ level: "error", module: "ssl", message });
  return [cert ?? []].flat().flatMap((own): Staple[] => {
    try {
      const { leaf, issuer } = leafAndIssuer([own, ca ?? []].flat().map(String));
      const url = (wanted ? undefined : settings.staplingUrl) ?? responderOf(leaf);
      // Nobody says anything of a certificate that stands for itself.
      if (wanted && isIssuedBy(leaf, leaf)) return [];
      if (!issuer) log(`AH02217: ssl_stapling_init_cert: can't retrieve issuer certificate! [${nameOf(host)}]`);
      else if (url === undefined) log(`AH02218: ssl_stapling_init_cert: no OCSP URI in certificate [${nameOf(host)}]`);
      else {
        if (wanted) return [new KeptStaple({ leaf, issuer, url }, { wanted, settings }, log)];
        const stapler = new Stapler({ leaf, issuer, url }, settings, log);
        void stapler.response();
        return [stapler];
      }
    } catch (error) {
      log(`AH02604: Unable to configure certificate ${nameOf(host)} for stapling: ${String(error)}`);
    }
    return [];
  });
}

/** Without a line for it, a Listen line for https and a module that looks after certificates may have it encrypted. */
const mayBeEncrypted = ({ engine }: SslSettings): boolean => engine !== false;

/** Items of `%{...}c` in logs. */
const connectionItems: Readonly<Record<string, string>> = {
  version: "SSL_PROTOCOL",
  cipher: "SSL_CIPHER",
  subjectdn: "SSL_CLIENT_S_DN",
  clientcert: "SSL_CLIENT_S_DN",
  issuerdn: "SSL_CLIENT_I_DN",
  cacert: "SSL_CLIENT_I_DN",
};

function logText(name: string) {
  const read = sslVariable(name);
  return (request: Request): string | undefined => {
    const text = read(request);
    return text === undefined || text === "" ? undefined : escapeLogItem(text);
  };
}

export default defineModule({
  name: "mod_ssl",
  summary: "Encrypts connections by TLS, and knows clients by their certificates",
  settings: ssl.settings,
  directives: sslDirectives,
  hooks: {
    postReadRequest: {
      rank: "first",
      when: mayBeEncrypted,
      run: (request, settings) =>
        checkName(request, settings, (host) => encrypted.get(host)?.policy) ?? refuseFake(request, settings),
    },
    accessChecker: {
      when: ({ requiresTls, requirements, verifyClient }) =>
        requiresTls || requirements.length > 0 || verifyClient !== "none",
      run: checkAccess,
    },
    checkUser: {
      rank: "first",
      when: ({ userName, options }) => userName !== undefined || optionsOf(options).has("FakeBasicAuth"),
      run: nameUser,
    },
    fixups: {
      when: mayBeEncrypted,
      run: (request, settings) => {
        if (settings.userName !== undefined && request.user === undefined) nameUser(request, settings);
        return setVariables(request, settings);
      },
    },
  },
  lifecycle: {
    check(server) {
      if (server.isListing) return;
      check(server);
      checkBackEndTls(server);
    },
    async start({ server, secret, passingSecret = secret, isRehearsal }) {
      readBackEndFiles(server);
      for (const { host, settings, asks } of encryptedHosts(server)) {
        const awaited = isRehearsal && isManaged(server, host) ? "awaited" : undefined;
        const managed = managedOf(server, host) ?? awaited;
        const { own, options } = contextOptions(settings, {
          name: nameOf(host),
          secret: passingSecret,
          managed,
          asks,
          files: server,
        });
        const rules = clientRules(settings, host, server);
        const staples = isRehearsal ? undefined : staplesOf(server, host, options);
        const ciphers = staples ? await ciphersOf(options) : [];
        const tls: ChangingSettings = {
          options: awaited && managed === awaited ? { ...options, ...anonymous } : options,
          asksForCertificate: asks,
          staples,
          alone: staples ? certificatesAlone(options, ciphers) : undefined,
          honorsOrder: settings.honorsOrder,
          verify: (socket: TLSSocket) => verifyClient(socket, rules),
        };
        encrypted.set(host, { settings: tls, own, policy: policyText(host, settings), ciphers });
      }
      for (const each of certificateProviders(server)) each.onRenewal((host) => takeRenewed(server, host));
    },
  },
  provides: {
    tls: { ssl: provider },
    proxyTls: { ssl: backEndTls },
    expressionVariables: {
      SSL_: (name: string) => (request: Request) => sslVariable(name)(request),
    },
    expressionListFunction: { peerextlist: clientExtensions },
    logItem: {
      x: {
        make: (name: string) =>
          name === "HTTPS" ? ({ connection }: Request) => (connection.secure ? "on" : "off") : logText(name),
      },
      c: {
        make: (name: string) =>
          name === "errcode"
            ? ({ connection }: Request) => (connection.tls ? "-" : undefined)
            : logText(connectionItems[name] ?? ""),
      },
    },
  },
});
