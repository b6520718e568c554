// The MD directives about managed domains, all of them or one → settings.
import { readFileSync } from "node:fs";
import { domainToASCII } from "node:url";
import {
  arg,
  optional,
  rest,
  splitWords,
  type Argument,
  type Context,
  type DirectiveMaker,
  type Directives,
  type Place,
} from "../../api/index.js";
import { authorityNames, authorityUrl } from "./authorities.js";
import { readKeyKinds } from "./key-kinds.js";
import { challengeKinds, domainSettingsOf, type AccountBinding, type md, type MdSettings } from "./settings.js";
import { readSlice, type Slice } from "./times.js";

type Settings = typeof md.settings;
type Make = DirectiveMaker<Settings>;

export const hosts: readonly Context[] = ["server config", "virtual host"];

/** Directives that may stand in a section. */
const inSections = [
  ...["MDCertificateAuthority", "MDCertificateAgreement", "MDCAChallenges", "MDCertificateProtocol", "MDContactEmail"],
  ...["MDDriveMode", "MDRenewMode", "MDMember", "MDMembers", "MDMustStaple", "MDPrivateKeys", "MDRenewWindow"],
  ...["MDRequireHttps", "MDChallengeDns01", "MDCertificateFile", "MDCertificateKeyFile", "MDWarnWindow", "MDStapling"],
  ...["MDStapleOthers", "MDExternalAccountBinding", "MDProfile", "MDProfileMandatory", "MDRenewViaARI"],
  ...["MDServerStatus", "MDCertificateStatus", "MDCertificateCheck", "MDStaplingKeepResponse", "MDStaplingRenewWindow"],
  "MDCACertificateFile",
];

/** A name of DNS, with a wildcard in front or without. */
export const domainName = (name: string) =>
  arg.custom(name, "domain", (text, place) => {
    if (isDomainName(text)) return text.toLowerCase();
    const ascii = domainToASCII(text);
    const isForeign = ascii !== text.toLowerCase() && isDomainName(ascii);
    return place.refuse(`must be the name of a domain${isForeign ? ` as DNS has it, ${ascii}` : ""}`);
  });

const isDomainName = (text: string): boolean =>
  text.length <= 253 &&
  /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(text);

/** A share of a certificate's life, or days. */
export function slice(name: string, isWhole = false): Argument<Slice> {
  return arg.custom(name, "duration (d)|percentage", (text, place) => {
    const read = readSlice(text);
    if (!read) return place.refuse("must be a length of time (30d) or a share of a certificate's life (33%)");
    if (!isWhole && "share" in read && read.share >= 1) return place.refuse("must be less than 100%");
    return read;
  });
}

/** A program with its arguments. */
export function readCommand(text: string, place: Place): readonly string[] {
  const words = splitWords(text).map((word) => word.text);
  if (words.length === 0) place.fail("must name a program");
  return words;
}

/** Whether a line stands in a section for one managed domain. */
const isInSection = ({ sections }: Place): boolean => sections.some(({ name }) => /^mdomain(?:set)?$/i.test(name));

/** "auto" and "manual" apart from names. */
function membersOf(words: readonly string[]): { readonly names: readonly string[]; readonly addsMembers?: boolean } {
  const isWord = (word: string): boolean => /^(?:auto|manual)$/i.test(word);
  const last = words.findLast(isWord);
  const names = [...new Set(words.filter((word) => !isWord(word)))];
  return { names, ...(last === undefined ? {} : { addsMembers: last.toLowerCase() === "auto" }) };
}

function sectionNamed(name: string): Directives<Settings>[string] {
  return {
    args: [rest(domainName("domain"))],
    contexts: hosts,
    summary: "A managed domain with settings of its own",
    doc:
      "The first name is that of the managed domain; others follow it, or stand in `MDMember` lines. What stands in the section " +
      `holds for this managed domain, in front of what stands outside.${name === "<MDomain>" ? " The older, short form of `<MDomainSet>`." : ""}`,
    example: `${name.replace(">", "")} example.org>\n    MDMember www.example.org\n    MDRenewWindow 14d\n</${name.slice(1)}`,
    holds: inSections,
    wrap: (values, inner: MdSettings, place) => {
      const [words] = values as readonly [readonly string[]];
      const { names, addsMembers } = membersOf(words);
      if (names.length === 0) place.fail("needs at least one domain name");
      const own = domainSettingsOf(inner);
      return {
        lines: [
          {
            names: [...new Set([...names, ...inner.members])],
            own: { ...own, addsMembers: addsMembers ?? own.addsMembers },
            certificateFiles: inner.certificateFiles,
            keyFiles: inner.keyFiles,
            origin: place.origin,
          },
        ],
      };
    },
  };
}

