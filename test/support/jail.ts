// A folder → a root with Debian's Python in it, which a process can be shut in.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { debianPython } from "./debian.js";

/** Fills the folder: interpreter, its libraries, and the modules that come with it. */
export function makeJail(root: string): void {
  const python = realpathSync(debianPython);
  place(root, python);
  symlinkSync(python.slice(python.lastIndexOf("/") + 1), join(root, debianPython));
  const describe = "import sys, sysconfig, _ctypes; print(sysconfig.get_path('stdlib')); print(_ctypes.__file__)";
  const [library = "", ctypes = ""] = execFileSync(python, ["-I", "-c", describe]).toString().trim().split("\n");
  for (const file of [python, ctypes]) {
    for (const [, needed = ""] of execFileSync("ldd", [file])
      .toString()
      .matchAll(/(\/\S+) \(/g))
      place(root, needed);
  }
  placeFolder(root, library);
  mkdirSync(join(root, "tmp"), { recursive: true });
}

function placeFolder(root: string, folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (/^(test|idlelib|tkinter|lib2to3|ensurepip|__pycache__|config-.*|dist-packages)$/.test(entry.name)) continue;
    if (entry.isDirectory()) placeFolder(root, path);
    else if (existsSync(path)) place(root, path);
  }
}

/** Links cost nothing where the file system is the same. */
function place(root: string, path: string): void {
  const target = join(root, path);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  try {
    linkSync(realpathSync(path), target);
  } catch {
    cpSync(realpathSync(path), target);
  }
}
