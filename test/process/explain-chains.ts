// Requests that come to their answer in several steps: for the comparison of explanations with the server's answers.

/** How a request is made. */
export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly from?: string;
  /** Which of the ports: 3 speaks TLS, to which 5 is the same one without. */
  readonly port?: 1 | 2 | 3 | 4 | 5;
  readonly host?: string;
}

/** One virtual host, chain.example, and what stands around it. */
export const chainConfiguration = `
Listen 127.0.0.2:@PORT@
<AuthzProviderAlias env from-office OFFICE>
</AuthzProviderAlias>
<Macro Team $name $host>
  <VirtualHost 127.0.0.1:@PORT@>
    ServerName $name.example
    ServerAlias $host ?.$name.example
    DocumentRoot @ROOT@/hosts/$name
    Header always set X-Team $name
    <Location /only-$name>
      Redirect 307 "http://$host/"
    </Location>
  </VirtualHost>
</Macro>
Use Team red *.red.example
Use Team blue www.blue.example
<VirtualHost 127.0.0.2:@PORT@>
  ServerName address.example
  DocumentRoot @ROOT@/hosts/blue
  Header always set X-Team address
</VirtualHost>
<VirtualHost 127.0.0.2:@PORT@>
  ServerName second.example
  ServerPath /second
  DocumentRoot @ROOT@/hosts/red
  Header always set X-Team second
</VirtualHost>
<VirtualHost 127.0.0.1:@PORT@>
  ServerName chain.example
  DocumentRoot @ROOT@/hosts/chain
  DirectoryIndex start.html index.html
  ErrorDocument 404 /errors/404.html
  ErrorDocument 403 /errors/closed/403.html
  ErrorDocument 401 /errors/401.html
  ErrorDocument 410 /errors/none.html
  ErrorDocument 405 "expr %{REQUEST_METHOD} of %{REQUEST_URI}"
  ErrorDocument 406 /app/sorry
  Alias /files @ROOT@/files
  Alias /one.txt @ROOT@/files/a.txt
  <Directory @ROOT@/hosts/chain>
    Require all granted
    AllowOverride All
    Options -Indexes +FollowSymLinks
  </Directory>
  <Directory @ROOT@/hosts/chain/errors/closed>
    Require all denied
  </Directory>
  <Location /slashless>
    DirectorySlash Off
  </Location>
  <Location /indexless>
    DirectoryIndex disabled
  </Location>
  <Location /absolute>
    DirectoryIndex nothing.html /files/a.txt
  </Location>
  <Location /redirected>
    DirectoryIndexRedirect seeother
  </Location>
  <Location /gone>
    Redirect gone
  </Location>
  Redirect 404 /lost
  Redirect 405 /refused
  Redirect 406 /notacceptable
  RedirectMatch 302 ^/moved/(.*)\\.php$ /new/$1.html
  <Location /if>
    <If "%{QUERY_STRING} =~ /level=(\\d)/">
      Header always set X-Level "expr=%{QUERY_STRING}"
      <If "%{QUERY_STRING} =~ /level=2/">
        Require all denied
        <If "%{HTTP:X-Three} == 'yes'">
          ErrorDocument 403 "three levels"
        </If>
      </If>
      <ElseIf "%{QUERY_STRING} =~ /level=3/">
        Redirect 303 "http://level.example/three"
      </ElseIf>
      <Else>
        Header always set X-Else one
      </Else>
    </If>
  </Location>
  Alias /if @ROOT@/files
  <Location /trees>
    <RequireAny>
      <RequireAll>
        Require method GET HEAD
        Require expr "%{QUERY_STRING} != 'no'"
        <RequireNone>
          Require ip 127.0.0.7
        </RequireNone>
      </RequireAll>
      <RequireAll>
        Require from-office
        Require all granted
      </RequireAll>
    </RequireAny>
    SetEnvIf X-Office ^in$ OFFICE
  </Location>
  Alias /trees @ROOT@/files
  <Location /trees/and>
    AuthMerging And
    Require ip 127.0.0.0/8
  </Location>
  <Location /trees/or>
    AuthMerging Or
    Require ip 127.0.0.7
  </Location>
  <Location /members>
    AuthType Basic
    AuthName members
    AuthUserFile @ROOT@/conf/passwords
    Require user ann
  </Location>
  Alias /members @ROOT@/files
  <Location /members/plain>
    AuthzSendForbiddenOnFailure On
  </Location>
  <Location /handled>
    SetHandler "proxy:http://127.0.0.1:@BACK@/handled"
  </Location>
  ProxyPass /p/own !
  ProxyPass /p http://127.0.0.1:@BACK@/first
  ProxyPass /p/never http://127.0.0.1:@BACK@/second
  <Location /q>
    ProxyPass http://127.0.0.1:@BACK@/q
    <If "%{HTTP:X-Stop} == 'yes'">
      Require all denied
    </If>
  </Location>
  <Location /q/own>
    ProxyPass !
  </Location>
  WSGIScriptAlias /tool/ @ROOT@/app/
  WSGIScriptAlias /lone @ROOT@/app/none.wsgi
  <LocationMatch "^/tool/app\\.wsgi/closed">
    Require all denied
  </LocationMatch>
  RewriteEngine on
  RewriteRule ^/fwd/(.*)$ /fwd2/$1 [C]
  RewriteRule ^/fwd2/(.*)$ /files/$1 [PT,L]
  RewriteRule ^/skip1$ - [S=1]
  RewriteRule ^/skip - [F]
  RewriteRule ^/skip1$ /one.txt [PT]
  RewriteRule ^/next/a(.*) /next/$1 [N=5]
  RewriteRule ^/next/$ /one.txt [PT]
  RewriteRule ^/proxy/(.*)$ http://127.0.0.1:@BACK@/rw/$1 [P]
  RewriteRule ^/wsgi/(.*)$ /tool/app.wsgi/$1 [PT]
  RewriteRule ^/bare$ - [R=404,L]
  RewriteRule ^/qsd$ /one.txt [R=301,QSD]
  RewriteRule ^/ne/(.*)$ /one.txt#$1 [R,NE]
</VirtualHost>
`;

