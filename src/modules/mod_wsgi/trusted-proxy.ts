// Fields that a trusted proxy has added → the environ as the proxy's client would have given it.
import { BlockList, isIP } from "node:net";
import type { Environ } from "./environ.js";
import type { WsgiSettings } from "./settings.js";

/** Corrects an environ; `remoteAddress` is the peer's. */
export type ProxyCorrection = (environ: Environ, remoteAddress: string) => void;

interface Category {
  /** Names of the environ keys, upper case. */
  readonly fields: readonly string[];
  apply(environ: Environ, value: string, field: string, trusts: Trust | undefined): void;
}

type Trust = (address: string) => boolean;

const yes = /^(on|true|1)$/i;
const no = /^(off|false|0)$/i;

const categories: readonly Category[] = [
  {
    fields: ["HTTP_X_FORWARDED_FOR", "HTTP_X_CLIENT_IP", "HTTP_X_REAL_IP"],
    apply: (environ, value, field, trusts) => {
      const address = field === "HTTP_X_FORWARDED_FOR" ? forwardedFor(environ, value, trusts) : value;
      // mod_wsgi takes any text, and asks the name server for what is none.
      if (isIP(address) !== 0) environ["REMOTE_ADDR"] = address;
    },
  },
  { fields: ["HTTP_X_FORWARDED_HOST", "HTTP_X_HOST"], apply: (environ, value) => void (environ["HTTP_HOST"] = value) },
  { fields: ["HTTP_X_FORWARDED_SERVER"], apply: (environ, value) => void (environ["SERVER_NAME"] = value) },
  {
    fields: ["HTTP_X_FORWARDED_PORT"],
    apply: (environ, value) => {
      if (/^\d{1,5}$/.test(value)) environ["SERVER_PORT"] = value;
    },
  },
  {
    fields: ["HTTP_X_SCRIPT_NAME", "HTTP_X_FORWARDED_SCRIPT_NAME"],
    apply: (environ, value) => {
      environ["SCRIPT_NAME"] = value;
      environ["mod_wsgi.mount_point"] = value;
    },
  },
  {
    fields: [
      "HTTP_X_FORWARDED_PROTO",
      "HTTP_X_FORWARDED_SCHEME",
      "HTTP_X_SCHEME",
      "HTTP_X_FORWARDED_HTTPS",
      "HTTP_X_FORWARDED_SSL",
      "HTTP_X_HTTPS",
    ],
    apply: (environ, value, field) => {
      if (/(HTTPS|SSL)$/.test(field)) {
        if (yes.test(value)) environ["wsgi.url_scheme"] = "https";
        else if (no.test(value)) environ["wsgi.url_scheme"] = "http";
      } else if (/^https?$/i.test(value)) {
        environ["wsgi.url_scheme"] = value.toLowerCase();
      }
    },
  },
];

const corrections = new WeakMap<WsgiSettings, ProxyCorrection>();

/** The correction that settings ask for, made once; undefined when they trust nothing. */
export function proxyCorrection(settings: WsgiSettings): ProxyCorrection | undefined {
  if (settings.trustedProxyHeaders.length === 0) return undefined;
  const known = corrections.get(settings);
  if (known) return known;
  const made = makeCorrection(settings);
  corrections.set(settings, made);
  return made;
}

function makeCorrection({ trustedProxyHeaders, trustedProxies }: WsgiSettings): ProxyCorrection {
  const listed = trustedProxyHeaders.map((name) => `HTTP_${name.toUpperCase().replaceAll("-", "_")}`);
  const trusts = trustedProxies.length > 0 ? trustOf(trustedProxies) : undefined;
  const used = categories
    .map((category) => ({ category, wanted: listed.filter((name) => category.fields.includes(name)) }))
    .filter(({ wanted }) => wanted.length > 0);
  return (environ, remoteAddress) => {
    const trusted = trusts?.(remoteAddress) ?? true;
    for (const { category, wanted } of used) {
      const field = trusted ? wanted.findLast((name) => environ[name] !== undefined) : undefined;
      for (const name of category.fields) if (name !== field) delete environ[name];
      if (field !== undefined) category.apply(environ, environ[field] ?? "", field, trusts);
    }
  };
}

function trustOf(ranges: readonly string[]): Trust {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    const family = isIP(address) === 4 ? "ipv4" : "ipv6";
    if (bits === undefined || bits === "") list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const kind = isIP(address);
    return kind !== 0 && list.check(address, kind === 4 ? "ipv4" : "ipv6");
  };
}

/** The client among the addresses proxies have gone through: the one in front of the trusted ones at the end. */
function forwardedFor(environ: Environ, value: string, trusts: Trust | undefined): string {
  const addresses = value.split(",").map((address) => address.trim());
  if (!trusts) return addresses.find((address) => address !== "") ?? "";
  let client = addresses.length - 1;
  while (client > 0 && trusts(addresses[client] ?? "")) client--;
  environ["HTTP_X_FORWARDED_FOR"] = addresses.slice(client).join(", ");
  return addresses[client] ?? "";
}
