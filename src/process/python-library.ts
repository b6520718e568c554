// A Python interpreter → its shared library, which a worker can load.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { NoPythonError, type MissingPython } from "./python-interpreter.js";

/** A Python that can be loaded into this process. */
export interface PythonLibrary {
  /** The interpreter it belongs to: its prefix and its virtual environment are found from there. */
  readonly program: string;
  /** Absolute path of the shared library. */
  readonly library: string;
  readonly version: string;
}

/** What an interpreter says of itself. */
interface Description {
  readonly version: string;
  readonly files: readonly string[];
}

const question = `
import json, os, sys, sysconfig
get = sysconfig.get_config_var
folder = get("LIBDIR") or ""
folders = [folder, os.path.join(folder, get("MULTIARCH") or ""), os.path.join(sys.base_prefix, "lib"), get("LIBPL") or ""]
version = get("LDVERSION") or "%d.%d" % sys.version_info[:2]
suffix = "dylib" if sys.platform == "darwin" else "so"
names = [get("INSTSONAME") or "", "libpython%s.so.1.0" % version, "libpython%s.%s" % (version, suffix)]
print(json.dumps({
    "version": "%d.%d.%d" % sys.version_info[:3],
    "files": [os.path.join(folder, name) for folder in folders for name in names if ".%s" % suffix in name],
}))
`;

/** Milliseconds that an interpreter may take to say where its library is. */
const limit = 15_000;

/** Asks an interpreter, run as the account if there is one, for its shared library. Rejects with a NoPythonError that names the remedy. */
export async function libraryOf(
  program: string,
  account?: { readonly uid: number; readonly gid: number },
): Promise<PythonLibrary> {
  let description: Description;
  try {
    const { stdout } = await promisify(execFile)(program, ["-c", question], {
      timeout: limit,
      cwd: "/",
      ...(account ? { uid: account.uid, gid: account.gid } : {}),
    });
    description = JSON.parse(stdout) as Description;
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    throw new NoPythonError(fault(`${program} cannot be run: ${reason}`));
  }
  const { version, files } = description;
  const library = files.find((file) => existsSync(file));
  if (library !== undefined) return { program, library, version };
  const short = version.split(".").slice(0, 2).join(".");
  throw new NoPythonError(
    fault(
      `Python ${version} (${program}) has no shared library: ${files[0] ?? `libpython${short}.so`} does not exist. ` +
        `Install it (Debian: apt-get install libpython${short}), or give the application a daemon group with ` +
        "WSGIDaemonProcess and WSGIProcessGroup, which needs none",
    ),
  );
}

/** A reason why Python cannot run in this process, with the page of a refused request. */
export function fault(missing: string): MissingPython {
  return {
    missing,
    note:
      "<p>This is a Python application without a daemon group, and Python cannot be run inside the server.<br />\n" +
      "The error log of the server says why, and what to do.</p>\n" +
      "<p>A daemon group works in any case: <code>WSGIDaemonProcess</code> makes one, <code>WSGIProcessGroup</code>\n" +
      "chooses it.</p>\n",
  };
}
