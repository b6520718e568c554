// Virtual hosts by name: which one answers, and which Host fields are refused.
import type { Case, Suite } from "./harness.js";

const configuration = `
DocumentRoot "@ROOT@/main"
<VirtualHost *:@PORT@>
  ServerName first.test
  DocumentRoot "@ROOT@/first"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName second.test
  ServerAlias www.second.test also.test *.wild.test host-?.test
  DocumentRoot "@ROOT@/second"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName third.test
  ServerAlias exact.wild.test
  DocumentRoot "@ROOT@/third"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName canonical.test:8443
  UseCanonicalName On
  DocumentRoot "@ROOT@/third"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName https://secure.test
  UseCanonicalName On
  DocumentRoot "@ROOT@/third"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName dns.test:99
  UseCanonicalName DNS
  DocumentRoot "@ROOT@/third"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName inside.test
  DocumentRoot "@ROOT@/third"
  <Location /folder>
    UseCanonicalName DNS
  </Location>
</VirtualHost>
# An address without a name.
Listen 127.83.12.7:@PORT2@
<VirtualHost *:@PORT2@>
  ServerName nameless.test
  UseCanonicalName DNS
  DocumentRoot "@ROOT@/third"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName pathed.test
  ServerPath /pathed
  DocumentRoot "@ROOT@/pathed"
</VirtualHost>
`;

const hosts: readonly (readonly [name: string, host: string])[] = [
  ["answers by ServerName", "second.test"],
  ["answers by a ServerAlias", "www.second.test"],
  ["answers by another name of the same ServerAlias", "also.test"],
  ["answers by a wildcard *", "any.thing.wild.test"],
  ["answers by a wildcard ?", "host-1.test"],
  ["does not let ? match two characters", "host-12.test"],
  ["prefers an earlier wildcard to a later exact name", "exact.wild.test"],
  ["does not let *.wild.test match wild.test", "wild.test"],
  ["answers unknown names with the first virtual host", "nobody.test"],
  ["ignores case in Host", "SECOND.Test"],
  ["ignores the port in Host", "second.test:1234"],
  ["drops a trailing dot", "second.test."],
  ["drops a trailing dot before a port", "second.test.:80"],
  ["answers an address as Host with the first virtual host", "127.0.0.1"],
  ["takes an IPv6 address as Host", "[::1]"],
  ["takes an IPv6 address with a port as Host", "[::1]:8080"],
  ["refuses a Host with an empty label", "second..test"],
  ["refuses a Host with a slash", "second.test/x"],
  ["refuses a Host with a backslash", "second\\test"],
  ["refuses a Host with a comma", "second.test,third.test"],
  ["refuses a Host with a blank", "second.test x"],
  ["refuses a Host with a percent sign", "second%2etest"],
  ["refuses a Host with user information", "user@second.test"],
  ["refuses a numeric Host", "12345"],
  ["refuses a Host of three numbers", "127.0.1"],
  ["refuses an address with a leading zero", "127.0.0.01"],
  ["takes an address with a part above 255", "127.0.0.256"],
  ["refuses a port that is not a number", "second.test:http"],
  ["refuses a port above 65535", "second.test:65536"],
  ["refuses an empty port", "second.test:"],
  ["refuses an IPv6 address that is not closed", "[::1"],
  ["refuses letters in an IPv6 address", "[::xyz]"],
  ["takes an underscore in Host", "host_1.test"],
  ["takes a hyphen at the start of Host", "-second.test"],
  ["refuses a last label that starts with a digit", "second.1test"],
  ["refuses an empty Host", ""],
  ["refuses a Host of one dot", "."],
];

