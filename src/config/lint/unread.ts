// Files of an enabled folder → those that no Include line takes, and those that are taken and say nothing.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { whyNoText } from "../aftermath.js";
import { statOf } from "./files.js";
import type { Finding, Lint } from "./view.js";

/** Folders whose files are meant to be read, in Debian's layout. */
const enabledFolders = ["mods-enabled", "conf-enabled", "sites-enabled"];
/** What editors and package managers leave behind is not meant to be read. */
const leftBehind = /^\.|~$|\.(bak|old|orig|save|swp|disabled|dpkg-\w+|rpm\w+|ucf-\w+)$|^README/i;
/** Files longer than this are not looked into. */
const mostBytes = 1024 * 1024;

const unreadFile: Lint = {
  code: "unread-file",
  *find({ server: { serverRoot, tree } }) {
    const read = new Set(tree.sources.map(({ file }) => file));
    for (const folder of enabledFolders) {
      for (const name of namesIn(join(serverRoot, folder))) {
        const file = join(serverRoot, folder, name);
        if (read.has(file) || leftBehind.test(name)) continue;
        const stats = statOf(file);
        if (!stats) yield at(file, "the link leads nowhere", { advice: takenAway(folder, name) });
        else if (stats.isFile()) {
          const advice = "Debian's lines take names that end in .conf, and in mods-enabled in .load";
          yield at(file, "no Include line takes this file: nothing in it counts", { advice });
        }
      }
    }
    for (const file of read) {
      if (enabledFolders.every((folder) => !file.startsWith(join(serverRoot, folder, "/")))) continue;
      const stats = statOf(file);
      if (!stats?.isFile() || stats.size > mostBytes) continue;
      const reason = whyNoText(readFileSync(file, "utf8").split("\n"));
      if (reason !== undefined) yield at(file, reason);
    }
  },
};

function at(file: string, reason: string, detail: Finding["detail"] = {}): Finding {
  return { reason, origin: { file, line: 1, column: 1 }, detail };
}

/** What takes a link away. */
function takenAway(folder: string, name: string): string {
  const tool = { "mods-enabled": "a2dismod", "conf-enabled": "a2disconf" }[folder] ?? "a2dissite";
  return `"${tool} ${name.replace(/\.(conf|load)$/, "")}" takes it away`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

export const unreadLints: readonly Lint[] = [unreadFile];
