// Anonymous lines → a provider of passwords that knows guests: "anon".
import {
  arg,
  byteString,
  defineModule,
  defineSettings,
  list,
  rest,
  value,
  type AuthnProvider,
} from "../../api/index.js";

const definition = defineSettings("mod_authn_anon", {
  users: list<string>("replace"),
  mustGiveEmail: value<boolean>(true),
  verifyEmail: value<boolean>(false),
  noUserId: value<boolean>(false),
  logEmail: value<boolean>(true),
});

const anon: AuthnProvider = {
  checkPassword: (request, user, password) => {
    const settings = request.settings(definition);
    const { users } = settings;
    const isGuest =
      users.length > 0 && (user === "" ? settings.noUserId : users.includes("*") || users.includes(lowerCase(user)));
    if (!isGuest) return "user not found";
    if (settings.mustGiveEmail && password === "") return "denied";
    if (settings.verifyEmail && !(password.includes("@") && password.includes("."))) return "denied";
    if (settings.logEmail && !request.parent && !request.previous) {
      request.log("info", "authn_anon", `AH01672: Anonymous: Passwd <${password}> Accepted`);
    }
    return "granted";
  },
};

export default defineModule({
  name: "mod_authn_anon",
  summary: "Lets guests in by a name such as anonymous, with their mail address for a password",
  settings: definition.settings,
  directives: (directive) => {
    const flag = (
      name: string,
      setting: "mustGiveEmail" | "verifyEmail" | "noUserId" | "logEmail",
      on: boolean,
      summary: string,
    ) =>
      directive({
        args: [arg.flag()],
        contexts: ["directory", ".htaccess"],
        override: "AuthConfig",
        summary,
        doc: "Holds for the users that Anonymous names, in the same section.",
        default: on ? "On" : "Off",
        example: `<Location /guests>\n  AuthType Basic\n  AuthName Guests\n  AuthBasicProvider anon\n  Anonymous guest\n  Anonymous_${name} ${on ? "Off" : "On"}\n  Require valid-user\n</Location>`,
        set: ([isOn]) => ({ [setting]: isOn }),
      });
    return {
      Anonymous: directive({
        args: [rest(arg.word("user"))],
        contexts: ["directory", ".htaccess"],
        override: "AuthConfig",
        summary: "Names users that need no password",
        doc: "In any case of letters; `*` stands for every name. Takes effect where AuthBasicProvider names `anon`.",
        example:
          "<Location /guests>\n  AuthType Basic\n  AuthName \"Use 'anonymous' and your mail address\"\n  AuthBasicProvider anon\n" +
          "  Anonymous anonymous guest\n  Require valid-user\n</Location>",
        set: ([users], place) => {
          if (users.includes("")) place.fail("Anonymous string cannot be empty, use Anonymous_NoUserId");
          return { users: users.map((user) => lowerCase(byteString(user))) };
        },
      }),
      Anonymous_MustGiveEmail: flag(
        "MustGiveEmail",
        "mustGiveEmail",
        true,
        "Says whether guests must give a password at all",
      ),
      Anonymous_VerifyEmail: flag(
        "VerifyEmail",
        "verifyEmail",
        false,
        "Says whether a guest's password must hold an @ and a dot",
      ),
      Anonymous_NoUserId: flag("NoUserId", "noUserId", false, "Says whether guests may leave their name empty"),
      Anonymous_LogEmail: flag(
        "LogEmail",
        "logEmail",
        true,
        "Says whether the passwords of guests are logged, at level info",
      ),
    };
  },
  provides: { authnProvider: { anon } },
});

function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
