// The SSL directives → settings.
import { arg, optional, rest, tlsVersions, type Directive, type Directives, type Place } from "../../api/index.js";
import { engine, hosts, named, override, sections, type Make, type Settings } from "./directive-parts.js";
import { clientDirectives } from "./client-directives.js";
import { ocspDirectives } from "./ocsp-directives.js";
import { sslProxyDirectives } from "./proxy-directives.js";
import { staplingDirectives } from "./stapling-directives.js";
import { withSystemProfile } from "./system-ciphers.js";
import { readVersions, type Version } from "./versions.js";

/** Certificates and keys. */
function fileDirectives(directive: Make): Directives<Settings> {
  const path = [arg.filePath("file-path")] as const;
  return {
    SSLCertificateFile: directive({
      args: path,
      contexts: hosts,
      summary: "The server's certificate, in PEM",
      doc:
        "Certificates of the authorities between it and the root follow it in the file; its key may too. Written twice, for " +
        "instance for RSA and ECDSA. Files are read as root when the server starts, and again on each graceful restart, which " +
        "is how a renewed certificate comes into use.",
      example: "SSLCertificateFile conf/server.pem",
      set: ([file], place) => ({ certificates: [named(file, place)] }),
    }),
    SSLCertificateKeyFile: directive({
      args: path,
      contexts: hosts,
      summary: "The key of the certificate, in PEM",
      doc: "Needs to be readable by root alone. Without this line the key is looked for in SSLCertificateFile.",
      example: "SSLCertificateKeyFile conf/server.key",
      set: ([file], place) => ({ keys: [named(file, place)] }),
    }),
    SSLCertificateChainFile: directive({
      args: path,
      contexts: hosts,
      summary: "Certificates of the authorities between the server's and the root",
      doc: "Older configurations have it; today they follow the server's own in SSLCertificateFile.",
      example: "SSLCertificateChainFile conf/chain.pem",
      set: ([file], place) => ({ chain: named(file, place) }),
    }),
    SSLSessionTicketKeyFile: directive({
      args: path,
      contexts: hosts,
      summary: "48 random bytes that protect session tickets, for several servers that share them",
      doc: "Without it the workers of one server share bytes that are made anew at each start and reload, as in Apache.",
      example: "SSLSessionTicketKeyFile conf/ticket.key",
      set: ([file], place) => ({ ticketKeyFile: named(file, place) }),
    }),
    SSLPassPhraseDialog: directive({
      args: [arg.word("type")],
      contexts: ["server config"],
      summary: "Where the pass phrases of encrypted keys come from",
      doc:
        "`exec:/path/program` is run as root with `name:port` and, for the first keys of a virtual host, `RSA`, `DSA` and `ECC`, " +
        "whatever their kind, then their number from 3 on; it prints the pass phrase. " +
        "`|/path/program` is asked by a line on its input. With `builtin` encrypted keys are refused: nobody may be there to ask " +
        "when the server starts again.",
      example: "SSLPassPhraseDialog exec:/usr/local/bin/phrase",
      default: "builtin",
      set: ([type], place) => {
        if (type.toLowerCase() === "builtin") return { passPhraseProgram: undefined };
        const [, start = "", program] = /^(exec:|\|)(.+)$/i.exec(type) ?? [];
        if (program === undefined) return place.fail("type must be builtin, exec:/path/program or |/path/program");
        return { passPhraseProgram: { path: place.resolve(program), isPipe: start === "|" } };
      },
    }),
  };
}

