import { expect } from "chai";
import { faultsOf, serve } from "../support/ask.js";

const page = { "htdocs/d/index.html": "index of d" };

interface Row {
  readonly name: string;
  readonly configuration?: string;
  readonly files: Readonly<Record<string, string>>;
  readonly target: string;
  readonly method?: string;
  readonly status: number;
  readonly body?: string;
  readonly location?: string;
}

const rows: readonly Row[] = [
  { name: "serves index.html by default", files: page, target: "/d/", status: 200, body: "index of d" },
  { name: "adds the slash", files: page, target: "/d", status: 301, location: "http://h.test/d/" },
  { name: "keeps the query", files: page, target: "/d?a=b&c", status: 301, location: "http://h.test/d/?a=b&c" },
  {
    name: "escapes the path",
    files: { "htdocs/ä b/x": "" },
    target: "/%c3%a4%20b",
    status: 301,
    location: "http://h.test/%c3%a4%20b/",
  },
  { name: "redirects POST too", files: page, target: "/d", method: "POST", status: 301, location: "http://h.test/d/" },
  {
    name: "does not redirect POST where redirect-carefully is set",
    configuration: "SetEnvIf Host . redirect-carefully",
    files: page,
    target: "/d",
    method: "POST",
    status: 404,
  },
  {
    name: "leaves the slash out by DirectorySlash Off",
    configuration: "DirectorySlash Off",
    files: page,
    target: "/d",
    status: 403,
  },
  {
    name: "tries names in order",
    configuration: "DirectoryIndex none.html two.html index.html",
    files: { ...page, "htdocs/d/two.html": "two" },
    target: "/d/",
    status: 200,
    body: "two",
  },
  {
    name: "adds lines of one section up",
    configuration: "DirectoryIndex none.html\nDirectoryIndex index.html",
    files: page,
    target: "/d/",
    status: 200,
    body: "index of d",
  },
  {
    name: "lets an inner list replace the outer one",
    configuration: "DirectoryIndex index.html\n<Location /d>\n  DirectoryIndex none.html\n</Location>",
    files: page,
    target: "/d/",
    status: 403,
  },
  {
    name: "tries nothing when disabled",
    configuration: "DirectoryIndex disabled",
    files: page,
    target: "/d/",
    status: 403,
  },
  {
    name: "starts anew behind disabled",
    configuration: "DirectoryIndex index.html\nDirectoryIndex disabled\nDirectoryIndex x.html",
    files: page,
    target: "/d/",
    status: 403,
  },
  {
    name: "takes a name with a slash as a path of the server",
    configuration: "DirectoryIndex /shared.html",
    files: { ...page, "htdocs/shared.html": "shared" },
    target: "/d/",
    status: 200,
    body: "shared",
  },
  {
    name: "passes the redirect to an index that is a directory on",
    configuration: "DirectoryIndex sub index.html",
    files: { ...page, "htdocs/d/sub/x": "" },
    target: "/d/",
    status: 301,
    location: "http://h.test/d/sub/",
  },
  {
    name: "passes a redirect of the index on",
    configuration: "DirectoryIndex index.html\nRedirect /d/index.html http://other.test/",
    files: page,
    target: "/d/",
    status: 302,
    location: "http://other.test/",
  },
  {
    name: "keeps the error of a forbidden index, but tries the others first",
    configuration: "DirectoryIndex no.html index.html\n<Files no.html>\n  Require all denied\n</Files>",
    files: { ...page, "htdocs/d/no.html": "no" },
    target: "/d/",
    status: 200,
    body: "index of d",
  },
  {
    name: "answers with the error of a forbidden index where no other is there",
    configuration: "DirectoryIndex no.html none.html\n<Files no.html>\n  Require all denied\n</Files>",
    files: { "htdocs/d/no.html": "no" },
    target: "/d/",
    status: 403,
  },
  {
    name: "redirects to the index",
    configuration: "DirectoryIndexRedirect On",
    files: page,
    target: "/d/?q",
    status: 302,
    location: "http://h.test/d/index.html",
  },
  {
    name: "redirects to the index with the status given",
    configuration: "DirectoryIndexRedirect 303",
    files: page,
    target: "/d/",
    status: 303,
    location: "http://h.test/d/index.html",
  },
  {
    name: "leaves a directory with a handler alone by DirectoryCheckHandler",
    configuration: "DirectoryCheckHandler On\nSetHandler nobody",
    files: page,
    target: "/d/",
    status: 404,
  },
  {
    name: "falls back where nothing is",
    configuration: "FallbackResource /app.html",
    files: { "htdocs/app.html": "app", ...page },
    target: "/no/such/thing?q",
    status: 200,
    body: "app",
  },
  {
    name: "does not fall back where a file is",
    configuration: "FallbackResource /app.html",
    files: { "htdocs/app.html": "app", ...page },
    target: "/d/index.html",
    status: 200,
    body: "index of d",
  },
  {
    name: "falls back in a directory without index",
    configuration: "FallbackResource /app.html",
    files: { "htdocs/app.html": "app", "htdocs/e/x": "" },
    target: "/e/",
    status: 200,
    body: "app",
  },
  {
    name: "does not fall back where a section disables it",
    configuration: "FallbackResource /app.html\n<Location /no>\n  FallbackResource disabled\n</Location>",
    files: { "htdocs/app.html": "app" },
    target: "/no/x",
    status: 404,
  },
  {
    name: "answers 500 where the fallback itself is missing",
    configuration: "FallbackResource /app.html",
    files: {},
    target: "/x",
    status: 500,
  },
];

describe("mod_dir", () => {
  for (const { name, configuration = "", files, target, method = "GET", status, body, location } of rows) {
    it(name, async () => {
      const answered = await serve(configuration, { files }).ask(target, { method });
      expect(answered.status).to.equal(status);
      if (body !== undefined) expect(answered.body).to.equal(body);
      expect(answered.headers.get("location")).to.equal(location);
    });
  }

  it("serves an index with its own fields and settings", async () => {
    const asked = serve('<Files "index.html">\n  FileETag Size\n</Files>', { files: page });
    const { headers } = await asked.ask("/d/");
    expect([headers.get("content-type"), headers.get("etag")]).to.deep.equal(["text/html", 'W/"a"']);
  });

  for (const [configuration, expected] of [
    ["FallbackResource app.html", 'must start with "/"'],
    ["DirectoryIndexRedirect 200", "must be on, off or a status 3xx"],
    ["DirectorySlash maybe", "must be On or Off"],
  ] as const) {
    it(`refuses ${configuration}`, () => expect(faultsOf(configuration).errors.join()).to.include(expected));
  }
});
