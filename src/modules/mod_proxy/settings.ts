// What mod_proxy remembers.
import { defineSettings, list, value, type SettingsOf } from "../../api/index.js";
import type { CookieRule, ReverseRule } from "./reverse.js";
import type { ProxyRule } from "./rules.js";

/** Words of ProxyVia. */
export type Via = "Off" | "On" | "Full" | "Block";

export const definition = defineSettings("mod_proxy", {
  /** Those of the main server come before a virtual host's, as in Apache. */
  rules: list<ProxyRule>("outer first"),
  /** ProxyPass of a `<Location>`. */
  sectionRule: value<ProxyRule | undefined>(undefined),
  reverses: list<ReverseRule>("outer first"),
  cookieDomains: list<CookieRule>("outer first"),
  cookiePaths: list<CookieRule>("outer first"),
  preserveHost: value<boolean>(false),
  addHeaders: value<boolean>(true),
  /** Milliseconds; undefined: Timeout. */
  timeout: value<number | undefined>(undefined),
  via: value<Via>("Off"),
  /** Statuses whose pages are the server's own; "errors" for all from 400 on. */
  errorOverride: value<ReadonlySet<number> | "errors" | undefined>(undefined),
});

export type ProxySettings = SettingsOf<typeof definition.settings>;
