// A form with name and password → a user whom the session knows from then on.
import {
  arg,
  byteString,
  defineModule,
  rest,
  type AuthnProvider,
  type DirectiveMaker,
  type Directive,
  type ServerView,
} from "../../api/index.js";
import { authenticate } from "./authenticate.js";
import { handle } from "./handlers.js";
import { form } from "./settings.js";

type Make = DirectiveMaker<typeof form.settings>;
type Made = Directive<typeof form.settings>;

const contexts = ["directory", ".htaccess"] as const;
const override = "AuthConfig";
const area = (line = ""): string =>
  `<Location /members>\n  AuthType Form\n  AuthName Members\n  AuthFormProvider file\n  AuthUserFile conf/htpasswd\n${line && `  ${line}\n`}` +
  "  Session On\n  SessionCookieName session path=/;HttpOnly;Secure\n  SessionCryptoPassphrase correct-horse-battery-staple\n" +
  "  ErrorDocument 401 /login.html\n  Require valid-user\n</Location>";

/** A directive that names a field of the form. */
function field(directive: Make, setting: FieldSetting, what: string, initial: string): Made {
  return directive({
    args: [arg.word("name")],
    contexts,
    override,
    summary: `Names the field of the login form with ${what}`,
    doc: "As the `name` attribute of the form's input. Of several fields of a name the first counts.",
    default: initial,
    example: area(`${directiveOf[setting]} ${initial}`),
    set: ([name]) => ({ [setting]: byteString(name) }),
  });
}

const directiveOf = {
  userField: "AuthFormUsername",
  passwordField: "AuthFormPassword",
  locationField: "AuthFormLocation",
  methodField: "AuthFormMethod",
  mimeTypeField: "AuthFormMimetype",
  bodyField: "AuthFormBody",
} as const;

type FieldSetting = keyof typeof directiveOf;

/** A directive that says where to go. */
function location(
  directive: Make,
  setting: "loginRequired" | "loginSuccess" | "logout",
  { summary, doc, example }: { summary: string; doc: string; example: string },
): Made {
  return directive({
    args: [arg.stringExpression("URL")],
    contexts,
    override,
    summary,
    doc: `${doc} It may hold \`%{...}\`.`,
    example,
    set: ([expression]) => ({ [setting]: expression }),
  });
}

const handlerExample = (handler: string, line: string): string =>
  `<Location /${handler.slice(5, -8)}>\n  SetHandler ${handler}\n  AuthName Members\n${line && `  ${line}\n`}  Session On\n` +
  "  SessionCookieName session path=/\n</Location>";

