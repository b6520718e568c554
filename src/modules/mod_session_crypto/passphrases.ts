// What SessionCryptoPassphrase and its file say → the passphrases themselves.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { byteString, contentLines, splitWords, type Origin, type ServerView } from "../../api/index.js";

/** Where passphrases come from. */
export type Source =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly path: string; readonly origin: Origin }
  | { readonly kind: "program"; readonly words: readonly string[]; readonly origin: Origin };

/** Milliseconds a program may take. */
const programLimit = 60_000;
const read = new WeakMap<Source, readonly string[]>();

/** Reads files as they were when the configuration was loaded, for passphrasesOf. Throws where one cannot be read. */
export function readFiles(sources: readonly Source[], server: Pick<ServerView, "readOnce">): void {
  for (const source of sources) {
    if (source.kind !== "file") continue;
    const found = server.readOnce(`mod_session_crypto: ${source.path}`, () => passphrasesFrom(source));
    read.set(source, found);
  }
}

/** The passphrases of all sources, the first being the one to seal with. Throws where one cannot be read. */
export function passphrasesOf(sources: readonly Source[]): readonly string[] {
  const [only] = sources;
  return only && sources.length === 1 ? passphrasesFrom(only) : sources.flatMap(passphrasesFrom);
}

/** Those of one source, read once in the life of a process: later it may lack the right to. Latin1 strings of bytes. */
function passphrasesFrom(source: Source): readonly string[] {
  const known = read.get(source);
  if (known) return known;
  const found = readSource(source);
  read.set(source, found);
  return found;
}

function readSource(source: Source): readonly string[] {
  if (source.kind === "text") return [byteString(source.text)];
  if (source.kind === "program") return [firstLine(source.words)];
  const lines = contentLines(readFileSync(source.path, "latin1"));
  return lines.flatMap((line) => {
    const words = splitWords(line).map(({ text }) => text);
    const comment = words.findIndex((word) => word.startsWith("#"));
    return comment < 0 ? words : words.slice(0, comment);
  });
}

function firstLine([program = "", ...args]: readonly string[]): string {
  const output = execFileSync(program, args, { timeout: programLimit, maxBuffer: 64 * 1024, encoding: "latin1" });
  const [line = ""] = output.split(/\r?\n/);
  if (line === "") throw new Error(`${program} printed no passphrase`);
  return line;
}
