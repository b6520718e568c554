// Paths of scripts → the applications they export, loaded once and anew when they change.
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { describeError, type RunApplication } from "./call.js";
import { applicationOf } from "./exports.js";

/** A script that is loaded, or could not be. */
export interface LoadedScript {
  readonly script: string;
  readonly mtime: number;
  /** The application for a callable. Throws when there is none, or when the script did not load. */
  application(callable: string): RunApplication;
  /** Why it did not load. */
  readonly failure: string | undefined;
}

// How often each script was loaded. Each load stays in memory, as Node forgets no module.
const loads = new Map<string, number>();

/** Loads a script; never rejects. `mtime` in milliseconds. */
export async function loadScript(script: string, mtime = mtimeOf(script)): Promise<LoadedScript> {
  let exports: Readonly<Record<string, unknown>>;
  try {
    // CommonJS modules are known by path alone, others by URL with its query.
    delete createRequire(script).cache[script];
    const { href } = pathToFileURL(script);
    const count = loads.get(script) ?? 0;
    loads.set(script, count + 1);
    exports = (await import(count === 0 ? href : `${href}?load=${count}`)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    return failed(script, mtime, describeError(error));
  }
  const applications = new Map<string, RunApplication>();
  return {
    script,
    mtime,
    failure: undefined,
    application(callable) {
      let application = applications.get(callable);
      if (!application) {
        application = applicationOf(exports, callable);
        // Names come from the configuration, but may be made of what clients send.
        if (applications.size < 64) applications.set(callable, application);
      }
      return application;
    },
  };
}

function failed(script: string, mtime: number, failure: string): LoadedScript {
  const application = (): never => {
    throw new Error(failure);
  };
  return { script, mtime, failure, application };
}

/** Milliseconds since the epoch, with a fraction; 0 when the file is not there. */
export function mtimeOf(script: string): number {
  return statSync(script, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
