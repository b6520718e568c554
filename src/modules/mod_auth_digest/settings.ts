// What the directives of mod_auth_digest say.
import { defineSettings, type Setting } from "../../api/index.js";

/** All of them together. */
export interface DigestSettings {
  readonly providers: readonly string[];
  /** Milliseconds; below 0: nonces do not grow old; 0: each is good for one request. */
  readonly nonceLifetime: number;
  /** Each use of a nonce must have a higher count than the last. */
  readonly countsUses: boolean;
  /** URIs that the same name and password are for; latin1 strings of bytes. */
  readonly domain: readonly string[];
}

/** What a line says, if anything. */
type Said = Partial<DigestSettings>;

const byDefault: DigestSettings = { providers: [], nonceLifetime: 300_000, countsUses: false, domain: [] };

/** As in Apache, one line in a section takes the place of all that the sections around it say. */
const said: Setting<Said> = {
  initial: {},
  add: (earlier, later) => ({
    ...earlier,
    ...later,
    ...both("providers", earlier, later),
    ...both("domain", earlier, later),
  }),
  nest: (_outer, inner) => inner,
};

function both(name: "providers" | "domain", earlier: Said, later: Said): Said {
  const items = [...(earlier[name] ?? []), ...(later[name] ?? [])];
  return items.length === 0 ? {} : { [name]: items };
}

export const digest = defineSettings("mod_auth_digest", { said });

const whole = new WeakMap<Said, DigestSettings>();

/** What was said, and the defaults of the rest. */
export function settingsOf(lines: Said): DigestSettings {
  let settings = whole.get(lines);
  if (!settings) whole.set(lines, (settings = { ...byDefault, ...lines }));
  return settings;
}
