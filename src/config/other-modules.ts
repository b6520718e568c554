// LoadModule lines of modules that others wrote → their records: a JavaScript file or an npm package, loaded once per process.
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import * as api from "../api/index.js";
import type { Module } from "../api/index.js";
import type { LoadedModule } from "./tree.js";

/** A module's record, and what its file was when it was loaded. */
interface Opened {
  readonly module: Module;
  /** As in node:fs. */
  readonly mtime: number;
}

/** By path: a file is run once in a process, as Node keeps it for good. */
const opened = new Map<string, Opened>();

/** Whether the second argument of a LoadModule line names a file of JavaScript, not one of Apache's (`modules/mod_alias.so`). */
export function isScript(path: string): boolean {
  return /\.[cm]?js$/.test(path);
}

/** Whether it is the name of an npm package that is installed where the server root looks for them. */
export function isPackage(path: string, serverRoot: string): boolean {
  if (!/^(@[\w.-]+\/)?[a-z0-9][\w-]*(\/[\w.-]+)*$/.test(path)) return false;
  try {
    return otherFile(path, serverRoot) !== "";
  } catch {
    return false;
  }
}

/** The file it stands for: relative to the server root, or the entry of a package found from there. Throws an Error. */
export function otherFile(path: string, serverRoot: string): string {
  const require = createRequire(resolve(serverRoot, "any"));
  return require.resolve(isScript(path) ? resolve(serverRoot, path) : path);
}

/** Loads it: the record that the file's default export is, or gives when it is called with the API. Throws an Error. */
export function openOther(file: string): Module {
  const known = opened.get(file);
  if (known) return known.module;
  const { mtimeMs: mtime } = statSync(file);
  const exported: unknown = createRequire(file)(file);
  const version = isObject(exported) ? exported["apiVersion"] : undefined;
  if (version !== undefined && version !== api.apiVersion) {
    throw new Error(
      `it was written for version ${JSON.stringify(version)} of the API, and this is version ${api.apiVersion}`,
    );
  }
  const main = isObject(exported) && "default" in exported ? exported["default"] : exported;
  const module: unknown = typeof main === "function" ? (main as (given: typeof api) => unknown)(api) : main;
  if (!isModule(module)) {
    throw new Error("its default export is neither what defineModule gives, nor a function that gives that");
  }
  opened.set(file, { module, mtime });
  return module;
}

/** Whether the file is another by now than the one this process has loaded. */
export function hasChanged(file: string): boolean {
  const known = opened.get(file);
  return known !== undefined && statSync(file, { throwIfNoEntry: false })?.mtimeMs !== known.mtime;
}

/** All that can be loaded: ours, and those that LoadModule lines of a configuration brought. Throws as `openOther`. */
export function withOthers(ours: readonly Module[], loaded: readonly LoadedModule[]): readonly Module[] {
  const others = loaded.flatMap(({ file }) => (file === undefined ? [] : [openOther(file)]));
  return others.length === 0 ? ours : [...ours, ...others];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function isModule(value: unknown): value is Module {
  if (!isObject(value)) return false;
  const { name, symbol, sources, settings, directives, hooks, lifecycle, provides } = value;
  return (
    [name, symbol].every((text) => typeof text === "string" && text !== "") &&
    Array.isArray(sources) &&
    [settings, directives, hooks, lifecycle, provides].every(isObject)
  );
}
