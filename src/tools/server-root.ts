// Arguments, environment, working folder → the server root a tool works on.
import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** A server root and its main file. */
export interface ServerRoot {
  readonly path: string;
  /** Absolute. */
  readonly mainFile: string;
}

/** No server root could be found; `message` names the ways to give one. */
export class NoServerRootError extends Error {
  override readonly name = "NoServerRootError";
}

/** Apache's own, which are never taken for being the nearest. */
const ofApache: ReadonlySet<string> = new Set(["/etc/apache2", "/etc/httpd"]);

const mainFiles = ["apache2.conf", "conf/httpd.conf"];

/**
 * The server root: `given` (-d), else MODHOST_ROOT, else APACHE_CONFDIR as Apache's own tools have it, else the nearest folder from `from` upwards that holds a main file.
 * Apache's own in /etc is taken only when it is named. Throws a NoServerRootError.
 */
export function findServerRoot(
  given: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
  from = process.cwd(),
): ServerRoot {
  const named = given ?? namedRoot(environment);
  if (named !== undefined) {
    const path = resolve(from, named);
    const mainFile = mainFileOf(path);
    if (mainFile) return { path, mainFile };
    throw new NoServerRootError(
      `${path} holds neither apache2.conf nor conf/httpd.conf; "modhost init ${named}" makes a server root`,
    );
  }
  for (let folder = from; ; folder = dirname(folder)) {
    const mainFile = mainFileOf(folder);
    if (mainFile && ofApache.has(realpathSync(folder))) {
      throw new NoServerRootError(
        `the nearest server root is ${folder}, which is Apache's: it is taken only when it is named, with -d ${folder} or MODHOST_ROOT`,
      );
    }
    if (mainFile) return { path: folder, mainFile };
    if (folder === dirname(folder)) break;
  }
  throw new NoServerRootError(
    "no server root: give one with -d FOLDER, or with the variable MODHOST_ROOT, or work in a folder that holds " +
      'apache2.conf (or conf/httpd.conf), or below one; "modhost init FOLDER" makes one',
  );
}

/** The server root that the environment names. */
export function namedRoot(environment: NodeJS.ProcessEnv): string | undefined {
  return environment["MODHOST_ROOT"] || environment["APACHE_CONFDIR"] || undefined;
}

function mainFileOf(folder: string): string | undefined {
  return mainFiles.map((name) => join(folder, name)).find((path) => existsSync(path));
}
