// A slice of a file → its bytes in memory, at once.
import { closeSync, openSync, readSync } from "node:fs";
import { fileSystemPath } from "./file-name.js";
import type { FileSlice } from "./response.js";

/** Reads a slice into a buffer from `at` on; how many bytes: fewer where the file has shrunk. Throws the error of the file system. */
export function fillFromSlice({ path, offset, length }: FileSlice, target: Buffer, at: number): number {
  const file = openSync(fileSystemPath(path), "r");
  try {
    let done = 0;
    while (done < length) {
      const bytes = readSync(file, target, at + done, length - done, offset + done);
      if (bytes === 0) break;
      done += bytes;
    }
    return done;
  } finally {
    closeSync(file);
  }
}
