// python-home, or nothing → the Python interpreter to run.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The interpreter to run, or the reason why there is none, with what to do about it. */
export type PythonInterpreter = { readonly path: string } | MissingPython;

/** Why there is none: `missing` for the log, `note` for the page of a refused request, HTML without paths of applications. */
export interface MissingPython {
  readonly missing: string;
  readonly note: string;
}

/** No process of a daemon group can be started for want of an interpreter; the message is `missing`. */
export class NoPythonError extends Error {
  override readonly name = "NoPythonError";
  readonly note: string;

  constructor({ missing, note }: MissingPython) {
    super(missing);
    this.note = note;
  }
}

const distribution = "/usr/bin/python3";
/** The interpreter of a machine whose Python is elsewhere; then no other is tried. */
const variable = "MODHOST_PYTHON";

/**
 * Chooses the interpreter. A python-home, virtual environment or prefix, is taken at its word: bin/python3 or bin/python in it, and
 * never another one. Without: the one that the variable MODHOST_PYTHON names, else the distribution's, which is what its
 * mod_wsgi is built with, else python3 on PATH.
 */
export function findPython(
  pythonHome: string | undefined,
  searchPath = process.env[variable] ? "" : (process.env["PATH"] ?? ""),
  preferred = process.env[variable] || distribution,
): PythonInterpreter {
  if (pythonHome !== undefined) {
    const tried = [join(pythonHome, "bin/python3"), join(pythonHome, "bin/python")];
    const path = tried.find(isExecutable);
    return path === undefined ? missingHome(pythonHome, tried) : { path };
  }
  const onPath = searchPath
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "python3"));
  const path = [preferred, ...onPath].find(isExecutable);
  if (path !== undefined) return { path };
  const tried = searchPath === "" ? `${preferred} was` : `${preferred} and python3 on PATH were`;
  return {
    missing:
      `no Python interpreter: ${tried} tried; ` +
      "install python3 (Debian: apt-get install python3) or name one with python-home= or WSGIPythonHome",
    note:
      "<p>This is a Python application, and no Python interpreter was found to run it:<br />\n" +
      `${escapeHtml(tried)} tried.</p>\n` +
      "<p>Install Python 3.8 or newer, on Debian and Ubuntu with <code>apt-get install python3</code>; half a minute\n" +
      "later this page is the application. An interpreter that is elsewhere is named with <code>WSGIPythonHome</code>,\n" +
      "or with the option <code>python-home=</code> of the application's <code>WSGIDaemonProcess</code>.</p>\n",
  };
}

function missingHome(pythonHome: string, tried: readonly string[]): MissingPython {
  const why = isDirectory(pythonHome) ? "holds no interpreter that can be run" : "is not a directory";
  return {
    missing: `python-home ${pythonHome} ${why}: ${tried.join(" and ")} were tried; make it with "python3 -m venv ${pythonHome}"`,
    note:
      "<p>This is a Python application, and there is no Python interpreter in the python-home of its daemon group.<br />\n" +
      "The error log of the server says where it was looked for.</p>\n",
  };
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
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
