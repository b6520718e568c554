// Responses in files: whole or not at all, one for each variant, within their limit.
import { expect } from "chai";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { Headers, isFileSlice } from "../../../src/api/index.js";
import { FileStore } from "../../../src/modules/mod_cache/file-store.js";
import type { EntryHead } from "../../../src/modules/mod_cache/store.js";
import { sweep } from "../../../src/modules/mod_cache/sweep.js";

const none = new Headers();
const limits = { length: undefined, least: 1, most: 1_000_000 };
const large = Buffer.alloc(100_000, "large ");

function headOf(key: string, fields: EntryHead["fields"] = []): EntryHead {
  const now = Date.now();
  const times = { date: now, expires: now + 60_000, requestTime: now, responseTime: now };
  return { key, status: 200, ...times, control: { maxAge: 60 }, headOnly: false, fields };
}

describe("a folder of responses", () => {
  let root = "";
  let warnings: string[] = [];
  let store: FileStore;
  const open = (): FileStore =>
    new FileStore({ root, levels: 2, length: 1, limit: 1e9, warn: (message) => warnings.push(message) });
  const files = (): string[] =>
    (
      readdirSync(root, { recursive: true, withFileTypes: true }) as {
        name: string;
        isFile(): boolean;
        parentPath: string;
      }[]
    )
      .filter((each) => each.isFile())
      .map((each) => `${each.parentPath}/${each.name}`);

  beforeEach(() => {
    root = mkdtempSync(`${tmpdir()}/modhost-cache-test-`);
    warnings = [];
    store = open();
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function keep(
    key: string,
    body: Buffer | string,
    fields?: EntryHead["fields"],
    asked = none,
  ): Promise<boolean> {
    const writer = store.create(headOf(key, fields), asked, limits);
    await writer?.write(Buffer.from(body));
    return (await writer?.commit()) ?? false;
  }
  /** As another worker sees it, and this one. */
  function bodies(key: string, asked = none): (string | undefined)[] {
    return [open(), store].map((each) => {
      const body = each.open(key, asked)?.body;
      if (!body) return undefined;
      return isFileSlice(body) ? readFileSync(body.path, "latin1") : body.toString("latin1");
    });
  }

  it("gives back a small body and its fields", async () => {
    expect(await keep("k", "small", [["X-A", "ä"]])).to.equal(true);
    expect(bodies("k")).to.deep.equal(["small", "small"]);
    expect(open().open("k", none)?.headers.get("x-a")).to.equal("ä");
  });

  it("gives back a large body, which has a file of its own", async () => {
    await keep("k", large);
    expect(bodies("k")).to.deep.equal([large.toString("latin1"), large.toString("latin1")]);
    expect(files().length).to.equal(2);
  });

  it("has nothing before the end, and nothing of what was given up", async () => {
    for (const body of [Buffer.from("small"), large]) {
      const writer = store.create(headOf("k"), none, limits);
      await writer?.write(body);
      expect(bodies("k")).to.deep.equal([undefined, undefined]);
      await writer?.abort();
      expect(await writer?.commit()).to.equal(false);
      expect(files()).to.deep.equal([]);
    }
  });

  it("does not keep a body of another length than was said", async () => {
    expect(await keep("k", "short", [["Content-Length", "6"]])).to.equal(false);
    expect(await keep("k", large, [["Content-Length", "6"]])).to.equal(false);
    expect(files()).to.deep.equal([]);
  });

  it("gives a body up that becomes too long", async () => {
    const writer = store.create(headOf("k"), none, { ...limits, most: 120_000 });
    expect(await writer?.write(large)).to.equal(true);
    expect(await writer?.write(large)).to.equal(false);
    expect(await writer?.commit()).to.equal(false);
    expect(files()).to.deep.equal([]);
  });

  it("keeps each variant apart", async () => {
    const fields = [["Vary", "X-V, X-W"]] as const;
    const asked = (value: string): Headers => new Headers([["X-V", value]]);
    await keep("k", "one", fields, asked("1"));
    await keep("k", "two", fields, asked("2"));
    expect(bodies("k", asked("1"))).to.deep.equal(["one", "one"]);
    expect(bodies("k", asked("2"))).to.deep.equal(["two", "two"]);
    expect(bodies("k")).to.deep.equal([undefined, undefined]);
  });

  it("forgets all variants of a URL, for good", async () => {
    const fields = [["Vary", "X-V"]] as const;
    const asked = (value: string): Headers => new Headers([["X-V", value]]);
    await keep("k", "one", fields, asked("1"));
    await keep("k", "two", fields, asked("2"));
    await store.forget("k", asked("1"));
    expect([bodies("k", asked("1")), bodies("k", asked("2"))].flat()).to.deep.equal(Array(4).fill(undefined));
    await keep("k", "new", fields, asked("1"));
    // Within the millisecond of the change it does not count either.
    expect(bodies("k", asked("2"))).to.deep.equal([undefined, undefined]);
  });

  it("is the last one of two that come at the same time, whole", async () => {
    const writers = ["a", "b"].map((text) => {
      const writer = store.create(headOf("k"), none, limits);
      return { writer, body: Buffer.alloc(100_000, text) };
    });
    for (const { writer, body } of writers) await writer?.write(body);
    await Promise.all(writers.map(async ({ writer }) => writer?.commit()));
    const [found] = bodies("k");
    expect(found).to.match(/^(a{100000}|b{100000})$/);
  });

  it("puts another head on the same body", async () => {
    for (const body of ["small", large]) {
      await keep("k", body, [["X-A", "1"]]);
      const entry = store.open("k", none);
      if (!entry) throw new Error("it is not there");
      expect(await store.renew(entry, headOf("k", [["X-A", "2"]]))).to.equal(true);
      expect(open().open("k", none)?.headers.get("x-a")).to.equal("2");
      expect(bodies("k")[0]?.length).to.equal(body.length);
    }
  });

  it("has no more what is over its time", async () => {
    const writer = store.create({ ...headOf("k"), until: Date.now() - 1 }, none, limits);
    await writer?.write(Buffer.from("x"));
    expect(await writer?.commit()).to.equal(true);
    expect(bodies("k")).to.deep.equal([undefined, undefined]);
  });

  for (const [what, damage] of [
    ["is cut", (path: string) => truncateSync(path, statSync(path).size - 1)],
    ["is empty", (path: string) => truncateSync(path, 0)],
    ["is something else", (path: string) => writeFileSync(path, '{"format":1,"kind":"other"}\n')],
    ["is of another version", (path: string) => writeFileSync(path, '{"format":0,"kind":"response","key":"k"}\n')],
    ["is gone", (path: string) => rmSync(path)],
  ] as const) {
    it(`has nothing where a file ${what}`, async () => {
      for (const body of ["small", large]) {
        await keep("k", body);
        expect(bodies("k")[1]).to.not.equal(undefined);
        for (const path of files()) damage(path);
        expect(bodies("k")).to.deep.equal([undefined, undefined]);
        for (const path of files()) rmSync(path);
      }
    });
  }

  it("has nothing where only the body is cut", async () => {
    await keep("k", large);
    const body = files().find((path) => path.endsWith(".body")) ?? "";
    truncateSync(body, 5);
    expect(bodies("k")).to.deep.equal([undefined, undefined]);
  });

  it("says once that it cannot be written to", async () => {
    rmSync(root, { recursive: true });
    writeFileSync(root, "a file");
    expect(await keep("k", "small")).to.equal(false);
    expect(await keep("k", large)).to.equal(false);
    expect(warnings.length).to.equal(1);
    expect(bodies("k")).to.deep.equal([undefined, undefined]);
  });

  describe("swept", () => {
    /** Makes the files of an entry older, in seconds. */
    const age = (pattern: RegExp, seconds: number): void => {
      const time = Date.now() / 1000 - seconds;
      for (const path of files()) if (pattern.test(path)) utimesSync(path, time, time);
    };

    it("loses the oldest until it is within its limit", async () => {
      for (const [index, key] of ["a", "b", "c", "d"].entries()) {
        const before = new Set(files());
        await keep(key, large);
        for (const path of files()) {
          const time = Date.now() / 1000 - 1000 + index;
          if (!before.has(path)) utimesSync(path, time, time);
        }
      }
      await sweep({ root, limit: 250_000 });
      expect(["a", "b", "c", "d"].map((key) => bodies(key)[0] !== undefined)).to.deep.equal([false, false, true, true]);
      expect(files().length).to.equal(4);
    });

    it("keeps all where it is within its limit", async () => {
      await keep("a", large);
      await keep("b", "small");
      await sweep({ root, limit: 250_000 });
      expect(files().length).to.equal(3);
    });

    it("loses what was never finished, when it is old", async () => {
      await keep("a", "small");
      writeFileSync(`${root}/new-1-young`, "x");
      writeFileSync(`${root}/new-1-old`, "x");
      age(/-old$/, 3600);
      await sweep({ root, limit: 250_000 });
      expect(files().map((path) => path.slice(root.length + 1, root.length + 5))).to.include("new-");
      expect(files().some((path) => path.endsWith("-old"))).to.equal(false);
    });

    it("loses bodies that no entry names, when they are old", async () => {
      await keep("a", large);
      const body = files().find((path) => path.endsWith(".body")) ?? "";
      writeFileSync(body.replace(/-[^-]*$/, "-left.body"), "x");
      age(/\.body$/, 3600);
      await sweep({ root, limit: 250_000 });
      expect(files().filter((path) => path.endsWith(".body"))).to.deep.equal([body]);
      expect(bodies("a")[0]?.length).to.equal(large.length);
    });

    it("is left to who is at it, unless that one has ended", async () => {
      await keep("a", large);
      writeFileSync(`${root}/sweep.lock`, "");
      await sweep({ root, limit: 1 });
      expect(bodies("a")[0]).to.not.equal(undefined);
      age(/sweep\.lock$/, 3600);
      await sweep({ root, limit: 1 });
      expect(bodies("a")[0]).to.equal(undefined);
    });
  });
});
