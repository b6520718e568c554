// The directives about clients: their certificates, and what applications see of them → settings.
import { arg, optional, rest, type Context, type Directives, type Place } from "../../api/index.js";
import { engine, hosts, named, override, sections, type Make, type Settings } from "./directive-parts.js";
import type { RevocationCheck } from "./revocation.js";
import { optionWords, type OptionChange, type OptionWord } from "./settings.js";

const everywhere: readonly Context[] = [...hosts, "directory", ".htaccess"];

/** All of them. */
export function clientDirectives(directive: Make): Directives<Settings> {
  return { ...authorityDirectives(directive), ...requestDirectives(directive) };
}

/** Reads the words of SSLCARevocationCheck, and of the directive for back ends. */
export function readRevocationCheck([word = "", ...flags]: readonly string[], place: Place): RevocationCheck {
  const covers = (["none", "leaf", "chain"] as const).find((known) => known === word.toLowerCase());
  if (!covers) return place.fail(`check must be none, leaf or chain, found "${word}"`);
  const odd = flags.find((flag) => flag.toLowerCase() !== "no_crl_for_cert_ok");
  if (odd !== undefined) return place.fail(`flag must be no_crl_for_cert_ok, found "${odd}"`);
  return { covers, acceptsMissing: flags.length > 0 };
}

/** Whose certificates are good, and which are no more. */
function authorityDirectives(directive: Make): Directives<Settings> {
  const path = [arg.filePath("file-path")] as const;
  const folder = [arg.filePath("directory-path")] as const;
  const requested = (file: string, args: typeof path, example: string) =>
    directive({
      args,
      contexts: hosts,
      summary: `${file} of authorities whose names clients are sent when they are asked for a certificate`,
      doc:
        "Has no effect: the names sent are those of SSLCACertificateFile and SSLCACertificatePath, which Node.js does not keep " +
        "apart from the authorities trusted. Clients use them only to choose among their certificates; which ones are good is " +
        "decided by those two in any case.",
      example,
      set: () => undefined,
    });
  return {
    SSLCACertificateFile: directive({
      args: path,
      contexts: hosts,
      summary: "Authorities whose clients' certificates are good, in PEM",
      doc: "Their names are sent to clients that are asked for a certificate.",
      example: "SSLCACertificateFile conf/clients.pem\nSSLVerifyClient require",
      set: ([file], place) => ({ authorities: named(file, place) }),
    }),
    SSLCACertificatePath: directive({
      args: folder,
      contexts: hosts,
      summary: "A folder of such authorities, with the hashed names that `openssl rehash` gives",
      doc: "Read when the server starts and on each graceful restart.",
      example: "SSLCACertificatePath conf/clients",
      set: ([file], place) => ({ authorityFolder: named(file, place) }),
    }),
    SSLCADNRequestFile: requested("A file", path, "SSLCADNRequestFile conf/names.pem"),
    SSLCADNRequestPath: requested("A folder", folder, "SSLCADNRequestPath conf/names"),
    SSLCARevocationFile: directive({
      args: path,
      contexts: hosts,
      summary: "Lists of revoked certificates, in PEM",
      doc: "Used with SSLCARevocationCheck. Read when the server starts and on each graceful restart.",
      example: "SSLCARevocationFile conf/revoked.pem",
      set: ([file], place) => ({ revocations: named(file, place) }),
    }),
    SSLCARevocationPath: directive({
      args: folder,
      contexts: hosts,
      summary: "A folder of lists of revoked certificates, with the hashed names that `openssl rehash` gives",
      doc: "As SSLCARevocationFile; both may be given.",
      example: "SSLCARevocationPath conf/revoked",
      set: ([file], place) => ({ revocationFolder: named(file, place) }),
    }),
    SSLCARevocationCheck: directive({
      args: [rest(arg.word("check"))],
      contexts: hosts,
      summary: "Whether clients' certificates may have been revoked",
      doc:
        "`chain` looks at all certificates up to the authority, `leaf` at the client's own, by the lists of SSLCARevocationFile " +
        "and SSLCARevocationPath; `none` does not look. A certificate whose authority has no list is refused, unless " +
        "`no_crl_for_cert_ok` follows; so is one whose list has expired.",
      example: "SSLCARevocationFile conf/revoked.pem\nSSLCARevocationCheck chain",
      default: "none",
      set: ([words], place) => ({ revocationCheck: readRevocationCheck(words, place) }),
    }),
  };
}

