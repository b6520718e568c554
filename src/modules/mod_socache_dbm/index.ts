// The name "dbm" of a cache that processes share.
import { defineModule } from "../../api/index.js";

export default defineModule({
  name: "mod_socache_dbm",
  summary:
    "Lets `dbm` be named as a cache that Apache's processes share, in a DBM file; workers here share what they need without",
  settings: {},
  directives: () => ({}),
  provides: { socache: { dbm: true } },
});
