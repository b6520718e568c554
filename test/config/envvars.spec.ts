// The envvars file of a server root → environment.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readEnvvars } from "../../src/config/envvars.js";

describe("envvars", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "envvars-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const given = { PATH: process.env["PATH"], HOME: "/home/somebody", GIVEN: "outside" };
  const read = (text: string) => {
    writeFileSync(join(root, "envvars"), text);
    return readEnvvars(root, given);
  };

  it("are not needed", () => {
    expect(readEnvvars(root, given)).to.deep.equal({ environment: given, warnings: [] });
  });

  it("are read as the shell reads them", () => {
    const { environment, warnings } = read(`
# This will not be right after changing uid.
unset HOME
if [ "\${APACHE_CONFDIR##/etc/apache2-}" != "\${APACHE_CONFDIR}" ] ; then
	SUFFIX="-\${APACHE_CONFDIR##/etc/apache2-}"
else
	SUFFIX=
fi
export APACHE_LOG_DIR=/var/log/apache2$SUFFIX
export APACHE_RUN_USER="www data"
export LINES="a
b=c"
NOT_EXPORTED=x
echo this is no variable
`);
    expect(warnings).to.deep.equal([]);
    expect(environment).to.include({
      APACHE_LOG_DIR: "/var/log/apache2",
      APACHE_RUN_USER: "www data",
      LINES: "a\nb=c",
    });
    expect(environment).to.include({ GIVEN: "outside", PATH: given.PATH, APACHE_CONFDIR: root });
    expect(environment).not.to.have.any.keys("HOME", "NOT_EXPORTED", "PWD", "_");
  });

  it("win over the environment by assignment, and lose by default values, as with apache2ctl", () => {
    expect(read("export GIVEN=file").environment).to.include({ GIVEN: "file" });
    expect(read(': "${GIVEN:=file}"\n: "${OTHER:=file}"\nexport GIVEN OTHER').environment).to.include({
      GIVEN: "outside",
      OTHER: "file",
    });
  });

  it("give what apachectl takes from them, exported or not", () => {
    const { environment } = read("APACHE_ARGUMENTS='-D SHOP'\nAPACHE_ULIMIT_MAX_FILES='ulimit -n 65536'\n");
    expect(environment).to.include({ APACHE_ARGUMENTS: "-D SHOP", APACHE_ULIMIT_MAX_FILES: "ulimit -n 65536" });
    expect(read("").environment).not.to.have.any.keys("APACHE_ARGUMENTS", "APACHE_ULIMIT_MAX_FILES");
  });

  it("may be another file by APACHE_ENVVARS", () => {
    writeFileSync(join(root, "other"), "export FROM=other");
    expect(readEnvvars(root, { ...given, APACHE_ENVVARS: join(root, "other") }).environment).to.include({
      FROM: "other",
    });
  });

  const broken: readonly [what: string, text: string][] = [
    ["does not parse", "if then ("],
    ["exits", "exit 3"],
    ["ends itself", "kill -9 $$"],
    ["never stops talking", "while :; do echo again; done >&2"],
  ];
  for (const [what, text] of broken) {
    it(`leave the environment as it was when the file ${what}`, () => {
      const { environment, warnings } = read(text);
      expect(environment).to.deep.equal(given);
      expect(warnings.map(({ message }) => message)[0]).to.match(/^the file could not be sourced: /);
      expect(warnings[0]?.origin.file).to.equal(join(root, "envvars"));
    });
  }
});
