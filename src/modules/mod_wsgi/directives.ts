// The directives of mod_wsgi.
import { isIP } from "node:net";
import { arg, optional, rest, type DirectiveMaker, type Directives } from "../../api/index.js";
import { readDaemonProcess } from "./daemon-process.js";
import { prefixScriptAlias, readAliasOptions, regexScriptAlias } from "./script-alias.js";
import type { wsgi } from "./settings.js";

type Maker = DirectiveMaker<typeof wsgi.settings>;
type Table = Directives<typeof wsgi.settings>;

const server = ["server config"] as const;
const topLevel = ["server config", "virtual host"] as const;
const sections = ["server config", "virtual host", "directory"] as const;
const everywhere = ["server config", "virtual host", "directory", ".htaccess"] as const;

const expansions =
  "`%{GLOBAL}` is the empty name, `%{SERVER}` the ServerName and `%{HOST}` the Host of the request, each with its port " +
  "unless that is 80 or 443, `%{RESOURCE}` the ServerName with the path of the script, and `%{ENV:name}` a variable set by " +
  "SetEnv, SetEnvIf or the server's environment.";
const aliasOptions =
  "Options behind the target are `process-group=`, `application-group=`, `callable-object=` and `pass-authorization=`; each " +
  "is stronger than the directive of that name; and, of this server alone, `interface=auto`, `wsgi` or `asgi`: a coroutine function in " +
  "Python is an ASGI 3 application (HTTP and lifespan; `threads=` is then how many requests are answered at once; `path` in its scope has the mount point, `root_path`, in it). Where both groups are plain names the script is loaded when the daemon starts.";

