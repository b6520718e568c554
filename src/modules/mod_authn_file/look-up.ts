// A user and a file of passwords → what the file says of the user.
import { passwordVerdict, type PasswordVerdict, type RealmVerdict, type Request } from "../../api/index.js";
import { linesOf, type UserFile } from "./user-file.js";

interface PasswordQuestion {
  readonly path: string | undefined;
  readonly user: string;
  readonly password: string;
}

/** Whether the file has that password for the user. */
export function checkPassword(
  request: Request,
  { path, user, password }: PasswordQuestion,
): PasswordVerdict | Promise<PasswordVerdict> {
  const file = fileFor(request, path, "AH01619", "AH01620");
  if (!file) return "error";
  const stored = file.passwords.get(user);
  if (stored === undefined) return "user not found";
  return passwordVerdict(request, { user, password, stored, module: "authn_file", source: path ?? "" });
}

interface RealmQuestion {
  readonly path: string | undefined;
  readonly user: string;
  readonly realm: string;
}

/** The hash the file has for the user in a realm. */
export function realmHash(request: Request, { path, user, realm }: RealmQuestion): RealmVerdict {
  const file = fileFor(request, path, "AH01621", "AH01622");
  if (!file) return "error";
  const hash = file.realms.get(`${user}:${realm}`);
  return hash === undefined ? "user not found" : { hash };
}

function fileFor(request: Request, path: string | undefined, unset: string, unread: string): UserFile | undefined {
  if (path === undefined) {
    request.log("error", "authn_file", `${unset}: AuthUserFile not specified in the configuration`);
    return undefined;
  }
  try {
    return linesOf(path);
  } catch (error) {
    request.log("error", "authn_file", `${unread}: Could not open password file: ${path}: ${String(error)}`);
    return undefined;
  }
}
