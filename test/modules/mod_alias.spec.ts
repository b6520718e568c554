// What mod_alias answers, by tables of configuration and request.
import { expect } from "chai";
import { faultsOf, serve } from "../support/ask.js";

const files = {
  "al/f.txt": "al",
  "al/sub/g.txt": "sub",
  "loc/f.txt": "loc",
  "htdocs/x/y.txt": "root",
  "htdocs/sub/index.html": "index",
};

/** Configuration, target, and the body that comes back; undefined for 404. */
const mapped: readonly (readonly [string, string, string | undefined])[] = [
  ["Alias /al ROOT/al", "/al/f.txt", "al"],
  ["Alias /al/ ROOT/al/", "/al/sub/g.txt", "sub"],
  ["Alias /al/ ROOT/al/", "/al", undefined],
  ["Alias /al ROOT/al", "/alf.txt", undefined],
  ["Alias /al ROOT/al/f.txt", "/al", "al"],
  ["Alias /al al", "/al/f.txt", "al"],
  ['Alias "/a b" "ROOT/al"', "/a%20b/f.txt", "al"],
  ["Alias / ROOT/al/", "/f.txt", "al"],
  ["Alias /x ROOT/loc\nAlias /x/y ROOT/al", "/x/y/f.txt", undefined],
  ["Alias /x/y ROOT/al\nAlias /x ROOT/loc", "/x/y/f.txt", "al"],
  ["Alias /x/y ROOT/al\nAlias /x ROOT/loc", "/x/f.txt", "loc"],
  ["AliasMatch ^/x ROOT/loc/f.txt\nAlias /x ROOT/al", "/x/f.txt", "loc"],
  ["Alias /x ROOT/al\nAliasMatch ^/x ROOT/loc/f.txt", "/x/f.txt", "al"],
  ["AliasMatch ^/image/(.*)\\.gif$ ROOT/al/$1.txt", "/image/f.gif", "al"],
  ["AliasMatch /(g)\\.html$ ROOT/al/sub/$1.txt", "/any/where/g.html", "sub"],
  ["<Location /l>\nAlias ROOT/al/f.txt\n</Location>", "/l/any/thing", "al"],
  ["<Location /l>\nAlias ROOT/al\nAliasPreservePath On\n</Location>", "/l/sub/g.txt", "sub"],
  ["<LocationMatch ^/[lm]$>\nAlias ROOT/al/f.txt\n</LocationMatch>", "/m", "al"],
  ["Alias /l ROOT/loc\n<Location /l>\nAlias ROOT/al/f.txt\n</Location>", "/l/f.txt", "al"],
];

/** Configuration, target, status and Location. */
const redirected: readonly (readonly [string, string, number, string?])[] = [
  ["Redirect /rr /t", "/rr/a%20b%3f?q=1", 302, "http://h.test/t/a%20b%3f?q=1"],
  ["Redirect /rr http://h/x", "/rr", 302, "http://h/x"],
  ["Redirect /rp http://h/p/", "/rp/x", 302, "http://h/p//x"],
  ["Redirect /rt/ http://h/t/", "/rt", 404],
  ["Redirect /rt/ http://h/t/", "/rt/x%2b\xc3\xa9", 302, "http://h/t/x+%c3%a9"],
  [
    "Redirect /a http://h",
    "/a/b;c[d]^e{f}|g~h'i!$*(),:@&=\"<>",
    302,
    "http://h/b;c%5bd%5d%5ee%7bf%7d%7cg~h'i!$*(),:@&=%22%3c%3e",
  ],
  ["Redirect permanent /a /b", "/a", 301, "http://h.test/b"],
  ["Redirect Temp /a /b", "/a", 302, "http://h.test/b"],
  ["Redirect seeother /a /b", "/a", 303, "http://h.test/b"],
  ["Redirect 308 /a /b", "/a", 308, "http://h.test/b"],
  ["Redirect gone /a", "/a/b", 410],
  ["Redirect 404 /a", "/a", 404],
  ["RedirectPermanent /a /b", "/a", 301, "http://h.test/b"],
  ["RedirectTemp /a /b", "/a", 302, "http://h.test/b"],
  ['Redirect 303 /rs "http://h/a b?c=d"', "/rs/x?z", 303, "http://h/a b?c=d/x"],
  ["Redirect /q /t?x=1", "/q/r?s", 302, "http://h.test/t?x=1/r"],
  ["RedirectMatch ^/rm/(.*)\\.gif$ /png/$1.png", "/rm/a%20b.gif?z=1", 302, "http://h.test/png/a%20b.png?z=1"],
  ["RedirectMatch 301 ^/rq/(.*)$ http://h/$1?x=$1#f", "/rq/a%20b?y", 301, "http://h/a%20b?x=a b#f"],
  ["RedirectMatch gone ^/rg", "/rg1", 410],
  ["RedirectMatch ^/lit /x\\$1y&z", "/lit", 302, "http://h.test/x$1y&z"],
  ["RedirectMatch ^/bad foo", "/bad", 500],
  ["Redirect /a /b\nRedirect /a/c /d", "/a/c", 302, "http://h.test/b/c"],
  ["Alias /a ROOT/al\nRedirect /a /b", "/a/f.txt", 302, "http://h.test/b/f.txt"],
  ["RedirectRelative On\nRedirect /a /b", "/a/c", 302, "/b/c"],
  ["<Location /l>\nRedirect permanent http://x/y\n</Location>", "/l/a", 301, "http://x/y"],
  ["<Location /l>\nRedirect /z?q=1\n</Location>", "/l/a?x=1", 302, "http://h.test/z?q=1"],
  ["<Location /l>\nRedirect /z%20b\n</Location>", "/l/a", 302, "http://h.test/z%2520b"],
  ["<Location /l>\nRedirect gone\n</Location>", "/l/a", 410],
  ["<Location /l>\nRedirect 404\n</Location>", "/l", 404],
  ["<Location /l>\nRedirect /l/sub /target\n</Location>", "/l/sub/x", 302, "http://h.test/target/x"],
  ["<Directory ROOT/htdocs/x>\nRedirect /x/y.txt /z\n</Directory>", "/x/y.txt", 302, "http://h.test/z"],
  ["<Directory ROOT/htdocs/x>\nRedirectMatch \\.txt$ /z\n</Directory>", "/x/y.txt", 302, "http://h.test/z"],
];

