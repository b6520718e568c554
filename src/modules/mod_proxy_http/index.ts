// The schemes http:// and https:// of back ends, for mod_proxy.
import { defineModule, type ProxyScheme } from "../../api/index.js";

const http: ProxyScheme = { defaultPort: 80 };
const https: ProxyScheme = { defaultPort: 443, secure: true };

export default defineModule({
  name: "mod_proxy_http",
  summary: "Lets mod_proxy pass requests on to HTTP servers",
  settings: {},
  directives: () => ({}),
  provides: { proxyScheme: { http, https } },
});
