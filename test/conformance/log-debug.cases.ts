// Messages of LogMessage in the error log: which, when, and under which conditions.
import type { Case, Suite } from "./harness.js";

/** Places with one message each, so that one line is written for a request. */
const messages: Readonly<Record<string, string>> = {
  plain: "LogMessage plain",
  expression: 'LogMessage "%{REQUEST_METHOD} %{REQUEST_URI} %{req:X-In} %{QUERY_STRING}"',
  escaped: 'LogMessage "<%{req:X-In}>"',
  status: 'LogMessage "%{REQUEST_STATUS}"',
  response: 'LogMessage "%{resp:Content-Type}"',
  transaction: 'LogMessage "%{HANDLER} done" hook=log_transaction',
  handler: 'LogMessage "%{REQUEST_FILENAME} %{CONTENT_TYPE}" hook=handler',
  filter: "LogMessage filters hook=insert_filter",
  translate: 'LogMessage "translate %{REQUEST_FILENAME}" hook=translate_name',
  pretranslate: "LogMessage pretranslate hook=pre_translate_name",
  fixups: 'LogMessage "fixups" hook=fixups',
  type: 'LogMessage "type" hook=type_checker',
  access: 'LogMessage "access" hook=check_access',
  "access-ex": 'LogMessage "access ex" hook=check_access_ex',
  authn: 'LogMessage "authn" hook=check_authn',
  authz: 'LogMessage "authz" hook=check_authz',
  case: 'LogMessage "any case" HOOK=Fixups',
  when: "LogMessage when \"expr=%{QUERY_STRING} == 'x'\"",
  both: "LogMessage both hook=fixups \"expr=%{QUERY_STRING} == 'x'\"",
  turned: "LogMessage turned \"expr=%{QUERY_STRING} == 'x'\" hook=fixups",
  late: 'LogMessage late "expr=%{REQUEST_STATUS} == 404"',
};

const configuration = `LoadModule log_debug_module @MODULES@/mod_log_debug.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_anon_module @MODULES@/mod_authn_anon.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
DocumentRoot "@ROOT@/htdocs"
LogLevel crit log_debug:info
ErrorDocument 404 /error.txt
${Object.entries(messages)
  .map(([name, line]) => `<Location /${name}>\n  ${line}\n</Location>\n`)
  .join("")}<LocationMatch "^/auth">
  AuthType Basic
  AuthName area
  AuthBasicProvider anon
  Anonymous *
  Require valid-user
</LocationMatch>
<LocationMatch "^/long">
  LogLevel crit log_debug:debug
</LocationMatch>
<Location /silent>
  LogLevel crit log_debug:warn
  LogMessage silent
</Location>
<Directory "@ROOT@/htdocs/folder">
  LogMessage "in the folder"
</Directory>
<VirtualHost *:@PORT@>
  ServerName www.test
  ErrorLog "@RUN@/messages.log"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName quick.test
  ErrorLog "@RUN@/messages.log"
  LogMessage "quick %{REQUEST_URI}" hook=quick_handler
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName storage.test
  ErrorLog "@RUN@/messages.log"
  LogMessage "storage %{REQUEST_FILENAME}" hook=map_to_storage
  <Location />
    LogMessage "never" hook=map_to_storage
  </Location>
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName host.test
  ErrorLog "@RUN@/messages.log"
  LogMessage "of the host %{SERVER_NAME}"
</VirtualHost>
`;

const anybody = ["Authorization: Basic YTpi"];
const rows: readonly (readonly [name: string, target: string, more?: Partial<Case>])[] = [
  ["are written", "/plain/a.txt"],
  ["are written for what is not there", "/plain/missing"],
  ["are filled in", "/expression/a.txt?q=1", { headers: ["X-In: in"] }],
  ["are filled in for POST", "/expression/a.txt", { method: "POST", body: "x" }],
  ["are escaped", "/escaped/a.txt", { headers: ['X-In: a"b\\c\x80\td'] }],
  ["know the status", "/status/a.txt"],
  ["know the status of an error", "/status/missing"],
  ["know the response", "/response/a.txt"],
  ["are written at log_transaction", "/transaction/a.txt"],
  ["are written at handler", "/handler/a.txt"],
  ["are written at insert_filter", "/filter/a.txt"],
  ["are written at translate_name", "/translate/a.txt"],
  ["are written at map_to_storage", "/a.txt", { host: "storage.test" }],
  ["are written at fixups", "/fixups/a.txt"],
  ["are written at type_checker", "/type/a.txt"],
  ["are written at check_access", "/access/a.txt"],
  ["are written at check_access_ex", "/access-ex/a.txt"],
  ["are written at check_authn", "/authn/a.txt", { headers: anybody }],
  ["are written at check_authz", "/authz/a.txt", { headers: anybody }],
  ["are written at quick_handler", "/a.txt", { host: "quick.test" }],
  ["are written for a virtual host", "/a.txt", { host: "host.test" }],
  ["are written for a directory", "/folder/a.txt"],
  ["know hooks in any case", "/case/a.txt"],
  ["are written where a condition holds", "/when/a.txt?x"],
  ["are written where hook and condition are given", "/both/a.txt?x"],
  ["are written where condition and hook are given", "/turned/a.txt?x"],
  ["are written by the status", "/late/missing"],
  ["are not written where the level of the section is too low", "/silent/a.txt", { linesEach: 0 }],
];

const folders = [...Object.keys(messages), "silent", "folder"];

export const suite: Suite = {
  name: "messages of the administrator's own",
  configuration,
  files: Object.fromEntries([
    ["htdocs/a.txt", "a\n"],
    ["htdocs/error.txt", "error\n"],
    ...folders.map((folder) => [`htdocs/${folder}/a.txt`, "a\n"]),
  ]) as Record<string, string>,
  cases: rows.map(([name, target, more]): Case => ({ name, target, logs: ["messages.log"], ...more })),
};
