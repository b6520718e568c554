// An argument file= or virtual= → the request it stands for, and its file; sizes as pages show them.
import type { Stats } from "node:fs";
import { posix } from "node:path";
import { escapePath, type Lookup } from "../../api/index.js";
import type { Page } from "./page.js";

/** Looks a file of this folder or below it up; undefined where the name leads elsewhere. */
export function lookupBelow(page: Page, name: string): Lookup | Promise<Lookup> | undefined {
  const path = posix.normalize(name);
  if (name.startsWith("/") || path === ".." || path.startsWith("../") || name.includes("\0")) return undefined;
  return page.request.lookupFile(path);
}

/** Looks a URL path up; a relative one is taken from the folder of this page. */
export function lookupPath(page: Page, url: string): Lookup | Promise<Lookup> {
  const { path } = page.request;
  return page.request.lookup(url.startsWith("/") ? url : escapePath(path.slice(0, path.lastIndexOf("/") + 1)) + url);
}

/** What the file system says of a file; a text says what is wrong. */
export async function fileOf(
  page: Page,
  { name, value }: { readonly name: string; readonly value: string },
  element: string,
): Promise<Stats | string> {
  if (name !== "file" && name !== "virtual") return `AH01340: unknown parameter "${name}" to tag ${element}`;
  const found = name === "file" ? lookupBelow(page, value) : lookupPath(page, value);
  if (found === undefined) return `AH02668: unable to access file "${value}"`;
  const { status, request } = await found;
  if (status !== 200 || !request.file) return `AH01339: unable to get information about "${value}"`;
  return request.file;
}

/** "12,345". */
export function grouped(size: number): string {
  return String(size).replace(/\B(?=(\d{3})+$)/g, ",");
}
