// The members of a balancer → the one that has had the fewest requests for its share.
import { defineModule, type BalanceMethod } from "../../api/index.js";

const byrequests: BalanceMethod = {
  choose(candidates) {
    let total = 0;
    let [best] = candidates;
    for (const candidate of candidates) {
      candidate.turns += candidate.loadFactor;
      total += candidate.loadFactor;
      if (best && candidate.turns > best.turns) best = candidate;
    }
    if (best) best.turns -= total;
    return best;
  },
};

export default defineModule({
  name: "mod_lbmethod_byrequests",
  summary: "Lets balancers share requests out by their number",
  settings: {},
  directives: () => ({}),
  provides: { proxyBalanceMethod: { byrequests } },
});
