// The SSLOCSP directives → settings.
import { arg, rest, type Directives, type Place } from "../../api/index.js";
import { hosts, type Make, type Settings } from "./directive-parts.js";

const example = "SSLOCSPEnable on\n";

function responderUrl(text: string, place: Place): string {
  if (/^http:\/\/[^/]/i.test(text) && URL.canParse(text)) return text;
  return place.fail(`uri must be http://..., found "${text}"`);
}

/** Whom to ask about clients' certificates, and what answers must be like. */
export function ocspDirectives(directive: Make): Directives<Settings> {
  const seconds = [arg.int("seconds", { min: 0, max: 31_536_000 })] as const;
  const url = [arg.word("uri")] as const;
  return {
    SSLOCSPEnable: directive({
      args: [rest(arg.word("mode"))],
      contexts: hosts,
      summary: "Whether authorities are asked if clients' certificates have been revoked (OCSP)",
      doc:
        "`on`: about all certificates up to the authority; `leaf`: about the client's own alone. Behind it, `no_ocsp_for_cert_ok` " +
        "takes those that name no responder. The responder is asked in each handshake, after SSLVerifyClient has found the " +
        "certificate good, and a client whose certificate it does not call good is refused; so it is when the responder does " +
        "not answer.",
      example: `${example}SSLVerifyClient require\nSSLCACertificateFile conf/clients.pem`,
      default: "off",
      set: ([[mode = "", ...flags]], place) => {
        const odd = flags.find((flag) => flag.toLowerCase() !== "no_ocsp_for_cert_ok");
        if (odd !== undefined) return place.fail(`flag must be no_ocsp_for_cert_ok, found "${odd}"`);
        const acceptsMissing = flags.length > 0;
        if (/^off$/i.test(mode)) return { ocsp: undefined };
        if (/^on$/i.test(mode)) return { ocsp: { covers: "chain", acceptsMissing } };
        if (/^leaf$/i.test(mode)) return { ocsp: { covers: "leaf", acceptsMissing } };
        return place.fail(`mode must be on, leaf or off, found "${mode}"`);
      },
    }),
    SSLOCSPDefaultResponder: directive({
      args: url,
      contexts: hosts,
      summary: "The responder to ask about certificates that name none",
      doc: "`http://` only.",
      example: `${example}SSLOCSPDefaultResponder http://ocsp.example.org/`,
      set: ([text], place) => ({ ocspUrl: responderUrl(text, place) }),
    }),
    SSLOCSPOverrideResponder: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether SSLOCSPDefaultResponder is asked whatever certificates name",
      doc: "Without such a responder nobody can be asked.",
      example: `${example}SSLOCSPDefaultResponder http://ocsp.example.org/\nSSLOCSPOverrideResponder On`,
      default: "Off",
      set: ([ocspForced]) => ({ ocspForced }),
    }),
    SSLOCSPResponderTimeout: directive({
      args: seconds,
      contexts: hosts,
      summary: "How long a responder may take",
      doc: "Seconds. The handshake of the client waits for it.",
      example: `${example}SSLOCSPResponderTimeout 5`,
      default: "10",
      set: ([ocspTimeout]) => ({ ocspTimeout }),
    }),
    SSLOCSPResponseTimeSkew: directive({
      args: seconds,
      contexts: hosts,
      summary: "How far the clocks of server and responder may be apart",
      doc: "In seconds. An answer that begins to hold so much later than now, or has ended so much earlier, is taken still.",
      example: `${example}SSLOCSPResponseTimeSkew 60`,
      default: "300",
      set: ([ocspSkew]) => ({ ocspSkew }),
    }),
    SSLOCSPResponseMaxAge: directive({
      args: [arg.int("seconds", { min: -1, max: 31_536_000 })],
      contexts: hosts,
      summary: "How old an answer may be",
      doc: "Seconds since the time it names; -1 for any age.",
      example: `${example}SSLOCSPResponseMaxAge 86400`,
      default: "-1",
      set: ([ocspMaxAge]) => ({ ocspMaxAge }),
    }),
    SSLOCSPUseRequestNonce: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether an answer must be made for this very question",
      doc: "`Off` for responders that give the same answer to everybody.",
      example: `${example}SSLOCSPUseRequestNonce Off`,
      default: "On",
      set: ([ocspNonce]) => ({ ocspNonce }),
    }),
    SSLOCSPNoVerify: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether it does not matter who has signed an answer",
      doc: "Anybody between server and responder can then say that a certificate is good: for tests.",
      example: `${example}SSLOCSPNoVerify On`,
      default: "Off",
      set: ([isOn]) => ({ ocspVerifies: !isOn }),
    }),
    SSLOCSPResponderCertificateFile: directive({
      args: [arg.filePath("file-path")],
      contexts: hosts,
      summary: "Responders whose answers are good though no authority has named them, in PEM",
      doc: "For instance those of a company's own responder.",
      example: `${example}SSLOCSPResponderCertificateFile conf/responders.pem`,
      set: ([path], { origin }) => ({ ocspResponders: { path, origin } }),
    }),
    SSLOCSPProxyURL: directive({
      args: url,
      contexts: hosts,
      summary: "A forward proxy to reach responders through",
      doc: "`http://` only.",
      example: `${example}SSLOCSPProxyURL http://proxy.example.org:3128`,
      set: ([text], place) => ({ ocspProxy: responderUrl(text, place) }),
    }),
  };
}
