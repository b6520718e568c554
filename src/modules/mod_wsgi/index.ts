// WSGI lines → applications that answer requests.
import { defineModule } from "../../api/index.js";
import { checkAccess, passwords, wsgiGroup } from "./auxiliary-script.js";
import { check, daemonGroups, embeddedPython } from "./check.js";
import { behaviourDirectives, mappingDirectives } from "./directives.js";
import { registerGroups } from "./groups.js";
import { handle } from "./handler.js";
import { interpreterDirectives } from "./interpreter.js";
import { interpreterOptions } from "./interpreter-options.js";
import { mapToScript } from "./script-alias.js";
import { scriptDirectives } from "./script-directives.js";
import { wsgi } from "./settings.js";
import { webSocketDirectives } from "./web-socket.js";
import { directivesWithoutEffect } from "./without-effect.js";

export default defineModule({
  name: "mod_wsgi",
  summary: "Runs WSGI applications in Python and applications in JavaScript",
  checksEachUrl: true,
  settings: wsgi.settings,
  directives: (directive) => ({
    ...mappingDirectives(directive),
    ...behaviourDirectives(directive),
    ...scriptDirectives(directive),
    ...interpreterDirectives(directive),
    "<WSGIInterpreterOptions>": interpreterOptions,
    ...webSocketDirectives(directive),
    ...directivesWithoutEffect(directive),
  }),
  hooks: {
    translateName: {
      after: ["mod_alias"],
      before: ["mod_userdir", "mod_vhost_alias"],
      when: ({ aliases }) => aliases.length > 0,
      run: (request, { aliases }) => (mapToScript(request, aliases) ? "done" : undefined),
    },
    accessChecker: {
      before: ["mod_authz_host", "mod_access_compat"],
      when: ({ accessScript }) => accessScript !== undefined,
      run: checkAccess,
    },
    handler: { run: handle },
  },
  provides: { authnProvider: { wsgi: passwords }, authzProvider: { "wsgi-group": wsgiGroup } },
  lifecycle: {
    check,
    daemons: daemonGroups,
    embeddedPython,
    start: ({ server }) => registerGroups(server),
  },
});
