// The module cgid: the same as cgi; scripts are children of the worker that asks them, not of a daemon.
import { cgiModule } from "./define.js";

export default cgiModule({
  name: "cgid",
  codes: {
    notAllowed: "AH01262",
    included: "AH01263",
    missing: "AH01264",
    directory: "AH01265",
    pathInfo: "AH01266",
    writing: "AH02651",
    body: "AH01270",
    silent: "AH01220",
  },
});
