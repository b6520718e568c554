// Address of this server → the host name that the DNS has for it, for UseCanonicalName DNS.
import { lookupService } from "node:dns/promises";
import { isIP } from "node:net";

/** Milliseconds for which an answer counts, that there is no name too. */
const keptFor = 300_000;
/** Addresses whose answers are kept. */
const most = 256;

interface Answer {
  readonly name: string | undefined;
  readonly until: number;
}

const answers = new Map<string, Answer>();
const asked = new Map<string, Promise<undefined>>();

/** The name of a local address in lower case, as it was found last; undefined where there is none, or nobody asked. */
export function localNameOf(address: string): string | undefined {
  return answers.get(address)?.name;
}

/** Looks the name up where it is not known, for `localNameOf`; undefined where there is nothing to wait for. */
export function learnLocalName(address: string): Promise<undefined> | undefined {
  const known = answers.get(address);
  if ((known && known.until > Date.now()) || isIP(address) === 0) return undefined;
  let question = asked.get(address);
  if (!question) asked.set(address, (question = learn(address).finally(() => asked.delete(address))));
  // What was known goes on counting until there is something newer.
  return known ? undefined : question;
}

async function learn(address: string): Promise<undefined> {
  const name = await lookupService(address, 0).then(
    ({ hostname }) => hostname.toLowerCase(),
    () => undefined,
  );
  if (answers.size >= most) answers.clear();
  answers.set(address, { name, until: Date.now() + keptFor });
}