function members(directive: Make, name: "MDMember" | "MDMembers"): Directives<Settings>[string] {
  return directive({
    args: [rest(domainName("domain|auto|manual"))],
    contexts: hosts,
    summary: "More names of a managed domain; or whether those of its virtual hosts are added",
    doc:
      "In a `<MDomainSet>`: names, or one of the words. Outside: one of the words, for all managed domains. With `auto` the " +
      "certificate gets the names of all encrypted virtual hosts that the managed domain serves; with `manual` those that are " +
      "written alone, and a name that is left out is warned of.",
    example: `<MDomainSet example.org>\n    ${name} www.example.org\n</MDomainSet>`,
    default: "auto",
    set: ([words], place) => {
      const { names, addsMembers } = membersOf(words);
      if (!isInSection(place) && (names.length > 0 || words.length !== 1)) {
        place.fail('must be one of "auto" and "manual" outside of a <MDomainSet>');
      }
      return { members: names, ...(addsMembers === undefined ? {} : { addsMembers }) };
    },
  });
}

function names(directive: Make): Directives<Settings> {
  return {
    MDomain: directive({
      args: [rest(domainName("domain"))],
      contexts: hosts,
      summary: "Domains that one certificate is for, which is got and renewed by ACME",
      doc:
        "The first name is that of the managed domain: its files are in `MDStoreDir` under it. Every encrypted virtual host that has " +
        "one of the names gets the certificate; it needs `SSLEngine On` and no `SSLCertificateFile`. `auto` or `manual` behind " +
        "the names is `MDMembers` for this one. See docs/certificates.md.",
      example: "MDCertificateAgreement accepted\nMDomain example.org www.example.org",
      set: ([words], place) => {
        const { names, addsMembers } = membersOf(words);
        if (names.length === 0) place.fail("needs at least one domain name");
        const own = { ...nothing, addsMembers };
        return { lines: [{ names, own, certificateFiles: [], keyFiles: [], origin: place.origin }] };
      },
    }),
    "<MDomainSet>": sectionNamed("<MDomainSet>"),
    "<MDomain>": sectionNamed("<MDomain>"),
    MDMember: members(directive, "MDMember"),
    MDMembers: members(directive, "MDMembers"),
    MDCertificateFile: directive({
      args: [arg.filePath("file-path")],
      contexts: hosts,
      summary: "A certificate that is there already, for a managed domain",
      doc: "Only in a `<MDomainSet>`, with one `MDCertificateKeyFile` for each. It is used as it is, and nothing is renewed unless `MDRenewMode always` says so.",
      example:
        "<MDomainSet example.org>\n    MDCertificateFile conf/server.pem\n    MDCertificateKeyFile conf/server.key\n</MDomainSet>",
      set: ([path], place) => {
        if (!isInSection(place)) place.fail("is only valid inside a <MDomainSet>");
        return { certificateFiles: [{ path, origin: place.origin }] };
      },
    }),
    MDCertificateKeyFile: directive({
      args: [arg.filePath("file-path")],
      contexts: hosts,
      summary: "The key of a certificate that is there already",
      doc: "Only in a `<MDomainSet>`; see `MDCertificateFile`.",
      example:
        "<MDomainSet example.org>\n    MDCertificateFile conf/server.pem\n    MDCertificateKeyFile conf/server.key\n</MDomainSet>",
      set: ([path], place) => {
        if (!isInSection(place)) place.fail("is only valid inside a <MDomainSet>");
        return { keyFiles: [{ path, origin: place.origin }] };
      },
    }),
  };
}

const nothing = Object.fromEntries([]) as unknown as ReturnType<typeof domainSettingsOf>;

