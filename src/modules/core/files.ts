// Directives on files: where they are, what may be done with them, their tags and ranges.
import {
  arg,
  byteString,
  meant,
  nearest,
  noOptions,
  optional,
  rest,
  type ETagParts,
  type OptionsChange,
  type OptionSet,
  type Place,
} from "../../api/index.js";
import { everywhere, hosts, hostsAndDirectories, type CoreMaker } from "./contexts.js";

/** In .htaccess files AllowOverride may leave some of the options only. */
function refuseOption(word: string, bits: Partial<OptionSet>, place: Place): void {
  const { rights } = place;
  if (!rights) return;
  const missing = Object.entries(bits).find(([name, isSet]) => isSet && !rights.options.has(name));
  if (!missing) return;
  const allowed = [...rights.options].join(",");
  place.fail(
    `Option ${word.replace(/^[+-]/, "")} not allowed here`,
    `AllowOverride allows Options=${allowed || "None"} in this directory`,
  );
}

const optionWords: Readonly<Record<string, Partial<OptionSet>>> = {
  indexes: { Indexes: true },
  includes: { Includes: true, IncludesNOEXEC: false },
  includesnoexec: { IncludesNOEXEC: true, Includes: false },
  followsymlinks: { FollowSymLinks: true },
  symlinksifownermatch: { SymLinksIfOwnerMatch: true },
  execcgi: { ExecCGI: true },
  multiviews: { MultiViews: true },
  runscripts: { ExecCGI: true, MultiViews: true },
  all: { Indexes: true, Includes: true, IncludesNOEXEC: false, FollowSymLinks: true, ExecCGI: true },
};

function readOptions(words: readonly string[], place: Place): OptionsChange {
  let edits: Record<string, boolean> = {};
  let plain: OptionSet | undefined;
  let startsAnew = false;
  for (const [index, word] of words.entries()) {
    const sign = /^[+-]/.test(word) ? word.charAt(0) : "";
    const name = word.slice(sign.length).toLowerCase();
    // Behind All and None there may be words with a sign, and no others behind those.
    const isMixed = sign === "" ? Object.keys(edits).length > 0 : plain !== undefined && !startsAnew;
    if (isMixed) place.fail("Either all Options must start with + or -, or no Option may.");
    if (name === "none" || name === "all") {
      startsAnew = true;
      const shown = name === "none" ? "None" : "All";
      if (sign !== "") place.fail(`You may not use 'Options +${shown}' or 'Options -${shown}'.`);
      if (index > 0) place.fail(`'Options ${shown}' must be the first Option given.`);
    }
    const bits = name === "none" ? {} : optionWords[name];
    if (!bits)
      return place.fail(`Illegal option ${word}`, optionAdvice(word, [...Object.keys(noOptions), "All", "None"]));
    refuseOption(word, bits, place);
    if (sign === "") plain = { ...(plain ?? noOptions), ...bits };
    else edits = { ...edits, ...signed(bits, sign === "+") };
  }
  return plain ? { plain: { ...plain, ...edits }, edits: {} } : { edits };
}

function optionAdvice(word: string, names: readonly string[]): string {
  const near = meant(nearest(word.replace(/^[+-]/, ""), names));
  return `${near === undefined ? "" : `${near} `}the options are ${names.join(", ")}`;
}

function signed(bits: Partial<OptionSet>, isAdded: boolean): Record<string, boolean> {
  return Object.fromEntries(Object.entries(bits).map(([bit, isSet]) => [bit, isAdded && isSet]));
}

const etagWords: Readonly<Record<string, Partial<ETagParts>>> = {
  inode: { inode: true },
  mtime: { mtime: true },
  size: { size: true },
  digest: { digest: true },
  all: { inode: true, mtime: true, size: true },
};
const noETag: ETagParts = { inode: false, mtime: false, size: false, digest: false };

function readETag(words: readonly string[], place: Place) {
  const edits: Record<string, boolean> = {};
  const signed = /^[+-]/.test(words[0] ?? "");
  for (const [index, word] of words.entries()) {
    const name = word.replace(/^[+-]/, "").toLowerCase();
    if (/^[+-]/.test(word) !== signed) place.fail("either all parts start with + or -, or none does");
    if (name === "none" && (signed || index > 0)) place.fail("None stands alone");
    const bits = name === "none" ? {} : etagWords[name];
    if (!bits) return place.fail(`must hold MTime, Size, INode, Digest, All or None, found "${word}"`);
    for (const bit of Object.keys(bits)) edits[bit] = !word.startsWith("-");
  }
  return signed ? { edits } : { plain: { ...noETag, ...edits }, edits: {} };
}

const rangeLimit = (fallback: number) =>
  arg.custom("number", "default|unlimited|none|number", (text, place) => {
    const words: Readonly<Record<string, number>> = { default: fallback, unlimited: Infinity, none: 0 };
    const word = words[text.toLowerCase()];
    if (word !== undefined) return word;
    return /^[1-9]\d*$/.test(text)
      ? Number(text)
      : place.refuse("must be default, unlimited, none, or a number above 0");
  });

