// ServerPath: virtual hosts for clients without a Host field, and paths without their prefix.
import type { Case, Suite } from "./harness.js";

const configuration = `<Directory "@ROOT@">
  Require all granted
</Directory>
<VirtualHost *:@PORT@>
  ServerName first.test
  DocumentRoot "@ROOT@/first"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName second.test
  ServerPath /second
  DocumentRoot "@ROOT@/second"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName third.test
  ServerPath /third/
  DocumentRoot "@ROOT@/third"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName again.test
  ServerPath /second
  DocumentRoot "@ROOT@/third"
</VirtualHost>
`;

const old = (target: string): Case => ({ name: `without Host: ${target}`, raw: `GET ${target} HTTP/1.0\r\n\r\n` });
const named = (host: string, target: string): Case => ({ name: `${host}: ${target}`, host, target });

export const suite: Suite = {
  name: "ServerPath",
  configuration,
  files: {
    "first/page.txt": "first\n",
    "first/second/page.txt": "below first\n",
    "first/third/page.txt": "third below first\n",
    "second/page.txt": "second\n",
    "second/second/page.txt": "second below second\n",
    "third/page.txt": "third\n",
  },
  cases: [
    ...["/page.txt", "/second", "/second/", "/second/page.txt", "/secondary", "/second/second/page.txt"].map(old),
    ...["/third", "/third/", "/third/page.txt", "/SECOND/page.txt", "/second%2Fpage.txt", "/%73econd/page.txt"].map(
      old,
    ),
    ...["/second/page.txt?x=1", "//second/page.txt", "/third//page.txt"].map(old),
    named("first.test", "/second/page.txt"),
    named("second.test", "/page.txt"),
    named("second.test", "/second/page.txt"),
    named("second.test", "/second/second/page.txt"),
    named("second.test", "/secondary"),
    named("third.test", "/third/page.txt"),
    named("again.test", "/second/page.txt"),
    named("other.test", "/second/page.txt"),
  ],
};
