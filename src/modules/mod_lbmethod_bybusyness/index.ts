// The members of a balancer → the one that has the fewest requests under way; of several, by their shares.
import { defineModule, type BalanceMethod } from "../../api/index.js";

const bybusyness: BalanceMethod = {
  choose(candidates) {
    let total = 0;
    let [best] = candidates;
    for (const candidate of candidates) {
      candidate.turns += candidate.loadFactor;
      total += candidate.loadFactor;
      if (!best || candidate.busy > best.busy) continue;
      if (candidate.busy < best.busy || candidate.turns > best.turns) best = candidate;
    }
    if (best) best.turns -= total;
    return best;
  },
};

export default defineModule({
  name: "mod_lbmethod_bybusyness",
  summary: "Lets balancers share requests out by what is under way",
  settings: {},
  directives: () => ({}),
  provides: { proxyBalanceMethod: { bybusyness } },
});
