// Require user and valid-user → tests of who a request's user is.
import { defineModule, wordsFor, type AuthzProvider } from "../../api/index.js";

const user: AuthzProvider = {
  require: (_words, place) => {
    const names = wordsFor(place);
    return (request) => {
      if (request.user === undefined) return "no user";
      if (names(request)?.includes(request.user)) return "granted";
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
