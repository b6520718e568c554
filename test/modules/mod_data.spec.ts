// Streams as data: URLs.
import { expect } from "chai";
import { Readable } from "node:stream";
import { answer, Headers } from "../../src/api/index.js";
import { serve } from "../support/ask.js";

describe("mod_data", () => {
  it("encodes a stream whatever its pieces are", async () => {
    const pieces = ["a", "bc", "", "defg", "h"];
    const served = serve("WSGIScriptAlias /app ROOT/app.js\nSetOutputFilter DATA", {
      files: { "app.js": "" },
      application: () => {
        const fields = new Headers([["Content-Type", "text/html; charset=utf-8"]]);
        return answer(200, fields, Readable.from(pieces.map((piece) => Buffer.from(piece))));
      },
    });
    const { body, headers } = await served.ask("/app");
    expect(body).to.equal(`data:text/html;charset=utf-8;base64,${Buffer.from("abcdefgh").toString("base64")}`);
    expect(headers.get("content-type")).to.equal("text/plain");
  });
});
