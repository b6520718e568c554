// Managed domains that cannot come to anything → what is said before anything is served.
import { expect } from "chai";
import { faultsOf } from "../../support/ask.js";

const host = (name: string): string => `
<VirtualHost *:443>
    ServerName ${name}
    SSLEngine on
</VirtualHost>`;

/** Lines of a configuration with a virtual host for a.test, and the warnings and errors of mod_md. */
const rows: readonly (readonly [what: string, lines: string, said: readonly RegExp[]])[] = [
  ["a name that http-01 can prove", "Listen 80\nMDomain a.test", []],
  ["a name that a file at another port can prove", "Listen 8080\nMDPortMap http:8080\nMDomain a.test", []],
  [
    "a name that nothing can prove",
    "MDPortMap http:-\nMDomain a.test",
    [/a\.test can be proved in none .* Listen on port 80/],
  ],
  [
    "tls-alpn-01 without Protocols",
    "Listen 443\nMDCAChallenges tls-alpn-01\nMDomain a.test",
    [/acme-tls\/1 in Protocols/],
  ],
  [
    "a wildcard without dns-01",
    "Listen 80\nMDomain a.test *.a.test",
    [/\*\.a\.test can be proved .* wildcard needs dns-01/],
  ],
  ["a wildcard with dns-01", "Listen 80\nMDChallengeDns01 /bin/true\nMDomain a.test *.a.test", []],
  ["a name that is not got", "MDPortMap http:-\nMDRenewMode manual\nMDomain a.test", []],
  ["no address of mail", "Listen 80\nMDContactEmail none\nMDomain a.test", [/MDContactEmail "none" is no address/]],
  ["letters that DNS has not", "Listen 80\nMDomain a.test bücher.test", [/as DNS has it, xn--bcher-kva\.test, found/]],
  [
    "files that are not there",
    "<MDomainSet a.test>\nMDCertificateFile /nowhere.pem\nMDCertificateKeyFile /nowhere.key\n</MDomainSet>",
    [/MDCertificateFile: file not found: \/nowhere\.pem/, /MDCertificateKeyFile: file not found: \/nowhere\.key/],
  ],
  [
    "two for one host",
    "Listen 80\nMDomain a.test\nMDomain b.test\nUSE_BOTH",
    [/AH10238: 2 managed domains/, /AH10040/, /AH10040/],
  ],
];

describe("what is said of managed domains", () => {
  for (const [what, lines, said] of rows) {
    it(`${said.length === 0 ? "is nothing of" : "tells of"} ${what}`, () => {
      const hosts = lines.includes("USE_BOTH") ? host("a.test\n    ServerAlias b.test") : host("a.test");
      const text = `LoadModule ssl_module x\nLoadModule md_module x\n${lines.replace("USE_BOTH", "")}${hosts}`;
      const { errors, warnings } = faultsOf(text);
      const heard = [...errors, ...warnings].filter((each) => /MD|managed domain/.test(each));
      expect(heard, heard.join("\n")).to.have.length(said.length);
      said.forEach((pattern, index) => expect(heard[index]).to.match(pattern));
    });
  }
});
