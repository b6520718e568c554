// Which server root the tools work on.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { programName } from "../../src/tools/program-name.js";
import { findServerRoot } from "../../src/tools/server-root.js";

describe("the server root", () => {
  let folder: string;

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "modhost-root-")));
    for (const path of ["debian/sites-available", "plain/conf/extra", "empty"]) {
      mkdirSync(join(folder, path), { recursive: true });
    }
    writeFileSync(join(folder, "debian/apache2.conf"), "");
    writeFileSync(join(folder, "plain/conf/httpd.conf"), "");
  });
  after(() => rmSync(folder, { recursive: true }));

  const rows: [what: string, given: string | undefined, variable: string | undefined, from: string, main: string][] = [
    ["is what -d names", "debian", "plain", "empty", "debian/apache2.conf"],
    ["is what MODHOST_ROOT names, else", undefined, "plain", "debian", "plain/conf/httpd.conf"],
    ["is the nearest folder upwards, else", undefined, undefined, "debian/sites-available", "debian/apache2.conf"],
    ["may be above a conf/httpd.conf", undefined, "", "plain/conf/extra", "plain/conf/httpd.conf"],
  ];
  for (const [what, given, variable, from, main] of rows) {
    it(what, () => {
      const environment = variable === undefined ? {} : { MODHOST_ROOT: variable && join(folder, variable) };
      const found = findServerRoot(given && join(folder, given), environment, join(folder, from));
      expect(found.mainFile).to.equal(join(folder, main));
    });
  }

  it("is what APACHE_CONFDIR names where MODHOST_ROOT names none", () => {
    const both = { APACHE_CONFDIR: join(folder, "debian"), MODHOST_ROOT: join(folder, "plain") };
    expect(findServerRoot(undefined, both, "/").path).to.equal(both.MODHOST_ROOT);
    expect(findServerRoot(undefined, { APACHE_CONFDIR: both.APACHE_CONFDIR }, "/").path).to.equal(both.APACHE_CONFDIR);
  });

  it("is none when there is none, and the message names the ways to give one", () => {
    expect(() => findServerRoot(undefined, {}, "/")).to.throw(/-d FOLDER.*MODHOST_ROOT.*modhost init FOLDER/);
  });

  it("is not sought elsewhere when the one that is named is none", () => {
    const named = (): unknown => findServerRoot(join(folder, "empty"), {}, join(folder, "debian"));
    expect(named).to.throw(/empty holds neither apache2\.conf nor conf\/httpd\.conf/);
  });

  it("is not Apache's own, unless it is named", function () {
    let isThere = true;
    try {
      findServerRoot("/etc/apache2", {});
    } catch {
      isThere = false;
    }
    // Nothing to be taken by mistake: apt-get install apache2.
    if (!isThere) this.skip();
    expect(() => findServerRoot(undefined, {}, "/etc/apache2/sites-available")).to.throw(/taken only when it is named/);
  });
});

describe("the name a tool is called by", () => {
  const rows: [path: string, given: string | undefined, name: string, confdir: string | undefined][] = [
    ["/usr/sbin/a2ensite", undefined, "a2ensite", undefined],
    ["/usr/local/sbin/a2ensite-shop", undefined, "a2ensite", "/etc/apache2-shop"],
    ["/usr/local/sbin/apache2ctl-shop-two", undefined, "apache2ctl", "/etc/apache2-shop-two"],
    ["a2enmod-shop", "/etc/other", "a2enmod", "/etc/other"],
    ["a2enmod-shop", "", "a2enmod", "/etc/apache2-shop"],
    ["a2enmod-", undefined, "a2enmod-", undefined],
  ];
  for (const [path, given, name, confdir] of rows) {
    it(`"${path}"${given === undefined ? "" : ` with APACHE_CONFDIR="${given}"`} is ${name} for ${confdir ?? "no instance"}`, () => {
      const environment: NodeJS.ProcessEnv = given === undefined ? {} : { APACHE_CONFDIR: given };
      expect(programName(path, environment)).to.equal(name);
      expect(environment["APACHE_CONFDIR"]).to.equal(confdir);
    });
  }
});
