// AllowOverride, AllowOverrideList → what the files named by AccessFileName may hold.
import { arg, noOptions, optional, rest, type Change, type core, type Override, type Place } from "../../api/index.js";
import { directories, type CoreMaker } from "./contexts.js";

type Class = Exclude<Override, "All">;

const classes: Readonly<Record<string, Class>> = {
  authconfig: "AuthConfig",
  fileinfo: "FileInfo",
  indexes: "Indexes",
  limit: "Limit",
  options: "Options",
};

/** Without MultiViews and SymLinksIfOwnerMatch, as in Apache. */
const all = ["Indexes", "Includes", "IncludesNOEXEC", "FollowSymLinks", "ExecCGI"];

const optionNames: Readonly<Record<string, readonly string[]>> = {
  indexes: ["Indexes"],
  includes: ["Includes", "IncludesNOEXEC"],
  includesnoexec: ["IncludesNOEXEC"],
  followsymlinks: ["FollowSymLinks"],
  symlinksifownermatch: ["SymLinksIfOwnerMatch"],
  execcgi: ["ExecCGI"],
  multiviews: ["MultiViews"],
  runscripts: ["ExecCGI", "MultiViews"],
  none: [],
  all,
};

function readOptionNames(list: string, place: Place): ReadonlySet<string> {
  return new Set(
    list.split(",").flatMap((word) => {
      if (word === "") return [];
      const names = optionNames[word.toLowerCase()];
      return names ?? place.fail(`Illegal option ${word}`, `the options are ${Object.keys(noOptions).join(", ")}`);
    }),
  );
}

function readOverrides(words: readonly string[], place: Place): Change<typeof core.settings> {
  let granted = new Set<Class>();
  let nonfatal: string[] = [];
  let options: ReadonlySet<string> = new Set(Object.keys(noOptions));
  for (const word of words) {
    const equals = word.indexOf("=");
    const name = (equals < 0 ? word : word.slice(0, equals)).toLowerCase();
    const detail = equals < 0 ? undefined : word.slice(equals + 1);
    const known = classes[name];
    if (name === "none" || name === "all") {
      granted = new Set(name === "all" ? Object.values(classes) : []);
      nonfatal = [];
    } else if (name === "nonfatal") {
      nonfatal.push(readNonfatal(detail, place));
    } else if (known) {
      granted.add(known);
      if (name === "options") options = detail === undefined ? new Set(all) : readOptionNames(detail, place);
    } else {
      place.fail(
        `Illegal override option ${word}`,
        "write All, None, or some of AuthConfig, FileInfo, Indexes, Limit, Options, Options=..., Nonfatal=...",
      );
    }
  }
  const has = (word: string): boolean => nonfatal.includes(word) || nonfatal.includes("all");
  return {
    allowOverride: { classes: granted, options, ignoresForbidden: has("override"), ignoresUnknown: has("unknown") },
  };
}

function readNonfatal(detail: string | undefined, place: Place): string {
  const word = detail?.toLowerCase();
  if (word === "override" || word === "unknown" || word === "all") return word;
  if (word === undefined) return place.fail("=Override, =Unknown or =All expected after Nonfatal");
  place.warn(`Nonfatal=${word} says nothing: write Nonfatal=Override, Nonfatal=Unknown or Nonfatal=All`);
  return "";
}

function warnIfUseless(place: Place): void {
  const inside = place.sections.at(-1)?.name ?? "";
  if (!/^Directory$/i.test(inside)) place.warn(`Useless use of ${place.directive} in <${inside}>`, "AH00114");
}

function readList(words: readonly string[], place: Place): ReadonlySet<string> {
  const names = new Set<string>();
  for (const word of words) {
    if (word.toLowerCase() === "none") {
      if (words.length > 1) place.fail("'None' not allowed with other directives in AllowOverrideList");
      return names;
    }
    const contexts = place.contextsOf(word) ?? place.contextsOf(`${word}>`);
    if (!contexts) place.warn(`unrecognized directive "${word}" is left out`, "AH00116");
    else if (!contexts.includes(".htaccess") && !contexts.includes("directory"))
      place.warn(`directive "${word}" is left out: it may not stand in .htaccess files`, "AH02304");
    else names.add(word.toLowerCase());
  }
  return names;
}

export const overrideDirectives = (directive: CoreMaker) => ({
  AllowOverride: directive({
    args: [optional(rest(arg.word("class")))],
    contexts: directories,
    summary: "Which classes of directives .htaccess files may use.",
    doc:
      "`All`, `None`, or some of AuthConfig, FileInfo, Indexes, Limit and Options; `Options=Indexes,MultiViews` allows these " +
      "options alone. Each directive's page names its class. A directive that is not allowed is an error, answered with 500 and " +
      "logged with its line; `Nonfatal=Override` has such directives passed over, `Nonfatal=Unknown` those that no module has, " +
      "`Nonfatal=All` both. The files are read from the root directory down, in each directory where this directive allows " +
      "something, and laid over the `<Directory>` sections of the same directory. It has an effect in `<Directory>` sections " +
      "without regular expressions only.\n\n" +
      "A file is read and compiled once and kept; whether it is still the same is asked once in each turn of the event loop, for " +
      "all requests that came in together. So an edit acts on every request that is sent after it, as in Apache, also on network " +
      "file systems and where a link above is turned elsewhere.",
    example: "<Directory /srv/www>\n  AllowOverride FileInfo Options=Indexes,MultiViews\n</Directory>",
    default: "None",
    set: ([words], place) => {
      warnIfUseless(place);
      return readOverrides(words ?? [], place);
    },
  }),

  AllowOverrideList: directive({
    args: [optional(rest(arg.word("directive")))],
    contexts: directories,
    summary: "Which single directives .htaccess files may use.",
    doc: "They are allowed beside those of the classes that `AllowOverride` grants. `None` takes back what is inherited.",
    example: "<Directory /srv/www>\n  AllowOverride None\n  AllowOverrideList Redirect RedirectMatch\n</Directory>",
    default: "None",
    set: ([words], place) => {
      warnIfUseless(place);
      return { allowOverrideList: readList(words ?? [], place) };
    },
  }),
});
