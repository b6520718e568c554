// Require dbm-group and dbm-file-group → tests of the groups that a DBM file has for a request's user.
import {
  arg,
  authNameOf,
  dbmSource,
  dbmTypeDirective,
  dbmValues,
  defineModule,
  defineSettings,
  wordsFor,
  type AuthzProvider,
  type Context,
  type Decision,
  type FileGroup,
  type Request,
} from "../../api/index.js";

const definition = defineSettings("mod_authz_dbm", { source: dbmSource });

/** The numbers of the messages: for no file, for a user without groups, and for none of those that are required. */
type Codes = readonly [string, string, string];

const dbmGroup: AuthzProvider = {
  require: (_words, place) => {
    const names = wordsFor(place);
    return (request) =>
      among(request, ["AH01798", "AH01800", "AH01801"], (own) => names(request)?.some((name) => own.includes(name)));
  },
};

const dbmFileGroup: AuthzProvider = {
  require: () => (request) =>
    among(request, ["AH01802", "AH01804", "AH01805"], (own) => {
      const find = request.providers("fileGroup").get("owner") as FileGroup | undefined;
      const name = find?.(request);
      return name !== undefined && own.includes(name);
    }),
};

/** Asks about the groups of the request's user. */
function among(
  request: Request,
  [noFile, unknown, others]: Codes,
  grants: (own: readonly string[]) => boolean | undefined,
): Decision {
  const { user } = request;
  if (user === undefined) return "no user";
  const say = (text: string): "denied" => {
    request.log("error", "authz_dbm", text);
    return "denied";
  };
  const { file, type = "default" } = request.settings(definition).source;
  if (file === undefined) return say(`${noFile}: No group file was specified in the configuration`);
  const failed = (reason: string): string =>
    `Authorization of user ${user} to access ${request.path} failed, reason: ${reason}`;
  try {
    const values = dbmValues(type, file);
    const value = values.get(`${user}:${authNameOf(request) ?? ""}`) ?? values.get(user);
    if (value === undefined) return say(`${unknown}: ${failed(`user doesn't appear in DBM group file (${file}).`)}`);
    if (grants(groupsOf(value))) return "granted";
    return say(`${others}: ${failed("user is not part of the 'require'ed group(s).")}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return say(`AH01799: could not open dbm (type ${type}) group access file: ${file}: ${reason}`);
  }
}

/** "group,group", or "password:group,group", behind which anything may stand. */
function groupsOf(value: string): readonly string[] {
  const [first = "", second] = value.split(":", 2);
  return (second ?? first).split(/,+/);
}

const contexts: readonly Context[] = ["directory", ".htaccess"];
const area =
  "AuthType Basic\n  AuthName Private\n  AuthUserFile conf/htpasswd\n  AuthDBMGroupFile conf/groups\n  Require dbm-group staff";

export default defineModule({
  name: "mod_authz_dbm",
  summary: "Grants by the groups a user is in, by a DBM file: Require dbm-group and dbm-file-group",
  settings: definition.settings,
  directives: (directive) => ({
    AuthDBMGroupFile: directive({
      args: [arg.filePath("file-path")],
      contexts,
      override: "AuthConfig",
      summary: "Names the DBM file of users and their groups",
      doc:
        "The key is the user, or `user:realm`; the value is the groups, parted by commas, or a password, a colon and the " +
        "groups, so that one file can be that of AuthDBMUserFile too. It is held in memory, and read again when it has " +
        "changed; at most 64 MiB. `Require dbm-file-group` needs mod_authz_owner too.",
      example: `<Location /private>\n  ${area}\n</Location>`,
      set: ([file]) => ({ source: { file } }),
    }),
    AuthzDBMType: directive(dbmTypeDirective("AuthzDBMType", { file: "AuthDBMGroupFile", area })),
  }),
  provides: { authzProvider: { "dbm-group": dbmGroup, "dbm-file-group": dbmFileGroup } },
});
