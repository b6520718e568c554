// The text of an .htaccess file → what it sets, as a section over the directory it stands in.
import type { ConfigError, Module, OverrideRights } from "../api/index.js";
import { applyAccessFile, vocabularyOf, type AppliedSection, type Vocabulary } from "./apply.js";
import { readAccessFile } from "./expand.js";
import { foreignModules } from "./owners.js";
import type { ModuleLists } from "./reading.js";
import type { Tree } from "./tree.js";

/** An .htaccess file to read: its name and its directory (with a slash at the end) as latin1 strings of bytes. */
export interface AccessFileText {
  readonly file: string;
  readonly directory: string;
  readonly text: string;
  readonly rights: OverrideRights;
}

/** What a file came to. It counts only where there are no errors. */
export interface ReadAccessFile {
  readonly section: AppliedSection;
  readonly errors: readonly ConfigError[];
  readonly warnings: readonly ConfigError[];
}

export type AccessFileReader = (file: AccessFileText) => ReadAccessFile;

/** Makes the reader of the files under one configuration; what it needs of that is gathered at the first file. */
export function accessFileReader(
  tree: Tree,
  modules: readonly Module[],
  available: readonly Module[],
): AccessFileReader {
  let known: { readonly vocabulary: Vocabulary; readonly lists: ModuleLists } | undefined;
  return ({ file, directory, text, rights }) => {
    if (!known) {
      const names = available.map((module) => ({ ...module, directives: Object.keys(module.directives) }));
      known = {
        vocabulary: vocabularyOf(tree, modules, available),
        lists: { modules: names, foreign: foreignModules(names) },
      };
    }
    const { vocabulary, lists } = known;
    // Apache refuses them without a class even under Nonfatal, by their closing lines.
    const conditions = rights.classes.size > 0 ? "allowed" : "refused";
    const read = readAccessFile({ ...lists, file, text, tree, environment: process.env, conditions });
    const applied = applyAccessFile(read.nodes, { directory, rights }, vocabulary);
    return {
      section: {
        name: ".htaccess",
        argument: directory,
        matcher: { kind: "directory", path: directory.slice(0, -1) },
        origin: { file, line: 1, column: 1 },
        body: applied.body,
        passing: true,
      },
      errors: [...read.errors, ...applied.errors],
      warnings: [...read.warnings, ...applied.warnings],
    };
  };
}
