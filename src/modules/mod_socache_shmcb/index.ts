// The name "shmcb" of a cache that processes share.
import { defineModule } from "../../api/index.js";

export default defineModule({
  name: "mod_socache_shmcb",
  summary:
    "Lets `shmcb` be named as a cache that Apache's processes share, in shared memory; workers here share what they need without",
  settings: {},
  directives: () => ({}),
  provides: { socache: { shmcb: true } },
});
