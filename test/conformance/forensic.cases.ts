// The lines before and after each request.
import type { Case, Suite } from "./harness.js";

const configuration = `LoadModule log_forensic_module @MODULES@/mod_log_forensic.so
LoadModule unique_id_module @MODULES@/mod_unique_id.so
DocumentRoot "@ROOT@/htdocs"
ForensicLog "@RUN@/forensic.log"
ErrorDocument 404 /error.txt
DirectoryIndex index.html
`;

const rows: readonly (readonly [name: string, target: string, more?: Partial<Case>])[] = [
  ["a request", "/a.txt"],
  ["fields", "/a.txt", { headers: ["X-One: 1", "User-Agent: me", "Accept:  a , b "] }],
  ["repeated fields", "/a.txt", { headers: ["X-One: 1", "X-Two: 2", "X-One: 3"] }],
  ["signs that separate", "/a.txt?a|b:c%25", { headers: ["X-One: a:b|c%d"] }],
  ["bytes above 127", "/a.txt?\xe9", { headers: ["X-One: \xe9\xff"] }],
  ["tabs and quotes", "/a.txt", { headers: ['X-One: a\t"b"\\c'] }],
  ["a query", "/a.txt?x=1&y=2"],
  ["a missing file, once", "/missing"],
  ["an index, once", "/folder/"],
  ["a redirect", "/folder"],
  ["a body, but not what is in it", "/a.txt", { method: "POST", body: "secret" }],
  ["HEAD", "/a.txt", { method: "HEAD" }],
  ["an unknown method", "/a.txt", { method: "FROB" }],
  ["HTTP/1.0", "", { raw: "GET /a.txt HTTP/1.0\r\n\r\n" }],
  ["an absolute target", "http://www.test/a.txt"],
  ["OPTIONS *", "*", { method: "OPTIONS" }],
];

export const suite: Suite = {
  name: "forensic log",
  configuration,
  files: {
    "htdocs/a.txt": "a\n",
    "htdocs/error.txt": "error\n",
    "htdocs/folder/index.html": "index\n",
  },
  cases: rows.map(([name, target, more]): Case => ({
    name: `has ${name}`,
    target,
    logs: ["forensic.log"],
    linesEach: 2,
    ...more,
  })),
};
