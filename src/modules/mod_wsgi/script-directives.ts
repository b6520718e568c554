// The directives of mod_wsgi that name scripts which are no applications, or run them for handlers of other names.
import { arg, optional, type DirectiveMaker, type Directives } from "../../api/index.js";
import { readAuxiliaryScript } from "./auxiliary-script.js";
import { readHandlerScript, readImportScript } from "./named-script.js";
import type { wsgi } from "./settings.js";

type Maker = DirectiveMaker<typeof wsgi.settings>;
type Table = Directives<typeof wsgi.settings>;

const topLevel = ["server config", "virtual host"] as const;
const sections = ["server config", "virtual host", "directory"] as const;
const directories = ["directory", ".htaccess"] as const;

const where =
  "The script runs in the server itself, which needs Python there (koffi and libpython), in the main interpreter or in that of " +
  "`application-group=`: a name, `%{GLOBAL}`, `%{SERVER}` or `%{HOST}`. It is loaded anew when it has changed.";

/** Scripts that decide about requests. */
export function scriptDirectives(directive: Maker): Table {
  const args = [arg.word("script"), optional(arg.raw("options"))] as const;
  return {
    WSGIAccessScript: directive({
      args,
      contexts: directories,
      override: "AuthConfig",
      summary: "Has a Python script decide who may come in, by where the request comes from",
      doc:
        "`allow_access(environ, host)` is called; True and None let the request go on to the other checks, False refuses it with 403. So " +
        `does anything else: another value, an exception, a script that does not load. ${where}`,
      example: '<Location "/private">\n  WSGIAccessScript "/srv/access.py"\n</Location>',
      set: ([path, options = ""], place) => ({ accessScript: readAuxiliaryScript(path, options, place) }),
    }),
    WSGIAuthUserScript: directive({
      args,
      contexts: directories,
      override: "AuthConfig",
      summary: "Has a Python script check passwords, for AuthBasicProvider wsgi",
      doc:
        "`check_password(environ, user, password)` gives True or False, None for a user it does not know, or the name the user is to have. " +
        "For the scheme Digest `get_realm_hash(environ, user, realm)` gives the MD5 of `user:realm:password` in hexadecimal, or None. " +
        `A script that fails is answered with 500. ${where}`,
      example:
        '<Location "/private">\n  AuthType Basic\n  AuthName Private\n  AuthBasicProvider wsgi\n  WSGIAuthUserScript "/srv/users.py"\n' +
        "  Require valid-user\n</Location>",
      set: ([path, options = ""], place) => ({ authUserScript: readAuxiliaryScript(path, options, place) }),
    }),
    WSGIAuthGroupScript: directive({
      args,
      contexts: directories,
      override: "AuthConfig",
      summary: "Has a Python script say which groups a user is in, for Require wsgi-group",
      doc:
        "`groups_for_user(environ, user)` gives names; `Require wsgi-group` grants a user who is in one of those it lists. A script that " +
        `fails, also in the middle of its list, gives no group at all. ${where}`,
      example: '<Location "/private">\n  WSGIAuthGroupScript "/srv/groups.py"\n  Require wsgi-group staff\n</Location>',
      set: ([path, options = ""], place) => ({ authGroupScript: readAuxiliaryScript(path, options, place) }),
    }),
    WSGIDispatchScript: directive({
      args,
      contexts: sections,
      summary: "Has a Python script choose process group, application group and callable of each request",
      doc:
        "Its functions `process_group(environ)`, `application_group(environ)` and `callable_object(environ)`, where it has them, give a name or " +
        "None, which leaves the choice as it is. A script that fails is answered with 500, also where it does not load (mod_wsgi goes on " +
        `without it). ${where}`,
      example: 'WSGIDispatchScript "/srv/dispatch.py"',
      set: ([path, options = ""], place) => ({ dispatchScript: readAuxiliaryScript(path, options, place) }),
    }),
    WSGIHandlerScript: directive({
      args: [arg.word("handler-name"), arg.word("script"), optional(arg.raw("options"))],
      contexts: sections,
      summary: "Defines a handler whose requests a Python script answers, whatever file they are for",
      doc:
        "`handle_request(environ, start_response)` of the script is called for requests that `SetHandler` or `AddHandler` give the name to. " +
        "Options are `process-group=`, `application-group=` and `pass-authorization=`, as for WSGIScriptAlias.",
      example: 'WSGIHandlerScript wiki "/srv/wiki.py"\n<Directory "/srv/pages">\n  SetHandler wiki\n</Directory>',
      set: ([name, path, options = ""], place) => ({
        handlerScripts: { [name]: readHandlerScript(path, options, place) },
      }),
    }),
    WSGIImportScript: directive({
      args,
      contexts: topLevel,
      summary: "Loads a Python script when a process starts",
      doc:
        "Options `process-group=` and `application-group=` are both needed, as plain names or `%{GLOBAL}`, and say where. What it loads is " +
        "used when the same script is asked for as an application.",
      example:
        'WSGIDaemonProcess site\nWSGIImportScript "/srv/app.wsgi" process-group=site application-group=%{GLOBAL}',
      set: ([path, options = ""], place) => ({ importScripts: [readImportScript(path, options, place)] }),
    }),
  };
}