function authority(directive: Make): Directives<Settings> {
  return {
    MDCertificateAuthority: directive({
      args: [
        rest(
          arg.custom(
            "authority",
            "URL|name",
            (text, place) =>
              authorityUrl(text) ??
              place.refuse(`must be the URL of an ACME directory, or one of ${authorityNames.join(", ")}`),
          ),
        ),
      ],
      contexts: hosts,
      summary: "Who signs certificates: the directory of an ACME authority, or a name",
      doc:
        "Names: `LetsEncrypt`, `LetsEncrypt-Test` (its staging service, for trying things out), `Buypass` and `Buypass-Test`. Of " +
        "several the next one is asked when one has failed `MDRetryFailover` times.",
      example: "MDCertificateAuthority letsencrypt-test",
      default: "LetsEncrypt",
      set: ([authorities]) => ({ authorities }),
    }),
    MDCertificateAgreement: directive({
      args: [arg.word("accepted|URL")],
      contexts: hosts,
      summary: "That you agree to the authority's terms of service",
      doc: "`accepted`, or the address of the terms. Authorities that have terms give no certificate without it.",
      example: "MDCertificateAgreement accepted",
      set: ([agreement]) => ({ agreement }),
    }),
    MDCertificateProtocol: directive({
      args: [arg.oneOf("protocol", "ACME")],
      contexts: hosts,
      summary: "How certificates are asked for",
      doc: "ACME, of RFC 8555, is the only way; others that Apache takes here without using them are refused.",
      example: "MDCertificateProtocol ACME",
      default: "ACME",
      set: () => undefined,
    }),
    MDContactEmail: directive({
      args: [arg.word("address")],
      contexts: hosts,
      summary: "Where the authority writes to",
      doc: "An address of mail. Without it ServerAdmin is used.",
      example: "MDContactEmail admin@example.org",
      set: ([contact], place) =>
        /^[^\s<>"]+$/.test(contact) ? { contact } : place.fail(`must be an address of mail, found "${contact}"`),
    }),
    MDExternalAccountBinding: directive({
      args: [arg.word("file|key-id|none"), optional(arg.word("hmac"))],
      contexts: hosts,
      summary: "Binds the ACME account to one at the authority's customer desk",
      doc:
        "The id of a key with its secret (base64url), or a file of JSON with `kid` and `hmac`: only root should be able to read it. " +
        "`none` takes back what stands outside of a section.",
      example: 'MDExternalAccountBinding "kid-1" "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"',
      default: "none",
      set: ([first, secret], place) => ({ binding: bindingOf(first, secret, place) }),
    }),
    MDProfile: directive({
      args: [arg.word("name")],
      contexts: hosts,
      summary: "A kind of certificate that the authority offers",
      doc: "`shortlived` of Let's Encrypt, for instance. An authority that does not offer it is asked without, unless `MDProfileMandatory` is on.",
      example: "MDProfile shortlived",
      set: ([profile]) => ({ profile }),
    }),
    MDProfileMandatory: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether a certificate of another profile is no use",
      doc: "On: nothing is ordered from an authority that does not offer the profile of `MDProfile`.",
      example: "MDProfile shortlived\nMDProfileMandatory on",
      default: "off",
      set: ([profileMandatory]) => ({ profileMandatory }),
    }),
  };
}

function bindingOf(first: string, secret: string | undefined, place: Place): AccountBinding | "none" {
  if (secret !== undefined) return { keyId: first, secret };
  if (first.toLowerCase() === "none") return "none";
  const path = place.resolve(first);
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    // The parser's message would show parts of the secret.
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return place.fail(`${isMissing ? "file not found" : "file cannot be read as JSON"}: ${path}`);
  }
  const { kid, hmac } = (read ?? {}) as { readonly kid?: unknown; readonly hmac?: unknown };
  if (typeof kid !== "string" || kid === "") return place.fail(`JSON does not contain 'kid' element in file ${path}`);
  if (typeof hmac !== "string" || hmac === "")
    return place.fail(`JSON does not contain 'hmac' element in file ${path}`);
  return { keyId: kid, secret: hmac };
}

