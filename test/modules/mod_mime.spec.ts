import { expect } from "chai";
import { faultsOf, serve } from "../support/ask.js";

describe("mod_mime", () => {
  const configuration = `
TypesConfig ROOT/mime.types
AddLanguage EN .en
AddLanguage fr .fr
AddEncoding x-gzip .gz
AddCharset UTF-8 .utf8
AddType Text/X-FooBar .foo
AddType "text/html; Level=1" .lv
AddType text/x-one .one
AddType text/x-two one
RemoveType .late
AddType text/x-late .late
AddType text/x-early .early
RemoveType .early
AddLanguage de .de
AddHandler type-map .map
<Location /sub>
  RemoveType .html .foo
  RemoveLanguage .en
  RemoveEncoding .gz
  RemoveCharset .utf8
  AddType text/x-three .one
</Location>
<Location /german>
  DefaultLanguage de
</Location>
<Directory ROOT/htdocs/info>
  ModMimeUsePathInfo On
  AcceptPathInfo On
</Directory>
<Location /forced>
  ForceType text/x-forced
</Location>`;
  const types = "# types\ntext/plain txt\ntext/html html htm\nimage/png png\napplication/gzip gz\n";

  // Each row as Apache answers it under the same configuration.
  const rows: readonly [path: string, type: string | undefined, encoding?: string | undefined, language?: string][] = [
    ["/r.txt", "text/plain"],
    ["/foo.html.en.gz", "application/gzip", "x-gzip", "en"],
    ["/foo.en.html.gz", "application/gzip", "x-gzip", "en"],
    ["/foo.gz.html", "text/html", "x-gzip"],
    ["/x.html.utf8", "text/html; charset=utf-8"],
    ["/y.html.utf8.fr", "text/html; charset=utf-8", undefined, "fr"],
    ["/u.unknown", undefined],
    ["/noext", undefined],
    ["/html", undefined],
    ["/.html", undefined],
    ["/..html", undefined],
    ["/.a.html", "text/html"],
    ["/a.b.html", "text/html"],
    ["/foo.html.unknown", "text/html"],
    ["/x.html.gz.gz", "application/gzip", "x-gzip, x-gzip"],
    ["/x.en.fr.html", "text/html", undefined, "en,fr"],
    ["/x.HTML", "text/html"],
    ["/x.png.html", "text/html"],
    ["/x.html.", "text/html"],
    ["/x..html", "text/html"],
    ["/a.foo", "text/x-foobar"],
    ["/a.lv", "text/html; level=1"],
    ["/a.lv.utf8", "text/html; level=1; charset=utf-8"],
    ["/a.one", "text/x-two"],
    ["/a.late", "text/x-late"],
    ["/a.early", undefined],
    ["/sub/a.one", "text/x-three"],
    ["/sub/a.html", undefined],
    ["/sub/a.foo", undefined],
    ["/sub/a.txt.en", "text/plain"],
    ["/sub/a.txt.gz", "application/gzip"],
    ["/sub/a.txt.utf8", "text/plain"],
    ["/german/a.txt", "text/plain", undefined, "de"],
    ["/german/a.txt.en", "text/plain", undefined, "en"],
    ["/forced/a.txt", "text/x-forced"],
  ];
  const files = Object.fromEntries(rows.map(([path]) => [`htdocs${path}`, "x"]));
  const asked = serve(configuration, { files: { ...files, "mime.types": types, "htdocs/info/f": "x" } });
  for (const [path, type, encoding, language] of rows) {
    it(`says of ${path}: ${[type, encoding, language].filter(Boolean).join(", ") || "nothing"}`, async () => {
      const { status, headers } = await asked.ask(path);
      expect(status).to.equal(200);
      expect(headers.get("content-type")).to.equal(type);
      expect(headers.get("content-encoding")).to.equal(encoding);
      expect(headers.get("content-language")).to.equal(language);
    });
  }

  it("looks at the path behind the file's name with ModMimeUsePathInfo", async () => {
    expect((await asked.ask("/info/f/x.html")).headers.get("content-type")).to.equal("text/html");
  });

  it("knows the usual types without a TypesConfig", async () => {
    const usual: readonly [string, string][] = [
      ["html", "text/html"],
      ["css", "text/css"],
      ["js", "text/javascript"],
      ["mjs", "text/javascript"],
      ["json", "application/json"],
      ["xml", "application/xml"],
      ["txt", "text/plain"],
      ["svg", "image/svg+xml"],
      ["png", "image/png"],
      ["ico", "image/vnd.microsoft.icon"],
      ["mp4", "video/mp4"],
      ["mp3", "audio/mpeg"],
      ["woff2", "font/woff2"],
      ["pdf", "application/pdf"],
      ["zip", "application/zip"],
      ["wasm", "application/wasm"],
      ["webp", "image/webp"],
    ];
    const plain = serve("", { files: Object.fromEntries(usual.map(([name]) => [`htdocs/a.${name}`, "x"])) });
    for (const [name, type] of usual) {
      expect((await plain.ask(`/a.${name}`)).headers.get("content-type"), name).to.equal(type);
    }
  });

  it("refuses a TypesConfig that cannot be read, and filters it does not have", () => {
    expect(faultsOf("TypesConfig ROOT/nowhere").errors.join()).to.include("could not open mime types config file");
    expect(faultsOf("AddOutputFilter NOWHERE .shtml").errors.join()).to.include('there is no filter "NOWHERE"');
    expect(faultsOf("AddOutputFilter DEFLATE .html").errors).to.deep.equal([]);
  });
});
