// The module cgi: programs that answer requests by the Common Gateway Interface.
import { cgiModule } from "./define.js";

export default cgiModule({
  name: "cgi",
  codes: {
    notAllowed: "AH02809",
    included: "AH02810",
    missing: "AH02811",
    directory: "AH02812",
    pathInfo: "AH02813",
    writing: "AH02651",
    body: "AH01225",
    silent: "AH01220",
  },
});
