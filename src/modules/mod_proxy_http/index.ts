// The scheme http:// of back ends, for mod_proxy.
import { defineModule, type ProxyScheme } from "../../api/index.js";

const http: ProxyScheme = { defaultPort: 80 };

export default defineModule({
  name: "mod_proxy_http",
  summary: "Lets mod_proxy pass requests on to HTTP servers",
  settings: {},
  directives: () => ({}),
  provides: { proxyScheme: { http } },
});
