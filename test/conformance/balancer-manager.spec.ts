// The same forms sent to the balancer-manager of Apache and of modhost → the same pages.
import { expect } from "chai";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingForApache, skipWithout, startServer, type Kind, type Server } from "./servers.js";

const configuration = `
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule slotmem_shm_module @MODULES@/mod_slotmem_shm.so
LoadModule proxy_balancer_module @MODULES@/mod_proxy_balancer.so
LoadModule lbmethod_byrequests_module @MODULES@/mod_lbmethod_byrequests.so
LoadModule lbmethod_bytraffic_module @MODULES@/mod_lbmethod_bytraffic.so
LoadModule proxy_hcheck_module @MODULES@/mod_proxy_hcheck.so
ProxyHCExpr ok {%{REQUEST_STATUS} =~ /^2/}
ProxyHCExpr less {%{REQUEST_STATUS} -lt 400}
<Proxy balancer://shop>
  BalancerMember http://127.0.0.1:9/app route=a loadfactor=2.5 timeout=5 retry=7 hcinterval=1h hcmethod=HEAD hcexpr=ok hcuri=/h
  BalancerMember http://127.0.0.1:10 lbset=1 status=+HRN redirect=a connectiontimeout=300ms keepalive=On
  BalancerMember http://localhost:11/x/ status=D disablereuse=On acquire=200
  ProxySet stickysession=S|s maxattempts=3 growth=1 nofailover=On timeout=4
</Proxy>
<Proxy balancer://other>
  BalancerMember https://127.0.0.1 hcmethod=TCP hcinterval=2000 hcpasses=3 hcfails=4
  BalancerMember http://127.0.0.1:12 status=+I
</Proxy>
<Proxy balancer://quiet>
  BalancerMember http://127.0.0.1:13
  ProxySet nonce=None
</Proxy>
ProxyPass /shop balancer://shop
ProxyPass /shop2 balancer://shop/x
ProxyPass /other balancer://other stickysession=sid
ProxyPass /quiet balancer://quiet
ProxyPassInherit Off
<Location "/manager">
  SetHandler balancer-manager
</Location>
`;

/** A request: a query, or a form; "NONCE" in it is that of the balancer it names. */
interface Step {
  readonly name: string;
  readonly query?: string;
  readonly form?: string;
  readonly method?: string;
  /** Null: none. */
  readonly referer?: string | null;
}

const app = "b=shop&w=http://127.0.0.1:9/app&nonce=NONCE";
const steps: readonly Step[] = [
  { name: "the page" },
  { name: "XML", query: "xml=1" },
  { name: "XML for whoever comes from elsewhere", query: "xml=1", referer: "http://evil.test/" },
  { name: "a parameter without a Referer", query: "b=shop", referer: null },
  { name: "the form of a balancer", query: "b=shop&nonce=NONCE" },
  { name: "the form of a balancer without room", query: "b=other" },
  { name: "the form of a balancer with another nonce", query: "b=shop&nonce=wrong" },
  { name: "the form of a member", query: app },
  { name: "the form of a member of another one", query: "b=other&w=http://127.0.0.1:9/app" },
  { name: "the form of an encrypted member", query: "b=other&w=https://127.0.0.1" },
  { name: "an unknown balancer", query: "b=none&w=x" },
  { name: "a change in the query", query: `${app}&w_lf=9&w_status_D=1` },
  { name: "a form with another nonce", form: "b=shop&w=http://127.0.0.1:9/app&nonce=x&w_lf=9" },
  { name: "a form without a nonce", form: "b=shop&w=http://127.0.0.1:9/app&w_lf=9" },
  { name: "a form from elsewhere", form: `${app}&w_lf=9`, referer: "http://evil.test/manager" },
  { name: "a form without a Referer", form: `${app}&w_lf=9`, referer: null },
  { name: "a form of a balancer that takes none", form: "b=quiet&w=http://127.0.0.1:13&nonce=&w_lf=9" },
  {
    name: "a form of a balancer that takes none, with its word",
    form: "b=quiet&w=http://127.0.0.1:13&nonce=None&w_lf=9",
  },
  { name: "a factor", form: `${app}&w_lf=3.25` },
  { name: "a factor that is too large", form: `${app}&w_lf=101` },
  { name: "a factor that is none", form: `${app}&w_lf=x` },
  { name: "a set and routes", form: `${app}&w_ls=7&w_wr=r%261&w_rr=%3Cb%3E` },
  { name: "a set that is too large, and no routes", form: `${app}&w_ls=100&w_wr=&w_rr=` },
  { name: "a route that is too long", form: `${app}&w_wr=${"r".repeat(64)}` },
  { name: "a member that drains and is disabled", form: `${app}&w_status_N=1&w_status_D=1` },
  {
    name: "a member that is a standby, a spare, and ignores errors",
    form: `${app}&w_status_H=1&w_status_R=1&w_status_I=1`,
  },
  { name: "a member that is stopped, and failed its checks", form: `${app}&w_status_S=1&w_status_C=1&w_status_D=0` },
  {
    name: "a member that is none of these any more",
    form: `${app}&${[..."INDHRCS"].map((flag) => `w_status_${flag}=0`).join("&")}`,
  },
  { name: "a flag there is not", form: `${app}&w_status_X=1&w_status_E=1` },
  { name: "a health check", form: `${app}&w_hm=GET11&w_hi=2500000&w_hp=2&w_hf=3&w_hu=/deep%3Fa&w_he=less` },
  { name: "a health check that makes no sense", form: `${app}&w_hm=FETCH&w_hi=50&w_hp=0&w_hf=x&w_he=none` },
  { name: "an interval with a unit", form: `${app}&w_hi=3000s&w_he=ok` },
  { name: "a check without a condition", form: `${app}&w_hm=TCP` },
  { name: "a method", form: "b=shop&nonce=NONCE&b_lbm=bytraffic" },
  { name: "a method there is not", form: "b=shop&nonce=NONCE&b_lbm=bymagic" },
  { name: "the rest of a balancer", form: "b=shop&nonce=NONCE&b_tmo=9&b_max=1&b_sforce=0&b_ss=T%7Ct" },
  { name: "values of a balancer that make no sense", form: "b=shop&nonce=NONCE&b_tmo=7201&b_max=100&b_ss=" },
  { name: "no session", form: "b=shop&nonce=NONCE&b_ss=-" },
  { name: "one name for the session", form: "b=shop&nonce=NONCE&b_ss=U" },
  { name: "another member, without being sure", form: "b=shop&nonce=NONCE&b_nwrkr=http://127.0.0.1:99/" },
  { name: "another member that is no URL", form: "b=shop&nonce=NONCE&b_wyes=1&b_nwrkr=what" },
  { name: "another member that is there", form: "b=shop&nonce=NONCE&b_wyes=1&b_nwrkr=http://127.0.0.1:10" },
  { name: "another member", form: "b=shop&nonce=NONCE&b_wyes=1&b_nwrkr=http%3A%2F%2F127.0.0.1%3A99%2Fnew" },
  {
    name: "another member where there is no room left",
    form: "b=shop&nonce=NONCE&b_wyes=1&b_nwrkr=http://127.0.0.1:98",
  },
  { name: "the form of the new member", query: "b=shop&w=http://127.0.0.1:99/new" },
  { name: "the new member's start", form: "b=shop&w=http://127.0.0.1:99/new&nonce=NONCE&w_status_D=0" },
  { name: "XML of all that", query: "xml=1" },
  { name: "HEAD", method: "HEAD" },
];

