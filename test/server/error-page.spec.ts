import { expect } from "chai";
import { createHash } from "node:crypto";
import { errorPage, type ErrorPage } from "../../src/server/error-page.js";

const common: Omit<ErrorPage, "status"> = {
  method: "GET",
  location: "http://x.test/a%20b%22<&>/",
  serverAdmin: "ad<min>@example.test",
  signature: "<address>Apache/2.4.71 (Debian) Server at a Port 80</address>",
};

// Status and digest of the page a real Apache 2.4.71 made of the same.
const digests: readonly (readonly [number, string])[] = [
  [300, "ooucrvlbS_0H"],
  [301, "h_YUeuVAcgJ-"],
  [302, "w4Q-Ut_U4fLn"],
  [303, "dOhsGGQhHjPq"],
  [305, "-9y6EmCQkC1y"],
  [306, "Tr-_jAkqHCW_"],
  [307, "jvqKOzg9Fx5_"],
  [308, "a2W0DUwJgh-_"],
  [400, "ZSv8Qq7ET2w2"],
  [401, "KbypLBh8-wjU"],
  [402, "IebIBpiMx0Yq"],
  [403, "JUcXaz1CT2Ki"],
  [404, "KA_RpB6ORLQq"],
  [405, "gcyhp_Ytw5EW"],
  [406, "4a4EmQqPduIe"],
  [407, "8TT1pyuvjFHN"],
  [408, "6Cm-8EjldlVr"],
  [409, "kw1aCfgrKLDA"],
  [410, "9BtuXoYJzqWI"],
  [411, "OGAQVwn6FnMj"],
  [412, "ShgrrXaO0ByH"],
  [413, "WGIp9_obARMZ"],
  [414, "909dde8zXaeo"],
  [415, "J1QUQtG9w7Dl"],
  [416, "X9sj6zKZlGGm"],
  [417, "PaG31jADeqBb"],
  [418, "Tr-_jAkqHCW_"],
  [421, "6n3rOAar3y6C"],
  [422, "eLgBD9ZUTpq2"],
  [423, "HA2ZBv_1nCxy"],
  [424, "m4mkq2QisZgB"],
  [425, "Tr-_jAkqHCW_"],
  [426, "ujDE_gbs80hm"],
  [428, "eMnP2BdrNABa"],
  [429, "JR4MENKANegh"],
  [431, "go4BZcWA9kCc"],
  [451, "X3_vXmRBhUx-"],
  [500, "Tr-_jAkqHCW_"],
  [501, "y-JkoXAP_sz1"],
  [502, "ZSb9WElgnQd5"],
  [503, "4S2wMz1cqwPc"],
  [504, "l8UCBOfHd4YQ"],
  [505, "3mDn-nk9USVU"],
  [506, "lRS6lqgX56ID"],
  [507, "2lCEb_DQxOIX"],
  [508, "I-SYfpiI5_if"],
  [510, "K34PalFJHIpu"],
  [511, "TwHUzkWmUWH5"],
  [599, "Tr-_jAkqHCW_"],
];

describe("the built-in error page", () => {
  for (const [status, digest] of digests) {
    it(`of ${status} is Apache's byte for byte`, () => {
      const page = errorPage({ ...common, status });
      expect(createHash("sha1").update(page).digest("base64url").slice(0, 12)).to.equal(digest);
    });
  }

  const rows: readonly (readonly [string, Partial<ErrorPage> & { status: number }, string])[] = [
    ["puts a note into a 400", { status: 400, note: "Why." }, "could not understand.<br />\nWhy.</p>\n"],
    ["puts a note behind a 403", { status: 403, note: "Why." }, "access this resource.Why.</p>\n"],
    [
      "quotes the expectation",
      { status: 417, expect: "x<y" },
      "The client sent<pre>\n    Expect: x&lt;y\n</pre>\n</p>",
    ],
    [
      "names the method",
      { status: 405, method: "A&B" },
      "<p>The requested method A&amp;B is not allowed for this URL.</p>\n",
    ],
    [
      "mentions what became of the ErrorDocument",
      { status: 403, recursiveStatus: 404 },
      "<p>Additionally, a 404 Not Found\nerror was encountered while trying to use an ErrorDocument to handle the request.</p>\n<hr>\n",
    ],
  ];
  for (const [name, page, part] of rows) {
    it(name, () => {
      expect(errorPage({ ...common, ...page }).toString("latin1")).to.contain(part);
    });
  }

  it("is empty for HEAD", () => {
    expect(errorPage({ ...common, status: 404, method: "HEAD" })).to.have.length(0);
  });
});
