// The scheme balancer:// of back ends, for mod_proxy: several servers behind one name.
import { defineModule, type ProxyScheme } from "../../api/index.js";

const balancer: ProxyScheme = { defaultPort: 80 };

export default defineModule({
  name: "mod_proxy_balancer",
  summary: "Lets mod_proxy share requests out among several servers",
  settings: {},
  directives: () => ({}),
  provides: { proxyScheme: { balancer } },
});
