// CONNECT for clients of the forward proxy: ports that may be reached.
import { arg, defineModule, defineSettings, list, rest, type ProxyConnect, type Request } from "../../api/index.js";
import { openTunnel } from "./tunnel.js";

interface Ports {
  readonly first: number;
  readonly last: number;
}

const definition = defineSettings("mod_proxy_connect", { ports: list<Ports>("outer first") });

/** https and snews. */
const usual: readonly Ports[] = [443, 563].map((port) => ({ first: port, last: port }));

const connect: ProxyConnect = {
  allows(request: Request, port: number) {
    const { ports } = request.settings(definition);
    return (ports.length === 0 ? usual : ports).some(({ first, last }) => port >= first && port <= last);
  },
  open: openTunnel,
};

export default defineModule({
  name: "mod_proxy_connect",
  summary: "Lets clients of the forward proxy (ProxyRequests) open tunnels with CONNECT",
  settings: definition.settings,
  directives: (directive) => ({
    AllowCONNECT: directive({
      args: [rest(arg.word("port or range"))],
      contexts: ["server config", "virtual host"],
      summary: "The ports that clients may reach with CONNECT",
      doc:
        "A port or `first-last`; lines of a virtual host add to those of the main server, and all of them stand in place of " +
        "the default. What goes through a tunnel is not looked at: a port that is allowed is open for everything. " +
        "A tunnel ends when both sides have been silent for ProxyTimeout, or after the grace of a stop or reload.",
      default: "443 563",
      example: "AllowCONNECT 443 8443 9000-9010",
      set: ([words], place) => ({
        ports: words.map((word) => {
          const { first, last = first } = /^(?<first>\d{1,5})(?:-(?<last>\d{1,5}))?$/.exec(word)?.groups ?? {};
          const ports = { first: Number(first), last: Number(last) };
          if (ports.first >= 1 && ports.first <= ports.last && ports.last <= 65_535) return ports;
          return place.fail(`needs a port from 1 to 65535, or a range of them, found "${word}"`);
        }),
      }),
    }),
  }),
  provides: { proxyConnect: { connect } },
});
