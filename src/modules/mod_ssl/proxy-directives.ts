// The SSLProxy directives → settings for connections to back ends.
import { arg, optional, rest, type Context, type Directive, type Directives } from "../../api/index.js";
import { named, type Make, type Settings } from "./directive-parts.js";
import { readRevocationCheck } from "./client-directives.js";
import { withSystemProfile } from "./system-ciphers.js";
import { readVersions } from "./versions.js";

/** At the top, and in `<Proxy>`. */
const contexts: readonly Context[] = ["server config", "virtual host", "directory"];
const engine = "SSLProxyEngine On\n";

/** All of them. */
export function sslProxyDirectives(directive: Make): Directives<Settings> {
  return { ...verification(directive), ...identity(directive), ...protocol(directive) };
}

/** Which back ends are taken for good ones. */
function verification(directive: Make): Directives<Settings> {
  const check = (
    summary: string,
    doc: string,
    [name, set]: readonly [string, (on: boolean) => ReturnType<Directive<Settings>["set"]>],
  ): Directive<Settings> =>
    directive({
      args: [arg.flag()],
      contexts,
      summary,
      doc: `${doc} Otherwise the request is answered with 500.`,
      default: "On",
      example: `${engine}${name} Off`,
      set: ([on]) => set(on),
    });
  return {
    SSLProxyEngine: directive({
      args: [arg.flag()],
      contexts,
      summary: "Whether connections to back ends may be encrypted (https://, wss://)",
      doc: "Off, requests for such back ends are answered with 500. mod_proxy and its modules make the connections.",
      default: "Off",
      example: `${engine}ProxyPass / https://127.0.0.1:8443/`,
      set: ([proxyEngine]) => ({ proxyEngine }),
    }),
    SSLProxyVerify: directive({
      args: [arg.oneOf("level", "none", "optional", "require", "optional_no_ca")],
      contexts,
      summary: "Whether the certificate of a back end must be one of a known authority",
      doc:
        "`require` and `optional`: an authority of SSLProxyCACertificateFile or SSLProxyCACertificatePath must have signed it. " +
        "With `none` and `optional_no_ca` anybody may have, but SSLProxyCheckPeerName and SSLProxyCheckPeerExpire hold.",
      default: "none",
      example: `${engine}SSLProxyCACertificateFile conf/back-ends.pem\nSSLProxyVerify require`,
      set: ([proxyVerify]) => ({ proxyVerify }),
    }),
    SSLProxyVerifyDepth: directive({
      args: [arg.int("number", { max: 100 })],
      contexts,
      summary: "Most certificates between a back end's own and one that is trusted",
      doc: "0: only what an authority has signed itself.",
      default: "1",
      example: `${engine}SSLProxyVerifyDepth 2`,
      set: ([proxyVerifyDepth]) => ({ proxyVerifyDepth }),
    }),
    SSLProxyCACertificateFile: directive({
      args: [arg.filePath("file-path")],
      contexts,
      summary: "Authorities whose back ends' certificates are good, in PEM",
      doc: "Read when the server starts and on each graceful restart.",
      example: `${engine}SSLProxyCACertificateFile conf/back-ends.pem`,
      set: ([file], place) => ({ proxyAuthorities: named(file, place) }),
    }),
    SSLProxyCACertificatePath: directive({
      args: [arg.filePath("directory-path")],
      contexts,
      summary: "A folder of such authorities, with the hashed names that `openssl rehash` gives",
      doc: "Read when the server starts and on each graceful restart.",
      example: `${engine}SSLProxyCACertificatePath /etc/ssl/certs`,
      set: ([file], place) => ({ proxyAuthorityFolder: named(file, place) }),
    }),
    SSLProxyCARevocationFile: directive({
      args: [arg.filePath("file-path")],
      contexts,
      summary: "Lists of revoked certificates of back ends, in PEM",
      doc: "Used with `SSLProxyCARevocationCheck chain`.",
      example: `${engine}SSLProxyCARevocationFile conf/revoked.pem`,
      set: ([file], place) => ({ proxyRevocations: named(file, place) }),
    }),
    SSLProxyCARevocationPath: directive({
      args: [arg.filePath("directory-path")],
      contexts,
      summary: "A folder of such lists, with the hashed names that `openssl rehash` gives",
      doc: "As SSLProxyCARevocationFile; both may be given.",
      example: `${engine}SSLProxyCARevocationPath conf/revoked`,
      set: ([file], place) => ({ proxyRevocationFolder: named(file, place) }),
    }),
    SSLProxyCARevocationCheck: directive({
      args: [rest(arg.word("check"))],
      contexts,
      summary: "Whether certificates of back ends may have been revoked",
      doc: "As SSLCARevocationCheck, by the lists of SSLProxyCARevocationFile and SSLProxyCARevocationPath.",
      default: "none",
      example: `${engine}SSLProxyCARevocationFile conf/revoked.pem\nSSLProxyCARevocationCheck chain`,
      set: ([words], place) => ({ proxyRevocationCheck: readRevocationCheck(words, place) }),
    }),
    SSLProxyCheckPeerName: check(
      "Whether a back end's certificate must have its name",
      "The name of the URL, or with ProxyPreserveHost that of the client's Host field, is compared with the certificate's alternative names, or its CN where it has none; wildcards hold.",
      ["SSLProxyCheckPeerName", (proxyChecksName) => ({ proxyChecksName })],
    ),
    SSLProxyCheckPeerCN: check(
      "Whether a back end's certificate must have its name as CN",
      "Only where SSLProxyCheckPeerName is Off; without wildcards.",
      ["SSLProxyCheckPeerCN", (proxyChecksCn) => ({ proxyChecksCn })],
    ),
    SSLProxyCheckPeerExpire: check(
      "Whether a back end's certificate must not have expired",
      "One that is not valid yet is refused, too.",
      ["SSLProxyCheckPeerExpire", (proxyChecksExpiry) => ({ proxyChecksExpiry })],
    ),
  };
}

