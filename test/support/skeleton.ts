// The skeleton of a server root, as `modhost init` writes it → the same on free ports of this machine, to be served.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeServerRoot } from "../../src/tools/init.js";
import { freePorts } from "./running.js";

/** A server root of its own. */
export interface Skeleton {
  readonly root: string;
  /** In place of 8080, and of 8081. */
  readonly port: number;
  readonly proxyPort: number;
  /** Replaces text in one of its files. */
  edit(file: string, change: (text: string) => string): void;
  remove(): void;
}

/** Files of the skeleton that name a port. */
const naming = ["ports.conf", "sites-available/000-default.conf", "sites-available/proxy.conf"];

/** Writes one; `mode` is that of its folder, which whoever serves must be able to enter. */
export async function makeSkeleton({ mode = 0o755 }: { mode?: number } = {}): Promise<Skeleton> {
  const root = mkdtempSync(join(tmpdir(), "modhost-skeleton-"));
  chmodSync(root, mode);
  writeServerRoot(root);
  const [port = 0, proxyPort = 0] = await freePorts(2);
  const edit: Skeleton["edit"] = (file, change) => {
    const path = join(root, file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  };
  for (const file of naming) {
    edit(file, (text) => text.replaceAll("8080", String(port)).replaceAll("8081", String(proxyPort)));
  }
  return { root, port, proxyPort, edit, remove: () => rmSync(root, { recursive: true, force: true }) };
}
