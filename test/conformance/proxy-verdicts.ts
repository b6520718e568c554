// Parameters of ProxyPass, BalancerMember and ProxySet whose verdicts are compared with those of `apache2 -t`: each, right and wrong.
import type { VerdictRow } from "./verdicts.js";

const unclear = "it is no number, which Apache takes for 0";
const own = "a letter of Apache's own bookkeeping";
const letters = (count: number): string => "x".repeat(count);

/** By name of the parameter: values that are taken, and values that are refused. */
type Values = Readonly<Record<string, readonly [taken: readonly string[], refused: readonly string[]]>>;

const values: Values = {
  timeout: [
    ["5", "5s", "500ms", "1.5"],
    ["0", "-1", "x", ""],
  ],
  ttl: [["5", "5s", "1.5"], ["0"]],
  retry: [["5", "0", "1.5"], ["-1"]],
  min: [["5", "0", "5s"], ["-1"]],
  max: [["5", "0", "1.5"], ["-1"]],
  smax: [["5", "0"], ["-1"]],
  acquire: [
    ["5", "5s", "500ms"],
    ["0", "-1", "x", "1.5"],
  ],
  ping: [
    ["5", "500ms", "2min"],
    ["0", "x"],
  ],
  connectiontimeout: [
    ["5", "500ms"],
    ["0", "x"],
  ],
  iobuffersize: [["0", "512"], ["511"]],
  receivebuffersize: [["0", "8192"], ["511"]],
  responsefieldsize: [["0", "8192"], ["-1"]],
  keepalive: [["On", "off"], ["1"]],
  disablereuse: [["On", "Off"], ["yes"]],
  enablereuse: [["On", "Off"], ["yes"]],
  addressttl: [
    ["-1", "0", "60", "2min"],
    ["1500ms", "x"],
  ],
  route: [["a", "", letters(63)], [letters(64)]],
  redirect: [["a", letters(63)], [letters(64)]],
  status: [
    ["+H", "-D", "D", "+DS", "H+D", "+I-N", "", "+C"],
    ["+X", "+"],
  ],
  flushpackets: [["on", "Off", "AUTO"], ["maybe"]],
  flushwait: [
    ["0", "1000"],
    ["1001", "-1"],
  ],
  flusher: [["flush"], [letters(16)]],
  lbset: [
    ["0", "99"],
    ["100", "-1"],
  ],
  loadfactor: [
    ["1", "100", "1.5", "2.345", "99.999"],
    ["101", "0", "x"],
  ],
  upgrade: [["websocket", "ANY", "NONE", "h2c", "websocket,h2c", ""], [letters(16)]],
  secret: [["abc", letters(63), ""], [letters(64)]],
  hcmethod: [["GET"], ["x"]],
  unknown: [[], ["x"]],
};

const mappings: Values = {
  mapping: [
    ["encoded", "Servlet"],
    ["other", ""],
  ],
};

const ofBalancers: Values = {
  stickysession: [["JSESSIONID", "A|b", ""], []],
  stickysessionsep: [
    [".", "off"],
    ["ab", ""],
  ],
  scolonpathdelim: [["on"], ["x"]],
  nofailover: [["on"], ["x"]],
  timeout: [
    ["5", "500ms"],
    ["0", "x"],
  ],
  maxattempts: [["0", "3"], ["-1"]],
  lbmethod: [
    ["byrequests", "bytraffic", "bybusyness"],
    ["heartbeat", "", "nothing"],
  ],
  failonstatus: [
    ["500", "500,503", ""],
    ["99", "x", "600"],
  ],
  failontimeout: [["on"], ["x"]],
  forcerecovery: [["Off"], ["x"]],
  nonce: [["None", "abc", letters(36)], [letters(37)]],
  growth: [
    ["1", "100"],
    ["0", "101", "x"],
  ],
  loadfactor: [[], ["5"]],
  route: [[], ["a"]],
  max: [[], ["5"]],
  secret: [[], ["x"]],
  hcmethod: [[], ["GET"]],
};

