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

type Read = (value: string, say: Saying) => AllParameters;

/** What can be said of a value. */
interface Saying {
  readonly fail: (expectation: string) => never;
  readonly warn: (reason: string) => void;
}

/** Timers take no more. */
const longest = 2_147_483_000;

/** As Apache reads most numbers: the whole number that the value begins with. */
const count =
  (set: (value: number) => AllParameters, { least = 0, most = 1_000_000_000, what = "number" } = {}): Read =>
  (value, { fail, warn }) => {
    const { digits, rest = "" } = /^(?<digits>-?\d+)(?<rest>.*)$/s.exec(value)?.groups ?? {};
    const number = Number(digits ?? NaN);
    if (!(number >= least && number <= most)) return fail(`must be a ${what} from ${least} to ${most}`);
    if (rest !== "") warn(`is read as ${number}, as Apache does: the "${rest}" behind the number counts for nothing`);
    return set(number);
  };

/** Whole seconds, without a unit. */
const seconds = (set: (milliseconds: number) => AllParameters, least = 1): Read =>
  count((number) => set(Math.min(number * 1000, longest)), { least, what: "number of seconds" });

/** A length of time with a unit. */
const time =
  (unit: "ms" | "s", set: (milliseconds: number) => AllParameters): Read =>
  (value, { fail }) => {
    const milliseconds = duration(value, unit) ?? 0;
    return milliseconds > 0 ? set(Math.min(milliseconds, longest)) : fail("must be a length of time above 0");
  };

const flag =
  (set: (on: boolean) => AllParameters): Read =>
  (value, { fail }) => {
    const word = value.toLowerCase();
    return word === "on" || word === "off" ? set(word === "on") : fail("must be On or Off");
  };

/** A text of at most `most` bytes. */
const text =
  (set: (value: string) => AllParameters, most: number): Read =>
  (value, { fail }) => {
    const bytes = byteString(value);
    return bytes.length > most ? fail(`must not be longer than ${most} characters`) : set(bytes);
  };

const none: AllParameters = {};
const nothing = (): AllParameters => none;
const size: Read = (value, say) =>
  /^0*$/.test(value) ? none : count(nothing, { least: 512, most: 2_147_483_647 })(value, say);

/** Letters that `status` knows. */
const statusLetters = "DSIRHENC";

const status: Read = (value, { fail }) => {
  let letters = "";
  let isOn = true;
  const wrong = (): never => fail(`must be made of the letters ${statusLetters}, + and -`);
  if (/[+-]$/.test(value)) return wrong();
  for (const character of value.toUpperCase()) {
    if (character === "+" || character === "-") isOn = character === "+";
    else if (!statusLetters.includes(character)) return wrong();
    else letters = isOn ? letters.replace(character, "") + character : letters.replace(character, "");
  }
  return { status: letters };
};