/** Versions, ciphers and sessions. */
function protocolDirectives(directive: Make): Directives<Settings> {
  return {
    SSLProtocol: directive({
      args: [rest(arg.word("version"))],
      contexts: hosts,
      summary: "Which versions of TLS are spoken",
      doc: "Words are `all` and `TLSv1` to `TLSv1.3`, with `+` or `-` in front to add and take away. SSLv3 is never spoken.",
      example: "SSLProtocol all -TLSv1 -TLSv1.1",
      default: "TLSv1.2 TLSv1.3",
      set: ([words], place) => {
        const read = readVersions(words);
        if (typeof read === "string") return place.fail(`version: ${read}`);
        const lost = words.find((word, index) => index > 0 && /^[a-z]/i.test(word));
        if (lost !== undefined) place.warn(`${lost} takes the place of what stands before it: is a + or - missing?`);
        return { versions: read };
      },
    }),
    SSLCipherSuite: directive({
      args: [optional(arg.oneOf("protocol", "SSL", "TLSv1.3")), arg.word("ciphers")],
      contexts: hosts,
      summary: "Which ciphers are used",
      doc:
        "As `openssl ciphers` takes them for versions up to 1.2; behind `TLSv1.3` the names of that version's own, with colons. " +
        "`PROFILE=SYSTEM` is what /etc/crypto-policies of Red Hat's systems says, elsewhere OpenSSL's default.",
      example: "SSLCipherSuite HIGH:!aNULL",
      default: "DEFAULT",
      set: ([protocol, ciphers]) =>
        protocol === "TLSv1.3" ? { ciphers13: ciphers } : { ciphers: withSystemProfile(ciphers) },
    }),
    SSLHonorCipherOrder: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether the server's order of ciphers counts instead of the client's",
      doc: "Only for versions up to 1.2.",
      example: "SSLHonorCipherOrder On",
      default: "Off",
      set: ([honorsOrder]) => ({ honorsOrder }),
    }),
    SSLSessionTickets: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether clients get tickets with which a session goes on later",
      doc:
        "All workers take each other's tickets. Where clients are asked for certificates none are given: a ticket does not tell " +
        "of the chain behind a certificate, which would have to be looked at again.",
      example: "SSLSessionTickets Off",
      default: "On",
      set: ([tickets]) => ({ tickets }),
    }),
    SSLSessionCacheTimeout: directive({
      args: [arg.int("seconds", { min: 0, max: 604_800 })],
      contexts: hosts,
      summary: "How long a session can go on",
      doc: "Seconds since it began; clients keep sessions in tickets.",
      example: "SSLSessionCacheTimeout 600",
      default: "300",
      set: ([sessionTimeout]) => ({ sessionTimeout }),
    }),
    SSLStrictSNIVHostCheck: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether clients that name no server in the handshake are refused",
      doc: "They get 403. Browsers and current programs all name the server.",
      example: "SSLStrictSNIVHostCheck On",
      default: "Off",
      set: ([strictNames]) => ({ strictNames }),
    }),
    SSLVHostSNIPolicy: directive({
      args: [arg.oneOf("policy", "strict", "secure", "authonly", "insecure")],
      contexts: ["server config"],
      summary: "When a connection made for one virtual host may ask for another",
      doc:
        "`strict`: never; `secure`: where both are encrypted alike; `authonly`: where both treat clients' certificates alike; " +
        "`insecure`: always. Otherwise the answer is 421, and clients make a connection of its own.",
      example: "SSLVHostSNIPolicy strict",
      default: "secure",
      set: ([namePolicy]) => ({ namePolicy }),
    }),
    SSLOpenSSLConfCmd: directive({
      args: [arg.word("command"), arg.word("value")],
      contexts: hosts,
      summary: "Settings by OpenSSL's own names",
      doc:
        "Known are Curves, Groups, ECDHParameters, SignatureAlgorithms, DHParameters, CipherString, Ciphersuites, MinProtocol " +
        "and MaxProtocol; others are errors.",
      example: "SSLOpenSSLConfCmd Curves X25519:prime256v1",
      set: ([command, text], place) => openSslCommand(command, text, place),
    }),
  };
}

function openSslCommand(command: string, text: string, place: Place) {
  switch (command.toLowerCase()) {
    case "curves":
    case "groups":
    case "ecdhparameters":
      return { curves: text };
    case "signaturealgorithms":
      return { signatureAlgorithms: text };
    case "dhparameters":
      return { dhParameters: named(place.resolve(text), place) };
    case "cipherstring":
      return { ciphers: text };
    case "ciphersuites":
      return { ciphers13: text };
    case "minprotocol":
      return { leastVersion: versionOf(text, place) };
    case "maxprotocol":
      return { mostVersion: versionOf(text, place) };
    default:
      return place.fail(`command "${command}" is not supported`, "see the directive's page for those that are");
  }
}

