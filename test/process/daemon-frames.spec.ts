import { expect } from "chai";
import type { ApplicationCall } from "../../src/api/index.js";
import {
  emptyFrame,
  FrameError,
  FrameReader,
  fromDaemon,
  requestFrames,
  textFrame,
  toDaemon,
} from "../../src/process/daemon-frames.js";
import { ShapeTable } from "../../src/process/daemon-shapes.js";

/** What a reader hands on, data of one frame joined. */
function read(chunks: readonly Buffer[]): string[] {
  const heard: string[] = [];
  let data = "";
  const reader = new FrameReader({
    frame: (type, payload) => {
      if (data !== "") heard.push(`data ${data}`);
      data = "";
      heard.push(`${String.fromCharCode(type)} ${String(payload)}`);
    },
    data: (bytes) => (data += String(bytes)),
  });
  for (const chunk of chunks) reader.push(chunk);
  return heard;
}

describe("frames of the daemon channel", () => {
  const bytes = Buffer.concat([
    textFrame(fromDaemon.response, "200 OK\nA\nb"),
    textFrame(fromDaemon.data, "some data"),
    textFrame(fromDaemon.log, "e"),
    textFrame(fromDaemon.data, ""),
    emptyFrame(fromDaemon.wanted),
  ]);
  const expected = ["R 200 OK\nA\nb", "data some data", "L e", "W "];

  it("are read in one piece", () => {
    expect(read([bytes])).to.deep.equal(expected);
  });

  it("are read byte by byte", () => {
    expect(read([...bytes].map((byte) => Buffer.from([byte])))).to.deep.equal(expected);
  });

  it("are read in two pieces, cut anywhere", () => {
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).to.deep.equal(expected);
    }
  });

  it("that are too long are refused before they are kept", () => {
    expect(() => read([Buffer.from([fromDaemon.response, 0x7f, 0, 0, 0])])).to.throw(
      FrameError,
      "a frame of 2130706432 bytes",
    );
  });

  it("of a request with a body are one piece", () => {
    const frames = requestFrames({
      shape: 7,
      handedOver: 1.5,
      mtime: 0,
      values: "a\0b\xe4",
      body: Buffer.from("body"),
    });
    expect(frames.toString("latin1")).to.equal(
      `Q\0\0\0\x16\x07\x01${doubleText(1.5)}${doubleText(0)}a\0b\xe4D\0\0\0\x04bodyE\0\0\0\0`,
    );
    expect(frames[0]).to.equal(toDaemon.request);
  });
});

describe("the shapes of requests", () => {
  const constant = Object.freeze({ SERVER_SOFTWARE: "modhost" });
  const call = (changes: Partial<ApplicationCall> = {}): ApplicationCall => ({
    ...{ script: "/a.wsgi", callable: "application", processGroup: "g", applicationGroup: "", scriptReloading: true },
    constant,
    environ: { PATH_INFO: "/", QUERY_STRING: "a" },
    ...changes,
  });

  it("are the same for requests that differ in values only", () => {
    const table = new ShapeTable(true);
    const first = table.describe(call());
    const second = table.describe(call({ environ: { PATH_INFO: "/b", QUERY_STRING: "" } }));
    expect(second.shape).to.equal(first.shape);
    expect([first.values, second.values]).to.deep.equal(["/\0a", "/b\0"]);
  });

  const others: Readonly<Record<string, Partial<ApplicationCall>>> = {
    "another script": { script: "/b.wsgi" },
    "another callable": { callable: "other" },
    "reloading off": { scriptReloading: false },
    "another constant part": { constant: { SERVER_SOFTWARE: "other" } },
    "one name more": { environ: { PATH_INFO: "/", QUERY_STRING: "a", HTTP_X: "" } },
    "another order of names": { environ: { QUERY_STRING: "a", PATH_INFO: "/" } },
  };
  for (const [what, changes] of Object.entries(others)) {
    it(`differ for ${what}`, () => {
      const table = new ShapeTable(true);
      const { shape } = table.describe(call());
      const other = table.describe(call(changes)).shape;
      expect(other).not.to.equal(shape);
      expect(other.slot).not.to.equal(shape.slot);
      expect(table.describe(call()).shape).to.equal(shape);
    });
  }

  it("are 64 at most: the one longest not used makes room", () => {
    const table = new ShapeTable(true);
    const shapes = Array.from({ length: 64 }, (_, i) => table.describe(call({ script: `/${i}` })).shape);
    expect(new Set(shapes.map(({ slot }) => slot)).size).to.equal(64);
    table.describe(call({ script: "/0" }));
    expect(table.describe(call({ script: "/new" })).shape.slot).to.equal(shapes[1]?.slot);
    expect(table.describe(call({ script: "/0" })).shape).to.equal(shapes[0]);
  });
});

function doubleText(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString("latin1");
}