/** What maps URLs to scripts and daemons to run them. */
export function mappingDirectives(directive: Maker): Table {
  return {
    WSGIScriptAlias: directive({
      args: [arg.urlPath("URL-path"), arg.word("script"), optional(arg.raw("options"))],
      contexts: topLevel,
      summary: "Maps a URL to a WSGI application or to a folder of them",
      doc:
        "The part of the URL behind the prefix goes to the application as PATH_INFO. The aliases of a virtual host come " +
        "before the main server's, and the first that matches wins: put `/` last. Scripts whose names end in .js, .mjs, .cjs, " +
        `.ts, .mts or .cts are run by Node, all others by Python. ${aliasOptions}`,
      example:
        'WSGIDaemonProcess site\nWSGIScriptAlias "/app" "/srv/app/app.wsgi" process-group=site application-group=%{GLOBAL}',
      set: ([path, target, options = ""], place) => ({
        aliases: [prefixScriptAlias(path, target, readAliasOptions(options, place), place)],
      }),
    }),
    WSGIScriptAliasMatch: directive({
      args: [arg.regex("regex"), arg.word("script"), optional(arg.raw("options"))],
      contexts: topLevel,
      summary: "Maps URLs to WSGI applications by a regular expression",
      doc: `\`$1\` to \`$9\` in the script stand for the parenthesised groups. ${aliasOptions}`,
      example: 'WSGIScriptAliasMatch "^/sites/([^/]+)" "/srv/sites/$1/app.wsgi"',
      set: ([regex, target, options = ""], place) => ({
        aliases: [regexScriptAlias(regex, target, readAliasOptions(options, place), place)],
      }),
    }),
    WSGIDaemonProcess: directive({
      args: [arg.word("name"), optional(arg.raw("options"))],
      contexts: topLevel,
      summary: "Defines a daemon group: processes that run applications",
      doc:
        "Options, with defaults: `processes=1 threads=15` sizes (`threads=0`: no requests; the scripts that WSGIImportScript names for the group run, as services do, and are run again when they end; SIGTERM ends them, as sys.exit() does unless they handle it); `user= group= supplementary-groups= umask= home= lang= locale= " +
        "display-name=` of the processes; `chroot=`, a folder they are shut in: the server is to be started as root, Python is the one inside, " +
        "home, python-home, python-path and the like are paths inside, those of scripts outside (one that is not inside gets 500), and applications in JavaScript cannot run there; `script-user=` or `script-group=` whose a script and its folder must be, and not writable " +
        "for others, else 403; `python-home= python-path= python-eggs=` where Python and its modules are. Not of " +
        "mod_wsgi are: `python-executable=`, the interpreter itself, of whatever version or kind; `env-file=`, a file of " +
        "NAME=value lines for the environment of the processes, read when one starts; `preload=`, a script that each process " +
        "runs before it loads applications and takes requests: where it fails the process does not serve. A process " +
        "is replaced, when its successor is ready, by `maximum-requests=0`, `restart-interval=0`, `inactivity-timeout=0` " +
        "(`WSGIIgnoreActivity`), `cpu-time-limit=0`, `deadlock-timeout=300`. What runs then may take `graceful-timeout=15`, on " +
        "SIGUSR1 `eviction-timeout=` (else graceful-timeout), at an end of the server `shutdown-timeout=5`. A request gets 504 " +
        "after `queue-timeout=0` without a thread, and after `request-timeout=0` of its application's time, in which waiting " +
        "for the client does not count; its process is replaced then, or, with `interrupt-timeout=0` set, the exception " +
        "`mod_wsgi.RequestTimeout` is raised in the request, and the process is replaced only if that has not ended it in " +
        "so many seconds. `startup-timeout=0 connect-timeout=15 socket-timeout=` (the server's Timeout). All times are seconds, 0 " +
        "meaning off. Of each process: `memory-limit=0 virtual-memory-limit=0` bytes, `cpu-priority=0`, `stack-size=` " +
        "of its threads, `switch-interval=`. A request body of up to `request-buffer-size=1048576` bytes (not of mod_wsgi) is taken in " +
        "before a thread is asked for, unless the client expects 100-continue; an application that is to answer before its client " +
        "sends the body needs 0. `response-buffer-size=8388608` bytes of a response are taken off its thread, whatever the client " +
        "does. Of both, what is more than 1 MiB, or more than 64 MiB of all requests of a worker, waits in a file without a " +
        "name (in $TMPDIR, else /var/tmp), at most 1 GiB for each worker. Where the client takes nothing for `response-socket-timeout=` (else `socket-timeout=`, " +
        "else the server's Timeout) it is cut. A response with a field longer than `header-buffer-size=` (0: no limit) is a 500. " +
        "`server-metrics=On` lets applications ask `mod_wsgi.server_metrics()` what all workers do, clients and URLs of other " +
        "sites included. `response-flush-delay=` has no effect: output is sent as it comes. `send-buffer-size= " +
        "receive-buffer-size= listen-backlog=100 socket-user=`. A number that is none, or an option that does not exist, is an error. A group " +
        "belongs to the ServerName of the virtual host it stands in; at the top it is for all. Each application group of a " +
        "daemon group has processes of its own.",
      example: "WSGIDaemonProcess site processes=2 threads=5 display-name=%{GROUP} request-timeout=60",
      set: ([name, options = ""], place) => ({ daemonProcesses: [readDaemonProcess(name, options, place)] }),
    }),
    WSGIProcessGroup: directive({
      args: [arg.word("name")],
      contexts: sections,
      summary: "Chooses the daemon group that runs applications",
      doc: `The empty name runs them embedded, in the server itself. ${expansions}`,
      default: "%{GLOBAL}",
      example: "WSGIDaemonProcess site\nWSGIProcessGroup site",
      set: ([processGroup]) => ({ processGroup }),
    }),
    WSGIApplicationGroup: directive({
      args: [arg.word("name")],
      contexts: sections,
      summary: "Chooses the application group that runs applications",
      doc:
        "Applications of one group share a process; each group has its own, where mod_wsgi has interpreters within one. " +
        expansions,
      default: "%{RESOURCE}",
      example: "WSGIApplicationGroup %{GLOBAL}",
      set: ([applicationGroup]) => ({ applicationGroup }),
    }),
    WSGICallableObject: directive({
      args: [arg.word("name")],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Names the application in its script",
      doc: "A name, or `%{ENV:name}` for a variable's value.",
      default: "application",
      example: "WSGICallableObject app",
      set: ([callable]) => ({ callable }),
    }),
    WSGIRestrictProcess: directive({
      args: [rest(arg.word("name"))],
      contexts: sections,
      summary: "Lists the daemon groups that may be chosen",
      doc: "A request for an application in another group gets 500. `%{GLOBAL}` stands for embedded applications.",
      example: "WSGIDaemonProcess site\nWSGIRestrictProcess site",
      set: ([restrictProcess]) => ({ restrictProcess }),
    }),
    WSGIRestrictEmbedded: directive({
      args: [arg.flag()],
      contexts: server,
      summary: "Refuses to run Python in the server itself",
      doc:
        "On, a Python application without a daemon group gets 500. Applications in JavaScript, which mod_wsgi does not have, " +
        "may still run embedded.",
      default: "Off",
      example: "WSGIRestrictEmbedded On",
      set: ([restrictEmbedded]) => ({ restrictEmbedded }),
    }),
    WSGIServerMetrics: directive({
      args: [arg.flag()],
      contexts: server,
      summary: "Lets applications in the server itself ask what all workers do",
      doc:
        "`mod_wsgi.server_metrics()` then gives a dictionary in place of None: workers, connections, and clients and URLs of all " +
        "sites. Daemon groups have the option `server-metrics=On`.",
      default: "Off",
      example: "WSGIServerMetrics On",
      set: ([serverMetrics]) => ({ serverMetrics }),
    }),
    WSGISocketPrefix: directive({
      args: [arg.filePath("prefix")],
      contexts: server,
      summary: "Sets where the sockets of daemon groups are made",
      doc: "The beginning of their file names, relative to ServerRoot.",
      default: "wsgi in DefaultRuntimeDir",
      example: "WSGISocketPrefix run/wsgi",
      set: ([socketPrefix]) => ({ socketPrefix }),
    }),
  };
}

