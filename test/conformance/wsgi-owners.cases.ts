// Whose scripts a daemon group runs: script-user and script-group.
import type { Case, FileSpec, Suite } from "./harness.js";

// Debian's nobody and nogroup. Whoever is not root has files of his own, which are a stranger's to these groups.
const uid = 65534;

/** Options of groups, by name. */
const groups: Readonly<Record<string, string>> = {
  user: `script-user=nobody`,
  group: `script-group=nogroup`,
  "other-user": "script-user=games",
  "other-group": "script-group=games",
  anybody: "",
};

/** Scripts by the modes of folder and file. */
const scripts: Readonly<Record<string, readonly [folder: number, file: number]>> = {
  private: [0o755, 0o644],
  "of-group": [0o755, 0o664],
  "of-all": [0o755, 0o646],
  "in-group": [0o775, 0o644],
  "in-all": [0o757, 0o644],
};

const text = `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"runs"]
`;

const configuration = `
LoadModule wsgi_module @MODULES@/mod_wsgi.so
WSGISocketPrefix "@RUN@/wsgi"
${Object.entries(groups)
  .map(
    ([group, options]) =>
      `WSGIDaemonProcess ${group} threads=1 ${options}\n${Object.keys(scripts)
        .map(
          (script) =>
            `WSGIScriptAlias /${group}/${script} "@ROOT@/${script}/app.wsgi" process-group=${group} application-group=%{GLOBAL}`,
        )
        .join("\n")}`,
  )
  .join("\n")}
WSGIScriptAlias /user/missing "@ROOT@/private/missing.wsgi" process-group=user
<Directory "@ROOT@">
  Require all granted
</Directory>
`;

export const suite: Suite = {
  name: "owners of scripts",
  configuration,
  files: Object.fromEntries<FileSpec>(
    Object.entries(scripts).flatMap(([script, [folder, file]]): [string, FileSpec][] => [
      [script, { folder: true, mode: folder, uid }],
      [`${script}/app.wsgi`, { text, mode: file, uid }],
    ]),
  ),
  cases: [
    ...Object.keys(groups).flatMap((group) =>
      Object.keys(scripts).map((script): Case => ({ name: `${group}, ${script}`, target: `/${group}/${script}` })),
    ),
    { name: "a script that is not there", target: "/user/missing" },
  ],
};
