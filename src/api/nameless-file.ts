// A folder with room → a file without a name, which is gone when it is closed.
import { randomBytes } from "node:crypto";
import { open, unlink, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where there is room on a disk; /tmp may be memory. */
const folders = [process.env["TMPDIR"], "/var/tmp", tmpdir()];

/** Opens one for reading and writing, for this user alone. Rejects where no folder takes it. */
export async function openNameless(): Promise<FileHandle> {
  let fault: unknown;
  for (const folder of folders) {
    if (folder === undefined) continue;
    const name = join(folder, `modhost-${randomBytes(12).toString("hex")}`);
    try {
      const file = await open(name, "wx+", 0o600);
      await unlink(name);
      return file;
    } catch (error) {
      fault = error;
    }
  }
  throw fault;
}
