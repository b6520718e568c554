// The variable UNIQUE_ID: one for each request, kept through internal redirects.
import { expect } from "chai";
import { serve } from "../support/ask.js";

const log = 'LogFormat "%{UNIQUE_ID}e" id\nCustomLog ROOT/logs/ids id\nErrorDocument 404 /gone.html';

describe("mod_unique_id", () => {
  it("gives each request an id of 24 characters of its own", async () => {
    const served = serve(log, { files: { "htdocs/a.html": "a", "htdocs/gone.html": "gone" } });
    for (const target of ["/a.html", "/a.html", "/none"]) await served.ask(target);
    const ids = served.lines.get("logs/ids") ?? [];
    expect(new Set(ids).size).to.equal(3);
    for (const id of ids) expect(id).to.match(/^[A-Za-z0-9_@-]{24,}$/);
  });
});
