// How configuration text is read: an application shows what SetEnv was given.
import { daemonGroup, variablesApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const configuration = `${daemonGroup}
WSGIScriptAlias /app "@ROOT@/app.wsgi"
# A comment \\
SetEnv S_BEHIND_COMMENT hidden by the backslash above
  # an indented comment
SetEnv S_PLAIN plain
	SetEnv	S_TABS	tabs
setenv S_LOWER lower
SETENV S_UPPER UPPER
SetEnv S_QUOTED "double quoted"
SetEnv S_SINGLE 'single quoted'
SetEnv S_ESCAPED "a \\"quoted\\" word"
SetEnv S_BACKSLASH "back\\slash and \\\\ two"
SetEnv S_SINGLE_ESCAPED 'it\\'s'
SetEnv S_HALF half"quoted"
SetEnv S_EMPTY ""
SetEnv S_NOTHING
SetEnv S_HASH a#b
SetEnv S_QUOTED_HASH "# no comment"
SetEnv S_CONTINUED one\\
two
SetEnv S_CONTINUED_BLANK "one \\
  two"
SetEnv \\
  S_CONTINUED_NAME \\
  value
SetEnv S_TRAILING value   
SetEnv S_AFTER "quoted"   
Define S_DEFINED "a defined value"
Define S_SHORT short
Define S_FLAG
SetEnv S_VARIABLE "\${S_DEFINED}"
SetEnv S_TWICE "\${S_SHORT}\${S_SHORT}"
SetEnv S_INSIDE a\${S_SHORT}z
SetEnv S_SINGLE_VARIABLE '\${S_SHORT}'
SetEnv S_UNDEFINED "\${S_NEVER_DEFINED}"
SetEnv S_DOLLARS "$S_SHORT $$ \${ } \${S_SHORT"
SetEnv S_ESCAPED_VARIABLE "\\\${S_SHORT}"
SetEnv S_ENVIRONMENT "\${LANG}"
SetEnv S_BEFORE_REDEFINE "\${S_SHORT}"
Define S_SHORT longer
SetEnv S_AFTER_REDEFINE "\${S_SHORT}"
Define S_NESTED "<\${S_SHORT}>"
SetEnv S_NESTED "\${S_NESTED}"
UnDefine S_SHORT
SetEnv S_AFTER_UNDEFINE "\${S_SHORT}"
<IfDefine S_FLAG>
  SetEnv S_IF_DEFINED yes
</IfDefine>
<IfDefine !S_FLAG>
  SetEnv S_IF_NOT_DEFINED yes
  Nonsense that is never read
</IfDefine>
<IfDefine S_SHORT>
  SetEnv S_IF_UNDEFINED yes
</IfDefine>
<IfDefine FOREGROUND>
  SetEnv S_IF_FOREGROUND yes
</IfDefine>
<IfModule mod_alias.c>
  SetEnv S_IF_MODULE_FILE yes
</IfModule>
<IfModule alias_module>
  SetEnv S_IF_MODULE_NAME yes
</IfModule>
<IfModule !mod_alias.c>
  SetEnv S_IF_NOT_MODULE yes
</IfModule>
<IfModule mod_of_nobody.c>
  SetEnv S_IF_NO_MODULE yes
  <Unknown section>
  </Unknown>
</IfModule>
<IfModule mod_env.c>
  <IfModule mod_dir.c>
    <IfDefine S_FLAG>
      SetEnv S_IF_DEEP yes
    </IfDefine>
  </IfModule>
</IfModule>
<IfModule mod_core.c>
  SetEnv S_IF_CORE_WRONG yes
</IfModule>
<IfModule core.c>
  SetEnv S_IF_CORE yes
</IfModule>
<IfModule mpm_event_module>
  SetEnv S_IF_MPM yes
</IfModule>
<IfFile "@ROOT@/app.wsgi">
  SetEnv S_IF_FILE yes
</IfFile>
<IfFile "!@ROOT@/app.wsgi">
  SetEnv S_IF_NOT_FILE yes
</IfFile>
<IfFile conf/extra/a.conf>
  SetEnv S_IF_FILE_RELATIVE yes
</IfFile>
<IfVersion >= 2.4>
  SetEnv S_IF_VERSION yes
</IfVersion>
<IfDirective SetEnv>
  SetEnv S_IF_DIRECTIVE yes
</IfDirective>
<IfDirective NoSuchDirective>
  SetEnv S_IF_NO_DIRECTIVE yes
</IfDirective>
<IfSection VirtualHost>
  SetEnv S_IF_SECTION yes
</IfSection>
SetEnv S_ORDER start
Include conf/extra/*.conf
IncludeOptional conf/nothing/*.conf
IncludeOptional conf/missing.conf
Include "@ROOT@/conf/folder"
Include conf/one.conf
Include conf/\${S_FLAG}two.conf
Include conf/w-*/deep/x.conf
<Location "/app/spaces and \\"quotes\\"">
  SetEnv S_LOCATION quoted
</Location>
<Location /app/plain   >
  SetEnv S_LOCATION plain
</Location>
<LOCATION /app/upper>
  SetEnv S_LOCATION upper
</location>
`;

const show = (name: string, target: string): Case => ({ name, target });

export const suite: Suite = {
  name: "configuration text",
  configuration: configuration
    .replace("Define S_FLAG\n", "Define S_FLAG\nDefine S_NAME two\n")
    .replace("${S_FLAG}two.conf", "${S_NAME}.conf"),
  files: {
    "app.wsgi": variablesApplication,
    "conf/extra/b.conf": 'SetEnv S_ORDER b\nSetEnv S_B "b"\n',
    "conf/extra/a.conf": 'SetEnv S_ORDER a\nSetEnv S_A "a"\nDefine S_FROM_A 1\n',
    "conf/extra/c.conf.disabled": "SetEnv S_C c\n",
    "conf/extra/.hidden.conf": "SetEnv S_HIDDEN hidden\n",
    "conf/folder/2.conf": "SetEnv S_FOLDER 2\n",
    "conf/folder/10.conf": "SetEnv S_FOLDER 10\n",
    "conf/folder/sub/3.conf": "SetEnv S_FOLDER_SUB 3\n",
    "conf/one.conf": "SetEnv S_ONE one\nInclude conf/two.conf\nSetEnv S_ONE_END one",
    "conf/two.conf":
      'SetEnv S_TWO two\r\nSetEnv S_CRLF "with CRLF"\r\n<IfDefine S_FROM_A>\r\nSetEnv S_FROM_A yes\r\n</IfDefine>\r\n',
    "conf/w-x/deep/x.conf": "SetEnv S_DEEP x\n",
    "conf/w-y/deep/x.conf": "SetEnv S_DEEP y\n",
  },
  cases: [
    show("sets variables", "/app"),
    show("opens a section with quotes", "/app/spaces%20and%20%22quotes%22"),
    show("opens a section with blanks at its end", "/app/plain"),
    show("opens a section in capitals", "/app/upper"),
  ],
};