const htaccess = {
  "front/.htaccess":
    "RewriteEngine on\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteCond %{REQUEST_FILENAME} !-d\nRewriteRule . /front/index.html [L]\n",
  "front/index.html": "front\n",
  "front/real.txt": "real\n",
  "loop/.htaccess": "RewriteEngine on\nRewriteRule ^(.*)$ next/$1 [L]\n",
  "end/.htaccess": "RewriteEngine on\nRewriteRule ^(.*)\\.old$ $1.txt [END]\nRewriteRule \\.txt$ - [F]\n",
  "end/a.txt": "a\n",
  "again/.htaccess": "RewriteEngine on\nRewriteRule ^(.*)\\.old$ $1.txt [L]\nRewriteRule \\.txt$ - [F]\n",
  "again/a.txt": "a\n",
  "out/.htaccess": "RewriteEngine on\nRewriteRule ^a$ /files/a.txt [PT]\nRewriteRule ^b$ http://b.example/ [R=301]\n",
  "once/.htaccess":
    "RewriteEngine on\nRewriteCond %{ENV:REDIRECT_STATUS} ^$\nRewriteRule ^ /once/seen.html [L]\nRewriteRule ^other - [G]\n",
  "once/seen.html": "seen\n",
  "fallback/.htaccess": "FallbackResource /fallback/all.html\n",
  "fallback/all.html": "all\n",
  "fallback/sub/.htaccess": "FallbackResource disabled\n",
  "fallback/sub/x.html": "x\n",
  "own/.htaccess":
    'ErrorDocument 404 "nothing of the sort"\nErrorDocument 403 default\n<Files "no*">\nRequire all denied\n</Files>\n',
  "cond/.htaccess":
    "<If \"%{HTTP:X-A} == '1'\">\nForceType text/x-one\n</If>\n<Else>\nRedirect 302 /cond http://else.example\n</Else>\n",
  "cond/page.html": "page\n",
  "broken/.htaccess": "ErrorDocument 500 /errors/404.html\nRewriteRule (\n",
  "broken/page.html": "page\n",
  "errors/404.html": "not found\n",
  "errors/401.html": "who are you\n",
  "errors/closed/403.html": "closed\n",
  "index.html": "index\n",
  "slashless/index.html": "x\n",
  "indexless/index.html": "x\n",
  "absolute/x.txt": "x\n",
  "redirected/index.html": "x\n",
  "noindex/x.txt": "x\n",
  "sub/start.html/x.txt": "x\n",
  "sub/index.html": "sub\n",
};