export const fileDirectives = (directive: CoreMaker) => ({
  DocumentRoot: directive({
    args: [arg.filePath("directory-path")],
    contexts: hosts,
    summary: "The directory that `/` of the URL space maps to.",
    doc: "A relative path is taken from ServerRoot. It must exist at server level; in a virtual host its absence is a warning.",
    example: 'DocumentRoot "/srv/www"',
    set: ([path], place) => ({ documentRoot: path.replace(/\/+$/, ""), documentRootOrigin: place.origin }),
  }),

  Options: directive({
    args: [optional(rest(arg.word("option")))],
    contexts: everywhere,
    override: "Options",
    summary:
      "Which features a directory has: Indexes, Includes, IncludesNOEXEC, FollowSymLinks, SymLinksIfOwnerMatch, ExecCGI, MultiViews.",
    doc:
      "A plain list replaces what is inherited; words with `+` or `-` edit it. `All` is everything but MultiViews. " +
      "FollowSymLinks and SymLinksIfOwnerMatch say whether links are followed; a link that is not is answered with 403.",
    example: "<Directory /srv/www>\n  Options -Indexes +SymLinksIfOwnerMatch\n</Directory>",
    default: "FollowSymLinks",
    set: ([words = []], place) => ({ options: readOptions(words, place) }),
  }),

  AccessFileName: directive({
    args: [optional(rest(arg.word("file-name")))],
    contexts: hosts,
    summary: "The names of files with directives in the directories they stand in.",
    doc: "The first that exists counts; without a name no such files are read. See `AllowOverride`.",
    example: "AccessFileName .acl",
    default: ".htaccess",
    set: ([names = []]) => ({ accessFileName: names.map(byteString) }),
  }),

  FileETag: directive({
    args: [rest(arg.word("part"))],
    contexts: everywhere,
    override: "FileInfo",
    summary: "What the ETag of a file is made of: INode, MTime, Size; All of them; Digest; or None.",
    doc:
      "The tag is the chosen numbers in hexadecimal, in the order inode, size, time of change in microseconds, joined by `-`. " +
      "`Digest` is the SHA-1 of the content. Words with `+` or `-` edit what is inherited.",
    example: "FileETag INode MTime Size",
    default: "MTime Size",
    set: ([words], place) => ({ fileETag: readETag(words, place) }),
  }),

  EnableSendfile: directive({
    args: [arg.flag()],
    contexts: everywhere,
    override: "FileInfo",
    summary: "Whether the system may send files by itself.",
    doc: "Accepted; files are read and written in pieces in any case.",
    example: "EnableSendfile Off",
    default: "Off",
    set: ([enableSendfile]) => ({ enableSendfile }),
  }),

  EnableMMAP: directive({
    args: [arg.flag()],
    contexts: everywhere,
    override: "FileInfo",
    summary: "Whether files may be mapped into memory.",
    doc: "Accepted; files are not mapped. Small ones are kept in memory, checked against the file at each request.",
    example: "EnableMMAP Off",
    default: "On",
    set: () => undefined,
  }),

  MaxRanges: directive({
    args: [rangeLimit(200)],
    contexts: hostsAndDirectories,
    summary: "Most ranges a request may ask for; with more the whole file is sent.",
    doc: "`none` turns ranges off (`Accept-Ranges: none`).",
    example: "MaxRanges 20",
    default: "200",
    set: ([maxRanges]) => ({ maxRanges }),
  }),

  MaxRangeOverlaps: directive({
    args: [rangeLimit(20)],
    contexts: hostsAndDirectories,
    summary: "Most times ranges of a request may overlap; with more the whole file is sent.",
    doc: "`none` allows no overlap.",
    example: "MaxRangeOverlaps 5",
    default: "20",
    set: ([maxRangeOverlaps]) => ({ maxRangeOverlaps }),
  }),

  MaxRangeReversals: directive({
    args: [rangeLimit(20)],
    contexts: hostsAndDirectories,
    summary: "Most times ranges of a request may go backwards; with more the whole file is sent.",
    doc: "`none` allows rising order only.",
    example: "MaxRangeReversals 5",
    default: "20",
    set: ([maxRangeReversals]) => ({ maxRangeReversals }),
  }),

  AcceptPathInfo: directive({
    args: [arg.oneOf("policy", "On", "Off", "Default")],
    contexts: everywhere,
    override: "FileInfo",
    summary: "Whether a file may be asked for with more path behind its name.",
    doc: "By default scripts take it and files are answered with 404.",
    example: '<Files "page.html">\n  AcceptPathInfo On\n</Files>',
    default: "Default",
    set: ([acceptPathInfo]) => ({ acceptPathInfo }),
  }),

  ContentDigest: directive({
    args: [arg.flag()],
    contexts: everywhere,
    override: "Options",
    summary: "Whether files are sent with a Content-MD5 field.",
    doc: "The digest is made anew for each response of a file too large to be kept in memory.",
    example: "ContentDigest On",
    default: "Off",
    set: ([contentDigest]) => ({ contentDigest }),
  }),
});
