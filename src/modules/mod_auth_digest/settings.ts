// What the directives of mod_auth_digest say.
import { defineSettings, list, value, type SettingsOf } from "../../api/index.js";

export const digest = defineSettings("mod_auth_digest", {
  providers: list<string>("replace"),
  /** Milliseconds; below 0: nonces do not grow old. */
  nonceLifetime: value<number>(300_000),
  /** URIs that the same name and password are for; latin1 strings of bytes. */
  domain: list<string>("replace"),
});

export type DigestSettings = SettingsOf<typeof digest.settings>;
