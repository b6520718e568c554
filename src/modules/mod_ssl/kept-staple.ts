// A certificate → its authority's answer of OCSP, asked for in time and kept by the module that looks after it.
import { setTimeout as pause } from "node:timers/promises";
import { longestTimer, type Staple, type WantedStapling } from "../../api/index.js";
import { askResponder, inquiryOf, type OcspSubject } from "./ocsp-client.js";
import { ocspAnswer, type GoodAnswer, type OcspQuestion } from "./ocsp.js";
import type { SslSettings } from "./settings.js";

/** What is known of the responder's answer. */
interface Known {
  readonly bytes: Buffer;
  /** When to ask again, and until when it may be shown; milliseconds since the epoch. */
  readonly askAgain: number;
  readonly goodUntil: number;
}

/** An answer that does not say how long it is good is so for half a day, as in Apache. */
const usualLife = 43_200_000;
/** Milliseconds between two questions at least. */
const shortestPause = 1000;
/** Milliseconds a handshake waits for the first answer. */
const patience = 1000;
/** The processes of a server do not all ask at once: the first leaves its answer to the others. */
const spread = 0.1;

/** An answer that is asked for before the one there is ends, whether anybody comes or not. */
export class KeptStaple implements Staple {
  readonly certificate: Buffer;
  readonly #question: OcspQuestion;
  readonly #url: URL;
  readonly #wanted: WantedStapling;
  readonly #settings: Pick<SslSettings, "staplingTimeout" | "staplingSkew">;
  readonly #failed: (reason: string) => void;
  #known: Known | undefined;
  #failures = 0;
  #asking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;

  /** Throws where the URL or the certificates are none. */
  constructor(
    subject: OcspSubject,
    { wanted, settings }: { wanted: WantedStapling; settings: Pick<SslSettings, "staplingTimeout" | "staplingSkew"> },
    failed: (reason: string) => void,
  ) {
    const { question, url } = inquiryOf(subject);
    this.certificate = subject.leaf.raw;
    this.#question = question;
    this.#url = url;
    this.#wanted = wanted;
    this.#settings = settings;
    this.#failed = failed;
    this.#look();
  }

  async response(): Promise<Buffer | undefined> {
    if (!this.#isGood()) this.#takeKept();
    if (!this.#isGood() && this.#asking) {
      const late = new AbortController();
      await Promise.race([this.#asking, pause(patience, undefined, { signal: late.signal }).catch(() => undefined)]);
      late.abort();
    }
    return this.#isGood() ? this.#known?.bytes : undefined;
  }

  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#timer);
  }

  #isGood(): boolean {
    return this.#known !== undefined && Date.now() < this.#known.goodUntil;
  }

  /** Takes what the module has, asks where that is not enough, and does so again in time. */
  #look(): void {
    this.#takeKept();
    if (this.#known && Date.now() < this.#known.askAgain) {
      this.#failures = 0;
      return this.#lookBeforeEnd(this.#known);
    }
    this.#asking = this.#ask().finally(() => (this.#asking = undefined));
  }

  #lookBeforeEnd({ askAgain, goodUntil }: Known): void {
    this.#lookIn(askAgain - Date.now() + Math.random() * spread * (goodUntil - askAgain));
  }

  #lookIn(milliseconds: number): void {
    if (this.#isEnded) return;
    this.#timer = setTimeout(() => this.#look(), Math.min(Math.max(milliseconds, shortestPause), longestTimer));
    this.#timer.unref();
  }

  #takeKept(): void {
    const bytes = this.#wanted.known(this.certificate);
    if (!bytes || this.#known?.bytes.equals(bytes)) return;
    try {
      const kept = this.#read(bytes).known;
      if (kept.goodUntil > (this.#known?.goodUntil ?? 0)) this.#known = kept;
    } catch {
      // What was kept is of no use; the responder is asked.
    }
  }

  async #ask(): Promise<void> {
    const { proxy } = this.#wanted;
    try {
      const timeout = this.#settings.staplingTimeout * 1000;
      const bytes = await askResponder(this.#question.bytes, { url: this.#url, timeout, proxy });
      const { known, answer } = this.#read(bytes);
      this.#known = known;
      this.#failures = 0;
      this.#wanted.answered(this.certificate, { ...answer, nextUpdate: known.goodUntil, bytes });
      this.#lookBeforeEnd(known);
    } catch (error) {
      this.#failures++;
      const reason = error instanceof Error ? error.message : String(error);
      this.#failed(`AH01941: no answer of OCSP to staple, ${this.#url.href}: ${reason} (failures: ${this.#failures})`);
      this.#wanted.answered(this.certificate, undefined);
      this.#lookIn(this.#wanted.retriesAfter(this.#failures));
    }
  }

  /** Throws where the bytes are no answer that may be shown. */
  #read(bytes: Buffer): { readonly known: Known; readonly answer: GoodAnswer } {
    const answer = ocspAnswer(bytes, this.#question);
    if (answer.kind === "fault") throw new Error(`the responder answered with error ${answer.status}`);
    if (answer.state === "unknown") throw new Error("the responder does not know the certificate");
    const { thisUpdate, nextUpdate = thisUpdate + usualLife } = answer;
    const skew = this.#settings.staplingSkew * 1000;
    if (thisUpdate - skew > Date.now()) throw new Error("the answer is of the future");
    if (nextUpdate < Date.now()) throw new Error("the answer is too old");
    const askAgain = nextUpdate - this.#wanted.renewsBefore(nextUpdate - thisUpdate);
    return { answer, known: { bytes, askAgain, goodUntil: nextUpdate } };
  }
}