/** Configuration and its one error. */
const refused: readonly (readonly [string, string])[] = [
  ["Alias icons /x", '1: Alias: URL-path must start with "/", found "icons"'],
  ["Alias /x", "1: Alias: must have two arguments when used globally"],
  ["<Directory /tmp>\nAlias /x\n</Directory>", "2: Alias: cannot occur within <Directory> section"],
  ["<Location /x>\nAlias /x /y\n</Location>", "2: Alias: cannot occur within directory context with two arguments"],
  ["Redirect permanent", "1: Redirect: URL to redirect to is missing"],
  ["Redirect /x", "1: Redirect: URL to redirect to is missing"],
  ["Redirect gone", "1: Redirect: URL-path is missing"],
  ["Redirect gone /x /y", '1: Redirect: URL is not valid for status 410, found "/y"'],
  ["Redirect /x foo", '1: Redirect: URL must be a URL or start with "/", found "foo"'],
  [
    "Redirect 999 /x",
    '1: Redirect: status must be permanent, temp, seeother, gone or a number from 100 to 599, found "999"',
  ],
  ["RedirectMatch 410 ^/x /y", '1: RedirectMatch: URL is not valid for status 410, found "/y"'],
];

describe("mod_alias", () => {
  for (const [configuration, target, body] of mapped) {
    it(`maps ${target} by ${configuration.replaceAll("\n", "; ")}`, async () => {
      const answered = await serve(configuration, { files }).ask(target);
      if (body === undefined) expect(answered.status).to.equal(404);
      else expect(answered).to.include({ status: 200, body });
    });
  }

  for (const [configuration, target, status, location] of redirected) {
    it(`answers ${target} under ${configuration.replaceAll("\n", "; ")}`, async () => {
      const answered = await serve(configuration, { files }).ask(target);
      expect([answered.status, answered.headers.get("location")]).to.deep.equal([status, location]);
    });
  }

  for (const [configuration, error] of refused) {
    it(`refuses ${configuration.replaceAll("\n", "; ")}`, () => {
      expect(faultsOf(configuration).errors).to.deep.equal([error]);
    });
  }

  it("tries the rules of a virtual host before the main server's", async () => {
    const { ask } = serve(
      "Alias /a ROOT/al\nRedirect /r /main\n<VirtualHost *>\nServerName h.test\nAlias /a ROOT/loc\nRedirect /r/x /own\n</VirtualHost>",
      { files },
    );
    expect((await ask("/a/f.txt")).body).to.equal("loc");
    expect((await ask("/r/x")).headers.get("location")).to.equal("http://h.test/own");
    expect((await ask("/r/y")).headers.get("location")).to.equal("http://h.test/main/y");
  });

  it("warns of aliases that an earlier one hides", () => {
    const text =
      "Alias /x /y\nAlias /x/y /z\nScriptAliasMatch ^/p /q\nAlias /p /z\nScriptAlias /x/ /q\nAlias /other /o";
    expect(faultsOf(text).warnings.filter((warning) => warning.includes("overlaps an earlier"))).to.deep.equal([
      "2: The Alias directive will probably never match because it overlaps an earlier Alias",
      "4: The Alias directive will probably never match because it overlaps an earlier ScriptAliasMatch",
      "5: The ScriptAlias directive will probably never match because it overlaps an earlier Alias",
    ]);
  });

  it("does not try each of many aliases", async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `Alias /many/${i} ROOT/none`).join("\n");
    const { ask } = serve(`${lines}\nAlias /many ROOT/al`, { files });
    expect((await ask("/many/f.txt")).body).to.equal("al");
    expect((await ask("/many/17/x")).status).to.equal(404);
  });
});
