// The schemes ws:// and wss:// of back ends, for mod_proxy: connections that change to WebSocket.
import { arg, defineModule, defineSettings, value, type ProxyScheme, type Request } from "../../api/index.js";

const definition = defineSettings("mod_proxy_wstunnel", { fallsBack: value<boolean>(true) });

const ws: ProxyScheme = { defaultPort: 80 };
const wss: ProxyScheme = { defaultPort: 443, secure: true };

export default defineModule({
  name: "mod_proxy_wstunnel",
  summary: "Lets mod_proxy pass WebSockets on (ws:// and wss://)",
  settings: definition.settings,
  directives: (directive) => ({
    ProxyWebsocketFallbackToProxyHttp: directive({
      args: [arg.flag()],
      contexts: ["server config", "virtual host", "directory"],
      summary: "Whether requests that are no WebSockets go to ws:// back ends as plain requests",
      doc: "With mod_proxy_http they do; Off, they get a 426. `upgrade=websocket` on a line with `http://` needs neither this module nor this line.",
      default: "On",
      example: "ProxyPass /live ws://127.0.0.1:3000/live\nProxyWebsocketFallbackToProxyHttp Off",
      set: ([fallsBack]) => ({ fallsBack }),
    }),
  }),
  provides: {
    proxyScheme: { ws, wss },
    proxyTunnel: { fallsBack: (request: Request) => request.settings(definition).fallsBack },
  },
});
