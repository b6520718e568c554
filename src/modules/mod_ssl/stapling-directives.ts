// The SSLStapling directives → settings.
import { arg, type Directives } from "../../api/index.js";
import { hosts, type Make, type Settings } from "./directive-parts.js";

/** SSLUseStapling and how answers are fetched and kept. */
export function staplingDirectives(directive: Make): Directives<Settings> {
  const seconds = [arg.int("seconds", { min: 0, max: 31_536_000 })] as const;
  return {
    SSLUseStapling: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether handshakes show what the certificate's authority says of it (OCSP stapling)",
      doc:
        "Each worker asks the responder that the certificate names, or SSLStaplingForceURL, when it starts, and again when an " +
        "answer has been kept for SSLStaplingStandardCacheTimeout or is no longer true; an answer that is still true is shown " +
        "meanwhile, and when the responder cannot be reached. The certificate of the authority must stand in SSLCertificateFile " +
        "behind the server's own, in SSLCertificateChainFile or in SSLCACertificateFile; without it, or without a responder, there " +
        "is a line in the error log and no stapling. Of several certificates each is shown with its own answer: who gets which is worked " +
        "out from the client's first message, since Node asks for the answer before OpenSSL has chosen. With `SSLOpenSSLConfCmd " +
        "SignatureAlgorithms` that cannot be done, and there is none.",
      example: "SSLUseStapling On\nSSLStaplingCache shmcb:/run/stapling(128000)",
      default: "Off",
      set: ([staples]) => ({ staples }),
    }),
    SSLStaplingCache: directive({
      args: [arg.word("cache")],
      contexts: ["server config"],
      summary: "Where answers of responders are kept.",
      doc: "Has no effect: each worker keeps those of its certificates in memory. Not needed, unlike in Apache.",
      example: "SSLStaplingCache shmcb:/run/stapling(128000)",
      set: () => undefined,
    }),
    SSLStaplingForceURL: directive({
      args: [arg.word("uri")],
      contexts: hosts,
      summary: "The responder to ask, whatever the certificate names",
      doc: "`http://` or `https://`; for instance one that passes questions on from within a closed network.",
      example: "SSLStaplingForceURL http://ocsp.example.org/",
      set: ([staplingUrl], place) =>
        /^https?:\/\/[^/]/i.test(staplingUrl) && URL.canParse(staplingUrl)
          ? { staplingUrl }
          : place.fail(`uri must be http://... or https://..., found "${staplingUrl}"`),
    }),
    SSLStaplingResponderTimeout: directive({
      args: seconds,
      contexts: hosts,
      summary: "How long a responder may take",
      doc: "Seconds. A handshake waits for it only where no answer that is still true is kept.",
      example: "SSLStaplingResponderTimeout 5",
      default: "10",
      set: ([staplingTimeout]) => ({ staplingTimeout }),
    }),
    SSLStaplingReturnResponderErrors: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether clients are shown that a responder failed",
      doc: "`Off`: they are shown nothing then.",
      example: "SSLStaplingReturnResponderErrors Off",
      default: "On",
      set: ([staplingReturnsErrors]) => ({ staplingReturnsErrors }),
    }),
    SSLStaplingFakeTryLater: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether clients are told to try later when a responder cannot be reached",
      doc: "Only with SSLStaplingReturnResponderErrors On.",
      example: "SSLStaplingFakeTryLater Off",
      default: "On",
      set: ([staplingFakesTryLater]) => ({ staplingFakesTryLater }),
    }),
    SSLStaplingStandardCacheTimeout: directive({
      args: seconds,
      contexts: hosts,
      summary: "How long a good answer is kept before the responder is asked again",
      doc: "Seconds; never longer than the answer itself says.",
      example: "SSLStaplingStandardCacheTimeout 7200",
      default: "3600",
      set: ([staplingKeeps]) => ({ staplingKeeps }),
    }),
    SSLStaplingErrorCacheTimeout: directive({
      args: seconds,
      contexts: hosts,
      summary: "How long a responder that failed is left alone",
      doc: "In seconds. Then it is asked again; meanwhile handshakes go on without an answer.",
      example: "SSLStaplingErrorCacheTimeout 60",
      default: "600",
      set: ([staplingKeepsErrors]) => ({ staplingKeepsErrors }),
    }),
    SSLStaplingResponseMaxAge: directive({
      args: [arg.int("seconds", { min: -1, max: 31_536_000 })],
      contexts: hosts,
      summary: "How old an answer may be",
      doc: "Seconds since the time it names; -1 for any age.",
      example: "SSLStaplingResponseMaxAge 86400",
      default: "-1",
      set: ([staplingMaxAge]) => ({ staplingMaxAge }),
    }),
    SSLStaplingResponseTimeSkew: directive({
      args: seconds,
      contexts: hosts,
      summary: "How far the clocks of server and responder may be apart",
      doc: "In seconds. An answer that begins to hold so much later than now, or has ended so much earlier, is taken still.",
      example: "SSLStaplingResponseTimeSkew 600",
      default: "300",
      set: ([staplingSkew]) => ({ staplingSkew }),
    }),
  };
}