const cases: readonly Case[] = [
  ...hosts.map(([name, host]) => ({ name, host, target: "/who.txt" })),
  { name: "refuses HTTP/1.1 without Host", host: null, target: "/who.txt" },
  { name: "refuses two Host fields", host: "second.test", headers: ["Host: third.test"], target: "/who.txt" },
  { name: "refuses two equal Host fields", host: "second.test", headers: ["Host: second.test"], target: "/who.txt" },
  { name: "answers HTTP/1.0 without Host with the first virtual host", raw: "GET /who.txt HTTP/1.0\r\n\r\n" },
  { name: "answers HTTP/1.0 with Host by name", raw: "GET /who.txt HTTP/1.0\r\nHost: second.test\r\n\r\n" },
  {
    name: "answers HTTP/1.0 without Host by ServerPath",
    raw: "GET /pathed/who.txt HTTP/1.0\r\n\r\n",
  },
  { name: "prefers the host of an absolute target to Host", host: "third.test", target: "http://second.test/who.txt" },
  { name: "takes an absolute target with a port", host: "third.test", target: "http://second.test:99/who.txt" },
  { name: "takes an absolute target without a path", host: "third.test", target: "http://second.test" },
  {
    name: "takes an absolute target with a scheme in capitals",
    host: "third.test",
    target: "HTTP://second.test/who.txt",
  },
  {
    name: "keeps Host when the scheme of an absolute target is another",
    host: "third.test",
    target: "https://second.test/who.txt",
  },
  { name: "refuses an absolute target with scheme ftp", host: "third.test", target: "ftp://second.test/who.txt" },
  {
    name: "refuses an absolute target with user information",
    host: "third.test",
    target: "http://u:p@second.test/who.txt",
  },
  { name: "refuses an absolute target with a bad host", host: "third.test", target: "http://sec..ond/who.txt" },
  { name: "takes an absolute target without a host", host: "third.test", target: "http:///who.txt" },
  { name: "still asks for Host beside an absolute target", host: null, target: "http://second.test/who.txt" },
  { name: "ignores a bad Host beside an absolute target", host: "a..b", target: "http://second.test/who.txt" },
  { name: "names the Host in a redirect", host: "second.test", target: "/folder" },
  { name: "names the Host with its port in a redirect", host: "second.test:8080", target: "/folder" },
  { name: "leaves port 80 out of a redirect", host: "second.test:80", target: "/folder" },
  { name: "names an alias as given in a redirect", host: "WWW.Second.TEST", target: "/folder?q=1" },
  { name: "names the ServerName in a redirect of HTTP/1.0", raw: "GET /folder HTTP/1.0\r\n\r\n" },
  { name: "names the ServerName in a redirect with UseCanonicalName On", host: "canonical.test", target: "/folder" },
  { name: "names this machine in a redirect with UseCanonicalName DNS", host: "dns.test", target: "/folder" },
  { name: "names this machine with the port of Host", host: "dns.test:8080", target: "/folder" },
  { name: "names this machine where a section wants it", host: "inside.test", target: "/folder" },
  { name: "names the Host where no section wants another name", host: "inside.test", target: "/deeper" },
  {
    name: "names the ServerName with UseCanonicalName DNS where the address has no name",
    host: "nameless.test",
    target: "/folder",
    to: { host: "127.83.12.7", port: 2 },
  },
  { name: "takes the scheme of a redirect from ServerName", host: "secure.test", target: "/folder" },
  { name: "names an IPv6 address in a redirect", host: "[::1]:81", target: "/folder" },
];

export const suite: Suite = {
  name: "virtual hosts by name",
  configuration,
  files: {
    "main/who.txt": "main\n",
    "first/who.txt": "first\n",
    "first/folder/index.html": "first folder\n",
    "second/who.txt": "second\n",
    "second/index.html": "second index\n",
    "second/folder/index.html": "second folder\n",
    "third/who.txt": "third\n",
    "third/folder/index.html": "third folder\n",
    "third/deeper/index.html": "third deeper\n",
    "pathed/who.txt": "pathed\n",
    "pathed/pathed/who.txt": "pathed below its path\n",
  },
  cases,
};
