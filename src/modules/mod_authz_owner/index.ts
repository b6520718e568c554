// Require file-owner → a test whether a request's user owns the file; the name of the file's group for others.
import { statSync } from "node:fs";
import {
  defineModule,
  fileSystemPath,
  groupName,
  userName,
  type AuthzProvider,
  type FileGroup,
  type Request,
} from "../../api/index.js";

const fileOwner: AuthzProvider = {
  require: () => (request) => {
    if (request.user === undefined) return "no user";
    const file = statOf(request);
    const owner = file && userName(file.uid);
    if (owner === request.user) return "granted";
    refused(request, file ? `file owner ${owner ?? ""} does not match.` : `could not stat file ${request.filename}`);
    return "denied";
  },
};

const owner: FileGroup = (request) => {
  const file = statOf(request);
  if (file) return groupName(file.gid);
  refused(request, `could not stat file ${request.filename}`);
  return undefined;
};

export default defineModule({
  name: "mod_authz_owner",
  summary: "Grants to the owner of a file, or its group: Require file-owner and file-group",
  settings: {},
  directives: () => ({}),
  provides: { authzProvider: { "file-owner": fileOwner }, fileGroup: { owner } },
});

function statOf({ filename, file }: Request): { readonly uid: number; readonly gid: number } | undefined {
  if (file) return file;
  return filename === "" ? undefined : statSync(fileSystemPath(filename), { throwIfNoEntry: false });
}

function refused(request: Request, reason: string): void {
  const { user = "", path } = request;
  request.log(
    "error",
    "authz_owner",
    `AH01637: Authorization of user ${user} to access ${path} failed, reason: ${reason}`,
  );
}
