// The scripts of a daemon process: loaded once; one that changes calls for a new process.
import { loadScript, mtimeOf, type LoadedScript } from "./scripts.js";

/** What a script is to a request: loaded, or another one than what was loaded. */
export type Found = LoadedScript | "stale";

/** Scripts by path. */
export class DaemonScripts {
  readonly #loaded = new Map<string, LoadedScript>();
  readonly #loading = new Map<string, Promise<LoadedScript>>();
  /** Changes that the supervisor said to go on without: mtimes. */
  readonly #kept = new Map<string, number>();
  /** Changes that were told: mtimes. */
  readonly #told = new Map<string, number>();
  readonly #tell: (script: string, mtime: number) => void;

  /** `tell` hears of each change of a script once. */
  constructor(tell: (script: string, mtime: number) => void) {
    this.#tell = tell;
  }

  /** The script as it is to be run now; `mtime` 0: not known. Without a promise when it is loaded. */
  find(script: string, mtime: number, reloading: boolean): Found | Promise<Found> {
    const loaded = this.#loaded.get(script);
    if (!loaded) return this.load(script);
    if (!reloading) return loaded;
    const current = mtime || mtimeOf(script) || loaded.mtime;
    if (current === loaded.mtime || current === this.#kept.get(script)) return loaded;
    // Nothing of it is there that a new process would be free of.
    if (loaded.failure !== undefined) return this.load(script);
    if (this.#told.get(script) !== current) {
      this.#told.set(script, current);
      this.#tell(script, current);
    }
    return "stale";
  }

  /** Loads a script, or waits for who is loading it. */
  load(script: string): Promise<LoadedScript> {
    const known = this.#loading.get(script);
    if (known) return known;
    const loading = loadScript(script).then((loaded) => {
      this.#loading.delete(script);
      this.#loaded.set(script, loaded);
      return loaded;
    });
    this.#loading.set(script, loading);
    return loading;
  }

  /** Goes on with what is loaded, until the script changes again. */
  keep(script: string, mtime: number): void {
    this.#kept.set(script, mtime);
  }
}
