// SessionCryptoPassphrase → sessions that their clients can neither read nor change.
import {
  arg,
  ConfigError,
  defineModule,
  defineSettings,
  list,
  optional,
  rest,
  splitWords,
  value,
  type Context,
  type Origin,
  type Place,
  type Request,
  type ServerView,
  type SessionCoding,
  type WorkerView,
} from "../../api/index.js";
import { passphrasesOf, readFiles, type Source } from "./passphrases.js";
import { keyOf, seal, unseal, type KeyBits } from "./seal.js";

const definition = defineSettings("mod_session_crypto", {
  sources: list<Source>("replace"),
  bits: value<KeyBits>(256),
});

const contexts: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const override = "AuthConfig";
const drivers = ["openssl", "nss", "commoncrypto", "gcrypt"] as const;
const example =
  "<Location /app>\n  Session On\n  SessionCookieName session path=/\n  SessionCryptoPassphrase correct-horse-battery-staple\n</Location>";

const crypto: SessionCoding = {
  encode: (request, text) => {
    const settings = request.settings(definition);
    if (settings.sources.length === 0) return text;
    const [first] = phrasesFor(request, settings.sources) ?? [];
    if (first !== undefined) return seal(text, first, settings.bits);
    request.log("error", "session_crypto", "AH01841: encrypt session failed: there is no passphrase");
    return undefined;
  },
  decode: (request, text) => {
    const settings = request.settings(definition);
    if (settings.sources.length === 0) return text;
    const opened = unseal(text, phrasesFor(request, settings.sources) ?? [], settings.bits);
    if (opened === undefined) {
      request.log("error", "session_crypto", "AH01842: decrypt session failed, wrong passphrase?");
    }
    return opened;
  },
};

export default defineModule({
  name: "mod_session_crypto",
  summary: "Seals sessions, so that their clients can neither read nor change them",
  settings: definition.settings,
  directives: (directive) => ({
    SessionCryptoPassphrase: directive({
      args: [rest(arg.word("passphrase"))],
      contexts,
      override,
      summary: "Gives the passphrases sessions are sealed with",
      doc:
        "The first one seals, all of them open: so that a passphrase can be replaced, write the new one in front of the old " +
        "one. `exec:/path argument...` in quotes takes the first line a program prints. Lines of one section add up; those of " +
        "an inner section replace them. Sessions are sealed by AES-GCM with a key stretched from the passphrase by scrypt, " +
        "and with a key of its own for each by HKDF: a session that was changed, or sealed by Apache, is taken for none.",
      example,
      set: ([words], place) => ({ sources: words.map((word) => sourceOf(word, place)) }),
    }),
    SessionCryptoPassphraseFile: directive({
      args: [arg.filePath("file-path")],
      contexts: ["server config", "virtual host", "directory"],
      summary: "Names a file with the passphrases sessions are sealed with",
      doc:
        "One or more on a line, the first one sealing; what stands behind a `#` is left out. It is read before privileges are " +
        "given up, so that only root need be able to read it.",
      example: example.replace(
        "SessionCryptoPassphrase correct-horse-battery-staple",
        "SessionCryptoPassphraseFile conf/passphrases",
      ),
      set: ([path], { origin }) => ({ sources: [{ kind: "file", path, origin }] }),
    }),
    SessionCryptoCipher: directive({
      args: [arg.word("name")],
      contexts,
      override,
      summary: "Says by which cipher sessions are sealed",
      doc:
        "`aes256`, `aes192` or `aes128`, each in the mode GCM, which proves that nothing was changed. `3des192` is refused: its " +
        "blocks are too short to be safe.",
      default: "aes256",
      example: `${example}\nSessionCryptoCipher aes128`,
      set: ([name], place) => {
        const bits = ([128, 192, 256] as const).find((each) => name.toLowerCase() === `aes${each}`);
        if (bits === undefined) return place.fail(`name must be one of aes256, aes192, aes128, found "${name}"`);
        return { bits };
      },
    }),
    SessionCryptoDriver: directive({
      args: [arg.oneOf("name", ...drivers), optional(rest(arg.word("parameter")))],
      contexts: ["server config"],
      summary: "Names the library that encrypts",
      doc: "Accepted without effect: it is always the one within Node, which is OpenSSL.",
      default: "openssl",
      example: "SessionCryptoDriver openssl",
      set: () => undefined,
    }),
  }),
  lifecycle: { check, start },
  provides: { sessionCoding: { crypto } },
});

function sourceOf(word: string, place: Place): Source {
  if (word === "") return place.fail("a passphrase cannot be empty");
  if (!word.startsWith("exec:") || word.length <= "exec:".length) return { kind: "text", text: word };
  // A program runs with the rights of the process that reads the line: no matter for whoever may write .htaccess files.
  if (place.context === ".htaccess") return place.fail("exec: is not allowed in .htaccess files");
  const [program = "", ...args] = splitWords(word.slice("exec:".length)).map(({ text }) => text);
  return { kind: "program", words: [place.resolve(program), ...args], origin: place.origin };
}

function phrasesFor(request: Request, sources: readonly Source[]): readonly string[] | undefined {
  try {
    return passphrasesOf(sources);
  } catch (error) {
    request.log("error", "session_crypto", `the passphrases of sessions cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}

/** Files are read already here, programs are not run. */
function check(server: ServerView): void {
  for (const { settings, origin } of server.everywhere(definition)) {
    for (const source of settings.sources ?? []) {
      if (source.kind !== "file") continue;
      try {
        readFiles([source], server);
      } catch (error) {
        const reason = `SessionCryptoPassphraseFile: Could not open file ${source.path}: ${messageOf(error)}`;
        server.error(reason, source.origin);
      }
    }
    const sources = settings.sources ?? [];
    const isFiles = sources.length > 0 && sources.every(({ kind }) => kind === "file");
    if (isFiles && isEmpty(sources))
      server.warn("there is no passphrase in the file: sessions are not saved", origin("sources"));
  }
}

function isEmpty(sources: readonly Source[]): boolean {
  try {
    return passphrasesOf(sources).length === 0;
  } catch {
    return false;
  }
}

/** Reads all passphrases and stretches them to keys while there is time, and the right to read them. */
function start({ server, isRehearsal }: WorkerView): void {
  if (isRehearsal) return;
  for (const { settings, origin } of server.everywhere(definition)) {
    const sources = settings.sources ?? [];
    if (sources.length === 0) continue;
    try {
      readFiles(sources, server);
      passphrasesOf(sources).forEach(keyOf);
    } catch (error) {
      const place: Origin | undefined = origin("sources");
      if (!place) throw error;
      throw new ConfigError(`SessionCryptoPassphrase: ${messageOf(error)}`, place);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