describe("the balancer-manager, as Apache", function () {
  this.timeout(60_000);
  const kinds: readonly Kind[] = ["apache", "modhost"];
  const servers: Server[] = [];
  let root = "";

  before(async function () {
    skipWithout(this, missingForApache());
    root = mkdtempSync(join(tmpdir(), "manager-"));
    chmodSync(root, 0o755);
    mkdirSync(join(root, "conf"));
    writeFileSync(join(root, "conf/mime.types"), "text/html html\n");
    for (const kind of kinds) servers.push(await startServer(kind, configuration, root));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    if (root !== "") rmSync(root, { recursive: true });
  });

  for (const step of steps) {
    it(step.name, async () => {
      const [byApache, byModhost] = await Promise.all(servers.map((server) => send(server, step)));
      expect(byModhost).to.equal(byApache);
    });
  }
});

async function send({ ports }: Server, step: Step): Promise<string> {
  const url = `http://127.0.0.1:${ports[0]}/manager`;
  const { query, form, method = form === undefined ? "GET" : "POST", referer = url } = step;
  const words = query ?? form ?? "";
  const { body: page } = words.includes("NONCE") ? await ask(url, { method: "GET", referer }) : { body: "" };
  const name = /(?:^|&)b=(\w+)/.exec(words)?.[1] ?? "";
  const nonce = new RegExp(`\\?b=${name}&amp;nonce=([^"]*)"`).exec(page)?.[1] ?? "";
  const filled = words.replace("NONCE", nonce);
  const target = query === undefined ? url : `${url}?${filled}`;
  const { status, type, body } = await ask(target, {
    method,
    referer,
    ...(form === undefined ? {} : { body: filled }),
  });
  return `${status} ${type}\n${shapeOf(body, String(ports[0]))}`;
}

function ask(
  url: string,
  { method, referer, body }: { readonly method: string; readonly referer: string | null; readonly body?: string },
): Promise<{ readonly status: number | undefined; readonly type: string | undefined; readonly body: string }> {
  const headers = { ...(referer === null ? {} : { referer }), connection: "close" };
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, (response) => {
      let text = "";
      response.setEncoding("latin1");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode, type: response.headers["content-type"], body: text }),
      );
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** A page with one tag or text on a line, without what two servers cannot have alike. */
function shapeOf(page: string, port: string): string {
  return (
    page
      .replace(/<style[^]*?<\/style>/, (style) => style.replace(/\s+/g, " "))
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "NONCE")
      .replace(/\[p[0-9a-f]{8}_/g, "[ID_")
      .replace(/<dt>Server Built:[^]*?<\/dt>/, "")
      .replace(/Server Version: [^<]*/, "Server Version: PRODUCT")
      .replace(/<httpd:(smax|max)>\d+/g, "<httpd:$1>N")
      // What methods count with is theirs.
      .replace(/<httpd:lbstatus>-?\d+/g, "<httpd:lbstatus>N")
      .replace(/<td>-?\d+(<\/td><td>[ \d.KMGTPE]{4}<\/td>)/g, "<td>N$1")
      .replace(/<address>[^<]*/, "<address>PRODUCT")
      .replaceAll(`:${port}`, ":@PORT@")
      .replace(/\s*(<[^>]*>)\s*/g, "\n$1\n")
      .replace(/\s*\n\s*/g, "\n")
      // Apache lists methods as its hash table, seeded anew at each start, has them.
      .replace(/(?<=<select name='b_lbm' id='b_lbm'>\n)[^]*?(?=<\/select>)/, (list) =>
        list
          .split(/(?=<option )/)
          .sort()
          .join(""),
      )
  );
}