/** Files of that host, below the server root. */
export const chainFiles: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(htaccess).map(([path, text]) => [`hosts/chain/${path}`, text])),
  "hosts/red/index.html": "red\n",
  "hosts/blue/index.html": "blue\n",
};

const joe = { Authorization: `Basic ${Buffer.from("joe:secret").toString("base64")}` };

const inChain: readonly [target: string, asked?: Asked][] = [
  ["/"],
  ["/nowhere"],
  ["/errors/closed/403.html"],
  ["/noindex/"],
  ["/noindex"],
  ["/gone/x"],
  ["/lost"],
  ["/lost/deep?x"],
  ["/refused"],
  ["/notacceptable"],
  ["/moved/a/b.php?q=1"],
  ["/sub/"],
  ["/slashless"],
  ["/slashless/"],
  ["/indexless/"],
  ["/absolute/"],
  ["/absolute/?x=y"],
  ["/redirected/"],
  ["/redirected/?x=y"],
  ["/front/a/b/c"],
  ["/front/real.txt"],
  ["/front/"],
  ["/front"],
  ["/loop/x"],
  ["/end/a.old"],
  ["/end/a.txt"],
  ["/again/a.old"],
  ["/out/a"],
  ["/out/b?x"],
  ["/once/other"],
  ["/once/"],
  ["/fallback/any/thing"],
  ["/fallback/"],
  ["/fallback/sub/nothing"],
  ["/fallback/all.html/more"],
  ["/own/nothing"],
  ["/own/no.txt"],
  ["/cond/page.html"],
  ["/cond/page.html", { headers: { "X-A": "1" } }],
  ["/broken/page.html"],
  ["/if/a.txt"],
  ["/if/a.txt?level=1"],
  ["/if/a.txt?level=2"],
  ["/if/a.txt?level=2", { headers: { "X-Three": "yes" } }],
  ["/if/a.txt?level=3"],
  ["/if/nowhere?level=1"],
  ["/trees/a.txt"],
  ["/trees/a.txt?no"],
  ["/trees/a.txt?no", { headers: { "X-Office": "in" } }],
  ["/trees/a.txt", { from: "127.0.0.7" }],
  ["/trees/a.txt", { method: "POST" }],
  ["/trees/and/x"],
  ["/trees/and/x?no"],
  ["/trees/or/x?no"],
  ["/trees/or/x?no", { from: "127.0.0.7" }],
  ["/members/a.txt"],
  ["/members/a.txt", { headers: joe }],
  ["/members/plain/a.txt", { headers: joe }],
  ["/handled/x?y"],
  ["/p/own/x"],
  ["/p/x"],
  ["/p/never/x"],
  ["/q/x"],
  ["/q/x", { headers: { "X-Stop": "yes" } }],
  ["/q/own/x"],
  ["/tool/app.wsgi/x"],
  ["/tool/app.wsgi/closed"],
  ["/tool/none.wsgi"],
  ["/tool/"],
  ["/lone"],
  ["/fwd/a.txt"],
  ["/skip1"],
  ["/skip2"],
  ["/next/aaa"],
  ["/next/aaaaaaaaaaaa"],
  ["/proxy/a%20b?c"],
  ["/wsgi/x/y"],
  ["/bare"],
  ["/qsd?a=b"],
  ["/ne/part"],
  ["/one.txt"],
  ["/one.txt/"],
  ["/one.txt/more"],
];

/** Requests, with the host they are for. */
export const chainRequests: readonly [target: string, asked?: Asked][] = [
  ...inChain.map(([target, asked = {}]): [string, Asked] => [target, { ...asked, host: "chain.example" }]),
  ["/", { host: "a.red.example" }],
  ["/", { host: "1.blue.example" }],
  ["/", { host: "red.example" }],
  ["/only-red", { host: "red.example" }],
  ["/only-red", { host: "blue.example" }],
  ["/", { host: "WWW.Blue.Example" }],
];
