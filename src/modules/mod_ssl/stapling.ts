// A certificate → the answer of its authority's OCSP responder, kept for handshakes.
import type { X509Certificate } from "node:crypto";
import type { OcspStatus, Staple } from "../../api/index.js";
import { certificatesIn, isIssuedBy } from "./certificate.js";
import { askResponder, inquiryOf, type OcspSubject } from "./ocsp-client.js";
import { ocspAnswer, tryLater, type OcspQuestion } from "./ocsp.js";
import type { SslSettings } from "./settings.js";

/** What stapling needs to know; seconds. */
export type StaplingSettings = Pick<
  SslSettings,
  | "staplingUrl"
  | "staplingTimeout"
  | "staplingReturnsErrors"
  | "staplingFakesTryLater"
  | "staplingKeeps"
  | "staplingKeepsErrors"
  | "staplingMaxAge"
  | "staplingSkew"
>;

interface Kept {
  readonly bytes: Buffer | undefined;
  /** When to ask again, and until when it may be shown; milliseconds since the epoch. */
  readonly askAgain: number;
  readonly goodUntil: number;
}

/** The first certificate of PEM texts, and who issued it, if that stands in them too. */
export function leafAndIssuer(texts: readonly string[]): {
  leaf: X509Certificate;
  issuer: X509Certificate | undefined;
} {
  const [leaf, ...others] = certificatesIn(texts);
  if (!leaf) throw new Error("there is no certificate");
  return { leaf, issuer: others.find((other) => isIssuedBy(leaf, other)) };
}

/** Keeps the answer about one certificate. One question at a time, however many clients wait. */
export class Stapler implements Staple {
  readonly certificate: Buffer;
  readonly #question: OcspQuestion;
  readonly #url: URL;
  readonly #settings: StaplingSettings;
  readonly #failed: (reason: string) => void;
  #kept: Kept | undefined;
  #asking: Promise<Kept> | undefined;

  /** Throws where the URL or the certificates are none. */
  constructor(subject: OcspSubject, settings: StaplingSettings, failed: (reason: string) => void) {
    const { question, url } = inquiryOf(subject);
    this.certificate = subject.leaf.raw;
    this.#question = question;
    this.#url = url;
    this.#settings = settings;
    this.#failed = failed;
  }

  /** What to show in a handshake; undefined for nothing. Never rejects. */
  async response(): Promise<Buffer | undefined> {
    const now = Date.now();
    const kept = this.#kept;
    if (kept && now < kept.askAgain) return kept.bytes;
    const asking = (this.#asking ??= this.#renew().finally(() => (this.#asking = undefined)));
    // What is still true goes out at once; the next client gets the new one.
    if (kept?.bytes && now < kept.goodUntil) return kept.bytes;
    return (await asking).bytes;
  }

  async #renew(): Promise<Kept> {
    const { staplingReturnsErrors, staplingFakesTryLater, staplingKeepsErrors } = this.#settings;
    let bytes: Buffer | undefined;
    try {
      const timeout = this.#settings.staplingTimeout * 1000;
      const got = await askResponder(this.#question.bytes, { url: this.#url, timeout });
      const answer = ocspAnswer(got, this.#question);
      if (answer.kind === "answer") return (this.#kept = this.#good(got, answer));
      this.#failed(`AH01944: stapling_renew_response: responder error ${answer.status}`);
      if (staplingReturnsErrors) bytes = got;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#failed(`AH01941: stapling_renew_response: responder error, ${this.#url.href}: ${reason}`);
      if (staplingReturnsErrors && staplingFakesTryLater) bytes = tryLater;
    }
    const now = Date.now();
    const askAgain = now + staplingKeepsErrors * 1000;
    // An answer that is still true is better than none.
    const former = this.#kept;
    const isTrue = former !== undefined && now < former.goodUntil;
    return (this.#kept = isTrue
      ? { ...former, askAgain: Math.min(askAgain, former.goodUntil) }
      : { bytes, askAgain, goodUntil: 0 });
  }

  #good(bytes: Buffer, { thisUpdate, nextUpdate }: OcspStatus): Kept {
    const { staplingSkew, staplingMaxAge, staplingKeeps } = this.#settings;
    const now = Date.now();
    const skew = staplingSkew * 1000;
    if (thisUpdate - skew > now) throw new Error("the answer is of the future");
    const maxAge = staplingMaxAge < 0 ? Infinity : thisUpdate + staplingMaxAge * 1000;
    const goodUntil = Math.min(nextUpdate ?? Infinity, maxAge);
    if (goodUntil + skew < now) throw new Error("the answer is too old");
    const askAgain = now + staplingKeeps * 1000;
    return {
      bytes,
      askAgain: goodUntil > now ? Math.min(askAgain, goodUntil) : askAgain,
      goodUntil: Math.max(goodUntil, now),
    };
  }
}
