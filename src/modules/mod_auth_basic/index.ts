// The Authorization field of a request → the user it proves (RFC 7617).
import {
  arg,
  defineModule,
  defineSettings,
  list,
  optional,
  rest,
  value,
  type AuthnProvider,
  type ServerView,
} from "../../api/index.js";
import { authenticate } from "./authenticate.js";
import { fakeAuthorization, fakeOf, type Fake } from "./fake.js";

const definition = defineSettings("mod_auth_basic", {
  providers: list<string>("replace"),
  authoritative: value<boolean>(true),
  fake: value<Fake | undefined>(undefined),
  digestAlgorithm: value<"Off" | "MD5">("Off"),
});

const contexts = ["directory", ".htaccess"] as const;

export default defineModule({
  name: "mod_auth_basic",
  summary: "Asks users for name and password by the scheme Basic",
  settings: definition.settings,
  directives: (directive) => ({
    AuthBasicProvider: directive({
      args: [rest(arg.word("provider"))],
      contexts,
      override: "AuthConfig",
      summary: "Names what knows the users' passwords",
      doc:
        "Providers are asked in order until one knows the user: `file` (mod_authn_file), `anon` (mod_authn_anon), `socache` " +
        "(mod_authn_socache), `wsgi` (mod_wsgi) and names that `<AuthnProviderAlias>` made.",
      default: "file",
      example:
        "<Location /private>\n  AuthType Basic\n  AuthName Private\n  AuthBasicProvider file\n  AuthUserFile conf/htpasswd\n  Require valid-user\n</Location>",
      set: ([providers]) => ({ providers }),
    }),
    AuthBasicAuthoritative: directive({
      args: [arg.flag()],
      contexts,
      override: "AuthConfig",
      summary: "Says whether a user whom no provider knows is refused",
      doc: "Off, the request goes on to other modules that may know the user; where none does it is answered with 500.",
      default: "On",
      example: "<Location /private>\n  AuthBasicAuthoritative Off\n</Location>",
      set: ([authoritative]) => ({ authoritative }),
    }),
    AuthBasicFake: directive({
      args: [arg.stringExpression("user"), optional(arg.stringExpression("password"))],
      contexts,
      override: "AuthConfig",
      summary: "Gives requests an Authorization field of its own",
      doc:
        "For a back end or an application that wants a name and password where the user is known otherwise. The password is " +
        "`password` if absent; both may hold `%{...}`. `off` takes back what a surrounding section says.",
      default: "off",
      example: "<Location /demo>\n  AuthBasicFake demo demopass\n</Location>",
      set: ([user, password]) => ({ fake: fakeOf(user, password) }),
    }),
    AuthBasicUseDigestAlgorithm: directive({
      args: [arg.oneOf("algorithm", "Off", "MD5")],
      contexts,
      override: "AuthConfig",
      summary: "Checks passwords against the files of the scheme Digest",
      doc: "With `MD5`, the provider's file is one that `htdigest` makes, with the realm of AuthName.",
      default: "Off",
      example:
        "<Location /private>\n  AuthType Basic\n  AuthName Private\n  AuthBasicUseDigestAlgorithm MD5\n  AuthUserFile conf/htdigest\n  Require valid-user\n</Location>",
      set: ([digestAlgorithm]) => ({ digestAlgorithm }),
    }),
  }),
  hooks: {
    checkUser: { run: authenticate },
    fixups: {
      rank: "last",
      when: ({ fake }) => fake !== undefined,
      run: (request, { fake }) => fakeAuthorization(request, fake),
    },
  },
  lifecycle: { check },
});

function check(server: ServerView): void {
  const known = server.providers("authnProvider");
  for (const { settings, origin } of server.everywhere(definition)) {
    for (const name of settings.providers ?? []) {
      const provider = known.get(name) as AuthnProvider | undefined;
      if (!provider) server.error(`AuthBasicProvider: Unknown Authn provider: ${name}`, origin("providers"));
      else if (!provider.checkPassword) {
        server.error(
          `AuthBasicProvider: The '${name}' Authn provider doesn't support Basic Authentication`,
          origin("providers"),
        );
      }
    }
  }
}
