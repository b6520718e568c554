// Provider aliases (`<AuthnProviderAlias>`) → providers under their names, asked under the settings of the section.
import { ConfigError, splitWords, type AuthnProvider, type AuthzProvider } from "../api/index.js";
import type { AppliedSection } from "./apply.js";

/** Adds a provider for each alias section. Throws a ConfigError where a name is unknown or taken. */
export function addAliases(providers: Map<string, Map<string, unknown>>, sections: readonly AppliedSection[]): void {
  for (const section of sections) {
    const { matcher, origin, name: directive } = section;
    if (matcher.kind !== "provider alias") continue;
    const { provider, base, name } = matcher;
    const known = providers.get(provider) ?? new Map<string, unknown>();
    const found = known.get(base);
    const what = provider === "authnProvider" ? "Authn" : "Authz";
    const fail = (reason: string): never => {
      throw new ConfigError(`<${directive}>: ${reason}`, origin, { code: "AH00526" });
    };
    if (found === undefined) fail(`Unknown ${what} provider: ${base}`);
    if (known.has(name)) fail(`The alias provider ${name} has already be registered previously`);
    known.set(
      name,
      provider === "authnProvider"
        ? authnAlias(found as AuthnProvider, section)
        : authzAlias(found as AuthzProvider, section, matcher.text),
    );
    providers.set(provider, known);
  }
}

function authnAlias(base: AuthnProvider, section: AppliedSection): AuthnProvider {
  return {
    ...(base.checkPassword && {
      checkPassword: (request, user, password) =>
        request.under(section, () => base.checkPassword?.(request, user, password) ?? "error"),
    }),
    ...(base.realmHash && {
      realmHash: (request, user, realm) =>
        request.under(section, () => base.realmHash?.(request, user, realm) ?? "error"),
    }),
  };
}

/** The words of the section stand for those of the Require line, which has none. */
function authzAlias(base: AuthzProvider, section: AppliedSection, text: string): AuthzProvider {
  return {
    require: (_words, place) => {
      const words = splitWords(text).map((word) => word.text);
      const test = base.require(words, { ...place, text });
      return (request) => request.under(section, () => test(request));
    },
  };
}
