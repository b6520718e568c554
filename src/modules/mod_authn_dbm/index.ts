// AuthDBMUserFile → a provider of passwords and of realm hashes: "dbm".
import {
  arg,
  dbmSource,
  dbmTypeDirective,
  dbmValues,
  defineModule,
  defineSettings,
  passwordVerdict,
  type AuthnProvider,
  type Context,
  type Request,
} from "../../api/index.js";

const definition = defineSettings("mod_authn_dbm", { source: dbmSource });

const dbm: AuthnProvider = {
  checkPassword: (request, user, password) => {
    const found = storedFor(request, user);
    if (typeof found === "string") return found;
    return passwordVerdict(request, { user, password, stored: found.value, module: "authn_dbm", source: found.file });
  },
  realmHash: (request, user, realm) => {
    const found = storedFor(request, `${user}:${realm}`);
    return typeof found === "string" ? found : { hash: found.value };
  },
};

/** What is stored for a key, up to its first colon: behind it may stand groups. */
function storedFor(
  request: Request,
  key: string,
): { readonly value: string; readonly file: string } | "user not found" | "error" {
  const { file, type = "default" } = request.settings(definition).source;
  if (file === undefined) {
    request.log("error", "authn_dbm", "AuthDBMUserFile not specified in the configuration");
    return "error";
  }
  try {
    const value = dbmValues(type, file).get(key);
    return value === undefined ? "user not found" : { value: value.replace(/:.*/s, ""), file };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    request.log("error", "authn_dbm", `AH10285: could not open dbm (type ${type}) file: ${file}: ${reason}`);
    return "error";
  }
}

const contexts: readonly Context[] = ["directory", ".htaccess"];
const area =
  "AuthType Basic\n  AuthName Private\n  AuthBasicProvider dbm\n  AuthDBMUserFile conf/users\n  Require valid-user";

export default defineModule({
  name: "mod_authn_dbm",
  summary: "Knows users' passwords from DBM files that htdbm makes: the provider dbm",
  settings: definition.settings,
  directives: (directive) => ({
    AuthDBMUserFile: directive({
      args: [arg.filePath("file-path")],
      contexts,
      override: "AuthConfig",
      summary: "Names the DBM file of users and their passwords",
      doc:
        "The file as `htdbm` writes it: for each user the hash of the password, behind which a colon and the groups may stand " +
        "(AuthDBMGroupFile). For the scheme Digest the key is `user:realm`. It is held in memory, and read again when it has " +
        "changed; at most 64 MiB. Keep it outside of what the server serves.",
      example: `<Location /private>\n  ${area}\n</Location>`,
      set: ([file]) => ({ source: { file } }),
    }),
    AuthDBMType: directive(dbmTypeDirective("AuthDBMType", { file: "AuthDBMUserFile", area })),
  }),
  provides: { authnProvider: { dbm } },
});
