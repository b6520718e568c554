// VirtualDocumentRoot and VirtualScriptAlias → folders by the name or address a request came to.
import { arg, byteString, defineModule, value, type Place, type Request, type Verdict } from "../../api/index.js";
import { parseFormat, type FolderFormat } from "./format.js";

/** A root as a line gives it; `format` is undefined for "none". */
interface Root {
  readonly format: FolderFormat | undefined;
  readonly by: "name" | "address";
}

const formatDoc =
  "`%0` is the whole name, `%1` its first part between dots, `%-1` its last, `%2+` the second and all behind it, `%-2+` all up to " +
  "the last but one; behind a further dot the same of the letters of a part (`%3.1` the first letter of the third part), `_` " +
  "where there are not so many. `%p` is the port, `%%` a percent sign. `none` turns it off.";

export default defineModule({
  name: "mod_vhost_alias",
  summary: "One virtual host for many names, each with a folder of its own",
  settings: { documents: value<Root | undefined>(undefined), scripts: value<Root | undefined>(undefined) },
  directives: (directive) => {
    const root = (name: string, by: Root["by"], setting: "documents" | "scripts") =>
      directive({
        args: [arg.word("format")],
        contexts: ["server config", "virtual host"],
        summary: `Names the folder of ${setting} by the ${by === "name" ? "name" : "address"} a request came to`,
        doc: `${formatDoc} ${setting === "documents" ? "The folder is DOCUMENT_ROOT too." : "It is for paths that begin with /cgi-bin/."}`,
        example: `${name} "/srv/${by === "name" ? "%0" : "%0/ip"}/${setting}"`,
        set: ([text], place) => ({ [setting]: readRoot(text, by, place) }),
      });
    return {
      VirtualDocumentRoot: root("VirtualDocumentRoot", "name", "documents"),
      VirtualDocumentRootIP: root("VirtualDocumentRootIP", "address", "documents"),
      VirtualScriptAlias: root("VirtualScriptAlias", "name", "scripts"),
      VirtualScriptAliasIP: root("VirtualScriptAliasIP", "address", "scripts"),
    };
  },
  hooks: {
    translateName: {
      after: ["mod_alias", "mod_userdir"],
      when: ({ documents, scripts }) => documents?.format !== undefined || scripts?.format !== undefined,
      run: (request, { documents, scripts }) => {
        if (scripts?.format && /^\/+cgi-bin\//.test(request.path)) {
          const verdict = mapHost(request, scripts, request.path.replace(/^\/+cgi-bin/, ""));
          request.handler = "cgi-script";
          request.contextPrefix = "/cgi-bin";
          return verdict;
        }
        return request.path.startsWith("/") && documents?.format
          ? mapHost(request, documents, request.path)
          : undefined;
      },
    },
  },
});

function readRoot(text: string, by: Root["by"], place: Place): Root {
  if (/^none$/i.test(text)) return { format: undefined, by };
  if (!text.startsWith("/")) return place.fail(`format string must be an absolute path, or 'none', found "${text}"`);
  const format = parseFormat(byteString(text));
  return format ? { format, by } : place.fail(`syntax error in format string, found "${text}"`);
}

function mapHost(request: Request, { format, by }: Root, path: string): Verdict {
  const { connection, serverPort } = request;
  const name = by === "name" ? request.serverName : connection.localAddress.replace(/^::ffff:/, "");
  // A name is never more than a part of the path.
  const folder = format?.(name.replace(/[\0/]/g, "_").replace(/^\.+$/, "_"), serverPort) ?? "";
  request.filename = folder + path;
  request.documentRoot = folder;
  request.contextDocumentRoot = folder;
  return "done";
}
