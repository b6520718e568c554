// The key=value words behind the URL of a back end or balancer → how it is treated.
import {
  byteString,
  duration,
  healthWord,
  type BalancerParameters,
  type HealthWord,
  type Place,
} from "../../api/index.js";

/** How a back end is treated. Times in milliseconds; undefined: as ProxyTimeout, or as the pool has it. */
export interface Parameters {
  /** Longest pause of a back end. */
  readonly timeout?: number;
  readonly connectTimeout?: number;
  /** Most connections of one HTTP worker. */
  readonly max?: number;
  /** Longest wait for one of them. */
  readonly acquire?: number;
  /** Longest time a connection idles in the pool. */
  readonly ttl?: number;
  /** False: a connection for each request. */
  readonly reuse?: boolean;
  /** Whether TCP probes idle connections. */
  readonly keepAlive?: boolean;
  /** Longest wait for "100 Continue" of a back end that is asked for it before a body. */
  readonly ping?: number;
  /** The protocol a client may change to: "websocket", "ANY", "NONE". */
  readonly upgrade?: string;
  /** Letters of `status`: D(isabled), S(topped), I(gnores errors), R (spare), H (hot standby), E(rror), N (drain), C. */
  readonly status?: string;
  /** How long a member in error is left alone. */
  readonly retry?: number;
  readonly route?: string;
  readonly redirect?: string;
  readonly loadFactor?: number;
  readonly set?: number;
  /** What hc*= parameters say, in order. */
  readonly health?: readonly HealthWord[];
}

/** What words say, of both kinds. */
export interface AllParameters extends Parameters {
  readonly balancer?: BalancerParameters;
}

type Read = (value: string, fail: (expectation: string) => never) => AllParameters;

const time =
  (unit: "ms" | "s", set: (milliseconds: number) => AllParameters, least = 1): Read =>
  (value, fail) => {
    const milliseconds = duration(value, unit);
    if (milliseconds !== undefined && milliseconds >= least) return set(milliseconds);
    return fail(least === 0 ? "must be a length of time" : "must be a length of time above 0");
  };

const flag =
  (set: (on: boolean) => AllParameters): Read =>
  (value, fail) => {
    const word = value.toLowerCase();
    return word === "on" || word === "off" ? set(word === "on") : fail("must be On or Off");
  };

const text =
  (set: (value: string) => AllParameters): Read =>
  (value, fail) =>
    value === "" ? fail("must not be empty") : value.length > 512 ? fail("is too long") : set(byteString(value));

const count =
  (set: (value: number) => AllParameters, { least = 0, most = 1_000_000 } = {}): Read =>
  (value, fail) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    return number >= least && number <= most ? set(number) : fail(`must be a number from ${least} to ${most}`);
  };

const none: AllParameters = {};
const number: Read = (value, fail) => (/^\d+$/.test(value) ? none : fail("must be a number"));
const anyTime: Read = (value, fail) => (duration(value, "s") === undefined ? fail("must be a length of time") : none);

/** Letters that `status` knows. */
const statusLetters = "DSIRHENC";

const status: Read = (value, fail) => {
  let letters = "";
  let isOn = true;
  for (const character of value.toUpperCase()) {
    if (character === "+" || character === "-") isOn = character === "+";
    else if (!statusLetters.includes(character)) return fail(`must be made of the letters ${statusLetters}, + and -`);
    else letters = isOn ? letters.replace(character, "") + character : letters.replace(character, "");
  }
  return { status: letters };
};

/** Parameters of a back end by name. Those that give nothing are accepted since what they ask for is so in any case. */
const known: Readonly<Record<string, Read>> = {
  timeout: time("s", (timeout) => ({ timeout })),
  connectiontimeout: time("s", (connectTimeout) => ({ connectTimeout })),
  acquire: time("ms", (acquire) => ({ acquire })),
  ttl: time("s", (ttl) => ({ ttl })),
  ping: time("s", (ping) => ({ ping })),
  retry: time("s", (retry) => ({ retry }), 0),
  max: (value, fail) =>
    /^[1-9]\d{0,5}$/.test(value) ? { max: Number(value) } : fail("must be a number of at least 1"),
  disablereuse: flag((off) => ({ reuse: !off })),
  enablereuse: flag((reuse) => ({ reuse })),
  keepalive: flag((keepAlive) => ({ keepAlive })),
  upgrade: (value, fail) =>
    /^(websocket|any|none)$/i.test(value)
      ? { upgrade: value.toLowerCase() }
      : fail("must be websocket, ANY or NONE: no other protocol is known"),
  status,
  route: (value, fail) =>
    value.length > 63 ? fail("must not be longer than 63 characters") : { route: byteString(value) },
  redirect: (value, fail) =>
    value.length > 63 ? fail("must not be longer than 63 characters") : { redirect: byteString(value) },
  loadfactor: (value, fail) =>
    /^\d{1,3}(\.\d{1,2})?$/.test(value) && Number(value) >= 1 && Number(value) <= 100
      ? { loadFactor: Math.round(Number(value) * 100) }
      : fail("must be a number from 1 to 100"),
  lbset: count((set) => ({ set }), { most: 99 }),
  // Idle connections stay until ttl; addresses are looked up for each connection; bytes go on as they come.
  min: number,
  smax: number,
  addressttl: anyTime,
  flushpackets: (value, fail) => (/^(on|off|auto)$/i.test(value) ? none : fail("must be on, off or auto")),
  flushwait: number,
  iobuffersize: number,
  receivebuffersize: number,
  responsefieldsize: number,
};

