// Names nobody knows → advice.
import { expect } from "chai";
import { describeUnknown, editDistance, nearest } from "../../src/config/nearest.js";
import { allDirectives, foreignModules, ownersOf, sourcesOf } from "../../src/config/owners.js";

const available = [
  { name: "core", symbol: "core_module", directives: ["ErrorLog", "<Directory>", "DocumentRoot"] },
  { name: "mod_alias", symbol: "alias_module", directives: ["Alias", "Redirect"] },
  { name: "mod_dumpio", symbol: "dumpio_module", directives: ["DumpIOInput"] },
];

describe("advice on an unknown directive", () => {
  const rows: readonly [name: string, advice: string | undefined][] = [
    ["Alias", "mod_alias owns this directive: a2enmod alias"],
    ["redirect", "mod_alias owns this directive: a2enmod alias"],
    ["DumpIOInput", "mod_dumpio owns this directive: a2enmod dump_io"],
    ["SSLEngine", "mod_ssl owns this directive, and modhost does not have it"],
    ["ScriptLog", "mod_cgi or mod_cgid owns this directive, and modhost does not have it"],
    ["<Proxy>", "mod_proxy owns this directive, and modhost does not have it"],
    ["DocumentRot", "did you mean DocumentRoot?"],
    ["ErorLog", "did you mean ErrorLog?"],
    ["<Directry>", "did you mean <Directory>?"],
    ["Directory", "it is a section: write <Directory ...>"],
    ["<ErrorLog>", "ErrorLog is a directive: write it without brackets"],
    ["Redirct", "did you mean Redirect? mod_alias owns it: a2enmod alias"],
    ["SSLEngin", "did you mean SSLEngine? mod_ssl owns it, and modhost does not have it"],
    ["\ufeffErrorLog", "the file begins with a byte order mark (BOM): save it without one"],
    ["CompletelyDifferentWord", undefined],
    ["x".repeat(10_000), undefined],
    ["", undefined],
    ["<>", undefined],
    [
      "php_value",
      "mod_php owns this directive, and PHP runs in no server of this kind: have PHP-FPM run it, and write the value into .user.ini",
    ],
  ];
  for (const [name, advice] of rows) {
    it(`on ${name.slice(0, 40)} is ${advice ?? "none"}`, () => {
      expect(describeUnknown(name, { known: ["ErrorLog", "<Directory>", "DocumentRoot"], available })).to.equal(advice);
    });
  }
});

describe("editDistance", () => {
  const rows: readonly [from: string, to: string, distance: number][] = [
    ["", "", 0],
    ["abc", "abc", 0],
    ["abc", "ac", 1],
    ["abc", "axc", 1],
    ["abc", "acb", 1],
    ["kitten", "sitting", 3],
    ["", "abc", 3],
  ];
  for (const [from, to, distance] of rows) {
    it(`is ${distance} between "${from}" and "${to}"`, () => {
      expect(editDistance(from, to)).to.equal(distance);
      expect(editDistance(to, from)).to.equal(distance);
    });
  }

  it("chooses the nearest, the first of equals", () => {
    expect(nearest("ports.cnf", ["main.conf", "ports.conf", "ports.cong"])).to.equal("ports.conf");
  });
});

describe("the table of owners", () => {
  it("knows every directive in any case", () => {
    expect(ownersOf("wsgidaemonprocess")).to.deep.equal(["mod_wsgi"]);
    expect(ownersOf("<IfVersion>")).to.deep.equal(["mod_version"]);
    expect(ownersOf("MaxRequestWorkers")).to.include.members(["mpm_event", "mpm_worker", "mpm_prefork"]);
    expect(allDirectives().length).to.be.greaterThan(700);
  });

  it("says which modules are not ours, those without directives too", () => {
    const foreign = foreignModules([{ symbol: "alias_module" }]);
    expect(foreign).not.to.have.property("alias_module");
    expect(foreign).to.deep.include({ headers_module: ["Header", "RequestHeader"], asis_module: [] });
    expect(sourcesOf("mpm_event_module")).to.deep.equal(["event.c"]);
  });
});