export default defineModule({
  name: "mod_auth_form",
  summary: "Asks users for name and password by a page with a form, and knows them by their session then",
  settings: form.settings,
  directives: (directive) => ({
    AuthFormProvider: directive({
      args: [rest(arg.word("provider"))],
      contexts,
      override,
      summary: "Names what knows the users' passwords",
      doc:
        "The same providers as of AuthBasicProvider, asked in order until one knows the user. Name and password stand in the " +
        "session and are checked at each request: seal it by SessionCryptoPassphrase, and send it over TLS alone " +
        "(`SessionCookieName session path=/;Secure;HttpOnly`). The page with the form is the ErrorDocument of 401, whose form " +
        "has no `action` and the method POST; or a page of its own whose form is sent to a `form-login-handler`.",
      default: "file",
      example: area(),
      set: ([providers]) => ({ providers }),
    }),
    AuthFormAuthoritative: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Says whether a user whom no provider knows is refused",
      doc: "Off, the request goes on to other modules that may know the user; where none does it is answered with 500.",
      default: "On",
      example: area("AuthFormAuthoritative Off"),
      set: ([authoritative]) => ({ authoritative }),
    }),
    AuthFormUsername: field(directive, "userField", "the user's name", "httpd_username"),
    AuthFormPassword: field(directive, "passwordField", "the password", "httpd_password"),
    AuthFormLocation: directive({
      args: [arg.word("name")],
      contexts,
      override,
      summary: "Names the field of the login form that says where to go then",
      doc:
        "The browser is redirected there after the login, and also after one that failed where neither " +
        "AuthFormLoginRequiredLocation is written. Unlike Apache, only to places on this site (its ServerName and " +
        "ServerAlias, and the name the request was sent to): anybody can make a form. For another site write " +
        "AuthFormLoginSuccessLocation.",
      default: "httpd_location",
      example: area("AuthFormLocation httpd_location"),
      set: ([name]) => ({ locationField: byteString(name) }),
    }),
    AuthFormMethod: field(directive, "methodField", "the method of the request behind the login", "httpd_method"),
    AuthFormMimetype: field(
      directive,
      "mimeTypeField",
      "the media type of the body behind the login",
      "httpd_mimetype",
    ),
    AuthFormBody: field(directive, "bodyField", "the body of the request behind the login", "httpd_body"),
    AuthFormSize: directive({
      args: [arg.size("bytes")],
      contexts: ["directory"],
      summary: "Says how large a login form may be",
      doc: "Bytes of names and values together; a larger one is answered with 413.",
      default: "8192",
      example: area("AuthFormSize 16384"),
      set: ([size]) => ({ size }),
    }),
    AuthFormLoginRequiredLocation: location(directive, "loginRequired", {
      summary: "Redirects to a login page instead of answering 401",
      doc: "With status 302, also after a login that failed.",
      example: area("AuthFormLoginRequiredLocation https://www.example.org/login.html"),
    }),
    AuthFormLoginSuccessLocation: location(directive, "loginSuccess", {
      summary: "Redirects there after a login, where the form does not say",
      doc: "With status 302.",
      example: handlerExample("form-login-handler", "AuthFormLoginSuccessLocation /members/"),
    }),
    AuthFormLogoutLocation: location(directive, "logout", {
      summary: "Redirects there after a logout",
      doc: "With status 307, by the handler `form-logout-handler`.",
      example: handlerExample("form-logout-handler", "AuthFormLogoutLocation /goodbye.html"),
    }),
    AuthFormSitePassphrase: directive({
      args: [arg.word("passphrase")],
      contexts,
      override,
      summary: "Lets sessions in that prove a login at this site, without asking the providers again",
      doc:
        "The proof is made of the user's name by HMAC-SHA-256 with the passphrase, and stands in the session. A password that " +
        "was changed or a user who was removed is refused only when the session ends.",
      default: "none",
      example: area("AuthFormSitePassphrase another-long-secret"),
      set: ([passphrase], place) => {
        if (passphrase === "") return place.fail("a passphrase cannot be empty");
        return { sitePassphrase: byteString(passphrase) };
      },
    }),
    AuthFormFakeBasicAuth: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Gives requests an Authorization field with the user's name and password",
      doc: "As a login by the scheme Basic would, for applications and back ends that want one.",
      default: "Off",
      example: area("AuthFormFakeBasicAuth On"),
      set: ([fakesBasic]) => ({ fakesBasic }),
    }),
    AuthFormDisableNoStore: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Lets browsers keep the answer to a login that failed",
      doc: "Off, it is sent with `Cache-Control: no-store`, so that nobody sees or sends the form again by going back.",
      default: "Off",
      example: area("AuthFormDisableNoStore On"),
      set: ([mayStore]) => ({ mayStore }),
    }),
  }),
  hooks: {
    checkUser: { run: authenticate },
    handler: { rank: "first", run: handle },
  },
  lifecycle: { check },
});

function check(server: ServerView): void {
  if (server.providers("sessions").size === 0) {
    server.error("AH02617: You must load mod_session to enable the mod_auth_form functions", undefined, {
      advice: "a2enmod session session_cookie session_crypto",
    });
  }
  const known = server.providers("authnProvider");
  for (const { settings, origin } of server.everywhere(form)) {
    for (const name of settings.providers ?? []) {
      const provider = known.get(name) as AuthnProvider | undefined;
      if (provider?.checkPassword) continue;
      const reason = provider
        ? `The '${name}' Authn provider doesn't support Form Authentication`
        : `Unknown Authn provider: ${name}`;
      server.error(`AuthFormProvider: ${reason}`, origin("providers"));
    }
  }
}