/** Parameters of a back end by name. Those that give nothing are accepted since what they ask for is so in any case. */
const known: Readonly<Record<string, Read>> = {
  timeout: seconds((timeout) => ({ timeout })),
  connectiontimeout: time("s", (connectTimeout) => ({ connectTimeout })),
  acquire: time("ms", (acquire) => ({ acquire })),
  ttl: seconds((ttl) => ({ ttl })),
  ping: time("s", (ping) => ({ ping })),
  retry: seconds((retry) => ({ retry }), 0),
  // 0: as many as there is room for.
  max: count((max) => (max > 0 ? { max } : none)),
  disablereuse: flag((off) => ({ reuse: !off })),
  enablereuse: flag((reuse) => ({ reuse })),
  keepalive: flag((keepAlive) => ({ keepAlive })),
  upgrade: (value, { fail }) =>
    value === ""
      ? none
      : /^[\w!#$%&'*+.^`|~/,-]{1,15}$/.test(value)
        ? { upgrade: value.toLowerCase() }
        : fail("must be the name of a protocol, ANY or NONE"),
  status,
  route: text((route) => ({ route }), 63),
  redirect: text((redirect) => ({ redirect }), 63),
  loadfactor: (value, { fail }) => {
    const number = /^\d{1,3}(\.\d{1,9})?$/.test(value) ? Math.trunc(Number(value) * 100) : 0;
    return number >= 100 && number <= 10_000 ? { loadFactor: number } : fail("must be a number from 1 to 100");
  },
  lbset: count((set) => ({ set }), { most: 99 }),
  // Idle connections stay until ttl; addresses are looked up for each connection; bytes go on as they come.
  min: count(nothing),
  smax: count(nothing),
  addressttl: (value, { fail }) =>
    value === "-1" || (duration(value, "s") ?? NaN) % 1000 === 0 ? none : fail("must be a number of seconds, or -1"),
  flushpackets: (value, { fail }) => (/^(on|off|auto)$/i.test(value) ? none : fail("must be on, off or auto")),
  flushwait: count(nothing, { most: 1000 }),
  flusher: text(nothing, 15),
  iobuffersize: size,
  receivebuffersize: size,
  responsefieldsize: count(nothing),
  // Of back ends that speak AJP, which are refused.
  secret: text(nothing, 63),
};

const balancer = (parameters: BalancerParameters): AllParameters => ({ balancer: parameters });

/** Parameters of a balancer. */
const knownOfBalancers: Readonly<Record<string, Read>> = {
  lbmethod: (value, { fail }) => {
    if (/^heartbeat$/i.test(value))
      return fail("must not be heartbeat: its reports come by multicast, which is not taken");
    return value === "" ? fail("must not be empty") : balancer({ method: byteString(value).toLowerCase() });
  },
  stickysession: text((value) => {
    const [cookie = "", path = cookie] = value.split("|");
    return balancer({ sticky: cookie === "" ? undefined : { cookie, path } });
  }, 512),
  stickysessionsep: (value, { fail }) =>
    value.toLowerCase() === "off"
      ? balancer({ separator: "" })
      : value.length === 1
        ? balancer({ separator: value })
        : fail("must be one character or Off"),
  scolonpathdelim: flag((semicolons) => balancer({ semicolons })),
  nofailover: flag((on) => balancer({ failsOver: !on })),
  maxattempts: count((maxAttempts) => balancer({ maxAttempts })),
  failonstatus: (value, { fail }) => {
    const statuses = value.split(/[, ]+/).filter(Boolean).map(Number);
    if (statuses.every((each) => each >= 100 && each <= 599)) return balancer({ failOnStatus: statuses });
    return fail("must be statuses with commas between");
  },
  failontimeout: flag((failOnTimeout) => balancer({ failOnTimeout })),
  forcerecovery: flag((forceRecovery) => balancer({ forceRecovery })),
  nonce: text((nonce) => balancer({ nonce }), 36),
  growth: count((growth) => balancer({ growth }), { least: 1, most: 100 }),
  timeout: seconds((timeout) => balancer({ timeout })),
};

/** Reads the words; fails at the first that is none of Apache's parameters, or not honoured. */
export function parseParameters(words: readonly string[], place: Place, isBalancer = false): AllParameters {
  let parameters: AllParameters = {};
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 1) return place.fail(`a parameter must be of the form key=value, found "${word}"`);
    const name = word.slice(0, equals).toLowerCase();
    const fail = (expectation: string): never => place.fail(`${name} ${expectation}, found "${word}"`);
    const warn = (reason: string): void => place.warn(`${name} ${reason}, found "${word}"`);
    const health = isBalancer ? undefined : healthWord(name, word.slice(equals + 1), fail);
    if (health) {
      parameters = joined(parameters, { health: [health] });
      continue;
    }
    const [read, others] = isBalancer ? [knownOfBalancers[name], known] : [known[name], knownOfBalancers];
    if (!read) {
      const elsewhere = isBalancer ? "its members, write it behind their URL" : "a balancer://";
      const isOthers = name in others || (isBalancer && healthWord(name, word.slice(equals + 1), fail) !== undefined);
      return place.fail(`unknown parameter ${name}, found "${word}"${isOthers ? `: it belongs to ${elsewhere}` : ""}`);
    }
    parameters = joined(parameters, read(word.slice(equals + 1), { fail, warn }));
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
