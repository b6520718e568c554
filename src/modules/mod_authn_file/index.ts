// AuthUserFile → a provider of passwords and of realm hashes: "file".
import { arg, defineModule, defineSettings, value, type AuthnProvider } from "../../api/index.js";
import { checkPassword, realmHash } from "./look-up.js";

const definition = defineSettings("mod_authn_file", { userFile: value<string | undefined>(undefined) });

const file: AuthnProvider = {
  checkPassword: (request, user, password) =>
    checkPassword(request, { path: request.settings(definition).userFile, user, password }),
  realmHash: (request, user, realm) => realmHash(request, { path: request.settings(definition).userFile, user, realm }),
};

export default defineModule({
  name: "mod_authn_file",
  summary: "Knows users' passwords from files that htpasswd and htdigest make",
  settings: definition.settings,
  directives: (directive) => ({
    AuthUserFile: directive({
      args: [arg.filePath("file-path")],
      contexts: ["directory", ".htaccess"],
      override: "AuthConfig",
      summary: "Names the file of users and their passwords",
      doc:
        "Lines `user:password` as `htpasswd` writes them, hashed by bcrypt, apr1, SHA1, SHA-256 or SHA-512 of crypt(3), or DES; " +
        "for the scheme Digest, lines `user:realm:hash` as `htdigest` writes them. The file is read again when it has changed. " +
        "Keep it outside of what the server serves. The worker must be able to read it. Hashes of other kinds (yescrypt) are " +
        "refused, with a line in the error log.",
      example:
        "<Location /private>\n  AuthType Basic\n  AuthName Private\n  AuthUserFile conf/htpasswd\n  Require valid-user\n</Location>",
      set: ([userFile]) => ({ userFile }),
    }),
  }),
  provides: { authnProvider: { file } },
});
