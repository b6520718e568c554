// Which sections apply, and in which order: an application shows what SetEnv left.
import { daemonGroup, variablesApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const configuration = `${daemonGroup}
DocumentRoot "@ROOT@/apps"
SetEnv S_FIRST main
SetEnv S_MAIN main
<Directory "@ROOT@">
  SetEnv S_FIRST main-directory-root
  SetEnv S_DEPTH 1
</Directory>
<Directory "@ROOT@/apps/one">
  SetEnv S_FIRST main-directory
  SetEnv S_DIRECTORY main
  SetEnv S_DEPTH 3
</Directory>
<Directory "@ROOT@/apps">
  SetEnv S_FIRST main-directory-apps
  SetEnv S_DEPTH 2
  Options +ExecCGI
  AddHandler wsgi-script .wsgi
</Directory>
<Directory "@ROOT@/apps/*">
  SetEnv S_WILD main
</Directory>
<Directory "@ROOT@/apps/o?e">
  SetEnv S_QUESTION main
</Directory>
<Directory "@ROOT@/apps/[a-o]ne">
  SetEnv S_CLASS main
</Directory>
<Directory "@ROOT@/*/one">
  SetEnv S_WILD_MIDDLE main
</Directory>
<Directory "@ROOT@/*">
  SetEnv S_NOT_DEEPER main
</Directory>
<DirectoryMatch "/apps/(?<folder>[^/]+)">
  SetEnv S_MATCH main
  SetEnv S_MATCH_DEPTH match
</DirectoryMatch>
<Directory ~ "apps/one$">
  SetEnv S_TILDE main
</Directory>
<Files "a.wsgi">
  SetEnv S_FILES main
</Files>
<Files "?.wsgi">
  SetEnv S_FILES_WILD main
</Files>
<Files ~ "^a\\.ws">
  SetEnv S_FILES_TILDE main
</Files>
<FilesMatch "\\.wsgi$">
  SetEnv S_FILES_MATCH main
</FilesMatch>
<Location "/one">
  SetEnv S_LOCATION main
  SetEnv S_LOCATION_ORDER shorter-first
</Location>
<Location "/one/a.wsgi">
  SetEnv S_LOCATION_ORDER longer-second
</Location>
<Location "/one/">
  SetEnv S_LOCATION_SLASH main
  SetEnv S_LOCATION_ORDER shorter-last
</Location>
<Location "/on">
  SetEnv S_LOCATION_PART main
</Location>
<Location "/o*">
  SetEnv S_LOCATION_WILD main
</Location>
<Location "/*/a.wsgi">
  SetEnv S_LOCATION_WILD_MIDDLE main
</Location>
<Location ~ "/one|/two">
  SetEnv S_LOCATION_TILDE main
</Location>
<LocationMatch "^/(?<place>\\w+)/">
  SetEnv S_LOCATION_MATCH main
</LocationMatch>
<VirtualHost *:@PORT@>
  ServerName www.test
  DocumentRoot "@ROOT@/apps"
  SetEnv S_FIRST virtual-host
  SetEnv S_HOST virtual-host
  <Directory "@ROOT@/apps/one">
    SetEnv S_FIRST virtual-host-directory
    SetEnv S_DIRECTORY virtual-host
    <Files "a.wsgi">
      SetEnv S_FILES_IN_DIRECTORY virtual-host
      SetEnv S_FILES nested
    </Files>
  </Directory>
  <Files "a.wsgi">
    SetEnv S_FILES virtual-host
  </Files>
  <Location "/one">
    SetEnv S_LOCATION virtual-host
  </Location>
  Alias /aliased "@ROOT@/apps/one"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName second.test
  DocumentRoot "@ROOT@/apps"
</VirtualHost>
`;

const show = (name: string, host: string, target: string): Case => ({ name, host, target });

export const suite: Suite = {
  name: "sections",
  configuration,
  files: {
    "apps/one/a.wsgi": variablesApplication,
    "apps/one/bb.wsgi": variablesApplication,
    "apps/two/a.wsgi": variablesApplication,
    "apps/two/deeper/still/a.wsgi": variablesApplication,
  },
  cases: [
    show("apply from server to location", "www.test", "/one/a.wsgi"),
    show("apply to another file", "www.test", "/one/bb.wsgi"),
    show("apply to another folder", "www.test", "/two/a.wsgi"),
    show("apply to a folder further down", "www.test", "/two/deeper/still/a.wsgi"),
    show("apply through an alias", "www.test", "/aliased/a.wsgi"),
    show("apply with path info", "www.test", "/one/a.wsgi/more/path"),
    show("apply with doubled slashes", "www.test", "//one//a.wsgi"),
    show("apply in a virtual host without settings", "second.test", "/one/a.wsgi"),
    show("apply to encoded paths", "second.test", "/%6fne/a%2ewsgi"),
  ],
};
