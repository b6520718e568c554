// Require group and file-group → tests of the groups a request's user is in.
import {
  arg,
  contentLines,
  defineModule,
  defineSettings,
  keptFile,
  splitWords,
  value,
  wordsFor,
  type AuthzProvider,
  type Decision,
  type FileGroup,
  type Request,
} from "../../api/index.js";

const definition = defineSettings("mod_authz_groupfile", { groupFile: value<string | undefined>(undefined) });

/** Groups by user, latin1 strings of bytes. */
type Groups = ReadonlyMap<string, ReadonlySet<string>>;

const groupsIn = keptFile(parse);

const group: AuthzProvider = {
  require: (_words, place) => {
    const names = wordsFor(place);
    return (request) => among(request, ["AH01664", "AH01665"], (own) => names(request)?.some((name) => own.has(name)));
  },
};

const fileGroup: AuthzProvider = {
  require: () => (request) =>
    among(request, ["AH01668", "AH01669"], (own) => {
      const find = request.providers("fileGroup").get("owner") as FileGroup | undefined;
      const name = find?.(request);
      return name !== undefined && own.has(name);
    }),
};

export default defineModule({
  name: "mod_authz_groupfile",
  summary: "Grants by the groups a user is in: Require group and file-group",
  settings: definition.settings,
  directives: (directive) => ({
    AuthGroupFile: directive({
      args: [arg.filePath("file-path")],
      contexts: ["directory", ".htaccess"],
      override: "AuthConfig",
      summary: "Names the file of groups and the users in them",
      doc:
        "Lines `group: user user ...`; a group may stand on several. The file is read again when it has changed. Keep it " +
        "outside of what the server serves. `Require file-group` needs mod_authz_owner too.",
      example:
        "<Location /private>\n  AuthType Basic\n  AuthName Private\n  AuthUserFile conf/htpasswd\n  AuthGroupFile conf/groups\n  Require group staff\n</Location>",
      set: ([groupFile]) => ({ groupFile }),
    }),
  }),
  provides: { authzProvider: { group, "file-group": fileGroup } },
});

/** Asks about the groups of the request's user; `codes` are of the messages for no file, and for one that cannot be read. */
function among(
  request: Request,
  codes: readonly [string, string],
  grants: (own: ReadonlySet<string>) => boolean | undefined,
): Decision {
  const { user } = request;
  if (user === undefined) return "no user";
  const path = request.settings(definition).groupFile;
  if (path === undefined) {
    request.log("error", "authz_groupfile", `${codes[0]}: No group file was specified in the configuration`);
    return "denied";
  }
  let groups: Groups;
  try {
    groups = groupsIn(path);
  } catch (error) {
    request.log("error", "authz_groupfile", `${codes[1]}: Could not open group file: ${path}: ${String(error)}`);
    return "denied";
  }
  const own = groups.get(user);
  if (own) return grants(own) ? "granted" : "denied";
  request.log(
    "info",
    "authz_groupfile",
    `AH01666: Authorization of user ${user} to access ${request.path} failed, reason: user doesn't appear in group file ` +
      `(${path}).`,
  );
  return "denied";
}

function parse(text: string): Groups {
  const groups = new Map<string, Set<string>>();
  for (const line of contentLines(text)) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const name = line.slice(0, colon).trimEnd();
    for (const { text: user } of splitWords(line.slice(colon + 1).replace(/^:+/, ""))) {
      const own = groups.get(user);
      if (own) own.add(name);
      else groups.set(user, new Set([name]));
    }
  }
  return groups;
}
