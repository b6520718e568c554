// The members of a balancer → the one that has had the fewest requests for its share.
import { chooseByTurns, defineModule, type BalanceMethod } from "../../api/index.js";

const byrequests: BalanceMethod = { choose: (candidates) => chooseByTurns(candidates) };

export default defineModule({
  name: "mod_lbmethod_byrequests",
  summary: "Lets balancers share requests out by their number",
  settings: {},
  directives: () => ({}),
  provides: { proxyBalanceMethod: { byrequests } },
});