/** How requests and responses are treated, and which Python runs. */
export function behaviourDirectives(directive: Maker): Table {
  const flag = (
    name: "passAuthorization" | "scriptReloading" | "ignoreActivity" | "chunkedRequest" | "errorOverride",
    { summary, doc, on }: { summary: string; doc: string; on?: true },
    example: string,
  ) =>
    directive({
      args: [arg.flag()],
      contexts: everywhere,
      override: "FileInfo",
      summary,
      doc,
      default: on ? "On" : "Off",
      example,
      set: ([value]) => ({ [name]: value }),
    });
  return {
    WSGIPassAuthorization: flag(
      "passAuthorization",
      {
        summary: "Shows applications the Authorization field",
        doc: "As HTTP_AUTHORIZATION. CGIPassAuth does the same.",
      },
      "WSGIPassAuthorization On",
    ),
    WSGIScriptReloading: flag(
      "scriptReloading",
      {
        summary: "Loads a script anew when it has changed",
        doc: "In a daemon group the process is replaced.",
        on: true,
      },
      "WSGIScriptReloading Off",
    ),
    WSGIIgnoreActivity: flag(
      "ignoreActivity",
      {
        summary: "Keeps requests from resetting the inactivity timeout",
        doc: "For requests that come by themselves, such as health checks, where `inactivity-timeout` of the daemon group is set.",
      },
      "WSGIIgnoreActivity On",
    ),
    WSGIChunkedRequest: flag(
      "chunkedRequest",
      { summary: "Accepts request bodies without a length", doc: "Off, a chunked request body is refused with 411." },
      "WSGIChunkedRequest On",
    ),
    WSGIErrorOverride: flag(
      "errorOverride",
      {
        summary: "Answers with the server's error pages in place of the application's",
        doc: "For responses of daemon groups with a status of 400 and above; see ErrorDocument.",
      },
      "WSGIErrorOverride On",
    ),
    WSGIMapHEADToGET: directive({
      args: [arg.oneOf("mode", "Auto", "On", "Off")],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Shows applications HEAD requests as GET",
      doc: "`On` does, `Off` does not, and so does `Auto` as long as no output filter needs the body. No body is sent in any case.",
      default: "Auto",
      example: "WSGIMapHEADToGET On",
      set: ([mapHeadToGet]) => ({ mapHeadToGet }),
    }),
    WSGITrustedProxyHeaders: directive({
      args: [rest(arg.word("field"))],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Lists the fields of a front-end proxy to believe",
      doc:
        "X-Forwarded-For, X-Client-IP and X-Real-IP set REMOTE_ADDR; X-Forwarded-Host and X-Host HTTP_HOST; " +
        "X-Forwarded-Server SERVER_NAME; X-Forwarded-Port SERVER_PORT; X-Script-Name and X-Forwarded-Script-Name SCRIPT_NAME; " +
        "X-Forwarded-Proto, X-Forwarded-Scheme, X-Scheme, X-Forwarded-HTTPS, X-Forwarded-SSL and X-HTTPS wsgi.url_scheme. " +
        "An address that is none, and a port that is no number, change nothing. Other fields of the same meaning are kept from the application. Without WSGITrustedProxies every client is believed.",
      example: "WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto\nWSGITrustedProxies 10.0.0.0/8",
      set: ([trustedProxyHeaders]) => ({ trustedProxyHeaders }),
    }),
    WSGITrustedProxies: directive({
      args: [
        rest(
          arg.custom("address", "address or network", (text, place) => {
            const [address = "", bits = "", more] = text.split("/");
            const most = isIP(address) === 4 ? 32 : 128;
            const valid =
              isIP(address) !== 0 && more === undefined && (bits === "" || /^\d+$/.test(bits)) && Number(bits) <= most;
            return valid && !text.endsWith("/") ? text : place.refuse("must be an address or address/bits");
          }),
        ),
      ],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Lists the proxies whose fields are believed",
      doc: "Addresses and networks as address/bits; see WSGITrustedProxyHeaders.",
      example: "WSGITrustedProxies 127.0.0.1 ::1 10.0.0.0/8",
      set: ([trustedProxies]) => ({ trustedProxies }),
    }),
    WSGIPythonPath: directive({
      args: [arg.word("folders")],
      contexts: server,
      summary: "Lists folders with Python modules",
      doc: "Separated by colons; read as site folders, and put in front of sys.path. `python-path=` of a daemon group replaces it.",
      example: "WSGIPythonPath /srv/app:/srv/lib",
      set: ([folders]) => ({ pythonPath: folders.split(":").filter(Boolean) }),
    }),
    WSGIPythonHome: directive({
      args: [arg.word("folder")],
      contexts: server,
      summary: "Sets the Python installation or virtual environment to run",
      doc: "The folder with bin/python in it. `python-home=` of a daemon group replaces it. A folder that does not exist is an error.",
      example: "WSGIPythonHome /usr",
      set: ([pythonHome]) => ({ pythonHome }),
    }),
  };
}
