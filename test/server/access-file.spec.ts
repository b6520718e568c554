// .htaccess files that change while the server runs, and what it logs of those at fault.
import { expect } from "chai";
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { serve } from "../support/ask.js";

const configuration = "<Directory ROOT/htdocs>\n  AllowOverride All\n</Directory>";
const page = { "htdocs/a/page.txt": "a page", "htdocs/a/b/page.txt": "a page" };
const typed = (type: string): string => `ForceType text/${type}\n`;

/** A server, with the type a page below its folder "a" has now. */
function serving(files: Readonly<Record<string, string>> = {}) {
  const asked = serve(configuration, { files: { ...page, ...files } });
  const answer = async (target = "/a/page.txt"): Promise<string | number> => {
    // As a request over the wire comes: in a turn of its own.
    await new Promise(setImmediate);
    const { status, headers } = await asked.ask(target);
    return status === 200 ? (headers.get("content-type") ?? "") : status;
  };
  return { ...asked, answer, file: `${asked.root}/htdocs/a/.htaccess`, folder: `${asked.root}/htdocs/a` };
}

/** Long ago, so that the file counts as settled. */
function settle(file: string): void {
  utimesSync(file, 1_000_000, 1_000_000);
}

describe("an .htaccess file", () => {
  it("acts from the request after it was made", async () => {
    const { answer, file } = serving();
    expect(await answer()).to.equal("text/plain");
    writeFileSync(file, typed("x-new"));
    expect(await answer()).to.equal("text/x-new");
  });

  it("acts anew from the request after it was edited", async () => {
    const { answer, file } = serving({ "htdocs/a/.htaccess": typed("x-one") });
    settle(file);
    expect(await answer()).to.equal("text/x-one");
    for (const type of ["x-two", "x-three", "x-four"]) {
      writeFileSync(file, typed(type));
      expect(await answer()).to.equal(`text/${type}`);
    }
  });

  it("acts anew when an edit leaves its size and its time as they were", async () => {
    const { answer, file } = serving({ "htdocs/a/.htaccess": typed("x-one") });
    settle(file);
    expect(await answer()).to.equal("text/x-one");
    writeFileSync(file, typed("x-two"));
    settle(file);
    expect(await answer()).to.equal("text/x-two");
  });

  it("acts no more once it is gone", async () => {
    const { answer, file } = serving({ "htdocs/a/.htaccess": typed("x-one") });
    expect(await answer()).to.equal("text/x-one");
    rmSync(file);
    expect(await answer()).to.equal("text/plain");
  });

  it("acts below its folder, and one below over it", async () => {
    const { answer, folder } = serving({ "htdocs/a/.htaccess": typed("x-one") });
    expect(await answer("/a/b/page.txt")).to.equal("text/x-one");
    writeFileSync(`${folder}/b/.htaccess`, typed("x-below"));
    expect(await answer("/a/b/page.txt")).to.equal("text/x-below");
    expect(await answer()).to.equal("text/x-one");
  });

  it("is the one behind a link that was turned", async () => {
    const { answer, root } = serving({ "releases/1/.htaccess": typed("x-one"), "releases/1/page.txt": "1" });
    mkdirSync(`${root}/releases/2`);
    writeFileSync(`${root}/releases/2/.htaccess`, typed("x-two"));
    writeFileSync(`${root}/releases/2/page.txt`, "2");
    symlinkSync(`${root}/releases/1`, `${root}/htdocs/current`);
    expect(await answer("/current/page.txt")).to.equal("text/x-one");
    symlinkSync(`${root}/releases/2`, `${root}/htdocs/next`);
    renameSync(`${root}/htdocs/next`, `${root}/htdocs/current`);
    expect(await answer("/current/page.txt")).to.equal("text/x-two");
  });

  it("refuses requests while it is at fault, and says where", async () => {
    const { answer, file, log } = serving({
      "htdocs/a/.htaccess": "ForceType text/x-one\n\nDirectoryIndx a\nListen 8\n",
    });
    expect(await answer()).to.equal(500);
    const lines = log.filter(({ level }) => level === "alert").map(({ message }) => message.replace(file, "FILE"));
    expect(lines).to.deep.equal([
      "FILE:3:1: Invalid command 'DirectoryIndx', perhaps misspelled or defined by a module not included in the server " +
        "configuration (did you mean DirectoryIndex?)",
      "FILE:4:1: Listen not allowed here (Listen may not stand in .htaccess files, but in: server config)",
    ]);
    writeFileSync(file, typed("x-mended"));
    expect(await answer()).to.equal("text/x-mended");
  });

  it("says which class AllowOverride would have to name", async () => {
    const { ask, log } = serve("<Directory ROOT/htdocs>\n  AllowOverride Indexes\n</Directory>", {
      files: { ...page, "htdocs/a/.htaccess": "Require all denied" },
    });
    expect((await ask("/a/page.txt")).status).to.equal(500);
    expect(log.at(-1)?.message).to.match(/Require not allowed here \(.*AllowOverride AuthConfig\)/);
  });

  it("warns of what is passed over, each time it was changed", async () => {
    const { ask, log, root } = serve(
      "<Directory ROOT/htdocs>\n  AllowOverride Indexes Nonfatal=Override\n</Directory>",
      { files: { ...page, "htdocs/a/.htaccess": typed("x-one") } },
    );
    const file = `${root}/htdocs/a/.htaccess`;
    settle(file);
    for (const text of [typed("x-one"), `\n${typed("x-two")}`]) {
      writeFileSync(file, text);
      for (let count = 0; count < 3; count++) {
        await new Promise(setImmediate);
        expect((await ask("/a/page.txt")).headers.get("content-type")).to.equal("text/plain");
      }
    }
    const warnings = log.filter(({ level }) => level === "warn").map(({ message }) => message.replace(file, "FILE"));
    expect(warnings.map((each) => each.slice(0, 8))).to.deep.equal(["AH02295:", "AH02295:"]);
    expect(warnings[1]).to.include("FILE:2:1: ForceType in .htaccess forbidden by AllowOverride");
  });

  it("logs a bounded number of faults", async () => {
    const { answer, log } = serving({ "htdocs/a/.htaccess": "Nonsense\n".repeat(5000) });
    expect(await answer()).to.equal(500);
    expect(log.filter(({ level }) => level === "alert")).to.have.length(11);
    expect(log.at(-1)?.message).to.match(/more errors$/);
  });

  it("refuses access when it cannot be read", async () => {
    const { answer, file, log } = serving();
    mkdirSync(file);
    expect(await answer()).to.equal(403);
    expect(log.at(-1)?.message).to.include("AH00529").and.include("not a regular file");
    chmodSync(file, 0o755);
    rmSync(file, { recursive: true });
    expect(await answer()).to.equal("text/plain");
  });

  it("holds no lines longer than Apache reads", async () => {
    const { answer } = serving({ "htdocs/a/.htaccess": `ErrorDocument 404 "${"x".repeat(9000)}"` });
    expect(await answer()).to.equal(500);
  });

  it("keeps requests from each other's settings while it changes", async () => {
    const { answer, file } = serving();
    const types: (string | number)[] = [];
    for (let i = 0; i < 50; i++) {
      writeFileSync(file, typed(`x-${i}`));
      types.push(await answer(), await answer("/a/b/page.txt"));
    }
    expect(types).to.deep.equal(Array.from({ length: 100 }, (_, i) => `text/x-${Math.floor(i / 2)}`));
  });
});
