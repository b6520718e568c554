// A command for Python → the same inside a chroot, with our package carried into it.
import { accessSync, constants, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Account } from "./accounts.js";
import { findPython } from "./python-interpreter.js";

/** What runs inside. */
export interface ChrootedPython {
  /** Absolute, outside. */
  readonly root: string;
  /** The interpreter and its options; its path as seen from inside. */
  readonly python: readonly string[];
  /** A file of our package, which is run: "process.py". */
  readonly file: string;
  /** Where it is to run, as seen from inside. */
  readonly folder: string;
  readonly account: Account;
}

const program = "/usr/sbin/chroot";
const mostLinks = 40;

/**
 * The command that runs a module of our package inside. `input` is what it must be given on standard input, a line, before
 * anything else: the package, which is not there. Throws an Error that says why that cannot be.
 */
export function chrootedCommand(
  packageFolder: string,
  { root, python, file, folder, account }: ChrootedPython,
): { readonly program: string; readonly args: readonly string[]; readonly input: string } {
  if (!canRun(program)) throw new Error(`chroot needs ${program}, which is not there`);
  const { uid, gid, groups } = account;
  return {
    program,
    args: [
      `--userspec=+${uid}:+${gid}`,
      `--groups=${groups.map((group) => `+${group}`).join(",")}`,
      root,
      ...python,
      "-c",
      readFileSync(join(packageFolder, "carried.py"), "utf8"),
      basename(file, ".py"),
      folder,
    ],
    input: `${carried(packageFolder)}\n`,
  };
}

/** The interpreter inside: python-executable, that of python-home, or the usual one. Throws an Error with what was tried. */
export function pythonInside(root: string, home: string | undefined, executable: string | undefined): string {
  const tried =
    executable !== undefined
      ? [executable]
      : home === undefined
        ? usual()
        : [join(home, "bin/python3"), join(home, "bin/python")];
  const found = tried.find((path) => canRun(resolveInside(root, path)));
  if (found !== undefined) return found;
  throw new Error(`no Python interpreter inside of the chroot ${root}: ${tried.join(" and ")} were tried`);
}

function usual(): string[] {
  const outside = findPython(undefined);
  return [
    ...new Set(["path" in outside ? outside.path : "/usr/bin/python3", "/usr/bin/python3", "/usr/local/bin/python3"]),
  ];
}

/** The file outside that a path inside stands for: what its links lead to is inside too. */
export function resolveInside(root: string, path: string): string {
  let rest = path.split("/");
  let inside = "/";
  for (let links = 0; rest.length > 0;) {
    const [name = "", ...more] = rest;
    rest = more;
    if (name === "" || name === ".") continue;
    const next = name === ".." ? dirname(inside) : join(inside, name);
    const link = name === ".." ? undefined : linkOf(join(root, next));
    if (link === undefined || ++links > mostLinks) {
      inside = next;
      continue;
    }
    if (link.startsWith("/")) inside = "/";
    rest = [...link.split("/"), ...rest];
  }
  return join(root, inside);
}

function linkOf(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined;
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return lstatSync(path).isFile();
  } catch {
    return false;
  }
}

/** By folder; it does not change while this runs. */
const packages = new Map<string, string>();

/** The package as one line of JSON: the text of each module by its name. */
function carried(folder: string): string {
  let text = packages.get(folder);
  if (text === undefined) {
    const modules = readdirSync(folder)
      .filter((name) => name.endsWith(".py"))
      .map((name) => [
        name === "__init__.py" ? "modhost_wsgi" : `modhost_wsgi.${basename(name, ".py")}`,
        readFileSync(join(folder, name), "utf8"),
      ]);
    text = JSON.stringify(Object.fromEntries(modules));
    packages.set(folder, text);
  }
  return text;
}
