// UserDir lines → the folders of users as /~user.
import { arg, byteString, defineModule, rest, type Setting, united } from "../../api/index.js";
import { mapUser, type UserDirs } from "./translate.js";

const nothing: UserDirs = { all: undefined, places: undefined, enabled: new Set(), disabled: new Set() };

const users: Setting<UserDirs> = {
  initial: nothing,
  add: (earlier, later) => ({
    all: later.all ?? earlier.all,
    places: later.places ?? earlier.places,
    enabled: united(earlier.enabled, later.enabled),
    disabled: united(earlier.disabled, later.disabled),
  }),
  nest: (_outer, inner) => inner,
  // Names are not inherited, as in Apache.
  host: (main, own) => (own ? { ...own, all: own.all ?? main.all, places: own.places ?? main.places } : main),
};

export default defineModule({
  name: "mod_userdir",
  summary: "Maps /~user to a folder of that user",
  settings: { users },
  directives: (directive) => ({
    UserDir: directive({
      args: [rest(arg.word("word"))],
      contexts: ["server config", "virtual host"],
      summary: "Where the folders of users are, and which users have one",
      doc:
        "A relative folder is taken from the user's home directory, as /etc/passwd names it; an absolute path has the user's " +
        "name put at its end, or in the place of a `*`; a URL with `*` redirects. Of several, the first that exists counts, else " +
        "the last. `disabled` turns users off unless `enabled` names them, `disabled NAME ...` turns these off, and `enabled` " +
        "turns all others on. The folders need a `<Directory>` section with `Require all granted`, and homes must be " +
        "searchable by the HTTP workers.",
      example:
        'UserDir public_html\nUserDir disabled root\n<Directory "/home/*/public_html">\n  Require all granted\n</Directory>',
      set: ([words]) => {
        const [first = "", ...names] = words.map(byteString);
        const word = first.toLowerCase().replace(/d$/, "");
        if (word !== "enable" && word !== "disable") return { users: { ...nothing, places: [first, ...names] } };
        if (names.length === 0) return { users: { ...nothing, all: word === "enable" } };
        return { users: { ...nothing, [word === "enable" ? "enabled" : "disabled"]: new Set(names) } };
      },
    }),
  }),
  hooks: {
    translateName: {
      after: ["mod_alias"],
      before: ["mod_vhost_alias"],
      when: ({ users: { places } }) => places !== undefined,
      run: (request, settings) => mapUser(request, settings.users),
    },
  },
});
