// Files → the expanded tree: links and folders, the command line, .htaccess files, places, limits.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { readAccessFile, readConfiguration, type ReadOptions } from "../../src/config/expand.js";
import { foreignModules } from "../../src/config/owners.js";
import { printTree } from "../../src/config/print.js";
import { showOutcome } from "../../src/config/show-error.js";
import { originAt, type Node } from "../../src/config/tree.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "expand-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const lists = { modules: [], foreign: foreignModules([]) };

function files(texts: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

function read(main: string, options: Partial<ReadOptions> = {}) {
  files({ "main.conf": main });
  return readConfiguration({ serverRoot: root, file: "main.conf", environment: {}, ...lists, ...options });
}

const names = (nodes: readonly Node[]) => nodes.map(({ name }) => name);
const messages = (faults: readonly Error[]) => faults.map(({ message }) => message.replaceAll(root, "ROOT"));

describe("an included file", () => {
  it("may be a link, and a link that leads nowhere is left out by IncludeOptional alone", () => {
    files({ "available/a.conf": "A" });
    mkdirSync(join(root, "enabled"));
    symlinkSync("../available/a.conf", join(root, "enabled/a.conf"));
    symlinkSync("../available/gone.conf", join(root, "enabled/b.conf"));
    const { tree, errors } = read("IncludeOptional enabled/*.conf\nInclude enabled/*.conf\n");
    expect(names(tree.nodes)).to.deep.equal(["A", "A"]);
    expect(messages(errors)).to.deep.equal([
      'Include: could not open "ROOT/enabled/b.conf": No such file or directory',
    ]);
  });

  it("is not looked for behind a linked folder in the middle of wildcards, as in Apache", () => {
    files({ "real/x.conf": "Real" });
    symlinkSync("real", join(root, "relink"));
    expect(names(read("Include re*/x.conf\n").tree.nodes)).to.deep.equal(["Real"]);
  });

  it("is read with its folder when the last wildcard matches a folder", () => {
    files({ "sites/one/b.conf": "B", "sites/one/a/deep.conf": "Deep" });
    expect(names(read("Include site?\n").tree.nodes)).to.deep.equal(["Deep", "B"]);
  });

  it("must be a regular file, or /dev/null", () => {
    const { errors } = read("Include /dev/null\nInclude /dev/zero\nIncludeOptional /dev/zero\n");
    expect(errors.map(({ detail, origin }) => [origin.line, detail.code])).to.deep.equal([[2, "AH00554"]]);
  });

  it("may be missing with its folder where it is optional", () => {
    const { errors } = read("IncludeOptional none/*/a.conf\nIncludeOptional none/a.conf\nInclude none/*.conf\n");
    expect(messages(errors)).to.deep.equal([
      'Include: could not open the folder "ROOT/none": No such file or directory',
    ]);
  });

  it("is said to be unreadable where it is", () => {
    files({ "a.conf": "A" });
    chmodSync(join(root, "a.conf"), 0);
    const { errors, warnings, tree } = read("Include a.conf\nIncludeOptional a.conf\n");
    // Root may read everything.
    if (process.getuid?.() === 0) expect(names(tree.nodes)).to.deep.equal(["A", "A"]);
    else expect([errors.length, warnings.length]).to.deep.equal([1, 1]);
  });

  it("is UTF-8, or else latin1", () => {
    writeFileSync(join(root, "latin1.conf"), Buffer.from("A \xe9", "latin1"));
    expect(read("B é\nInclude latin1.conf\n").tree.nodes.map(({ text }) => text)).to.deep.equal(["é", "é"]);
  });

  it("is named in the order of reading, with the line that led to it", () => {
    files({ "a.conf": "Include b.conf", "b.conf": "B" });
    const { sources, nodes } = read("\nInclude a.conf\n").tree;
    expect(sources.map(({ file, via }) => [file, via?.line])).to.deep.equal([
      [join(root, "main.conf"), undefined],
      [join(root, "a.conf"), 2],
      [join(root, "b.conf"), 1],
    ]);
    expect(nodes[0]?.origin.via?.via?.file).to.equal(join(root, "main.conf"));
  });

  it("cannot lead round in a circle", () => {
    mkdirSync(join(root, "d"));
    symlinkSync(".", join(root, "d/one"));
    symlinkSync("../d", join(root, "d/two"));
    files({ "d/a.conf": "A", "e/a.conf": "Include e", "e/b.conf": "Include e" });
    expect(messages(read("Include d\n").errors)).to.deep.equal([
      'Include: the folder "ROOT/d/one" is a link to a folder around it',
      'Include: the folder "ROOT/d/two" is a link to a folder around it',
    ]);
    expect(messages(read("Include e\n").errors)).to.deep.equal([
      'Include: more than 128 files in each other: does "ROOT/e/a.conf" include itself?',
    ]);
  });
});

describe("the command line", () => {
  it("is read before and after the main file, and a section may spread over its lines", () => {
    const { tree, errors } = read("Main ${BEFORE} ${FLAG}\n<IfDefine FLAG>\nFlag\n</IfDefine>\n", {
      before: ["Define BEFORE yes"],
      after: ["<Files x>", "After", "</Files>"],
      defines: ["FLAG"],
    });
    expect(errors).to.deep.equal([]);
    expect(printTree(tree.nodes)).to.equal("Main yes ${FLAG}\nFlag\n<Files x>\n    After\n</Files>\n");
    expect(tree.defines).to.deep.equal({ FLAG: null, BEFORE: "yes" });
  });

  it("is shown in errors", () => {
    const { errors, warnings, tree } = read("", { after: ["A", "</B>"] });
    expect(showOutcome({ errors, warnings }, tree.sources)).to.equal(
      "-c/-C directives:2:1: error: </B> without matching <B> section\n    </B>\n    ^~~~\n" +
        "1 error: the configuration is refused\n",
    );
  });

  it("may name a main file that is not there", () => {
    const { errors } = readConfiguration({ serverRoot: root, file: "x.conf", environment: {}, ...lists });
    expect(messages(errors)).to.deep.equal([
      "Could not open configuration file ROOT/x.conf: No such file or directory",
    ]);
  });
});

describe("ServerRoot", () => {
  it("holds for what is included after it", () => {
    files({ "a.conf": "Outer", "sub/a.conf": "Inner" });
    const { tree } = read(`Include a.conf\nServerRoot ${root}/sub\nInclude a.conf\n`);
    expect(names(tree.nodes)).to.deep.equal(["Outer", "Inner"]);
    expect(tree.serverRoot).to.equal(join(root, "sub"));
  });
});

describe("an .htaccess file", () => {
  const readAccess = (text: string) => {
    const tree = read("Define yes 1\nLoadModule alias_module x\n").tree;
    return readAccessFile({ file: "/a/.htaccess", text, tree, environment: {}, ...lists });
  };

  it("knows the modules and names of the configuration", () => {
    const { nodes, errors } = readAccess(
      "A ${YES}\n<IfModule mod_alias.c>\nB\n</IfModule>\n<IfDefine yes>\nC\n</IfDefine>\n<IfModule mod_dir.c>\nD\n</IfModule>",
    );
    expect(printTree(nodes)).to.equal("A 1\nB\nC\n");
    expect(errors).to.deep.equal([]);
  });

  for (const line of ["Include a", "IncludeOptional a", "Define a", "UnDefine a", "LoadModule a b", "ServerRoot /"]) {
    it(`may not hold ${line}`, () => {
      const { errors, nodes } = readAccess(line);
      expect(messages(errors)).to.deep.equal([`${line.split(" ")[0]} not allowed here`]);
      expect(nodes).to.deep.equal([]);
    });
  }

  it("has lines of 8192 characters at most, also once variables are filled in", () => {
    expect(readAccess(`A ${"b".repeat(8190)}`).errors).to.deep.equal([]);
    expect(readAccess(`A ${"b".repeat(8191)}`).errors).to.have.length(1);
    expect(readAccess(`A ${"${YES}".repeat(1300)}`).errors).to.deep.equal([]);
  });
});

describe("the place of a word", () => {
  const rows: readonly [text: string, word: string, place: string][] = [
    ["  A b c", "c", "1:7"],
    ["A b \\\n  c", "c", "2:3"],
    ["A \\\n\\\nb c", "c", "3:3"],
    ["A ${v} c", "c", "1:8"],
    ["A ${v} c", "y", "1:3"],
    ["A b${v}\\\n c", "c", "2:2"],
    ["<A b \\\n  c>\n</A>", "c", "2:3"],
    ["<A ${v} c>\n</A>", "c", "1:9"],
    ["${v} c", "c", "1:6"],
  ];
  for (const [text, word, place] of rows) {
    it(`is ${place} for ${word} in ${JSON.stringify(text)}`, () => {
      const [node] = read(`Define v "x y"\n${text}`).tree.nodes;
      const { line = 0, column = 0 } = node ? originAt(node, node.text.indexOf(word)) : {};
      expect(`${line - 1}:${column}`).to.equal(place);
    });
  }
});

describe("a tree", () => {
  it("survives JSON", () => {
    files({ "a.conf": "LoadModule alias_module x\nA ${PATH} \\\n b\n<B c>\n D\n</B>" });
    const { tree } = read("Include a.conf\nDefine __proto__ x\n", { environment: { PATH: "/bin" } });
    expect(JSON.parse(JSON.stringify(tree))).to.deep.equal(tree);
  });

  it("prints as text that reads as the same tree", () => {
    const text = `A "b c" 'd\\'e' f\\\\ \n"A B" c\n<D ">" >\n  E\\ \n  <F>\n  </F>\n</D>\nG \${h} \\\n  i\n`;
    const once = printTree(read(text).tree.nodes);
    expect(printTree(read(once).tree.nodes)).to.equal(once);
    expect(names(read(once).tree.nodes)).to.deep.equal(["A", "A B", "D", "G"]);
  });

  it("prints with the places of its lines", () => {
    files({ "a.conf": "\nB\nC" });
    expect(printTree(read("A\nInclude a.conf\n").tree.nodes, { origins: true }).replaceAll(root, "ROOT")).to.equal(
      "# ROOT/main.conf:1\nA\n# ROOT/a.conf:2\nB\nC\n",
    );
  });
});

describe("variables", () => {
  it("cannot make a line grow without end", () => {
    const doubling = Array.from({ length: 40 }, (_, n) => `Define v${n + 1} "\${v${n}}\${v${n}}"`);
    const { errors } = read(`Define v0 0123456789\n${doubling.join("\n")}\n`);
    expect(messages(errors)[0]).to.match(/^Line too long/);
  });

  for (const name of ["constructor", "__proto__", "toString"]) {
    it(`may be named ${name}`, () => {
      const { warnings, errors } = read(
        `<IfModule ${name}>\n</IfModule>\n${name} \${${name}}\n<${name}>\n</${name}>\n`,
      );
      expect([warnings.length, errors.length]).to.deep.equal([1, 0]);
    });
  }
});

describe("100,000 lines", () => {
  it("are read", () => {
    const site = `# a site\n<VirtualHost *:80>\n  ServerName a\n  DocumentRoot "/var/www"\n  <Directory "/var/www">
      Require all granted\n    AllowOverride None\n  </Directory>\n  ErrorLog \${LOG}/a.log\n</VirtualHost>\n`;
    expect(read(site.repeat(10_000), { environment: { LOG: "/var/log" } }).tree.nodes).to.have.length(10_000);
  });
});

describe("a macro", () => {
  const macroLists = {
    modules: [{ name: "mod_macro", symbol: "macro_module", sources: ["mod_macro.c"], directives: [], builtIn: true }],
    foreign: {},
  };
  const expanded = (text: string) => read(text, macroLists);

  it("shows a fault with its own line and the lines of its uses", () => {
    const { tree, errors, warnings } = expanded(
      "<Macro inner $x>\n  <Broken\n  </Broken>\n</Macro>\n<Macro outer>\n  Use inner a\n</Macro>\nUse outer\n",
    );
    const shown = showOutcome({ errors, warnings }, tree.sources).replaceAll(root, "ROOT");
    expect(shown).to.include(
      "ROOT/main.conf:2:3: error: AH00526: <Broken> directive missing closing '>'\n      <Broken\n      ^~~~~~~\n" +
        "    in macro 'inner', used at ROOT/main.conf:6\n    in macro 'outer', used at ROOT/main.conf:8\n",
    );
  });

  it("puts values where they are named, earliest and longest first, and looks at none of them again", () => {
    const { tree, errors } = expanded(
      '<Macro m $a $ab %c @d>\nX $ab$a%c"%c" @d\n</Macro>\nUse m $ab 2 "%c $a" \'q"\\\'\n',
    );
    expect(errors).to.deep.equal([]);
    expect(tree.nodes[0]).to.include({ name: "X", text: '2$ab%c $a"%c $a" "q\\"\'"' });
  });

  it("keeps the place of every part of its lines", () => {
    const { tree } = expanded("<Macro m $a>\n  Word $a tail\n</Macro>\nUse m value-that-is-long\n");
    const [node] = tree.nodes;
    if (!node) throw new Error("nothing was expanded");
    expect(originAt(node, node.text.indexOf("tail"))).to.include({ line: 2, column: 11 });
  });

  it("ends when uses in uses would never", () => {
    const long = `<IfDefine none>\n${"x\n".repeat(5_000)}</IfDefine>\n`;
    const levels = Array.from({ length: 9 }, (_, i) => `<Macro m${i}>\n${`Use m${i + 1}\n`.repeat(10)}</Macro>\n`);
    const { errors } = expanded(`${levels.join("")}<Macro m9>\n${long}</Macro>\nUse m0\n`);
    expect(messages(errors)).to.deep.equal(["Use: macros come to more than 500000 lines"]);
  }).timeout(60_000);

  it("of the server may be used in an .htaccess file, and one of the file stays in it", () => {
    const { tree } = expanded("<Macro server $x>\nX $x\n</Macro>\n");
    const text = "<Macro own>\nY\n</Macro>\nUse server 1\nUse own\n";
    const file = readAccessFile({ file: "/a/.htaccess", text, tree, environment: {}, ...macroLists });
    expect(names(file.nodes)).to.deep.equal(["X", "Y"]);
    const other = readAccessFile({ file: "/b/.htaccess", text: "Use own\n", tree, environment: {}, ...macroLists });
    expect(messages(other.errors)).to.deep.equal(["Use: macro 'own' undefined"]);
  });
});
