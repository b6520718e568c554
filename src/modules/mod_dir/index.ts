// What a request for a directory gets: its slash, its index, or the fallback.
import { arg, byteString, defineModule, rest, type Context } from "../../api/index.js";
import { serveDirectory } from "./directory.js";
import { settings } from "./settings.js";

const contexts: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const override = "Indexes";

const redirectWords: Readonly<Record<string, number | undefined>> = {
  on: 302,
  off: undefined,
  temp: 302,
  permanent: 301,
  seeother: 303,
};

const redirectStatus = arg.custom("status", "On|Off|3xx", (text, place): number | undefined => {
  const word = text.toLowerCase();
  if (word in redirectWords) return redirectWords[word];
  return /^3\d\d$/.test(word) ? Number(word) : place.refuse("must be on, off or a status 3xx");
});

export default defineModule({
  name: "mod_dir",
  summary: "Serves the index of a directory, and sends clients to the directory's URL.",
  settings,
  directives: (directive) => ({
    DirectoryIndex: directive({
      args: [rest(arg.word("name"))],
      contexts,
      override,
      summary: "The names tried, in order, for a URL that is a directory.",
      doc:
        "The first that exists is served in the directory's place, with the same query string. A name that starts with a " +
        "slash is a path of the server. Lines of one section add up; a section's list takes the place of the outer one. " +
        "`DirectoryIndex disabled` tries nothing.",
      example: "DirectoryIndex index.html index.py",
      default: "index.html",
      set: ([names]) => ({
        indexNames: names.length === 1 && /^disabled$/i.test(names[0] ?? "") ? [] : names.map(byteString),
      }),
    }),

    DirectoryIndexRedirect: directive({
      args: [redirectStatus],
      contexts,
      override,
      summary: "Whether a client is sent to the index rather than served it in place.",
      doc: "`On` redirects with 302; any status 3xx may be given. The query string is dropped.",
      example: "DirectoryIndexRedirect 301",
      default: "Off",
      set: ([indexRedirect]) => ({ indexRedirect }),
    }),

    DirectorySlash: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Whether a URL of a directory without a slash at its end is redirected to the one with it.",
      doc:
        "The redirect is a 301, for every method. Without it relative links in the index lead astray. It is left out for " +
        "methods other than GET where the variable `redirect-carefully` is set.",
      example: "<Location /api>\n  DirectorySlash Off\n</Location>",
      default: "On",
      set: ([slash]) => ({ slash }),
    }),

    DirectoryCheckHandler: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Whether directories that have a handler already are left to it.",
      doc: "Off, the index is looked for all the same.",
      example: "DirectoryCheckHandler On",
      default: "Off",
      set: ([checkHandler]) => ({ checkHandler }),
    }),

    FallbackResource: directive({
      args: [arg.word("URL-path")],
      contexts,
      override,
      summary: "The path served where a URL leads to no file.",
      doc:
        "For applications that answer to every path by one script. Directories that exist are not affected, but a directory " +
        "without an index falls back too. It is served in place, with status 200. `disabled` turns an outer one off.",
      example: "FallbackResource /index.html",
      default: "disabled",
      set: ([target], place) => {
        if (target.toLowerCase() === "disabled") return { fallback: undefined };
        return target.startsWith("/")
          ? { fallback: byteString(target) }
          : place.fail('URL-path must start with "/", or be "disabled"');
      },
    }),
  }),

  hooks: { fixups: { rank: "last", run: serveDirectory } },
});
