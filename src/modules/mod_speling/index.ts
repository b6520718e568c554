// A path with a slip of the pen → a redirect to the file that was meant, or a list of those that may be.
import {
  arg,
  defineModule,
  type Context,
  type Request,
  type Response,
  type Setting,
  type Verdict,
} from "../../api/index.js";
import { candidatesFor } from "./candidates.js";
import { answerFor } from "./answer.js";

/** What a section says; none of it is taken over from the one around it. */
interface Checks {
  readonly enabled?: boolean;
  readonly caseOnly?: boolean;
  readonly basename?: boolean;
}

const checks: Setting<Checks> = {
  initial: {},
  add: (earlier, later) => ({ ...earlier, ...later }),
  nest: (_outer, inner) => inner,
};

const contexts: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const override = "Options";
const whole = "A section with any of this module's lines takes none of the others over from the sections around it.";

async function correct(request: Request, { caseOnly = false, basename = true }: Checks): Promise<Verdict> {
  const { filename, path, pathInfo } = request;
  const slash = filename.lastIndexOf("/");
  const wrong = filename.slice(slash + 1);
  const behind = wrong + pathInfo;
  if (!path.endsWith(behind)) return undefined;
  const found = await candidatesFor(filename.slice(0, slash), wrong, { caseOnly, basename });
  if (found === undefined || found.length === 0) return undefined;
  return answerFor(request, path.slice(0, path.length - behind.length), found);
}

function isAsked({ method, file, filename, path, parent }: Request): boolean {
  return method === "GET" && !file && filename.includes("/") && path !== "/" && !parent;
}

export default defineModule({
  name: "mod_speling",
  summary: "Finds the file a misspelt URL was meant for.",
  settings: { checks },
  directives: (directive) => ({
    CheckSpelling: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Whether a path that leads nowhere is compared with the names that are there.",
      doc:
        "The last part of the path may differ from a name in upper and lower case, or by one letter: wrong, missing, too " +
        "many, or two changed over. One such name, or one that is closer than all others, is answered with a redirect " +
        "(301); several with a list of them (300). Only GET and HEAD are corrected, and only the last part. The whole folder " +
        `is read for it, and names of files come to light that nothing links to. ${whole}`,
      default: "Off",
      example: "CheckSpelling On",
      set: ([enabled]) => ({ checks: { enabled } }),
    }),
    CheckCaseOnly: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Whether only upper and lower case are looked at.",
      doc: `With it a letter that is wrong, missing or too many stays an error. ${whole}`,
      default: "Off",
      example: "CheckSpelling On\nCheckCaseOnly On",
      set: ([caseOnly]) => ({ checks: { caseOnly } }),
    }),
    CheckBasenameMatch: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Whether names count that are the same up to their first dot.",
      doc: `\`page.htm\` then finds \`page.html\` and \`page.pdf\`; such names are listed (300), never redirected to. ${whole}`,
      default: "On",
      example: "CheckSpelling On\nCheckBasenameMatch Off",
      set: ([basename]) => ({ checks: { basename } }),
    }),
  }),
  hooks: {
    fixups: {
      rank: "last",
      when: ({ checks: { enabled } }) => enabled === true,
      run: (request, settings): undefined | Promise<Response | "done" | undefined> =>
        isAsked(request) ? correct(request, settings.checks) : undefined,
    },
  },
});
