// MaxConnectionsPerChild: workers that have done their share are replaced, and nobody notices.
import { expect } from "chai";
import { serveModhost } from "../support/modhost.js";
import { until } from "../support/running.js";

describe("a worker that has taken MaxConnectionsPerChild connections", function () {
  this.timeout(60_000);

  it("gives way to another, and no request is lost", async () => {
    const served = await serveModhost("MaxConnectionsPerChild 5\nServerLimit 1\n", { files: { "htdocs/a.txt": "a" } });
    try {
      const first = served.running.family();
      let answered = 0;
      const ask = async (): Promise<void> => {
        const response = await fetch(served.url("/a.txt"), { headers: { connection: "close" } });
        expect(await response.text()).to.equal("a");
        answered++;
      };
      for (let i = 0; i < 30; i++) await ask();
      await until("the first worker is gone", () => {
        const now = served.running.family();
        return first.some((pid) => !now.includes(pid));
      });
      await ask();
      expect(answered).to.equal(31);
      expect(served.errors()).to.not.match(/AH00052|\[core:crit\]/);
    } finally {
      await served.end();
    }
  });
});
