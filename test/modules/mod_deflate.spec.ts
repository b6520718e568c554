// Compressed bodies of requests, and what compressing leaves for logs.
import { expect } from "chai";
import { gunzipSync, gzipSync } from "node:zlib";
import { faultsOf, serve } from "../support/ask.js";
import { text } from "node:stream/consumers";
import { answer, Headers, RequestBodyError } from "../../src/api/index.js";

const files = { "app.js": "", "htdocs/a.html": "again and again and ".repeat(20) };
const app = "WSGIScriptAlias /app ROOT/app.js\nSetInputFilter DEFLATE\n";

/** Sends a body; gives what the application read, or the status its body failed with. */
async function sent(configuration: string, body: Buffer): Promise<string> {
  const served = serve(app + configuration, {
    files,
    application: async (_call, request) => {
      const read = await text(request.body.stream()).catch((error: unknown) =>
        error instanceof RequestBodyError ? `refused with ${error.status}` : String(error),
      );
      return answer(200, new Headers(), Buffer.from(read));
    },
  });
  const ask = { method: "POST", headers: { "Content-Encoding": "gzip" }, body };
  return (await served.ask("/app", ask)).body;
}

describe("mod_deflate", () => {
  it("unpacks the body of a request", async () => {
    expect(await sent("", gzipSync("hello"))).to.equal("hello");
  });
  it("refuses a body that is larger than allowed when unpacked", async () => {
    expect(await sent("DeflateInflateLimitRequestBody 100", gzipSync("x".repeat(101)))).to.equal("refused with 413");
  });
  it("refuses a body that is packed too densely", async () => {
    expect(await sent("DeflateInflateRatioLimit 10", gzipSync("x".repeat(2_000_000)))).to.equal("refused with 413");
  });
  it("refuses a body that is not what it says", async () => {
    expect(await sent("", Buffer.from("no gzip at all"))).to.equal("refused with 400");
  });
  it("leaves notes for logs", async () => {
    const served = serve(
      "SetOutputFilter DEFLATE\nDeflateFilterNote Input in\nDeflateFilterNote ratio\n" +
        'CustomLog ROOT/logs/a "%{in}n %{ratio}n"',
      { files },
    );
    const { body } = await served.ask("/a.html", { headers: { "Accept-Encoding": "gzip" } });
    expect(gunzipSync(Buffer.from(body, "latin1")).toString()).to.equal(files["htdocs/a.html"]);
    expect(served.lines.get("logs/a")?.[0]).to.match(/^400 \d+$/);
  });
  it("refuses a filter that is not there", () => {
    expect(faultsOf("SetOutputFilter DEFLATE;NOWHERE").errors.join()).to.include('there is no filter "NOWHERE"');
    expect(faultsOf("AddOutputFilterByType NOWHERE text/html").errors.join()).to.include('no filter "NOWHERE"');
  });
});
