// A user, a password and what a provider has stored for that user → what the provider says.
import type { PasswordVerdict } from "../authentication.js";
import type { Request } from "../request.js";
import { refuse } from "../response.js";
import { isKnownFormat, isPassword, PasswordQueueFull } from "./check.js";

/** What a provider found for a user; `module` and `source` (a file's path) are for the error log. */
export interface StoredPassword {
  readonly user: string;
  readonly password: string;
  readonly stored: string;
  readonly module: string;
  readonly source: string;
}

/** Whether the password is the stored one; says in the error log why it could not be told. */
export function passwordVerdict(
  request: Request,
  { user, password, stored, module, source }: StoredPassword,
): PasswordVerdict | Promise<PasswordVerdict> {
  if (!isKnownFormat(stored)) {
    request.log("error", module, `the password of user ${user} in ${source} is hashed in a way that is not known`);
    return "denied";
  }
  const same = isPassword(password, stored);
  if (typeof same === "boolean") return same ? "granted" : "denied";
  return same.then(
    (late) => (late ? "granted" : "denied"),
    (error: unknown) => {
      request.log("error", module, `the password of user ${user} could not be checked: ${String(error)}`);
      return error instanceof PasswordQueueFull ? refuse(503) : "error";
    },
  );
}