function renewal(directive: Make): Directives<Settings> {
  const mode = (older: boolean): Directives<Settings>[string] =>
    directive({
      args: [arg.oneOf("mode", "auto", "automatic", "always", "manual", "stick")],
      contexts: hosts,
      summary: older ? "The older name of `MDRenewMode`" : "When certificates are renewed",
      doc:
        "`auto`: those that a virtual host uses, unless they are named by `MDCertificateFile`. `always`: unused ones and named ones too. " +
        "`manual`: none.",
      example: `${older ? "MDDriveMode" : "MDRenewMode"} auto`,
      default: "auto",
      set: ([word]) => ({
        renewMode: word === "always" ? word : word === "manual" || word === "stick" ? "manual" : "auto",
      }),
    });
  return {
    MDRenewMode: mode(false),
    MDDriveMode: mode(true),
    MDRenewWindow: directive({
      args: [slice("window")],
      contexts: hosts,
      summary: "How long before its end a certificate is renewed",
      doc: "Days, another length of time (`12h`), or a share of how long the certificate holds.",
      example: "MDRenewWindow 30d",
      default: "33%",
      set: ([renewWindow]) => ({ renewWindow }),
    }),
    MDWarnWindow: directive({
      args: [slice("window")],
      contexts: hosts,
      summary: "How long before its end the log warns of a certificate that has not been renewed",
      doc: "As `MDRenewWindow`. `MDMessageCmd` hears of it as `expiring`.",
      example: "MDWarnWindow 10%",
      default: "10%",
      set: ([warnWindow]) => ({ warnWindow }),
    }),
    MDRenewViaARI: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether the authority is asked when to renew",
      doc:
        "Where the authority tells (RFC 9773), it is asked as often as it wants to be, and the certificate is renewed within the window it " +
        "names: earlier than by `MDRenewWindow`, should it have to revoke the certificate. What it says makes nothing later.",
      example: "MDRenewViaARI off",
      default: "on",
      set: ([asksAuthority]) => ({ asksAuthority }),
    }),
    MDPrivateKeys: directive({
      args: [rest(arg.word("type"))],
      contexts: hosts,
      summary: "Which keys are made, a certificate for each",
      doc:
        "`RSA` with a number of bits (2048 or more; 2048 without one), `P-256`, `P-384`, `P-521`; several for clients of different " +
        "ages. A new key is made for each certificate.",
      example: "MDPrivateKeys P-256 RSA 3072",
      default: "RSA 2048",
      set: ([words], place) => {
        const keys = readKeyKinds(words);
        return typeof keys === "string" ? place.fail(keys) : { keys };
      },
    }),
    MDMustStaple: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether certificates say that they are no use without a stapled answer of OCSP",
      doc:
        "Asked for with the next certificate that is got (RFC 7633); needs `MDStapling on`, and one kind of key in `MDPrivateKeys`. Let's Encrypt signs none of " +
        "these since 2025.",
      example: "MDMustStaple off",
      default: "off",
      set: ([mustStaple]) => ({ mustStaple }),
    }),
  };
}

function proofs(directive: Make): Directives<Settings> {
  return {
    MDCAChallenges: directive({
      args: [rest(arg.oneOf("challenge", ...challengeKinds))],
      contexts: hosts,
      summary: "How it may be proved that the domains are ours",
      doc:
        "`http-01`: a file below /.well-known/acme-challenge/ on port 80. `tls-alpn-01`: a handshake on port 443. `dns-01`: a record " +
        "that `MDChallengeDns01` makes; the only one for wildcards. The first of the list that the authority offers and the server can " +
        "give is taken.",
      example: "MDCAChallenges tls-alpn-01 http-01",
      default: "tls-alpn-01 http-01 dns-01",
      set: ([challenges]) => ({ challenges }),
    }),
    MDChallengeDns01: directive({
      args: [arg.raw("command")],
      contexts: hosts,
      summary: "A program that makes and removes records of DNS",
      doc:
        "Called with `setup DOMAIN TOKEN` and `teardown DOMAIN` behind its own arguments (with `MDChallengeDns01Version 2` the token " +
        "follows then too), as the user the server serves as, without a shell. The record is `_acme-challenge.DOMAIN`, of type TXT.",
      example: "MDChallengeDns01 /usr/local/bin/dns-record --zone example.org",
      set: ([text], place) => ({ dnsCommand: readCommand(text, place) }),
    }),
    MDRequireHttps: directive({
      args: [arg.oneOf("mode", "off", "temporary", "permanent")],
      contexts: [...hosts, "directory", ".htaccess"],
      override: "AuthConfig",
      summary: "Whether requests for managed domains that come unencrypted are sent to https",
      doc:
        "`temporary`: by 302, or 307 where there is a body to keep. `permanent`: by 301 and 308, and encrypted answers say with " +
        "Strict-Transport-Security that it stays so for half a year. What lies below /.well-known/ is left out. Not in directories.",
      example: "MDRequireHttps temporary",
      default: "off",
      set: ([requireHttps], place) =>
        place.context === "directory" || place.context === ".htaccess"
          ? place.fail("cannot stand in a directory: it is for whole domains")
          : { requireHttps },
    }),
  };
}

/** The directives about managed domains. */
export function domainDirectives(directive: Make): Directives<Settings> {
  return {
    ...names(directive),
    ...authority(directive),
    ...renewal(directive),
    ...proofs(directive),
  };
}
