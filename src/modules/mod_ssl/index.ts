// Virtual hosts with SSLEngine → encrypted connections, clients' certificates, and variables about both.
import {
  defineModule,
  escapeLogItem,
  type Request,
  type ServerView,
  type TlsProvider,
  type TlsSettings,
  type VirtualHost,
} from "../../api/index.js";
import { backEndTls, checkBackEndTls, readBackEndFiles } from "./back-ends.js";
import { checkAccess, checkName, nameUser, refuseFake, setVariables } from "./access.js";
import { makeContext, TlsFault } from "./contexts.js";
import { isEncrypted } from "./encrypted.js";
import { sslDirectives } from "./directives.js";
import { optionsOf, ssl, type SslSettings } from "./settings.js";
import { sslVariable, variableNames } from "./variables.js";

/** What encrypts the connections to each virtual host of this process, and what must be equal for connections to be shared. */
const encrypted = new WeakMap<VirtualHost, { readonly settings: TlsSettings; readonly policy: string }>();

const provider: TlsProvider = { settingsOf: (host) => encrypted.get(host)?.settings };

/** What two virtual hosts must have in common for a connection to one to serve the other. */
function policyText(host: VirtualHost, settings: SslSettings): string {
  const { namePolicy, verifyClient, verifyDepth, authorities, authorityFolder, versions, ciphers, ciphers13 } =
    settings;
  if (namePolicy === "insecure") return "";
  if (namePolicy === "strict") return String(host.index);
  const client = [verifyClient, verifyDepth, authorities?.path, authorityFolder?.path, settings.revocations?.path];
  return JSON.stringify(
    namePolicy === "authonly" ? client : [client, versions, ciphers, ciphers13, settings.honorsOrder],
  );
}

/** The virtual hosts with SSLEngine On, and what is asked of clients in their sections. */
function* encryptedHosts(
  server: ServerView,
): Iterable<{ host: VirtualHost; settings: SslSettings; asksForParts: boolean }> {
  const asking = new Set<VirtualHost>();
  for (const { virtualHost, settings } of server.everywhere(ssl)) {
    if (settings.verifyClient !== undefined && settings.verifyClient !== "none") asking.add(virtualHost);
  }
  const [main] = server.virtualHosts;
  for (const host of server.virtualHosts) {
    const settings = server.settings(ssl, host);
    if (!isEncrypted(server, host, settings)) continue;
    yield { host, settings, asksForParts: asking.has(host) || (main !== undefined && asking.has(main)) };
  }
}

const nameOf = ({ serverName, serverPort }: VirtualHost): string => `${serverName}:${serverPort ?? 443}`;

function check(server: ServerView): void {
  for (const host of server.virtualHosts) {
    const settings = server.settings(ssl, host);
    if (isEncrypted(server, host, settings)) {
      try {
        makeContext(settings, { name: nameOf(host), secret: Buffer.alloc(32) });
      } catch (error) {
        if (!(error instanceof TlsFault)) throw error;
        server.error(error.message, error.origin ?? host.origin);
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

const mayBeEncrypted = ({ engine, certificates }: SslSettings): boolean => engine ?? certificates.length > 0;

const variable = (name: string) => [name, (request: Request) => sslVariable(request, name)];

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
      when: ({ requiresTls, verifyClient }) => requiresTls || verifyClient !== "none",
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
      check(server);
      checkBackEndTls(server);
    },
    start({ server, secret }) {
      readBackEndFiles(server);
      for (const { host, settings, asksForParts } of encryptedHosts(server)) {
        const { verifyClient, verifyDepth } = settings;
        const made = makeContext(settings, { name: nameOf(host), secret });
        const tls: TlsSettings = { ...made, clientCertificate: verifyClient, asksForParts, verifyDepth };
        encrypted.set(host, { settings: tls, policy: policyText(host, settings) });
      }
    },
  },
  provides: {
    tls: { ssl: provider },
    proxyTls: { ssl: backEndTls },
    expressionVariable: Object.fromEntries(variableNames.map(variable)) as Record<string, unknown>,
    logItem: {
      x: {
        make: (name: string) => (request: Request) => {
          const text = name === "HTTPS" ? (request.connection.secure ? "on" : "off") : sslVariable(request, name);
          return text === undefined || text === "" ? undefined : escapeLogItem(text);
        },
      },
      c: {
        make: (name: string) => {
          const meant = {
            version: "SSL_PROTOCOL",
            cipher: "SSL_CIPHER",
            subjectdn: "SSL_CLIENT_S_DN",
            issuerdn: "SSL_CLIENT_I_DN",
          };
          const full = (meant as Readonly<Record<string, string>>)[name] ?? "";
          return (request: Request) => {
            const text = sslVariable(request, full);
            return text === undefined ? undefined : escapeLogItem(text);
          };
        },
      },
    },
  },
});
