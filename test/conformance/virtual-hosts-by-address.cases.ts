// Virtual hosts by address and port, and by name within them.
import type { Case, Suite } from "./harness.js";

const configuration = `
Listen 127.0.0.1:@PORT2@
Listen 127.0.0.2:@PORT@
Listen 127.0.0.3:@PORT@
DocumentRoot "@ROOT@/main"
ServerAdmin main@main.test
<VirtualHost 127.0.0.1:@PORT@>
  ServerName first.test
  DocumentRoot "@ROOT@/first"
</VirtualHost>
<VirtualHost 127.0.0.1:@PORT@>
  ServerName second.test
  DocumentRoot "@ROOT@/second"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName everywhere.test
  DocumentRoot "@ROOT@/everywhere"
</VirtualHost>
<VirtualHost 127.0.0.2:*>
  ServerName any-port.test
  DocumentRoot "@ROOT@/any-port"
</VirtualHost>
<VirtualHost 127.0.0.2:@PORT2@>
  ServerName other-port.test
  DocumentRoot "@ROOT@/other-port"
</VirtualHost>
`;

function who(name: string, host: string, to: Case["to"], target = "/who.txt"): Case {
  return { name, host, target, ...(to ? { to } : {}) };
}

const cases: readonly Case[] = [
  who("takes the first of an address for an unknown name", "nobody.test", {}),
  who("takes the second of an address by name", "second.test", {}),
  who("does not look into another group for a name", "everywhere.test", {}),
  who("does not look into the main server for a name", "main.test", {}),
  who("takes a wildcard address where no exact one fits", "first.test", { host: "127.0.0.3" }),
  who("prefers an address with any port to a wildcard with the port", "everywhere.test", { host: "127.0.0.2" }),
  who("serves from the main server where nothing fits", "first.test", { port: 2 }),
  who("names no port in a redirect of the main server", "nobody.test", { port: 2 }, "/folder"),
  who("names no port in a redirect of a virtual host", "second.test", {}, "/folder"),
  { name: "names the ServerName without a Host", raw: "GET /folder HTTP/1.0\r\n\r\n" },
  { name: "names the main ServerName without a Host", raw: "GET /folder HTTP/1.0\r\n\r\n", to: { port: 2 } },
];

const unnamed = `
ServerSignature On
DocumentRoot "@ROOT@/main"
Listen 127.0.0.1:@PORT2@
Listen 127.0.0.1:@PORT3@
<VirtualHost *:@PORT@>
  DocumentRoot "@ROOT@/first"
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerSignature EMail
  ServerAdmin root@second.test
  ServerName second.test
  DocumentRoot "@ROOT@/second"
</VirtualHost>
<VirtualHost *:@PORT3@>
  ServerName physical.test
  UseCanonicalPhysicalPort On
  DocumentRoot "@ROOT@/second"
</VirtualHost>
`;

export const suite: Suite = {
  name: "virtual hosts by address",
  configuration,
  files: {
    "main/who.txt": "main\n",
    "main/folder/a.txt": "a",
    "first/who.txt": "first\n",
    "first/folder/a.txt": "a",
    "second/who.txt": "second\n",
    "second/folder/a.txt": "a",
    "everywhere/who.txt": "everywhere\n",
    "any-port/who.txt": "any port\n",
    "other-port/who.txt": "other port\n",
  },
  cases,
};

/** A virtual host without a name, and what signs the pages. */
export const further: readonly Suite[] = [
  {
    name: "virtual hosts without names",
    configuration: unnamed,
    files: { "first/folder/a.txt": "a", "second/folder/a.txt": "a", "main/a.txt": "a" },
    cases: [
      { name: "keeps the port of the section in a redirect", host: "any.test", target: "/folder" },
      { name: "prefers the port of Host in a redirect", host: "any.test:81", target: "/folder" },
      { name: "names main ServerName and section port without Host", raw: "GET /folder HTTP/1.0\r\n\r\n" },
      { name: "signs pages with Host and port", host: "any.test", target: "/missing" },
      { name: "signs pages with a mail address", host: "second.test", target: "/missing", to: { port: 2 } },
      {
        name: "drops the port of the section with a ServerName",
        host: "second.test",
        target: "/folder",
        to: { port: 2 },
      },
      {
        name: "names the port connected to with UseCanonicalPhysicalPort",
        host: "physical.test",
        target: "/folder",
        to: { port: 3 },
      },
      {
        name: "prefers the port of Host to the one connected to",
        host: "physical.test:82",
        target: "/folder",
        to: { port: 3 },
      },
    ],
  },
];
