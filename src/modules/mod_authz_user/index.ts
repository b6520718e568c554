// Require user and valid-user → tests of who a request's user is.
import { byteString, defineModule, type AuthzProvider } from "../../api/index.js";

const user: AuthzProvider = {
  require: (words, { fail }) => {
    const expression = words.find((word) => word.includes("%{"));
    if (expression !== undefined) fail(`expressions are not supported, found "${expression}"`);
    const names = new Set(words.map(byteString));
    return (request) => {
      if (request.user === undefined) return "no user";
      if (names.has(request.user)) return "granted";
      request.log(
        "error",
        "authz_user",
        `AH01663: access to ${request.path} failed, reason: user '${request.user}' does not meet ` +
          "'require'ments for user to be allowed access",
      );
      return "denied";
    };
  },
};

const validUser: AuthzProvider = {
  require: () => (request) => (request.user === undefined ? "no user" : "granted"),
};

export default defineModule({
  name: "mod_authz_user",
  summary: "Grants by who the user is: Require user and valid-user",
  settings: {},
  directives: () => ({}),
  provides: { authzProvider: { user, "valid-user": validUser } },
});
