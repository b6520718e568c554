// Command lines of modhost and its tools → exit status and texts; the listings are those of the real Apache.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { makeRoot } from "../support/modhost.js";
import { runToEnd, tool, type Ended } from "../support/tool.js";

const apache = "/usr/sbin/apache2";

/** What both servers understand. */
const configuration = `
ServerName main.example
PidFile run/httpd.pid
DefaultRuntimeDir run
ErrorLog run/error.log
${process.getuid?.() === 0 ? "User www-data\nGroup www-data" : ""}
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so
LoadModule env_module /usr/lib/apache2/modules/mod_env.so
Listen 127.0.0.1:@PORT@
DocumentRoot @ROOT@/htdocs
Define SHOP two
Define BARE
<IfDefine WITH_SITES>
    Include sites/*.conf
    IncludeOptional nowhere/*.conf
</IfDefine>
`;

const sites = {
  "sites/a.conf": `<VirtualHost *:@PORT@>
    ServerName a.example
    ServerAlias www.a.example *.a.example
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName b.example
</VirtualHost>
`,
  "sites/b.conf": `<VirtualHost 127.0.0.1:@PORT@>
    ServerName only.example
</VirtualHost>
<VirtualHost *:*>
    ServerName any.example
</VirtualHost>
<VirtualHost _default_:8099>
    ServerName default.example
</VirtualHost>
Include sites/more/*.inc
`,
  "sites/more/x.inc": "Timeout 20\n",
};

const oddStart = `
PidFile run/httpd.pid
ErrorLog run/error.log
${process.getuid?.() === 0 ? "User www-data\nGroup www-data" : ""}
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
Listen 127.0.0.1:8081
`;

const oddAddresses = {
  "many addresses": `ServerName main.test:8083
    <VirtualHost 127.0.0.1:8081 [::1]:8082>
      ServerName a.test
      ServerAlias b.test *.c.test d?.test
    </VirtualHost>
    <VirtualHost 127.0.0.1:8081 127.0.0.1:8081>
      ServerName e.test
    </VirtualHost>
    <VirtualHost 0.0.0.0:8083>
      ServerName f.test
    </VirtualHost>
    <VirtualHost _default_:8083>
      ServerName g.test:99
      ServerAlias g g2
    </VirtualHost>
    <VirtualHost [::]:8083>
      ServerName any.test
    </VirtualHost>
    <VirtualHost *:* [::1]:*>
      ServerName https://h.test
    </VirtualHost>
    <VirtualHost _default_:*>
    </VirtualHost>
    <VirtualHost 198.51.100.3>
      ServerName j.test
    </VirtualHost>`,
  "addresses without a name": `
    <VirtualHost 127.0.0.1:8081>
    </VirtualHost>
    <VirtualHost 0.0.0.1:8081>
    </VirtualHost>
    <VirtualHost 0.0.0.1:8082>
      ServerName x.test
    </VirtualHost>
    <VirtualHost 127.0.0.1>
      ServerName y.test
    </VirtualHost>
    ServerName main.test:8083`,
  "port 0, which is none": "<VirtualHost 127.0.0.1:0>\n</VirtualHost>",
};

/** Hosts from macros, one in another; mutexes of all sorts; empty sections; what has no effect. */
const madeByMacros = `ServerName main.test:8083
LoadModule macro_module /usr/lib/apache2/modules/mod_macro.so
LoadModule info_module /usr/lib/apache2/modules/mod_info.so
LoadModule rewrite_module /usr/lib/apache2/modules/mod_rewrite.so
DefaultRuntimeDir run
DocumentRoot @ROOT@/htdocs/
Mutex flock default OmitPID
Mutex file:@ROOT@ watchdog-callback
Mutex sem rewrite-map
<Macro Rules $where>
  # What may be seen.
  <Location $where>
    Require all granted
  </Location>
</Macro>
<Macro Site $name $where>
  <VirtualHost *:8081>
    ServerName $name
    Use Rules $where
  </VirtualHost>
</Macro>

Use Site a.test /a
Use Site b.test /b
<IfModule rewrite_module>
  Use Rules /c
</IfModule>
UndefMacro Site
`;

