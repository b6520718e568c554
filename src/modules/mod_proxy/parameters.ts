// The key=value words behind the URL of a ProxyPass line → how its back end is treated.
import type { Place } from "../../api/index.js";

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
}

type Read = (value: string, fail: (expectation: string) => never) => Parameters;

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, sec: 1000, mi: 60_000, min: 60_000, h: 3_600_000 };

function duration(value: string, unit: string): number | undefined {
  const { number, word } = /^(?<number>\d{1,9})(?<word>[a-z]*)$/i.exec(value)?.groups ?? {};
  const factor = units[(word || unit).toLowerCase()];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

const time =
  (unit: string, set: (milliseconds: number) => Parameters): Read =>
  (value, fail) => {
    const milliseconds = duration(value, unit);
    return milliseconds === undefined || milliseconds < 1
      ? fail("must be a length of time above 0")
      : set(milliseconds);
  };

const flag =
  (set: (on: boolean) => Parameters): Read =>
  (value, fail) => {
    const word = value.toLowerCase();
    return word === "on" || word === "off" ? set(word === "on") : fail("must be On or Off");
  };

const none: Parameters = {};
const number: Read = (value, fail) => (/^\d+$/.test(value) ? none : fail("must be a number"));
const anyTime: Read = (value, fail) => (duration(value, "s") === undefined ? fail("must be a length of time") : none);
const aFlag = flag(() => none);

/** Parameters by name. Those that give nothing are accepted since what they ask for is so in any case. */
const known: Readonly<Record<string, Read>> = {
  timeout: time("s", (timeout) => ({ timeout })),
  connectiontimeout: time("s", (connectTimeout) => ({ connectTimeout })),
  acquire: time("ms", (acquire) => ({ acquire })),
  ttl: time("s", (ttl) => ({ ttl })),
  max: (value, fail) =>
    /^[1-9]\d{0,5}$/.test(value) ? { max: Number(value) } : fail("must be a number of at least 1"),
  disablereuse: flag((off) => ({ reuse: !off })),
  enablereuse: flag((reuse) => ({ reuse })),
  keepalive: flag((keepAlive) => ({ keepAlive })),
  // A back end that is not in a balancer is tried again with the next request, in Apache too.
  retry: anyTime,
  // Idle connections stay until ttl; addresses are looked up for each connection; bytes go on as they come.
  min: number,
  smax: number,
  addressttl: anyTime,
  flushpackets: (value, fail) => (/^(on|off|auto)$/i.test(value) ? none : fail("must be on, off or auto")),
  flushwait: number,
  iobuffersize: number,
  receivebuffersize: number,
  responsefieldsize: number,
  forcerecovery: aFlag,
};

const balancers = "it belongs to balancers, which are not supported yet";

/** Why a parameter of Apache's is refused. */
const refused: Readonly<Record<string, string>> = {
  upgrade: "WebSocket back ends are not supported yet",
  ping: "back ends are not probed before requests",
  secret: "it belongs to AJP back ends, which are not supported yet",
  mapping: "paths are mapped as they are decoded, mapping= is not supported yet",
  status: "a back end cannot be disabled from the configuration yet",
  ...Object.fromEntries(
    (
      "failonstatus failontimeout growth lbmethod lbset loadfactor maxattempts nofailover nonce redirect route " +
      "scolonpathdelim stickysession stickysessionsep"
    )
      .split(" ")
      .map((name) => [name, balancers]),
  ),
};

/** Reads the words; fails at the first that is none of Apache's parameters, or not honoured. */
export function parseParameters(words: readonly string[], place: Place): Parameters {
  let parameters: Parameters = {};
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 1) return place.fail(`a parameter must be of the form key=value, found "${word}"`);
    const name = word.slice(0, equals).toLowerCase();
    const reason = refused[name];
    if (reason !== undefined) return place.fail(`parameter ${name} cannot be used: ${reason}, found "${word}"`);
    const read = known[name];
    if (!read) return place.fail(`unknown parameter ${name}, found "${word}"`);
    const fail = (expectation: string): never => place.fail(`${name} ${expectation}, found "${word}"`);
    parameters = { ...parameters, ...read(word.slice(equals + 1), fail) };
  }
  return parameters;
}
