// The members of a balancer → the one that has moved the fewest bytes for its share.
import { defineModule, type BalanceMethod } from "../../api/index.js";

const bytraffic: BalanceMethod = {
  choose(candidates) {
    let best: { readonly traffic: number; readonly candidate: (typeof candidates)[number] } | undefined;
    for (const candidate of candidates) {
      // In whole numbers, as in Apache: shares of little traffic come out alike.
      const { sent, read, loadFactor } = candidate;
      const traffic = Math.floor(sent / loadFactor) + Math.floor(read / loadFactor);
      if (!best || traffic < best.traffic) best = { traffic, candidate };
    }
    return best?.candidate;
  },
};

export default defineModule({
  name: "mod_lbmethod_bytraffic",
  summary: "Lets balancers share requests out by the bytes they move",
  settings: {},
  directives: () => ({}),
  provides: { proxyBalanceMethod: { bytraffic } },
});