describe("the command line of", function () {
  this.timeout(60_000);
  let root: string;

  before(async () => {
    const made = await makeRoot("", { files: sites });
    root = made.root;
    const fill = (text: string): string => text.replaceAll("@ROOT@", root).replaceAll("@PORT@", String(made.port));
    writeFileSync(join(root, "apache2.conf"), fill(configuration));
    for (const [name, text] of Object.entries(sites)) writeFileSync(join(root, name), fill(text));
  });
  after(() => rmSync(root, { recursive: true }));

  describe("modhost", () => {
    const rows: [args: string, status: number, out: RegExp, err: RegExp][] = [
      [
        "-v",
        0,
        /^Server version: modhost\/\d+\.\d+\.\d+ \(\w+\), as Apache\/2\.4\.\d+\nServer built: {3}\d{4}-\d\d-\d\dT[\d:]{8}\n$/,
        /^$/,
      ],
      ["-V", 0, /^Server version: [^]*^Server MPM: {5}event\n {2}threaded: {5}yes [^]*-D HTTPD_ROOT="\/tmp/m, /^$/],
      ["-l", 0, /^Compiled in modules:\n {2}core\.c\n/, /^$/],
      ["-L", 0, /^Alias \(mod_alias\.c\)\n\t.*\n\tAllowed in \*\.conf anywhere\n/m, /^$/],
      ["-t", 0, /^$/, /^Syntax OK\n$/],
      ["-t -DWITH_SITES", 0, /^$/, /unheard-port: nothing listens on port 8099[^]*\nSyntax OK \(\d warnings?\)\n$/],
      [
        "-t --format json",
        0,
        /^\{\n {2}"ok": true,\n {2}"errors": 0,\n {2}"warnings": 0,\n {2}"diagnostics": \[\]\n\}\n$/,
        /^$/,
      ],
      [
        "-t --format=json -C Nonsense",
        1,
        /"ok": false,[^]*"code": "AH00526",[^]*"line": 1,\n {6}"column": 1,\n {6}"endColumn": 9/,
        /^$/,
      ],
      ["-t --format xml", 1, /^$/, /^modhost: --format is text or json\nUsage/],
      ["-tT", 0, /^$/, /^Syntax OK\n$/],
      ["-f apache2.conf -t", 0, /^$/, /^Syntax OK\n$/],
      ["-f nowhere.conf -t", 1, /^$/, /nowhere\.conf.*No such file or directory/],
      ["-t -D DUMP_TREE", 0, /^ServerName main\.example/m, /^$/],
      ["-t -D DUMP_HOOKS", 0, /^translateName:\n {2}mod_alias\n/m, /^$/],
      ["-C Nonsense -t", 1, /^$/, /^-c\/-C directives:1:1: error: AH00526: Invalid command 'Nonsense'/],
      ["-c Timeout\u00a0ten -t", 1, /^$/, /^-c\/-C directives:1:\d+: error: AH00526: /],
      ["-c DocumentRoot\u00a0/nowhere -t", 1, /^$/, /error: DocumentRoot '\/nowhere' is not a directory/],
      ["-c DocumentRoot\u00a0/nowhere -t -T", 0, /^$/, /^Syntax OK\n$/],
      ["-c User\u00a0nobody-there -t", 1, /^$/, /AH00543: modhost: bad user name nobody-there/],
      [
        "-c DocumentRoot\u00a0${NOWHERE} -tT",
        0,
        /^$/,
        /warning: AH00111: Config variable \$\{NOWHERE\} is not defined/,
      ],
      ["-c DocumentRoot\u00a0${NOWHERE} -tT -e error", 0, /^$/, /^Syntax OK\n$/],
      ["-t -e debug", 0, /^$/, /^AH01575: loaded module mpm_event_module \(.*apache2\.conf:\d+\)\n[^]*Syntax OK\n$/],
      ["-k stop", 0, /^httpd \(no pid file\) not running\n$/, /^$/],
      ["-k graceful-stop", 0, /^httpd \(no pid file\) not running\n$/, /^$/],
      ["-k status", 3, /^modhost is not running\n$/, /^$/],
      ["-k nonsense", 1, /^$/, /^modhost: illegal option -- k\nUsage: modhost /],
      ["-e nonsense -t", 1, /^$/, /^modhost: illegal option -- e\nUsage: modhost /],
      ["-Q", 1, /^$/, /^modhost: illegal option -- Q\nUsage: modhost /],
      ["-h", 1, /^$/, /^Usage: modhost /],
      ["leftover", 1, /^$/, /^Usage: modhost /],
      ["-d /nowhere -t", 1, /^$/, /^modhost: \/nowhere holds neither apache2\.conf nor conf\/httpd\.conf/],
    ];
    for (const [args, status, out, err] of rows) {
      it(`"${args.replaceAll("\u00a0", " ")}" exits with ${status}`, async () => {
        const ended = await tool("modhost", ["-d", root, ...words(args)]);
        expect(ended.out).to.match(out);
        expect(ended.err).to.match(err);
        expect(ended.status).to.equal(status);
      });
    }

    it("-E sends what standard error would get to a file", async () => {
      const file = join(root, "startup.log");
      expect(await tool("modhost", ["-d", root, "-E", file, "-t"])).to.deep.equal({ status: 0, out: "", err: "" });
      expect(readFileSync(file, "utf8")).to.equal("Syntax OK\n");
    });

    it("-f takes a file that is in no server root", async () => {
      const main = join(root, "alone/site.conf");
      mkdirSync(join(root, "alone"));
      writeFileSync(main, "Frobnicate\n");
      const { err } = await tool("modhost", ["-f", main, "-t"], { cwd: "/" });
      expect(err).to.match(/alone\/site\.conf:1:1: error: AH00526: Invalid command 'Frobnicate'/);
    });
  });

  describe("modhostctl", () => {
    const rows: [args: string, status: number, out: RegExp, err: RegExp][] = [
      ["", 1, /^$/, /^Usage: modhostctl /],
      ["help", 1, /^$/, /^Usage: modhostctl /],
      ["configtest", 0, /^$/, /^Syntax OK\n$/],
      ["stop", 0, /^httpd \(no pid file\) not running\n$/, /^$/],
      ["status", 3, /^modhost is not running\n$/, /^$/],
      ["startssl", 2, /^$/, /^startssl is no longer supported/],
      ["-M", 0, /^Loaded Modules:\n core_module \(static\)\n/, /^$/],
      ["-t -D DUMP_INCLUDES", 0, /^Included configuration files:\n {2}\(\*\) /, /^$/],
      ["nonsense", 1, /^Action 'nonsense' failed\.\nThe error log may have more information\.\n$/, /^Usage: modhost /],
    ];
    for (const [args, status, out, err] of rows) {
      it(`"${args}" exits with ${status}`, async () => {
        const ended = await tool("modhostctl", words(args), { environment: { MODHOST_ROOT: root } });
        expect(ended.out).to.match(out);
        expect(ended.err).to.match(err);
        expect(ended.status).to.equal(status);
      });
    }
  });

  for (const command of ["modhost -L", "a2query -h"]) {
    it(`"${command} | head -1" ends quietly`, async () => {
      const [name = "", option = ""] = command.split(" ");
      const program = fileURLToPath(new URL(`../../bin/${name}`, import.meta.url));
      const line = 'set -o pipefail; "$0" "$1" -d "$2" "$3" | head -c 1';
      const ended = await runToEnd(["bash", "-c", line, process.execPath, program, root, option]);
      expect(ended).to.deep.include({ status: 0, err: "" });
    });
  }

  it("APACHE_ARGUMENTS of envvars stands before the arguments", async () => {
    const envvars = join(root, "envvars");
    try {
      // Not exported: apachectl reads the file in its own shell.
      writeFileSync(envvars, "APACHE_ARGUMENTS='-D WITH_SITES -Q'\n");
      const faulty = await tool("modhost", ["-d", root, "-t"]);
      expect(faulty.status).to.equal(1);
      expect(faulty.err).to.match(
        /^modhost: illegal option -- Q\nAPACHE_ARGUMENTS of envvars: -D WITH_SITES -Q\nUsage/,
      );
      writeFileSync(envvars, "APACHE_ARGUMENTS='-D WITH_SITES'\n");
      expect((await tool("modhost", ["-d", root, "-S"])).out).to.include("only.example");
      expect((await tool("modhostctl", ["-d", root, "explain", "http://b.example/"])).out).to.include("b.example");
    } finally {
      rmSync(envvars);
    }
  });

  describe("Apache gives the same listing for", () => {
    before(function () {
      // apt-get install apache2
      if (!existsSync(apache)) this.skip();
    });

    for (const args of [
      "-t",
      "-M",
      "-S",
      "-S -D WITH_SITES",
      "-D WITH_SITES -D DUMP_VHOSTS",
      "-t -D WITH_SITES -D DUMP_INCLUDES",
    ]) {
      it(args, async () => {
        const all = ["-d", root, "-f", join(root, "apache2.conf"), ...words(args)];
        const [theirs, ours] = await Promise.all([runToEnd([apache, ...all]), tool("modhost", all)]);
        expect(comparable(ours)).to.deep.equal(comparable(theirs));
      });
    }

    for (const [name, text] of Object.entries(oddAddresses)) {
      it(`-t -D DUMP_VHOSTS and others of ${name}, addresses in any order`, async () => {
        const file = join(root, "odd.conf");
        writeFileSync(file, oddStart + text);
        const all = ["-d", root, "-f", file, "-t", ...words("-D DUMP_INCLUDES -D DUMP_VHOSTS -D DUMP_MODULES")];
        const [theirs, ours] = await Promise.all([runToEnd([apache, ...all]), tool("modhost", all)]);
        const blocks = ({ status, out, err }: Ended): unknown => ({
          status,
          // Where the file is faulty, Apache has listed what it had read by then.
          out: status === 0 && out.split(/\n(?=\S)/).sort(),
          order: status === 0 && out.match(/^(?:Included|VirtualHost|Loaded) .*$/gm),
          err: (err.match(/AH00(?:549|558): .*$/gm) ?? [])
            .map((line) => line.replace(/: \w+: Could/, ": Could"))
            .sort(),
        });
        expect(blocks(ours)).to.deep.equal(blocks(theirs));
      });
    }

    it("what macros make, and mutexes", async () => {
      const file = join(root, "macros.conf");
      writeFileSync(file, oddStart + madeByMacros.replaceAll("@ROOT@", root));
      for (const args of ["-S", "-t -D DUMP_CONFIG"]) {
        const all = ["-d", root, "-f", file, ...words(args)];
        const [theirs, ours] = await Promise.all([runToEnd([apache, ...all]), tool("modhost", all)]);
        // Mutexes are in the order of a hash table there.
        const lines = ({ out, err, status }: Ended): unknown => ({
          status,
          err,
          out: out.split("\n").filter((line) => !line.startsWith("Mutex ")),
          mutexes: out.match(/^Mutex .*$/gm)?.sort(),
        });
        expect(lines(ours)).to.deep.equal(lines(theirs));
      }
    });

    for (const line of [
      "nonsense default",
      "file:/nowhere/at/all default",
      "file: default",
      "none default",
      "none rewrite-map",
      "sem rewrite-map",
      "sem watchdog-callback OmitPID",
      "yes nothing-of-ours",
    ]) {
      it(`-t of "Mutex ${line}", as far as the verdict goes`, async () => {
        const file = join(root, "mutex.conf");
        writeFileSync(file, `${oddStart}ServerName main.test\nMutex ${line}\n`);
        const all = ["-d", root, "-f", file, "-t"];
        const [theirs, ours] = await Promise.all([runToEnd([apache, ...all]), tool("modhost", all)]);
        expect(ours.status, ours.err).to.equal(theirs.status);
        if (ours.status !== 0) expect(ours.err).to.match(/mutex\.conf:\d+:\d+: error: Mutex: .*Mutex/i);
      });
    }

    it("-t -D DUMP_CONFIG, which is a part of mod_info there", async () => {
      const info = ["-C", "LoadModule info_module /usr/lib/apache2/modules/mod_info.so"];
      const all = ["-d", root, "-f", join(root, "apache2.conf"), "-t", "-D", "DUMP_CONFIG", "-D", "WITH_SITES"];
      const [theirs, ours] = await Promise.all([runToEnd([apache, ...all, ...info]), tool("modhost", all)]);
      expect(ours.out).to.equal(theirs.out);
      expect(ours.out).to.match(/^# In file: .*sites\/a\.conf$/m);
    });
  });
});

/** Blanks part arguments; a no-break space is one inside of an argument. */
function words(args: string): string[] {
  return args
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => word.replaceAll("\u00a0", " "));
}

/** Without the mutexes, which are Apache's own, and with names that were given on the command line in one order. */
function comparable({ status, out, err }: Ended): unknown {
  const lines = out.split("\n").filter((line) => !line.startsWith("Mutex "));
  const given = lines.filter((line) => /^Define: (DUMP_\w+|WITH_SITES)$/.test(line)).sort();
  return { status, err, given, lines: lines.filter((line) => !given.includes(line)) };
}
