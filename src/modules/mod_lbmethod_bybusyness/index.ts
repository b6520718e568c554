// The members of a balancer → the one that has the fewest requests under way; of several, by their shares.
import { chooseByTurns, defineModule, type BalanceMethod } from "../../api/index.js";

const bybusyness: BalanceMethod = {
  choose: (candidates) =>
    chooseByTurns(candidates, (one, other) =>
      one.busy === other.busy ? one.turns > other.turns : one.busy < other.busy,
    ),
};

export default defineModule({
  name: "mod_lbmethod_bybusyness",
  summary: "Lets balancers share requests out by what is under way",
  settings: {},
  directives: () => ({}),
  provides: { proxyBalanceMethod: { bybusyness } },
});
