// The first bytes of files without a type → their types.
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import {
  arg,
  defineModule,
  defineSettings,
  fileSystemPath,
  value,
  type Lookup,
  type Origin,
  type Request,
  type Verdict,
} from "../../api/index.js";
import { guessType, unpacked } from "./guess.js";
import { matchRules } from "./match.js";
import { readRules, type Rule } from "./rules.js";

/** A MimeMagicFile line with what the file said when the configuration was read. */
interface MagicFile {
  readonly path: string;
  readonly rules: readonly Rule[];
  readonly faults: readonly string[];
  readonly origin: Origin;
}

const definition = defineSettings("mod_mime_magic", { magicFile: value<MagicFile | undefined>(undefined) });

/** Most bytes of a file that are looked at. */
const most = 4096;

export default defineModule({
  name: "mod_mime_magic",
  summary: "Tells the types of files by what is in them",
  settings: definition.settings,
  directives: (directive) => ({
    MimeMagicFile: directive({
      args: [arg.filePath("file")],
      contexts: ["server config", "virtual host"],
      summary: "The file with the rules by which types are told",
      doc:
        "Files whose names say no type are looked at: their first 4096 bytes. The file has lines as file(1) had them of old: an " +
        "offset, a type (`string`, `byte`, `beshort`, `lelong` ...), a value, and the media type, behind it an encoding; lines that begin " +
        "with `>` go on with what the line above them found. A file needs 63 bytes behind an offset, or no rule looks there. " +
        "What gzip packed is looked at unpacked. Where no rule holds, words such as `<html>` tell texts, and the sum of its head a " +
        "tar archive. Lines that cannot be read are warned of and never hold.",
      example: "MimeMagicFile conf/magic",
      set: ([path], { origin }) => ({ magicFile: readMagic(path, origin) }),
    }),
  }),
  hooks: {
    typeChecker: {
      after: ["mod_mime"],
      when: ({ magicFile }) => magicFile !== undefined && magicFile.rules.length > 0,
      run(request, { magicFile }): Verdict | Promise<Verdict> {
        const { file } = request;
        if (!file || !magicFile || file.isDirectory() || request.contentType !== undefined) return undefined;
        if (!file.isFile()) return typed(request, "application/octet-stream");
        if (file.size === 0) return typed(request, "text/plain");
        const [, revised] = /^(.*)@\d+$/s.exec(request.filename) ?? [];
        return revised === undefined ? look(request, magicFile) : likeRevised(request, magicFile, revised);
      },
    },
  },
  lifecycle: {
    check(server) {
      for (const { settings } of server.everywhere(definition))
        for (const fault of settings.magicFile?.faults ?? [])
          server.warn(`MimeMagicFile: ${fault}`, settings.magicFile?.origin);
    },
  },
});

function readMagic(path: string, origin: Origin): MagicFile {
  try {
    const { rules, faults } = readRules(readFileSync(path, "latin1"));
    return { path, rules, origin, faults: faults.map(({ line, reason }) => `${path}:${line}: ${reason}`) };
  } catch (error) {
    // As Apache, which serves without it.
    const reason = error instanceof Error ? error.message : String(error);
    return { path, rules: [], origin, faults: [`AH01515: the file cannot be read: ${reason}`] };
  }
}

/** A file with a number of a revision behind its name is like the one without. */
async function likeRevised(request: Request, magicFile: MagicFile, revised: string): Promise<Verdict> {
  const { request: found }: Lookup = await request.lookupFile(revised);
  if (found.contentType === undefined) return look(request, magicFile);
  request.contentType = found.contentType;
  request.contentEncoding = found.contentEncoding;
  request.contentLanguage = found.contentLanguage;
  return "done";
}

async function look(request: Request, { rules }: MagicFile): Promise<Verdict> {
  let bytes: Buffer;
  try {
    bytes = await firstBytes(fileSystemPath(request.filename));
  } catch (error) {
    request.log("error", "mime_magic", `AH01512: can't read '${request.filename}'`, error);
    return undefined;
  }
  if (bytes.length === 0) return undefined;
  const packed = unpacked(bytes, most);
  if (packed?.coding !== undefined) request.contentEncoding = [packed.coding];
  if (packed && !packed.bytes) return undefined;
  const text = (packed?.bytes ? typeOf(rules, packed.bytes) : undefined) ?? typeOf(rules, bytes);
  return text === undefined ? undefined : typed(request, text);
}

function typeOf(rules: readonly Rule[], bytes: Buffer): string | undefined {
  return matchRules(rules, bytes) ?? guessType(bytes);
}

async function firstBytes(path: string | Buffer): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Type, and behind it an encoding; nothing where the text holds no type. */
function typed(request: Request, text: string): Verdict {
  const [, type, encoding] = /^\s*([^\s/]+\/\S*)(?:\s+(\S+))?/.exec(text) ?? [];
  if (type === undefined) return undefined;
  request.contentType = type.toLowerCase();
  if (encoding !== undefined) request.contentEncoding = [encoding.toLowerCase()];
  return "done";
}
