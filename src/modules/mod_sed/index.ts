// OutputSed and InputSed lines → texts edited by the language of sed: the filter SED.
import { arg, byteString, defineModule, type Context, type Place } from "../../api/index.js";
import { SedError } from "./error.js";
import { sedInput, sedOutput } from "./filters.js";
import { link } from "./program.js";
import { readScript, type ScriptPart } from "./script.js";
import { sed } from "./settings.js";

const contexts: readonly Context[] = ["directory"];
const language =
  "Several lines make one script. The language is that of sed with basic regular expressions: addresses (`3`, `$`, `/text/`, " +
  "`1,/end/`, `!`), braces, `s` with `g`, a number and `p`, `y`, `d D n N p P q = l`, the hold space by `g G h H x`, jumps by `b`, " +
  "`t` and `:label`, and `r`. `#n` as a line of its own: only what is printed by a command is sent. `a`, `c` and `i` cannot be " +
  "written in a line of the configuration, as in Apache; `w` is refused. A line, and what it becomes, has at most 8 MiB, and " +
  "100,000 commands.";

export default defineModule({
  name: "mod_sed",
  summary: "Edits responses, and bodies of requests, by the language of sed: the filter Sed",
  settings: sed.settings,
  directives: (directive) => ({
    OutputSed: directive({
      args: [arg.word("script")],
      contexts,
      summary: "A line of the script that edits responses",
      doc: `Acts where the filter is set. ${language}`,
      example:
        '<Directory /srv/www>\n  AddOutputFilter Sed html\n  OutputSed "s/monday/MON/g"\n  OutputSed "s/sunday/SUN/g"\n</Directory>',
      set: ([text], place) => ({ scripts: { output: [partOf(text, place)], input: [] } }),
    }),
    InputSed: directive({
      args: [arg.word("script")],
      contexts,
      summary: "A line of the script that edits bodies of requests",
      doc: `Acts where the filter is set (SetInputFilter, AddInputFilter). What is edited ends in a newline. ${language}`,
      example: '<Directory /srv/app>\n  AddInputFilter Sed php\n  InputSed "s/monday/MON/g"\n</Directory>',
      set: ([text], place) => ({ scripts: { output: [], input: [partOf(text, place)] } }),
    }),
  }),
  provides: { outputFilter: { SED: sedOutput }, inputFilter: { SED: sedInput } },
  lifecycle: {
    check: (server) => {
      for (const { settings, origin } of server.everywhere(sed)) {
        for (const parts of [settings.scripts?.output ?? [], settings.scripts?.input ?? []]) {
          try {
            link(parts);
          } catch (error) {
            if (!(error instanceof SedError)) throw error;
            server.error(`Failed to compile sed expression: ${error.message}`, origin("scripts"));
          }
        }
      }
    },
  },
});

function partOf(text: string, place: Place): ScriptPart {
  try {
    return readScript(byteString(text), place.origin, (path) => place.resolve(path));
  } catch (error) {
    if (error instanceof SedError) return place.fail(`Failed to compile sed expression. ${error.message}`);
    throw error;
  }
}
