// A certificate's authority → when it wants the certificate renewed (RFC 9773).
import { readDirectory } from "./authority.js";
import type { CertificateFacts } from "./certificates.js";
import { exchange, type Route } from "./transport.js";

/** What an authority advises. */
interface Advice {
  /** A moment by chance within the authority's window, so that not everybody comes at once; Infinity: no advice. */
  readonly at: number;
  /** "until ... , see ...", for the log. */
  readonly text: string;
  readonly askAgain: number;
}

const minute = 60_000;
/** Milliseconds until the next question: as the authority says, within these bounds. */
const usual = 360 * minute;
const shortest = minute;
const longest = 24 * 60 * minute;

/** Asks authorities, and remembers what they said as long as they want it remembered. */
export class RenewalInfo {
  readonly #route: Route;
  /** By certificate. */
  readonly #known = new Map<string, Advice>();

  constructor(route: Route) {
    this.#route = route;
  }

  /** When the earliest of the certificates is to be renewed, and when to ask again. Never rejects. */
  async dueAt(
    authorities: readonly string[],
    certificates: readonly CertificateFacts[],
  ): Promise<{ readonly at: number; readonly askAgain: number; readonly text: string }> {
    let first: Advice = { at: Infinity, text: "", askAgain: Infinity };
    for (const certificate of certificates) {
      const advice = await this.#advice(authorities, certificate);
      const askAgain = Math.min(first.askAgain, advice.askAgain);
      first = { ...(advice.at < first.at ? advice : first), askAgain };
    }
    return first;
  }

  async #advice(authorities: readonly string[], { ariId, fingerprint }: CertificateFacts): Promise<Advice> {
    if (ariId === undefined) return { at: Infinity, text: "", askAgain: Infinity };
    const known = this.#known.get(fingerprint);
    // A clock that was set back makes no answer last longer.
    if (known && known.askAgain > Date.now() && known.askAgain <= Date.now() + longest) return known;
    let advice: Advice = known ?? { at: Infinity, text: "", askAgain: 0 };
    let wait = usual;
    for (const directory of authorities) {
      const answered = await this.#ask(directory, ariId).catch(() => undefined);
      if (!answered) continue;
      const { start, end, explanation } = answered;
      // Where the window stays the moment stays: else each question would draw anew.
      const isSame = known !== undefined && known.at >= start && known.at <= end;
      const at = isSame ? known.at : start + Math.random() * (end - start);
      advice = { at, text: `${directory}${explanation === undefined ? "" : `, see ${explanation}`}`, askAgain: 0 };
      wait = answered.wait;
      break;
    }
    advice = { ...advice, askAgain: Date.now() + wait };
    this.#known.set(fingerprint, advice);
    return advice;
  }

  async #ask(
    directory: string,
    id: string,
  ): Promise<{ start: number; end: number; explanation: string | undefined; wait: number } | undefined> {
    const { renewalInfo } = await readDirectory(directory, this.#route);
    if (renewalInfo === undefined) return undefined;
    const sent = { method: "GET", url: `${renewalInfo}/${id}`, headers: { "User-Agent": "modhost" }, body: undefined };
    const { status, headers, text } = await exchange(sent, this.#route);
    if (status !== 200) return undefined;
    const { suggestedWindow, explanationURL } = JSON.parse(text) as {
      readonly suggestedWindow?: { readonly start?: unknown; readonly end?: unknown };
      readonly explanationURL?: unknown;
    };
    const [start, end] = [Date.parse(String(suggestedWindow?.start)), Date.parse(String(suggestedWindow?.end))];
    if (!(end >= start)) return undefined;
    const seconds = Number(headers["retry-after"]);
    const wait = Number.isFinite(seconds) ? Math.min(Math.max(seconds * 1000, shortest), longest) : usual;
    return { start, end, explanation: typeof explanationURL === "string" ? explanationURL : undefined, wait };
  }
}
