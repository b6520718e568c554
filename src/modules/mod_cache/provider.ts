// Settings of a module that keeps responses in files → the stores of its provider, each made once.
import {
  arg,
  type Context,
  type DirectiveMaker,
  type Request,
  type ServerView,
  type Settings,
  type SettingsOf,
  type WorkerView,
} from "../../api/index.js";
import { FileStore, type FolderOptions } from "./file-store.js";
import type { CacheStore, CacheStoreProvider } from "./store.js";

/** What differs between the modules. */
export interface StoreKind<S extends Settings> {
  /** Without "mod_", for the log. */
  readonly name: string;
  readonly definition: { readonly module: string; readonly settings: S };
  /** Names the folder that settings ask for; undefined: none. Those of one name share it. */
  folderOf(settings: SettingsOf<S>): string | undefined;
  /** How a folder is kept, asked when it is first needed. */
  options(settings: SettingsOf<S>, worker: WorkerView): Omit<FolderOptions, "warn">;
  /** The store in a folder, within the limits of the settings. */
  within(folder: FileStore, settings: SettingsOf<S>): CacheStore;
}

/** A provider of stores, and how its folders begin and end with a worker. */
export interface StoreProvider {
  readonly storeFor: CacheStoreProvider;
  readonly start: (worker: WorkerView) => void;
  readonly stop: () => void;
}

/** Makes the provider of a module. */
export function storeProvider<S extends Settings>(kind: StoreKind<S>): StoreProvider {
  const folders = new Map<string, FileStore>();
  const stores = new WeakMap<object, CacheStore | false>();
  return {
    storeFor(request: Request) {
      const settings = request.settings<S>(kind.definition);
      let store = stores.get(settings);
      if (store === undefined) {
        const name = kind.folderOf(settings);
        const folder = name === undefined ? undefined : folders.get(name);
        store = folder ? kind.within(folder, settings) : false;
        stores.set(settings, store);
      }
      return store || undefined;
    },
    start(worker) {
      for (const settings of topSettings(worker.server, kind)) {
        const name = kind.folderOf(settings);
        if (name === undefined || folders.has(name)) continue;
        const warn = (message: string): void => worker.errorLog.write({ level: "warn", module: kind.name, message });
        const folder = new FileStore({ ...kind.options(settings, worker), warn });
        folders.set(name, folder);
        if (!worker.isRehearsal) folder.start();
      }
    },
    stop() {
      for (const folder of folders.values()) folder.stop();
    },
  };
}

function topSettings<S extends Settings>(server: ServerView, { definition }: StoreKind<S>): SettingsOf<S>[] {
  return server.virtualHosts.map((virtualHost) => server.settings<S>(definition, virtualHost));
}

const places: readonly Context[] = ["server config", "virtual host", "directory"];

/** The directives that say how much Apache takes from a back end before it sends some of it on. */
export function readDirectives<S extends Settings>(directive: DirectiveMaker<S>, prefix: "Cache" | "CacheSocache") {
  const common = {
    contexts: places,
    summary: "How much Apache takes from a back end before it sends some of it on.",
    doc:
      "Accepted without effect: what comes from a back end is kept and sent on as it comes, never in larger pieces than it " +
      "comes in, so that a client waits for nothing.",
    default: "0",
    set: () => undefined,
  };
  return {
    [`${prefix}ReadSize`]: directive({
      ...common,
      args: [arg.size("bytes")],
      example: `${prefix}ReadSize 102400`,
    }),
    [`${prefix}ReadTime`]: directive({
      ...common,
      args: [arg.int("milliseconds")],
      example: `${prefix}ReadTime 1000`,
    }),
  };
}