/** All lines that are taken as one configuration, and each that is refused as one of its own. */
function rowsOf(table: Values, lineOf: (word: string, port: number) => string): (readonly [text: string])[] {
  const words = (index: 0 | 1): string[] =>
    Object.entries(table).flatMap(([name, each]) => each[index].map((value) => `${name}=${value}`));
  const taken = words(0).map((word, index) => lineOf(word, 1000 + index));
  return [[taken.join("\n")], ...words(1).map((word) => [lineOf(word, 1000)] as const)];
}

const balancer = (line: string): string => `<Proxy balancer://b>\nBalancerMember http://127.0.0.1:9\n${line}\n</Proxy>`;

const rows: readonly (readonly [text: string, differs?: string])[] = [
  ...rowsOf({ ...values, ...mappings }, (word, port) => `ProxyPass /a${port}/ http://127.0.0.1:${port}/ ${word}`),
  ...rowsOf({ timeout: values["timeout"] ?? [[], []] }, (word, port) =>
    balancer(`BalancerMember http://127.0.0.1:${port} ${word}`),
  ),
  ...rowsOf(ofBalancers, (word) => balancer(`ProxySet ${word}`)),
  ...["min", "max", "smax", "retry", "lbset", "flushwait", "responsefieldsize"].map(
    (name) => [`ProxyPass / http://127.0.0.1:9/ ${name}=x`, unclear] as const,
  ),
  ...["+F", "+G", "+U"].map((letter) => [`ProxyPass / http://127.0.0.1:9/ status=${letter}`, own] as const),
  ["ProxyPass / http://127.0.0.1:9/ hcmethod=CPING", "it is of AJP"],
  [balancer("BalancerMember http://127.0.0.1:10 mapping=encoded")],
  [balancer("") + "\nProxyPass / balancer://b/ mapping=encoded lbmethod=bytraffic"],
  [balancer("") + "\nProxyPass / balancer://b/ retry=5"],
  [balancer('ProxySet "failonstatus=500 503"')],
  ["ProxyPass / http://127.0.0.1:9/\nProxySet http://127.0.0.1:9/ timeout=5 max=0"],
  ["ProxyPass / http://127.0.0.1:9/\nProxySet http://127.0.0.1:9/ mapping=encoded"],
  ["ProxySet timeout=5"],
  ["ProxySet http://127.0.0.1:9/ timeout=5", "a URL that requests may name is no worker yet"],
  ["BalancerMember balancer://b http://127.0.0.1:9\nProxyPass /a/ balancer://b/"],
  ["BalancerMember http://127.0.0.1:9"],
  ["<Proxy balancer://b>\nBalancerMember\n</Proxy>"],
  ["<Proxy balancer://b.c:80>\nBalancerMember http://127.0.0.1:9\n</Proxy>", "the name of a balancer has no port"],
  ["BalancerMember balancer://b ajp://127.0.0.1:9", "AJP back ends are not supported"],
  ["<Proxy http://127.0.0.1:9/ timeout=5>\n</Proxy>"],
  ["<ProxyMatch ^http: timeout=5>\n</ProxyMatch>"],
  ["ProxyPass /a/ ! mapping=encoded timeout=5"],
  ["ProxyPass /a/ ! foo=bar", "nobody reads it: it may be mistyped"],
  ["ProxyPassMatch ^/a/(.*) http://127.0.0.1:9/$1 mapping=servlet"],
  ["<Location /a/>\nProxyPass http://127.0.0.1:9/ mapping=servlet\n</Location>"],
  ["ProxyPass /a/ http://127.0.0.1:9/ nocanon noquery interpolate"],
  ["ProxyPass /a/ http://127.0.0.1:9/ plain"],
];

const names = ["slotmem_shm", "proxy", "proxy_http", "proxy_ajp", "proxy_balancer", "proxy_hcheck"];
const methods = ["byrequests", "bytraffic", "bybusyness"].map((name) => `lbmethod_${name}`);
const loads = [...names, ...methods].map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so\n`).join("");

export const proxyVerdicts: readonly VerdictRow[] = rows.map(([text, differs]) => [
  text.length > 300 ? `all values of ${text.slice(0, 60)}` : text.replaceAll("\n", "; "),
  `${loads}${text}\n`,
  differs === undefined ? {} : { differs },
]);
