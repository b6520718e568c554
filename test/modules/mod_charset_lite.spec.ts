// Texts in pieces that part signs, forms, and names that are no encodings.
import { expect } from "chai";
import { Readable } from "node:stream";
import { answer, Headers } from "../../src/api/index.js";
import { Translation } from "../../src/modules/mod_charset_lite/translation.js";
import { faultsOf, serve } from "../support/ask.js";

/** A text in one encoding, byte by byte, in another. */
function translated(from: string, to: string, bytes: Buffer): Buffer {
  const way = new Translation(from, to);
  return Buffer.concat([...Array.from(bytes, (byte) => way.write(Buffer.of(byte))), way.end()]);
}

describe("mod_charset_lite", () => {
  for (const [from, to] of [
    ["UTF-8", "ISO-8859-15"],
    ["ISO-8859-15", "UTF-8"],
    ["UTF-8", "UTF-16LE"],
    ["UTF-16BE", "UTF-8"],
  ] as const) {
    it(`puts signs together that come in pieces: ${from} to ${to}`, () => {
      const text = "caf\u00e9 \u20ac";
      const bytes = translated("UTF-8", from, Buffer.from(text, "utf8"));
      expect(translated(to, "UTF-8", translated(from, to, bytes)).toString("utf8")).to.equal(text);
    });
  }

  for (const [name, from, to, bytes] of [
    ["a byte that is none", "UTF-8", "ISO-8859-1", Buffer.of(97, 255)],
    ["a sign that the other encoding lacks", "UTF-8", "ISO-8859-1", Buffer.from("\u20ac", "utf8")],
    ["a sign that is cut off", "UTF-8", "ISO-8859-1", Buffer.of(0xc3)],
    ["half a sign of an East Asian encoding", "SHIFT_JIS", "UTF-8", Buffer.of(0x83)],
  ] as const) {
    it(`gives up at ${name}`, () => {
      expect(() => translated(from, to, bytes)).to.throw(/AH0219[46]: xlate filter/);
    });
  }

  it("translates what an application sends, and the form it gets", async () => {
    let heard = "";
    const served = serve("WSGIScriptAlias /app ROOT/app.js\nCharsetSourceEnc ISO-8859-1\nCharsetDefault UTF-8\n", {
      files: { "app.js": "" },
      application: async (_call, request) => {
        for await (const piece of request.body.stream()) heard += (piece as Buffer).toString("latin1");
        return answer(
          200,
          new Headers([["Content-Type", "text/plain"]]),
          Readable.from([Buffer.from("caf\xe9", "latin1")]),
        );
      },
    });
    const { body } = await served.ask("/app", { method: "POST", body: Buffer.from("caf\u00e9", "utf8") });
    expect(heard).to.equal("caf\xe9");
    expect(Buffer.from(body, "latin1").toString("utf8")).to.match(/caf\u00e9/);
  });

  it("warns of a name that is no encoding", () => {
    expect(faultsOf("CharsetDefault NO-SUCH").warnings.join()).to.include('"NO-SUCH" is none of those known here');
  });
  it("refuses an option that is none", () => {
    expect(faultsOf("CharsetOptions DebugLevel=9").errors.join()).to.include("must be one of ImplicitAdd");
  });
});
