// Directories without an index → listings of what is in them.
import {
  arg,
  byteString,
  defineModule,
  globToRegExp,
  hasWildcard,
  refuse,
  rest,
  type Context,
  type DirectiveMaker,
  type Place,
  type Request,
} from "../../api/index.js";
import { listDirectory, mayList } from "./listing.js";
import { readOptions } from "./options.js";
import { autoindex, reachOf, wildcards, type Item } from "./settings.js";

const contexts: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const override = "Indexes";
type Maker = DirectiveMaker<typeof autoindex.settings>;

/** Makes items of one section; each for a name, type or encoding. */
function itemsFor(by: Item["by"], targets: readonly string[], data: string, place: Place): Item[] {
  const within = reachOf(place);
  return targets.map((target) => {
    const text = target === "**DIRECTORY**" ? "^^DIRECTORY^^" : byteString(target);
    const pattern = by === "path" && !/[*?]/.test(text) ? `*${text}` : text;
    return { by, matches: wildcards(pattern, by !== "path"), data, within };
  });
}

interface Words {
  readonly summary: string;
  readonly doc: string;
  readonly example: string;
}

const iconDirective = (directive: Maker, by: Item["by"], target: string, words: Words) =>
  directive({
    ...words,
    args: [arg.word("icon"), rest(arg.word(target))],
    contexts,
    override,
    set: ([icon, targets], place) => {
      const match = /^\(([^,]*),(.*)\)$/s.exec(icon);
      if (icon.startsWith("(") && !match) return place.fail(`icon: expected (TEXT,URL), found "${icon}"`);
      const url = match?.[2] ?? icon;
      return {
        icons: itemsFor(by, targets, byteString(url), place),
        ...(match ? { alts: itemsFor(by, targets, byteString(match[1] ?? ""), place) } : {}),
      };
    },
  });

const altDirective = (directive: Maker, by: Item["by"], target: string, words: Words) =>
  directive({
    ...words,
    args: [arg.word("text"), rest(arg.word(target))],
    contexts,
    override,
    set: ([alt, targets], place) => ({ alts: itemsFor(by, targets, byteString(alt), place) }),
  });

const textDirective = (
  directive: Maker,
  setting: "defaultIcon" | "styleSheet" | "headInsert" | "header" | "readme",
  argument: string,
  words: Words,
) =>
  directive({
    ...words,
    args: [arg.word(argument)],
    contexts,
    override,
    set: ([text]) => ({ [setting]: byteString(text) }),
  });

const keys: Readonly<Record<string, string>> = { name: "N", date: "M", size: "S", description: "D" };
const order =
  "The first that fits is taken; lines of inner sections come before those of outer ones. In a `<Location>`, a line is for " +
  "files whose whole names begin with its URL-path, hence for none mostly, but for `^^DIRECTORY^^` and `^^BLANKICON^^`.";

