// The suites of applications in daemon groups, once more with the applications inside the server.
import { daemonGroup } from "./dump-application.js";
import type { Suite } from "./harness.js";
import { suite as environ } from "./wsgi-environ.cases.js";
import { suite as proxies } from "./wsgi-proxies.cases.js";
import { suite as responses } from "./wsgi-responses.cases.js";

const embedded = `
LoadModule wsgi_module @MODULES@/mod_wsgi.so
WSGISocketPrefix "@RUN@/wsgi"
WSGIApplicationGroup %{GLOBAL}
`;

/** Why the two differ in embedded mode alone, by names of cases. */
const differences: Readonly<Record<string, string>> = {
  "a range of a file": "a file is sent whole, as it is by daemons",
};

/** Failures within a body: whether the first bytes are on their way by then depends on the moment. */
const leftOut: readonly string[] = ["an exception in the middle of a body", "a second start in the middle of a body"];

function inside({ name, configuration, files, cases }: Suite): Suite {
  return {
    name: `${name}, embedded`,
    configuration: configuration.replace(daemonGroup, embedded),
    files,
    cases: cases
      .filter(({ name }) => !leftOut.includes(name))
      .map((one) => {
        const differs = differences[one.name];
        return differs === undefined ? one : { ...one, differs };
      }),
  };
}

export const suite = inside(environ);
export const further = [inside(responses), inside(proxies)];
