// Require all, env, method and expr → tests of requests.
import type { AuthzProvider, Decision } from "../../api/index.js";
import { isWord } from "./requirements.js";

const methods = new Set(
  (
    "GET POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK VERSION-CONTROL " +
    "CHECKOUT UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE HEAD"
  ).split(" "),
);

const all: AuthzProvider = {
  require: (words, { fail }) => {
    if (isWord(words, "granted")) return () => "granted";
    if (isWord(words, "denied")) return () => "denied";
    return fail(
      `Argument for 'Require all' must be 'granted' or 'denied', found ${words.length === 0 ? "nothing" : `"${words.join(" ")}"`}`,
    );
  },
};

const env: AuthzProvider = {
  require:
    (names) =>
    ({ environment }) =>
      names.some((name) => environment.has(name)) ? "granted" : "denied",
};

const method: AuthzProvider = {
  require: (names, { fail }) => {
    const unknown = names.find((name) => !methods.has(name));
    if (unknown !== undefined) fail(`Invalid Method '${unknown}'`);
    // GET and HEAD are one method to Apache.
    const granted = new Set(names.map((name) => (name === "HEAD" ? "GET" : name)));
    return (request) => (granted.has(request.method === "HEAD" ? "GET" : request.method) ? "granted" : "denied");
  },
};

const expr: AuthzProvider = {
  require: (_words, { text, condition }) => {
    // Quotes around all of it are not needed and may hold others.
    const test = condition(/^"(.*)"$/s.exec(text)?.[1] ?? text);
    const refused: Decision = test.variables.has("REMOTE_USER") ? "no user" : "denied";
    const decide = (result: boolean | undefined): Decision => {
      // Whether it is refused cannot be told, and a "not" before it must not turn that into a grant.
      if (result === undefined) throw new Error("AH02320: the expression of a Require expr could not be evaluated");
      return result ? "granted" : refused;
    };
    return (request) => {
      const result = test.test(request);
      return result instanceof Promise ? result.then(decide) : decide(result);
    };
  },
};

export const providers = { all, env, method, expr } as const;