export default defineModule({
  name: "mod_autoindex",
  summary: "Lists directories that have no index.",
  settings: autoindex.settings,
  directives: (directive) => ({
    IndexOptions: directive({
      args: [rest(arg.word("option"))],
      contexts,
      override,
      summary: "How listings look.",
      doc:
        "Plain words replace what outer sections say, `+word` adds to it and `-word` takes from it: FancyIndexing, " +
        "HTMLTable, FoldersFirst, IconsAreLinks, IconWidth=, IconHeight=, IgnoreCase, IgnoreClient, NameWidth=, " +
        "DescriptionWidth= (a number or `*`), ScanHTMLTitles, ShowForbidden, SuppressColumnSorting, SuppressDescription, " +
        "SuppressHTMLPreamble, SuppressIcon, SuppressLastModified, SuppressRules, SuppressSize, TrackModified, VersionSort, " +
        "XHTML, AddAltClass, UseOldDateFormat, Charset=, Type=. `None` forgets all.",
      example: "IndexOptions FancyIndexing HTMLTable VersionSort NameWidth=* Charset=UTF-8",
      set: ([words], place) => ({ options: readOptions(words, place) }),
    }),
    IndexOrderDefault: directive({
      args: [
        arg.oneOf("direction", "Ascending", "Descending"),
        arg.oneOf("key", "Name", "Date", "Size", "Description"),
      ],
      contexts,
      override,
      summary: "How listings are sorted where the client does not say.",
      doc: "By name where the key is the same.",
      example: "IndexOrderDefault Descending Date",
      default: "Ascending Name",
      set: ([direction, key]) => ({
        order: { key: keys[key.toLowerCase()] ?? "N", direction: direction === "Ascending" ? "A" : "D" },
      }),
    }),
    IndexIgnore: directive({
      args: [rest(arg.word("name"))],
      contexts,
      override,
      summary: "Files that listings leave out.",
      doc: "Names with wildcards; `..` is the parent directory. Lines add up, also with those of outer sections.",
      example: "IndexIgnore .??* *~ *# RCS",
      set: ([names], place) => {
        const within = reachOf(place);
        const patterns = names.map((name) => ({ matches: wildcards(byteString(name.replace(/^.*\//s, ""))), within }));
        return { ignored: { patterns, reset: false } };
      },
    }),
    IndexIgnoreReset: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Whether what outer sections ignore is forgotten.",
      doc: "Lines of IndexIgnore in the same section stay.",
      example: "<Directory /srv/files>\n  IndexIgnoreReset On\n  IndexIgnore .ht*\n</Directory>",
      default: "Off",
      set: ([reset]) => ({ ignored: { patterns: [], reset } }),
    }),
    AddIcon: iconDirective(directive, "path", "name", {
      summary: "The icon of files by their names.",
      doc:
        "The icon is a URL, or `(TEXT,URL)` with the text shown in its place. Names are extensions, parts of names with " +
        `wildcards, \`^^DIRECTORY^^\` for directories, \`^^BLANKICON^^\` for the head of the column. ${order}`,
      example: "AddIcon /icons/folder.gif ^^DIRECTORY^^\nAddIcon (IMG,/icons/image.gif) .gif .jpg",
    }),
    AddIconByType: iconDirective(directive, "type", "type", {
      summary: "The icon of files by their media types.",
      doc: `As AddIcon; types may have wildcards. ${order}`,
      example: "AddIconByType (TXT,/icons/text.gif) text/*",
    }),
    AddIconByEncoding: iconDirective(directive, "encoding", "encoding", {
      summary: "The icon of files by their content encoding.",
      doc: `As AddIcon. ${order}`,
      example: "AddIconByEncoding (CMP,/icons/compressed.gif) x-gzip",
    }),
    AddAlt: altDirective(directive, "path", "name", {
      summary: "The text in place of an icon, by the names of files.",
      doc: order,
      example: 'AddAlt "PDF file" *.pdf',
    }),
    AddAltByType: altDirective(directive, "type", "type", {
      summary: "The text in place of an icon, by media types.",
      doc: order,
      example: 'AddAltByType "plain text" text/plain',
    }),
    AddAltByEncoding: altDirective(directive, "encoding", "encoding", {
      summary: "The text in place of an icon, by content encoding.",
      doc: order,
      example: "AddAltByEncoding gzip x-gzip",
    }),
    AddDescription: directive({
      args: [arg.word("text"), rest(arg.word("name"))],
      contexts,
      override,
      summary: "The description of files in listings.",
      doc: `Names are parts of names, or have wildcards; with a slash they are compared with the whole path. HTML is taken as it is. ${order}`,
      example: 'AddDescription "The planet Mars" mars.gif',
      set: ([text, names]) => ({
        descriptions: names.map((name) => {
          const full = name.includes("/");
          const plain = !full && !hasWildcard(name);
          const pattern = byteString(`${full ? "*/" : "*"}${name}*`);
          return { matches: plain ? byteString(name) : globToRegExp(pattern), full, text: byteString(text) };
        }),
      }),
    }),
    DefaultIcon: textDirective(directive, "defaultIcon", "URL", {
      summary: "The icon of files that have no other.",
      doc: "Without it there is none.",
      example: "DefaultIcon /icons/unknown.gif",
    }),
    HeaderName: textDirective(directive, "header", "name", {
      summary: "The file put in front of listings.",
      doc: "A name in the directory, or a path of the URL space. HTML is served as it is in place of the heading, other text is shown as text.",
      example: "HeaderName HEADER.html",
    }),
    ReadmeName: textDirective(directive, "readme", "name", {
      summary: "The file put behind listings.",
      doc: "As HeaderName.",
      example: "ReadmeName README.html",
    }),
    IndexStyleSheet: textDirective(directive, "styleSheet", "URL", {
      summary: "The style sheet of listings.",
      doc: "With it, table, rows and columns have classes.",
      example: "IndexStyleSheet /css/listing.css",
    }),
    IndexHeadInsert: textDirective(directive, "headInsert", "text", {
      summary: "HTML put into the head of listings.",
      doc: "It is put in as it stands: what is not HTML for the head of a page breaks the listing.",
      example: 'IndexHeadInsert "<meta name=viewport content=width=device-width>"',
    }),
    FancyIndexing: directive({
      args: [rest(arg.word("word"))],
      contexts,
      override: "All",
      summary: "Of older versions; always refused.",
      doc: "`IndexOptions FancyIndexing` says it.",
      example: "# FancyIndexing On",
      set: (_words, place) => place.fail("is no longer supported", "use IndexOptions FancyIndexing"),
    }),
  }),
  hooks: {
    handler: {
      run: (request, settings) => {
        if (!isListed(request)) return undefined;
        if (!mayList(request)) {
          request.log(
            "error",
            "autoindex",
            `AH01276: Cannot serve directory ${request.filename}: No matching DirectoryIndex found, and ` +
              "server-generated directory index forbidden by Options directive",
          );
          return refuse(403);
        }
        return listDirectory(request, settings);
      },
    },
  },
});

function isListed({ file, handler, method }: Request): boolean {
  return (
    method === "GET" && file?.isDirectory() === true && (handler ?? "httpd/unix-directory") === "httpd/unix-directory"
  );
}
