// AuthType and AuthName lines → how users are asked for their names.
import {
  arg,
  authentication,
  authTypeOf,
  defineModule,
  refuse,
  section,
  type Request,
  type Response,
} from "../../api/index.js";

const contexts = ["directory", ".htaccess"] as const;

export default defineModule({
  name: "mod_authn_core",
  summary: "Says how users are asked for their names: AuthType and AuthName",
  settings: authentication.settings,
  directives: (directive) => ({
    AuthType: directive({
      args: [arg.stringExpression("type")],
      contexts,
      override: "AuthConfig",
      summary: "Says by which scheme users prove who they are",
      doc:
        "`Basic` needs mod_auth_basic, `Digest` mod_auth_digest, `Form` mod_auth_form. `None` takes back what a surrounding " +
        "section says. A user is asked for only where a Require line needs one; a type without a module that answers for it " +
        "makes such requests fail with 500. It may hold `%{...}`.",
      default: "None",
      example:
        '<Directory htdocs/members>\n  AuthType Basic\n  AuthName "Members"\n  AuthUserFile conf/htpasswd\n  Require valid-user\n</Directory>',
      set: ([type]) => ({ type }),
    }),
    AuthName: directive({
      args: [arg.stringExpression("realm")],
      contexts,
      override: "AuthConfig",
      summary: "Names the realm that users log in to",
      doc: "Browsers show it, and send a name and password again to what has the same realm. Needed by every AuthType. It may hold `%{...}`.",
      example:
        '<Location "/private">\n  AuthName "Private files"\n  AuthType Basic\n  AuthUserFile conf/htpasswd\n  Require valid-user\n</Location>',
      set: ([name]) => ({ name }),
    }),
    "<AuthnProviderAlias>": section({
      args: [arg.word("provider"), arg.word("name")],
      contexts: ["server config"],
      summary: "Gives a provider of passwords with directives of its own another name",
      doc: "So that AuthBasicProvider can name the same kind of provider several times, each with a file of its own.",
      example:
        "<AuthnProviderAlias file staff>\n  AuthUserFile conf/staff\n</AuthnProviderAlias>\n<AuthnProviderAlias file guests>\n" +
        "  AuthUserFile conf/guests\n</AuthnProviderAlias>\n<Location /private>\n  AuthType Basic\n  AuthName Private\n" +
        "  AuthBasicProvider staff guests\n  Require valid-user\n</Location>",
      opens: ([base, name], place) => {
        if (base.toLowerCase() === name.toLowerCase()) {
          place.fail("The alias provider name must be different from the base provider name.");
        }
        return { kind: "provider alias", provider: "authnProvider", base, name, text: "" };
      },
    }),
  }),
  hooks: {
    checkUser: { rank: "last", when: ({ type }) => type !== undefined, run: refuseUnknownType },
  },
});

/** Nobody has asked for the user although a type is written. */
function refuseUnknownType(request: Request): Response | undefined {
  const type = authTypeOf(request);
  if (type === undefined) return undefined;
  request.log("error", "authn_core", `AH01796: AuthType ${type} configured without corresponding module`);
  return refuse(500);
}