function versionOf(text: string, place: Place): Version {
  const found = tlsVersions.find((version) => version === text);
  return found ?? place.fail(`value must be one of ${tlsVersions.join(", ")}, found "${text}"`);
}

/** What is accepted for the sake of configurations that have it. */
function acceptedDirectives(directive: Make): Directives<Settings> {
  const only = (name: string, wanted: string, [summary, reason]: readonly [string, string]): Directive<Settings> =>
    directive({
      args: [arg.word("value")],
      contexts: name === "SSLCryptoDevice" ? ["server config"] : hosts,
      summary,
      doc: `Only \`${wanted}\` is accepted: ${reason}`,
      example: `${name} ${wanted}`,
      default: wanted,
      set: ([text], place) => (text.toLowerCase() === wanted ? undefined : place.fail(`must be ${wanted}: ${reason}`)),
    });
  return {
    SSLRandomSeed: directive({
      args: [arg.oneOf("when", "startup", "connect"), arg.word("source"), optional(arg.int("bytes", { min: 1 }))],
      contexts: ["server config"],
      summary: "Where random bytes come from.",
      doc: "Has no effect: OpenSSL asks the system.",
      example: "SSLRandomSeed startup builtin",
      set: () => undefined,
    }),
    SSLSessionCache: directive({
      args: [arg.word("type")],
      contexts: ["server config"],
      summary: "Where sessions are kept.",
      doc: "Has no effect: clients keep them in tickets, which every worker can read. Known are `none`, `nonenotnull`, `shmcb:`, `dbm:`, `dc:`, `memcache:` and `redis:`.",
      example: "SSLSessionCache none",
      set: ([text], place) =>
        /^(?:none|nonenotnull|(?:shmcb|dbm|dc|memcache|redis)(?::.*)?)$/i.test(text)
          ? undefined
          : place.fail(
              `type must be none, nonenotnull, or one of shmcb:, dbm:, dc:, memcache: and redis:, found "${text}"`,
            ),
    }),
    SSLRenegBufferSize: directive({
      args: [arg.int("bytes", { min: 0 })],
      contexts: sections,
      override,
      summary: "How much of a body is kept through a renegotiation.",
      doc: "Has no effect: there are no renegotiations, see SSLVerifyClient.",
      example: "<Location /x>\n  SSLRenegBufferSize 262144\n</Location>",
      set: () => undefined,
    }),
    SSLCompression: only("SSLCompression", "off", ["Compression by TLS", "it gives away what is encrypted."]),
    SSLInsecureRenegotiation: only("SSLInsecureRenegotiation", "off", [
      "Renegotiation with old clients",
      "it can be hijacked.",
    ]),
    SSLFIPS: only("SSLFIPS", "off", [
      "The FIPS mode of OpenSSL",
      "it is a matter of how Node was built; see its --enable-fips.",
    ]),
    SSLCryptoDevice: only("SSLCryptoDevice", "builtin", ["Hardware for ciphers", "OpenSSL's engines are gone."]),
  };
}

/** All of them. */
export function sslDirectives(directive: Make): Directives<Settings> {
  return {
    SSLEngine: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether connections to a virtual host are encrypted",
      doc:
        "The first virtual host of an address decides for the address; the others need it too. Clients name the virtual host in " +
        "the handshake and get its certificate. Without a line it is on where the virtual host has a certificate and its address " +
        "is that of a `Listen` line for https (`Listen 443`, `Listen 192.0.2.1:8443 https`), as in Apache.",
      example: `<VirtualHost *:443>\n  ServerName www.example.org\n  ${engine.trimEnd().replace("\n", "\n  ")}\n</VirtualHost>`,
      default: "On where Listen says https, else Off",
      set: ([on]) => ({ engine: on }),
    }),
    ...fileDirectives(directive),
    ...protocolDirectives(directive),
    ...clientDirectives(directive),
    ...ocspDirectives(directive),
    ...staplingDirectives(directive),
    ...sslProxyDirectives(directive),
    ...acceptedDirectives(directive),
  };
}
