// The words behind "Allow from" → tests of requests.
import { hostNameOf, isInDomain, parseSubnet, type Place, type Request } from "../../api/index.js";

/** Whether a request is among those a word means. */
export type HostTest = (request: Request) => boolean | Promise<boolean>;

/** Reads a word: "all", "env=NAME", "env=!NAME", an address or network, or the name of a host or domain. */
export function hostTest(word: string, place: Place): HostTest {
  if (word.includes("#")) return place.fail(`a comment has a line of its own, found "${word}"`);
  if (word.toLowerCase() === "all") return () => true;
  const [, not, variable] = /^env=(!?)(.*)$/is.exec(word) ?? [];
  if (variable !== undefined) return ({ environment }) => environment.has(variable) === (not === "");
  if (/^[\d.]+(\/.*)?$/.test(word) || word.includes(":")) {
    try {
      const within = parseSubnet(word);
      return ({ clientAddress }) => within(clientAddress);
    } catch (error) {
      return place.fail(`${(error as Error).message.replace(/\.$/, "")}: "${word}"`);
    }
  }
  return async (request) => {
    const name = await hostNameOf(request);
    return name !== undefined && isInDomain(name, word);
  };
}

/** Whether one of the tests takes the request; waits only for names. */
export function anyTakes(tests: readonly HostTest[], request: Request, from = 0): boolean | Promise<boolean> {
  for (let i = from; i < tests.length; i++) {
    const taken = tests[i]?.(request) ?? false;
    if (typeof taken !== "boolean") return taken.then((late) => late || anyTakes(tests, request, i + 1));
    if (taken) return true;
  }
  return false;
}