/** Certificates this server has for back ends. */
function identity(directive: Make): Directives<Settings> {
  return {
    SSLProxyMachineCertificateFile: directive({
      args: [arg.filePath("file-path")],
      contexts,
      summary: "This server's certificate for back ends that ask for one, with its key, in PEM",
      doc: "Both stand in the file, the key unencrypted; of several the first is used. Read as root when the server starts.",
      example: `${engine}SSLProxyMachineCertificateFile conf/client.pem`,
      set: ([file], place) => ({ proxyIdentity: named(file, place) }),
    }),
    SSLProxyMachineCertificateChainFile: directive({
      args: [arg.filePath("file-path")],
      contexts,
      summary: "Certificates of the authorities between this server's own and the root",
      doc: "Sent behind that of SSLProxyMachineCertificateFile.",
      example: `${engine}SSLProxyMachineCertificateChainFile conf/chain.pem`,
      set: ([file], place) => ({ proxyChain: named(file, place) }),
    }),
    SSLProxyMachineCertificatePath: directive({
      args: [arg.filePath("directory-path")],
      contexts,
      summary: "A folder with this server's certificate for back ends, with its key, in PEM",
      doc:
        "It must hold one certificate with a key: Node.js does not tell which authorities a back end names, so that nobody can " +
        "choose among several. Where back ends need several, name each in a `<Proxy>` with SSLProxyMachineCertificateFile.",
      example: `${engine}SSLProxyMachineCertificatePath conf/clients`,
      set: ([file], place) => ({ proxyIdentityFolder: named(file, place) }),
    }),
  };
}

/** Versions and ciphers. */
function protocol(directive: Make): Directives<Settings> {
  return {
    SSLProxyProtocol: directive({
      args: [rest(arg.word("version"))],
      contexts,
      summary: "Which versions of TLS are spoken with back ends",
      doc: "As SSLProtocol.",
      default: "TLSv1.2 TLSv1.3",
      example: `${engine}SSLProxyProtocol TLSv1.3`,
      set: ([words], place) => {
        const read = readVersions(words);
        return typeof read === "string" ? place.fail(`version: ${read}`) : { proxyVersions: read };
      },
    }),
    SSLProxyCipherSuite: directive({
      args: [optional(arg.oneOf("protocol", "SSL", "TLSv1.3")), arg.word("ciphers")],
      contexts,
      summary: "Which ciphers are used with back ends",
      doc: "As SSLCipherSuite.",
      default: "DEFAULT",
      example: `${engine}SSLProxyCipherSuite HIGH:!aNULL`,
      set: ([version, ciphers]) =>
        version === "TLSv1.3" ? { proxyCiphers13: ciphers } : { proxyCiphers: withSystemProfile(ciphers) },
    }),
  };
}
