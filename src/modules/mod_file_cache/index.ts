// CacheFile and MMapFile lines → nothing: files are kept as they are used.
import { arg, defineModule, rest, type Context } from "../../api/index.js";

const contexts: readonly Context[] = ["server config", "virtual host"];
const instead =
  "Has no effect here: small files are kept in memory as they are asked for, and their changes are seen. Apache would go " +
  "on serving what the file held at its start.";

export default defineModule({
  name: "mod_file_cache",
  summary: "Names files to keep at hand; here the server itself keeps those that are asked for.",
  settings: {},
  directives: (directive) => ({
    CacheFile: directive({
      args: [rest(arg.filePath("file-path"))],
      contexts,
      summary: "Files to hold open.",
      doc: instead,
      example: "CacheFile /usr/local/apache/htdocs/index.html",
      set: () => undefined,
    }),
    MMapFile: directive({
      args: [rest(arg.filePath("file-path"))],
      contexts,
      summary: "Files to map into memory.",
      doc: instead,
      example: "MMapFile /usr/local/apache/htdocs/index.html",
      set: () => undefined,
    }),
  }),
});