const balancer = (parameters: BalancerParameters): AllParameters => ({ balancer: parameters });

/** Parameters of a balancer. */
const knownOfBalancers: Readonly<Record<string, Read>> = {
  lbmethod: (value, fail) => {
    if (/^heartbeat$/i.test(value))
      return fail("must not be heartbeat: its reports come by multicast, which is not taken");
    return text((method) => balancer({ method: method.toLowerCase() }))(value, fail);
  },
  stickysession: text((value) => {
    const [cookie = "", path = cookie] = value.split("|");
    return balancer({ sticky: { cookie, path } });
  }),
  stickysessionsep: (value, fail) =>
    value.toLowerCase() === "off"
      ? balancer({ separator: "" })
      : value.length === 1
        ? balancer({ separator: value })
        : fail("must be one character or Off"),
  scolonpathdelim: flag((semicolons) => balancer({ semicolons })),
  nofailover: flag((on) => balancer({ failsOver: !on })),
  maxattempts: count((maxAttempts) => balancer({ maxAttempts })),
  failonstatus: (value, fail) => {
    const statuses = value.split(",").map(Number);
    if (statuses.every((each) => each >= 100 && each <= 599)) return balancer({ failOnStatus: statuses });
    return fail("must be statuses with commas between");
  },
  failontimeout: flag((failOnTimeout) => balancer({ failOnTimeout })),
  forcerecovery: flag((forceRecovery) => balancer({ forceRecovery })),
  nonce: (value, fail) =>
    value.length > 36 ? fail("must not be longer than 36 characters") : balancer({ nonce: byteString(value) }),
  growth: count((growth) => balancer({ growth }), { least: 1, most: 100 }),
  timeout: (value, fail) => balancer({ timeout: duration(value, "s") ?? fail("must be a length of time") }),
};

/** Why a parameter of Apache's is refused. */
const refused: Readonly<Record<string, string>> = {
  secret: "it belongs to AJP back ends, which are not supported",
  mapping: "paths are mapped as they are decoded, mapping= is not supported",
};

/** Reads the words; fails at the first that is none of Apache's parameters, or not honoured. */
export function parseParameters(words: readonly string[], place: Place, isBalancer = false): AllParameters {
  let parameters: AllParameters = {};
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 1) return place.fail(`a parameter must be of the form key=value, found "${word}"`);
    const name = word.slice(0, equals).toLowerCase();
    const reason = refused[name];
    if (reason !== undefined) return place.fail(`parameter ${name} cannot be used: ${reason}, found "${word}"`);
    const fail = (expectation: string): never => place.fail(`${name} ${expectation}, found "${word}"`);
    const health = healthWord(name, word.slice(equals + 1), fail);
    if (health) {
      parameters = joined(parameters, { health: [health] });
      continue;
    }
    const read = (isBalancer ? knownOfBalancers[name] : undefined) ?? known[name];
    if (!read) {
      const advice = name in knownOfBalancers ? "it belongs to a balancer://" : undefined;
      return place.fail(`unknown parameter ${name}, found "${word}"${advice ? `: ${advice}` : ""}`);
    }
    parameters = joined(parameters, read(word.slice(equals + 1), fail));
  }
  return parameters;
}

/** Later parameters over earlier ones. */
export function joined(earlier: AllParameters, later: AllParameters): AllParameters {
  return {
    ...earlier,
    ...later,
    ...(earlier.health && later.health ? { health: [...earlier.health, ...later.health] } : {}),
    ...(earlier.balancer && later.balancer ? { balancer: { ...earlier.balancer, ...later.balancer } } : {}),
  };
}
