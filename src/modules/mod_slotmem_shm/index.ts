// Accepted for the sake of configurations that load it: workers share what they know without it.
import { defineModule } from "../../api/index.js";

export default defineModule({
  name: "mod_slotmem_shm",
  summary: "Accepted: HTTP workers share the state of balancers without it",
  settings: {},
  directives: () => ({}),
});
