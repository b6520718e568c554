// Files and folders that directives name → their texts, or the fault of the directive.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Origin, ServerView } from "../../api/index.js";
import type { NamedFile, SslSettings } from "./settings.js";

/** A fault with the directive it is in. */
export class TlsFault extends Error {
  readonly origin: Origin | undefined;

  constructor(reason: string, origin: Origin | undefined) {
    super(reason);
    this.origin = origin;
  }
}

/** Who has files read, once for all workers. */
export type Files = Pick<ServerView, "readOnce">;

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The text of a file, as it was when the configuration was loaded. Throws a TlsFault where there is none. */
export function readNamed(file: NamedFile, directive: string, files: Files): string {
  const [text = ""] = files.readOnce(`mod_ssl: ${file.path}`, () => [readText(file, directive)]);
  return text;
}

function readText({ path, origin }: NamedFile, directive: string): string {
  try {
    const text = readFileSync(path, "utf8");
    if (text.trim() !== "") return text;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT")
      throw new TlsFault(`${directive}: file '${path}' cannot be read: ${messageOf(error)}`, origin);
  }
  throw new TlsFault(`${directive}: file '${path}' does not exist or is empty`, origin);
}

/** The faults of all files of a virtual host's own that cannot be read, where reading them ends at the first. */
export function unreadableFiles({ certificates, keys, chain, authorities }: SslSettings): TlsFault[] {
  const named: readonly (readonly [directive: string, files: readonly (NamedFile | undefined)[]])[] = [
    ["SSLCertificateFile", certificates],
    ["SSLCertificateKeyFile", keys],
    ["SSLCertificateChainFile", [chain]],
    ["SSLCACertificateFile", [authorities]],
  ];
  return named.flatMap(([directive, files]) =>
    files.flatMap((file): TlsFault[] => {
      try {
        if (file) readText(file, directive);
        return [];
      } catch (error) {
        if (!(error instanceof TlsFault)) throw error;
        return [error];
      }
    }),
  );
}

/** Names `openssl rehash` gives to certificates, and to lists of revoked ones. */
const hashed = { certificates: /^[0-9a-f]{8}\.\d+$/, lists: /^[0-9a-f]{8}\.r\d+$/ } as const;

/** The texts of the files of a folder with such names; of all files without a kind. Throws a TlsFault where there is none. */
export function readNamedFolder(
  folder: NamedFile,
  { directive, kind }: { readonly directive: string; readonly kind?: keyof typeof hashed },
  files: Files,
): readonly string[] {
  return files.readOnce(`mod_ssl: ${kind ?? "files"} in ${folder.path}`, () => readFolder(folder, directive, kind));
}

function readFolder({ path, origin }: NamedFile, directive: string, kind: keyof typeof hashed | undefined): string[] {
  try {
    const names = readdirSync(path, { withFileTypes: true }).filter((entry) => !entry.isDirectory());
    const wanted = names.map(({ name }) => name).filter((name) => !kind || hashed[kind].test(name));
    return wanted.sort().map((name) => readFileSync(join(path, name), "utf8"));
  } catch (error) {
    throw new TlsFault(`${directive}: ${messageOf(error)}`, origin);
  }
}

/** The texts of a file and a folder, where they are named. */
export function readNamedBoth(
  file: NamedFile | undefined,
  folder: NamedFile | undefined,
  { directive, kind, files }: { readonly directive: string; readonly kind: keyof typeof hashed; readonly files: Files },
): string[] {
  return [
    ...(file ? [readNamed(file, `${directive}File`, files)] : []),
    ...(folder ? readNamedFolder(folder, { directive: `${directive}Path`, kind }, files) : []),
  ];
}
