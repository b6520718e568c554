// What is to run Python inside the server → what `-t` tells of it: the library that would be loaded, or what is missing.
import { ConfigError, type EmbeddedPythonSpec } from "../api/index.js";
import { accountOf } from "./accounts.js";
import type { PythonCheck } from "./python-check.js";
import { findPython, NoPythonError } from "./python-interpreter.js";
import { libraryOf } from "./python-library.js";
import { loadKoffi } from "./python-runtime.js";

/** Looks for the shared library of Python, as a worker of that user and group will. Nothing is said where no line needs it. */
export async function checkEmbeddedPython(
  { pythonHome, neededBy }: EmbeddedPythonSpec,
  { user, group }: { readonly user: string | undefined; readonly group: string | undefined },
): Promise<PythonCheck> {
  if (!neededBy) return { notes: [], warnings: [], errors: [] };
  try {
    const account = process.getuid?.() === 0 && user !== undefined ? accountOf(user, group) : undefined;
    const python = findPython(pythonHome);
    if ("missing" in python) throw new NoPythonError(python);
    const { version, library } = await libraryOf(python.path, account);
    await loadKoffi();
    return { notes: [`Python ${version}, ${library}: inside the server`], warnings: [], errors: [] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const fault = `${neededBy.directive} needs Python inside the server, and requests get 503: ${reason}`;
    return { notes: [], warnings: [new ConfigError(fault, neededBy.origin)], errors: [] };
  }
}
