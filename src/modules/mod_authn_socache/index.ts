// AuthnCache lines → a provider of passwords that leaves every question to the next one: "socache".
import {
  arg,
  defineModule,
  defineSettings,
  rest,
  value,
  type AuthnProvider,
  type ServerView,
} from "../../api/index.js";

const definition = defineSettings("mod_authn_socache", { store: value<string | undefined>(undefined) });

const withoutEffect =
  "Accepted without effect: files of users are held in memory here, and a password that was right is not hashed again for " +
  "some minutes, so that there is nothing for this cache to save. A changed password counts at once.";
const area =
  "<Location /private>\n  AuthType Basic\n  AuthName Private\n  AuthBasicProvider socache file\n  AuthnCacheProvideFor file\n" +
  "  AuthUserFile conf/htpasswd\n  Require valid-user\n</Location>";

const socache: AuthnProvider = {
  checkPassword: () => "user not found",
  realmHash: () => "user not found",
};

export default defineModule({
  name: "mod_authn_socache",
  summary: "Takes the lines of Apache's cache of passwords, which is not needed here",
  settings: definition.settings,
  directives: (directive) => ({
    AuthnCacheEnable: directive({
      args: [],
      contexts: ["server config"],
      summary: "Makes the cache in Apache where only .htaccess files use it",
      doc: withoutEffect,
      example: "AuthnCacheEnable",
      set: () => undefined,
    }),
    AuthnCacheSOCache: directive({
      args: [arg.word("provider")],
      contexts: ["server config"],
      summary: "Says where Apache keeps the cache",
      doc: `\`NAME\` or \`NAME:arguments\`; the module that provides the name must be loaded (mod_socache_shmcb and the like). ${withoutEffect}`,
      example: "AuthnCacheSOCache shmcb",
      set: ([store]) => ({ store }),
    }),
    AuthnCacheProvideFor: directive({
      args: [rest(arg.word("provider"))],
      contexts: ["directory", ".htaccess"],
      override: "AuthConfig",
      summary: "Names the providers whose answers Apache keeps",
      doc: `The provider \`socache\` knows nobody, so that the one behind it in AuthBasicProvider is asked. ${withoutEffect}`,
      example: area,
      set: () => undefined,
    }),
    AuthnCacheTimeout: directive({
      args: [arg.int("seconds")],
      contexts: ["directory", ".htaccess"],
      override: "AuthConfig",
      summary: "Says how long Apache keeps an answer",
      doc: withoutEffect,
      default: "300",
      example: area.replace("  Require", "  AuthnCacheTimeout 60\n  Require"),
      set: () => undefined,
    }),
    AuthnCacheContext: directive({
      args: [arg.word("context")],
      contexts: ["directory"],
      summary: "Says for what else than its directory Apache keeps an answer: `directory`, `server` or a name",
      doc: withoutEffect,
      default: "directory",
      example: area.replace("  Require", "  AuthnCacheContext server\n  Require"),
      set: () => undefined,
    }),
  }),
  lifecycle: { check },
  provides: { authnProvider: { socache } },
});

function check(server: ServerView): void {
  const known = server.providers("socache");
  for (const { settings, origin } of server.everywhere(definition)) {
    const name = settings.store?.split(":")[0];
    if (name === undefined || known.has(name)) continue;
    const place = origin("store");
    server.error(`AuthnCacheSOCache: Unknown socache provider '${name}'.`, place, {
      advice: `load the module that provides it: a2enmod socache_${name}`,
    });
  }
}
