// mod_cache: responses that were given before are given again, as RFC 9111 and Apache have it.
import { defineModule, type LogRecord, type NamedFilter, type Origin, type ServerView } from "../../api/index.js";
import { whatDirectives } from "./directives.js";
import { keepResponse } from "./keep.js";
import { handler, quickHandler } from "./look-up.js";
import { cache } from "./settings.js";
import { cacheState, release, stateOf, type CacheSettings, type CacheState } from "./state.js";
import { timeDirectives } from "./time-directives.js";

const isOn = ({ enables, enablesHere }: CacheSettings): boolean => enables.length > 0 || enablesHere.length > 0;

/** The filter CACHE: says where among filters responses are kept. */
const mark: NamedFilter = {
  type: "mark",
  isMarked: (request) => !request.settings(cache).isQuick,
  run: (_request, response) => response,
};

export default defineModule({
  name: "mod_cache",
  summary: "Keeps responses, and gives them again for as long as they are fresh (RFC 9111)",
  settings: cache.settings,
  directives: (directive) => ({ ...whatDirectives(directive), ...timeDirectives(directive) }),
  hooks: {
    quickHandler: {
      rank: "first",
      when: (settings) => settings.isQuick && isOn(settings),
      run: quickHandler,
    },
    handler: {
      rank: "first",
      before: ["mod_proxy", "mod_auth_form"],
      when: (settings) => !settings.isQuick && isOn(settings),
      run: handler,
    },
    keepResponse: { when: isOn, run: keepResponse },
    logTransaction: { when: (settings) => settings.locks && isOn(settings), run: freeLock },
  },
  lifecycle: { check },
  provides: { outputFilter: { CACHE: mark } },
});

/** Whatever became of the request, the next one may have the lock. */
function freeLock({ request }: LogRecord): void {
  const state = stateOf<CacheState>(request, cacheState);
  if (state) release(state);
}

function check(server: ServerView): void {
  const stores = server.providers("cacheStore");
  const told = new Set<Origin>();
  const warn = (reason: string, origin: Origin): void => {
    if (!told.has(origin)) server.warn(reason, origin);
    told.add(origin);
  };
  for (const { virtualHost, settings } of server.everywhere(cache)) {
    const { isQuick } = server.settings(cache, virtualHost);
    for (const { store, origin } of [...(settings.enables ?? []), ...(settings.enablesHere ?? [])]) {
      if (!stores.has(store)) {
        warn(
          `CacheEnable: there is no provider "${store}", nothing is kept: a2enmod cache_disk or cache_socache`,
          origin,
        );
      }
    }
    for (const { origin } of isQuick ? (settings.enablesHere ?? []) : []) {
      warn("CacheEnable: in a <Location> it counts only with CacheQuickHandler Off, as in Apache", origin);
    }
  }
}
