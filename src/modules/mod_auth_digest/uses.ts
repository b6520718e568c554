// A nonce and its count → whether this is a new use of it, as all workers agree.
import { HighMarks, type MarkRise, type Request, type RiseVerdict, type VirtualHost } from "../../api/index.js";
import type { DigestField } from "./field.js";
import type { DigestSettings } from "./settings.js";

/** Raises a mark that all workers share. */
export type Raise = (rise: MarkRise) => RiseVerdict | Promise<RiseVerdict>;

/** How marks are raised, by virtual host. */
export const raising = new WeakMap<VirtualHost, Raise>();

/** Kept with the first request of a chain: the field of the use that was counted. */
const counted = Symbol("counted use");

/** Whether clients are told apart, and what they have used is remembered. */
export function counts({ countsUses, nonceLifetime }: DigestSettings): boolean {
  return countsUses || nonceLifetime === 0;
}

/** What is wrong with a use; `after`: when the newest nonce was made that the client has used, in milliseconds. */
export interface Misuse {
  readonly level: "error" | "info";
  readonly message: string;
  /** Another nonce will do: the user need not be asked. */
  readonly stale: boolean;
  readonly after?: number;
}

/** Counts a use of a nonce made at that time; undefined where it is a new one. Rejects when it cannot be counted. */
export function countUse(
  first: Request,
  field: DigestField,
  { settings, made }: { readonly settings: DigestSettings; readonly made: number },
): Misuse | undefined | Promise<Misuse | undefined> {
  const nc = countOf(field.nc ?? "");
  if (nc === undefined) {
    return { level: "error", message: `AH01773: invalid nc ${field.nc ?? ""} received - not a number`, stale: false };
  }
  if (field.opaque === undefined) return unknown("0");
  // A sub-request or an internal redirect under other settings is no new use.
  if (first.kept.get(counted) === `${field.nonce} ${nc}`) return undefined;
  const isOnce = settings.nonceLifetime === 0;
  const conclude = (verdict: RiseVerdict): Misuse | undefined => {
    if (verdict === "raised") {
      first.kept.set(counted, `${field.nonce} ${nc}`);
      return undefined;
    }
    if (verdict === "forgotten") return unknown(field.opaque ?? "");
    const [after] = verdict;
    return isOnce
      ? { level: "info", message: alreadyUsed(field), stale: true, after }
      : { level: "error", message: notAbove(field, nc, verdict[1]), stale: false, after };
  };
  const raise = raising.get(first.virtualHost) ?? ownRaise;
  const rise = { key: `digest ${field.opaque}`, over: [made, isOnce ? 0 : nc], to: [made, nc] } as const;
  const verdict = raise(rise);
  return verdict instanceof Promise ? verdict.then(conclude) : conclude(verdict);
}

/** Where nothing has been started, as in an explanation. */
const own = new HighMarks();
const ownRaise: Raise = (rise) => own.raise(rise);

/** Hexadecimal digits as the C library takes them: with a sign, "0x", and anything behind a blank; nothing is 0. */
function countOf(text: string): number | undefined {
  if (text === "") return 0;
  const [, minus, digits] = /^\s*(?:\+|(-))?(?:0x)?([\da-f]+)(?:\s|$)/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = parseInt(digits, 16);
  return minus === undefined ? value : 2 ** 64 - value;
}

function unknown(client: string): Misuse {
  return { level: "info", message: `AH10618: client ${client} is no longer known - sending new nonce`, stale: true };
}

function alreadyUsed({ username, nonce }: DigestField): string {
  return `AH01779: user ${username}: one-time-nonce ${nonce} already used - sending new nonce`;
}

function notAbove({ nonce }: DigestField, nc: number, used: number): string {
  return `AH01774: Warning, possible replay attack: nonce-count check failed: ${nc} is not above ${used} for nonce ${nonce}`;
}
