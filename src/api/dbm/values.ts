// A DBM file of Apache's tools (htdbm, httxt2dbm) → its values by key.
import { closeSync, openSync, readSync } from "node:fs";
import { keptFile } from "../kept-file.js";
import { berkeleyPairs, isBerkeley } from "./berkeley.js";
import { gdbmPairs, isGdbm } from "./gdbm.js";
import { sdbmPairs } from "./sdbm.js";

/** Keys and values of a DBM file, latin1 strings of bytes. */
export type DbmValues = ReadonlyMap<string, string>;

/** The formats that are read; `default` is the one the file is in. */
export type DbmType = "default" | "db" | "gdbm" | "sdbm";

const types: readonly DbmType[] = ["default", "db", "gdbm", "sdbm"];

/** The type of a name, in any case; undefined where files of that type are not read. */
export function dbmType(name: string): DbmType | undefined {
  return types.find((each) => each === name.toLowerCase());
}

const read = {
  db: keptFile((text) => valuesOf(berkeleyPairs(Buffer.from(text, "latin1")))),
  gdbm: keptFile((text) => valuesOf(gdbmPairs(Buffer.from(text, "latin1")))),
  sdbm: keptFile((text) => valuesOf(sdbmPairs(Buffer.from(text, "latin1")))),
};

/** All that is in a file, read anew when it has changed. Throws where it cannot be read, or is not what it should be. */
export function dbmValues(type: DbmType, path: string): DbmValues {
  const known = type === "default" ? typeOf(path) : type;
  try {
    return read[known](dataFile(known, path));
  } catch (error) {
    if (error instanceof RangeError) throw new Error("it is damaged");
    throw error;
  }
}

/** The file that holds the values: of an SDBM pair of files the one that ends in .pag. */
export function dataFile(type: Exclude<DbmType, "default">, path: string): string {
  return type === "sdbm" ? `${path}.pag` : path;
}

/** The format that a file is in; a file that is not there may be a pair of files of SDBM. */
export function typeOf(path: string): Exclude<DbmType, "default"> {
  const start = Buffer.alloc(16);
  try {
    const descriptor = openSync(path, "r");
    try {
      readSync(descriptor, start);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return "sdbm";
  }
  if (isBerkeley(start)) return "db";
  if (isGdbm(start)) return "gdbm";
  throw new Error("it is neither a hash of Berkeley DB nor a file of GDBM");
}

function valuesOf(pairs: Iterable<readonly [Buffer, Buffer]>): DbmValues {
  const values = new Map<string, string>();
  for (const [key, value] of pairs) values.set(key.toString("latin1"), value.toString("latin1"));
  return values;
}
