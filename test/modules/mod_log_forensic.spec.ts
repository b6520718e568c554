// Ids without mod_unique_id's, virtual hosts, and folders that are not there.
import { expect } from "chai";
import { faultsOf, serve } from "../support/ask.js";

describe("mod_log_forensic", () => {
  it("leaves the id in a note", async () => {
    const served = serve('ForensicLog logs/forensic\nCustomLog logs/access "%{forensic-id}n"');
    await served.ask("/");
    const [before = "", after = ""] = served.lines.get("logs/forensic") ?? [];
    const [, id = ""] = /^\+([^|]+)\|GET \/ HTTP\/1\.1\|Host%?:h\.test$/.exec(before) ?? [];
    expect(after).to.equal(`-${id}`);
    expect(served.lines.get("logs/access")).to.deep.equal([id]);
  });
  it("takes the log of the virtual host, or else of the main server", async () => {
    const served = serve(
      "ForensicLog logs/main\n<VirtualHost *:80>\nServerName other.test\nForensicLog logs/own\n</VirtualHost>\n" +
        "<VirtualHost *:80>\nServerName h.test\n</VirtualHost>",
    );
    await served.ask("/", { headers: { Host: "other.test" } });
    await served.ask("/");
    expect(served.lines.get("logs/own")).to.have.lengthOf(2);
    expect(served.lines.get("logs/main")).to.have.lengthOf(2);
  });
  it("refuses a file in a folder that is not there", () => {
    expect(faultsOf("ForensicLog nowhere/forensic").errors.join()).to.include("AH00651");
  });
});
