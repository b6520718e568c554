// SetEnv, PassEnv and UnsetEnv lines → environment variables of requests.
import { appended, arg, byteString, defineModule, optional, overlaid, rest, type Setting } from "../../api/index.js";

/** What a section sets, and what of the surrounding ones it takes back. */
interface Variables {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
}

const none: Variables = { set: {}, unset: [] };

const variables: Setting<Variables> = {
  initial: none,
  add: (earlier, later) => ({ set: overlaid(earlier.set, later.set), unset: appended(earlier.unset, later.unset) }),
  nest: (outer, inner) => {
    const unset = new Set(inner.unset);
    const inherited = Object.entries(outer.set).filter(([name]) => !unset.has(name));
    return { set: { ...Object.fromEntries(inherited), ...inner.set }, unset: [...outer.unset, ...inner.unset] };
  },
};

const contexts = ["server config", "virtual host", "directory", ".htaccess"] as const;
const late =
  "Variables are set late, in the fixups phase: SetEnvIf, `Require env` and server-level rewriting do not see them; use SetEnvIf there.";

export default defineModule({
  name: "mod_env",
  summary: "Sets environment variables for applications and scripts",
  settings: { variables },
  directives: (directive) => ({
    SetEnv: directive({
      args: [arg.word("name"), optional(arg.word("value"))],
      contexts,
      override: "FileInfo",
      summary: "Sets an environment variable",
      doc: `Applications find it in their environ. Without a value the variable is empty. ${late}`,
      example: 'SetEnv SPECIAL_PATH "/foo/bin"',
      set: ([name, value = ""]) => ({ variables: { set: { [name]: byteString(value) }, unset: [] } }),
    }),
    PassEnv: directive({
      args: [rest(arg.word("name"))],
      contexts,
      override: "FileInfo",
      summary: "Hands environment variables of the server on to applications",
      doc: `A variable that the server does not have is warned of and left out. ${late}`,
      example: "PassEnv LANG",
      set: ([names], place) => {
        const set: Record<string, string> = {};
        for (const name of names) {
          const value = process.env[name];
          if (value === undefined) place.warn(`variable ${name} was undefined`, "AH01506");
          else set[name] = byteString(value);
        }
        return { variables: { set, unset: [] } };
      },
    }),
    UnsetEnv: directive({
      args: [rest(arg.word("name"))],
      contexts,
      override: "FileInfo",
      summary: "Takes back variables that surrounding sections set",
      doc:
        "Undoes SetEnv and PassEnv of the sections around this one, not those of the same section. It holds whichever other " +
        "sections match too, where Apache forgets it as soon as two of a kind do.",
      example: "SetEnv CHANNEL stable\n<Location /next>\n  UnsetEnv CHANNEL\n</Location>",
      set: ([names]) => ({ variables: { set: {}, unset: names } }),
    }),
  }),
  hooks: {
    fixups: {
      when: ({ variables: { set } }) => Object.keys(set).length > 0,
      run: (request, { variables: { set } }) => {
        for (const name in set) request.environment.set(name, set[name] as string);
        return undefined;
      },
    },
  },
});