/** What is asked of clients, and what applications see of it. */
function requestDirectives(directive: Make): Directives<Settings> {
  return {
    SSLVerifyClient: directive({
      args: [arg.oneOf("level", "none", "optional", "require", "optional_no_ca")],
      contexts: everywhere,
      override,
      summary: "Whether clients need a certificate",
      doc:
        "At the top of a virtual host, one without a good certificate is refused in the handshake. In a section, clients of the " +
        "whole virtual host are asked for a certificate in the handshake (TLS 1.3 has no other time for it), but only requests " +
        "of the section are refused without one, with 403. Apache asks again when a section wants one: by a renegotiation up to TLS " +
        "1.2, which HTTP/2 forbids, and after the handshake in TLS 1.3, which no browser takes part in. Here both versions act " +
        "alike; visitors of other pages may be asked for a certificate by their browser, which a name of its own avoids.",
      example: `${engine}SSLCACertificateFile conf/clients.pem\nSSLVerifyClient require`,
      default: "none",
      set: ([verifyClient]) => ({ verifyClient }),
    }),
    SSLVerifyDepth: directive({
      args: [arg.int("number", { max: 100 })],
      contexts: everywhere,
      override,
      summary: "Most certificates between a client's own and one that is trusted",
      doc: "0: only what an authority has signed itself.",
      example: "SSLVerifyDepth 2",
      default: "1",
      set: ([verifyDepth]) => ({ verifyDepth }),
    }),
    SSLUserName: directive({
      args: [arg.word("variable")],
      contexts: everywhere,
      override,
      summary: "The variable that holds the user's name",
      doc: "Usually a part of the client's certificate. Without one the user has no name.",
      example: "SSLUserName SSL_CLIENT_S_DN_CN",
      set: ([userName]) => ({ userName }),
    }),
    SSLRequireSSL: directive({
      args: [optional(arg.raw("text"))],
      contexts: sections,
      override,
      summary: "Refuses requests that are not encrypted",
      doc: "With 403. To send clients to https instead, use Redirect. Words behind it are passed over with a warning: `Off` does not undo it.",
      example: "<Location /private>\n  SSLRequireSSL\n</Location>",
      set: ([text], place) => {
        if (text !== undefined && text !== "") place.warn(`takes no arguments: "${text}" is passed over`);
        return { requiresTls: true };
      },
    }),
    SSLRequire: directive({
      args: [arg.raw("expression")],
      contexts: sections,
      override,
      summary: "A condition that encrypted requests have to meet, else 403",
      doc:
        "An expression as in `Require expr`, but of two texts that are compared the longer one is greater, so that numbers compare " +
        "as numbers with `>=` too. All conditions must hold, those of outer sections too. As in Apache it says nothing of requests " +
        "that are not encrypted: SSLRequireSSL refuses those. New sites write `Require expr`.",
      example: "<Location /private>\n  SSLRequireSSL\n  SSLRequire %{SSL_CIPHER_USEKEYSIZE} >= 128\n</Location>",
      set: ([text], place) => ({ requirements: [place.condition(text, { longerIsGreater: true })] }),
    }),
    SSLOptions: directive({
      args: [rest(arg.word("option"))],
      contexts: everywhere,
      override: "Options",
      summary: "Which variables applications get, and some details",
      doc:
        "`StdEnvVars`: SSL_PROTOCOL, SSL_CIPHER, SSL_CLIENT_S_DN and so on; `ExportCertData`: the certificates too; " +
        "`FakeBasicAuth`: the certificate's name takes part in Basic authentication; `LegacyDNStringFormat`: names as " +
        "/C=../CN=..; `StrictRequire` and `OptRenegotiate` change nothing. With `+` and `-` what is inherited is changed.",
      example: "SSLOptions +StdEnvVars",
      set: ([words], place) => ({ options: optionChange(words, place) }),
    }),
  };
}

function optionChange(words: readonly string[], place: Place): OptionChange {
  let set: Set<OptionWord> | undefined;
  const plus = new Set<OptionWord>();
  const minus = new Set<OptionWord>();
  for (const word of words) {
    const [, sign = "", name = ""] = /^([+-]?)(.*)$/.exec(word) ?? [];
    const option = optionWords.find((known) => known.toLowerCase() === name.toLowerCase());
    if (!option) return place.fail(`option must be one of ${optionWords.join(", ")}, found "${word}"`);
    if (sign === "+") plus.add(option);
    else if (sign === "-") minus.add(option);
    else (set ??= new Set()).add(option);
  }
  return { set, plus, minus };
}
