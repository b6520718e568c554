// Require ip, host, forward-dns and local → tests of where a request comes from.
import {
  defineModule,
  hostNameOf,
  isInDomain,
  parseSubnet,
  resolvesTo,
  wordsFor,
  type AuthzProvider,
} from "../../api/index.js";

const ip: AuthzProvider = {
  require: (words, { fail }) => {
    if (words.length === 0) fail("'require ip' requires an argument");
    const subnets = words.map((word) => {
      if (word.includes("%{")) fail(`expressions are not supported, found "${word}"`);
      try {
        return parseSubnet(word);
      } catch (error) {
        return fail(`ip address '${word}' appears to be invalid: ${(error as Error).message}`);
      }
    });
    return ({ clientAddress }) => (subnets.some((within) => within(clientAddress)) ? "granted" : "denied");
  },
};

const host: AuthzProvider = {
  require: (_words, place) => {
    const domains = wordsFor(place);
    return async (request) => {
      const name = await hostNameOf(request);
      if (name !== undefined)
        return domains(request)?.some((domain) => isInDomain(name, domain)) ? "granted" : "denied";
      request.log(
        "error",
        "authz_host",
        `AH01753: access check of '${place.text}' to ${request.path} failed, reason: unable to get the remote host name`,
      );
      return "denied";
    };
  },
};

const forwardDns: AuthzProvider = {
  require: (_words, place) => {
    const names = wordsFor(place);
    return async (request) => {
      for (const name of names(request) ?? []) if (await resolvesTo(name, request.clientAddress)) return "granted";
      return "denied";
    };
  },
};

const loopback = [parseSubnet("127.0.0.0/8"), parseSubnet("::1")];

const local: AuthzProvider = {
  require:
    () =>
    ({ clientAddress, connection: { localAddress } }) =>
      clientAddress === localAddress || loopback.some((within) => within(clientAddress)) ? "granted" : "denied",
};

export default defineModule({
  name: "mod_authz_host",
  summary: "Grants by where a request comes from: Require ip, host, forward-dns and local",
  settings: {},
  directives: () => ({}),
  provides: { authzProvider: { ip, host, "forward-dns": forwardDns, local } },
});
