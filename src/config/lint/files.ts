// Names of files and folders → those that are not there, that everybody may read, or that stand where URLs should.
import { lstatSync, statSync, type Stats } from "node:fs";
import { resolve } from "node:path";
import { core, prefixLength } from "../../api/index.js";
import { mappingsOf } from "./mapping.js";
import { findingAt, isDirective, wordsOf, type Lint } from "./view.js";

/** Folders are looked at once each; a configuration may name thousands. */
const mostLooks = 10_000;

/** What is there, following links; undefined where nothing is, or nobody may look. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

const missingDirectory: Lint = {
  code: "missing-directory",
  *find(view) {
    if (view.server.trustsDocumentRoots) return;
    const seen = new Set<string>();
    /** The same before it is taken apart. */
    const written = new Set<string>();
    for (const { node } of view.named("<directory>")) {
      if (written.has(node.text)) continue;
      written.add(node.text);
      const [path = "", more] = wordsOf(node);
      if (more !== undefined || path === "~" || /[*?[\]]/.test(path)) continue;
      const folder = resolve(view.server.serverRoot, path);
      if (seen.has(folder) || seen.size >= mostLooks) continue;
      seen.add(folder);
      if (lstatSync(folder, { throwIfNoEntry: false }) || folder === "/") continue;
      yield findingAt(node, `there is no ${folder}: the lines in this section act on nothing`, { word: 0 });
    }
  },
};

const locationOfFolder: Lint = {
  code: "location-of-folder",
  *find(view) {
    const locations = view.named("<location>");
    if (locations.length === 0) return;
    const roots = new Set([...view.server.everywhere(core)].flatMap(({ settings }) => settings.documentRoot ?? []));
    for (const { node } of locations) {
      const [path = ""] = wordsOf(node);
      if (path.split("/").length < 3 || path === "~") continue;
      const under = [...roots].some((root) => root !== "" && (path === root || path.startsWith(`${root}/`)));
      if (!under || !statOf(path)?.isDirectory()) continue;
      yield findingAt(node, `"${path}" is a folder, and <Location> takes paths of URLs`, {
        word: 0,
        advice: `write <Directory "${path}">`,
      });
    }
  },
};

/** Directives that name a file with secrets. */
const secretFiles = ["authuserfile", "authdigestfile", "sslcertificatekeyfile", "sslproxymachinecertificatefile"];

const secretReadable: Lint = {
  code: "secret-readable",
  *find(view) {
    for (const { node } of view.named(...secretFiles)) {
      const path = resolve(view.server.serverRoot, wordsOf(node)[0] ?? "");
      const stats = statOf(path);
      if (!stats?.isFile() || (stats.mode & 0o004) === 0) continue;
      // Hashes of passwords must be readable to the user that serves; keys are read by root.
      yield findingAt(node, `everybody on this machine can read ${path}`, {
        word: 0,
        advice: node.key.endsWith("keyfile")
          ? `chmod 600 ${path}`
          : `chown it to the group that serves, and chmod 640 ${path}`,
      });
    }
  },
};

const secretServed: Lint = {
  code: "secret-served",
  *find(view) {
    const secrets = view.named(...secretFiles, "authgroupfile");
    if (secrets.length === 0) return;
    const roots = new Map<string, string>();
    for (const { settings } of view.server.everywhere(core)) {
      if (settings.documentRoot)
        roots.set(resolve(view.server.serverRoot, settings.documentRoot), settings.documentRoot);
    }
    for (const { node } of secrets) {
      const path = resolve(view.server.serverRoot, wordsOf(node)[0] ?? "");
      const root = [...roots.keys()].find((each) => path.startsWith(`${each}/`));
      if (root === undefined || /\/\.ht[^/]*$/.test(path)) continue;
      yield findingAt(node, `${path} lies in the DocumentRoot ${root}: it may be fetched like any page`, {
        word: 0,
        advice: "keep it outside of what is served",
      });
    }
  },
};

const scriptInDocuments: Lint = {
  code: "script-in-documents",
  *find(view) {
    for (const { host, nodes } of view.hosts) {
      if (!nodes.some(({ key }) => key === "wsgiscriptalias")) continue;
      const root = nodes.find((node) => isDirective(node, "documentroot"));
      if (!root) continue;
      // Only here: asking for settings is what makes the plan of a virtual host.
      const { documentRoot } = view.server.settings(core, host);
      if (documentRoot === "") continue;
      for (const node of nodes) {
        if (!isDirective(node, "wsgiscriptalias")) continue;
        const [, target = ""] = wordsOf(node);
        const script = resolve(view.server.serverRoot, target);
        if (!script.startsWith(`${documentRoot}/`) || target.endsWith("/")) continue;
        const url = script.slice(documentRoot.length);
        // Its path as a file leads elsewhere: with "WSGIScriptAlias /", to the script itself.
        if (mappingsOf(nodes).some(({ prefix, isException }) => !isException && prefixLength(url, prefix) > 0))
          continue;
        yield findingAt(
          node,
          `the script lies in the DocumentRoot ${documentRoot}: its source may be fetched like any page`,
          {
            word: 1,
            related: [{ origin: root.origin, text: `DocumentRoot ${documentRoot}` }],
            advice: "keep applications outside of the DocumentRoot",
          },
        );
      }
    }
  },
};

/** Lints of files. */
export const fileLints: readonly Lint[] = [
  missingDirectory,
  locationOfFolder,
  secretReadable,
  secretServed,
  scriptInDocuments,
];
