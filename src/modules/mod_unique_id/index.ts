// The id of a request → the variable UNIQUE_ID.
import { defineModule } from "../../api/index.js";

export default defineModule({
  name: "mod_unique_id",
  summary: "Gives every request an id in the variable UNIQUE_ID.",
  settings: {},
  directives: () => ({}),
  hooks: {
    postReadRequest: {
      rank: "first",
      run: (request) => {
        request.environment.set("UNIQUE_ID", request.previous?.environment.get("UNIQUE_ID") ?? request.id);
        return undefined;
      },
    },
  },
});
