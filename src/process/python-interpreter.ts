// python-home, or nothing → the Python interpreter to run.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The interpreter to run, or the reason why there is none, with what to do about it. */
export type PythonInterpreter = { readonly path: string } | { readonly missing: string };

const distribution = "/usr/bin/python3";

/**
 * Chooses the interpreter. A python-home, virtual environment or prefix, is taken at its word: bin/python3 or bin/python in it, and
 * never another one. Without: the distribution's, which is what its mod_wsgi is built with, else python3 on PATH.
 */
export function findPython(
  pythonHome: string | undefined,
  searchPath = process.env["PATH"] ?? "",
  preferred = distribution,
): PythonInterpreter {
  if (pythonHome !== undefined) {
    const tried = [join(pythonHome, "bin/python3"), join(pythonHome, "bin/python")];
    const path = tried.find(isExecutable);
    return path === undefined ? { missing: missingHome(pythonHome, tried) } : { path };
  }
  const onPath = searchPath
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "python3"));
  const path = [preferred, ...onPath].find(isExecutable);
  if (path !== undefined) return { path };
  return {
    missing:
      `no Python interpreter: ${preferred} and python3 on PATH were tried; ` +
      "install python3 (Debian: apt-get install python3) or name one with python-home= or WSGIPythonHome",
  };
}

function missingHome(pythonHome: string, tried: readonly string[]): string {
  const why = isDirectory(pythonHome) ? "holds no interpreter that can be run" : "is not a directory";
  return `python-home ${pythonHome} ${why}: ${tried.join(" and ")} were tried; make it with "python3 -m venv ${pythonHome}"`;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
