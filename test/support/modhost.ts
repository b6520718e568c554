// A configuration text and files → bin/modhost serving them from a temporary server root, with its whole family of processes.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts, runProgram, until, type Running } from "./running.js";

const program = fileURLToPath(new URL("../../bin/modhost", import.meta.url));

/** A server that serves. */
export interface ServedRoot {
  readonly root: string;
  readonly port: number;
  readonly running: Running;
  /** "http://127.0.0.1:PORT" + path. */
  url(path: string): string;
  /** What stands in the error log. */
  errors(): string;
  /** Kills what is left and removes the folder. */
  end(): Promise<void>;
}

/** Modules most tests want; more by `modules`. */
const usual = ["mpm_event", "authz_core", "authz_host", "alias", "dir", "mime", "env"];

/** Writes a server root: `files` by path below it, `configuration` with @ROOT@ and @PORT@ filled in. */
export async function makeRoot(
  configuration: string,
  { files = {}, modules = [] }: { files?: Readonly<Record<string, string>>; modules?: readonly string[] } = {},
): Promise<{ root: string; port: number }> {
  const root = mkdtempSync(join(tmpdir(), "modhost-test-"));
  chmodSync(root, 0o755);
  const [port = 0] = await freePorts(1);
  mkdirSync(join(root, "htdocs"));
  mkdirSync(join(root, "run"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const isRoot = process.getuid?.() === 0;
  const loads = [...usual, ...modules].map((name) => `LoadModule ${name}_module modules/mod_${name}.so`);
  const prelude = `${loads.join("\n")}
ServerName localhost
Listen 127.0.0.1:@PORT@
PidFile run/modhost.pid
DefaultRuntimeDir run
${isRoot ? "User www-data\nGroup www-data" : ""}
StartServers 2
ServerLimit 2
ErrorLog run/error.log
LogLevel info
DocumentRoot @ROOT@/htdocs
<Directory @ROOT@/htdocs>
    Require all granted
</Directory>
`;
  writeFileSync(join(root, "apache2.conf"), fill(prelude + configuration, root, port));
  return { root, port };
}

/** Replaces the names of a configuration text. */
export function fill(text: string, root: string, port: number): string {
  return text.replaceAll("@ROOT@", root).replaceAll("@PORT@", String(port));
}

/** Starts bin/modhost in the foreground on a server root and waits until it serves. */
export async function serveRoot(root: string, port: number): Promise<ServedRoot> {
  const running = runProgram([process.execPath, program, "-d", root, "-DFOREGROUND"]);
  const url = (path: string): string => `http://127.0.0.1:${port}${path}`;
  const errors = (): string => readText(join(root, "run/error.log")) + running.output();
  const end = async (): Promise<void> => {
    await running.end();
    rmSync(root, { recursive: true, force: true });
  };
  try {
    await until("modhost serves", async () => {
      if (running.child.exitCode !== null) {
        // What it wrote last may still be on its way.
        const { stdout, stderr } = running.child;
        const isRead = (): boolean => stdout?.readableEnded === true && stderr?.readableEnded === true;
        await until("its output has been read", isRead).catch(() => undefined);
        throw new Error(`modhost ended at start:\n${errors()}`);
      }
      return fetch(url("/")).then(
        (response) => response.arrayBuffer().then(() => true),
        () => false,
      );
    });
  } catch (error) {
    await end();
    throw error;
  }
  return { root, port, running, url, errors, end };
}

/** Both in one: a fresh root, served. */
export async function serveModhost(...args: Parameters<typeof makeRoot>): Promise<ServedRoot> {
  const { root, port } = await makeRoot(...args);
  return serveRoot(root, port);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
