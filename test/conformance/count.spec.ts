// Each module that site files use has enough cases beside a real Apache, and the page says how many.
import { expect } from "chai";
import { casesByModule, suites, writtenPage } from "./count.js";

const least = 15;
const expected =
  "access_compat actions alias allowmethods asis auth_basic auth_digest auth_form authn_anon authn_core authn_dbm authn_file " +
  "authz_core authz_dbm authz_groupfile authz_host authz_owner authz_user autoindex brotli buffer cache " +
  "cache_disk cache_socache cgi charset_lite data deflate dir env expires ext_filter file_cache filter headers include info " +
  "log_debug log_forensic logio mime mime_magic negotiation proxy proxy_fcgi proxy_http ratelimit remoteip reqtimeout rewrite sed " +
  "session session_cookie setenvif socache_shmcb speling ssl status substitute unique_id userdir usertrack vhost_alias wsgi";

describe("cases beside a real Apache", () => {
  it(`are at least ${least} for each module`, async () => {
    const counts = casesByModule(await suites());
    const few = expected.split(" ").filter((name) => (counts.get(name) ?? 0) < least);
    expect(few.map((name) => `${name}: ${counts.get(name) ?? 0}`)).to.deep.equal([]);
  });

  // Not to the number: the page may be behind the cases, and never in front of them.
  it("are counted on the page docs/conformance.md (npm run conformance)", async () => {
    const counts = casesByModule(await suites());
    const written = [...writtenPage().matchAll(/^\| mod_(\S+) \| (\d+) \|$/gm)];
    expect(written.map(([, name]) => name).sort()).to.deep.equal([...counts.keys()].sort());
    const tooMany = written.filter(([, name = "", count]) => Number(count) > (counts.get(name) ?? 0));
    expect(tooMany.map(([row]) => row)).to.deep.equal([]);
  });
});
