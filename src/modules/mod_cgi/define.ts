// The name of one of Apache's two modules for CGI → that module: the same directives, the same handler.
import { arg, defineModule, endPrograms, type Context } from "../../api/index.js";
import { handle } from "./handler.js";
import { settings, type CgiModule } from "./settings.js";

const hosts: readonly Context[] = ["server config", "virtual host"];

/** Makes the module. */
export function cgiModule(own: CgiModule) {
  const timeoutDirective = own.name === "cgi" ? "CGIScriptTimeout" : "CGIDScriptTimeout";
  return defineModule({
    name: `mod_${own.name}`,
    summary: "Runs programs that answer requests by the Common Gateway Interface (CGI).",
    settings,
    directives: (directive) => ({
      ScriptLog: directive({
        args: [arg.filePath("file-path")],
        contexts: hosts,
        summary: "A file that shows what scripts got and gave where they failed.",
        doc:
          "For finding faults: request, fields, the beginning of the body, what the script wrote. It is opened at each failure " +
          "by the user the server runs as. Without it, what scripts write to their standard error is in the error log alone.",
        example: "ScriptLog logs/cgi_log",
        set: ([scriptLog]) => ({ scriptLog }),
      }),
      ScriptLogLength: directive({
        args: [arg.size("bytes")],
        contexts: hosts,
        summary: "Size of the script log beyond which nothing is added to it.",
        doc: "A log that is longer already is left as it is; remove it, or move it away, to have it begun anew.",
        example: "ScriptLogLength 1048576",
        default: "10385760",
        set: ([scriptLogLength]) => ({ scriptLogLength }),
      }),
      ScriptLogBuffer: directive({
        args: [arg.size("bytes")],
        contexts: hosts,
        summary: "How much of a request's body the script log shows.",
        doc: "In bytes, for POST and PUT.",
        example: "ScriptLogBuffer 4096",
        default: "1024",
        set: ([scriptLogBuffer]) => ({ scriptLogBuffer: Math.min(scriptLogBuffer, 1024 * 1024) }),
      }),
      [timeoutDirective]: directive({
        args: [arg.duration("time")],
        contexts: ["server config", "virtual host", "directory"],
        summary: "How long a script may be silent.",
        doc:
          "A bare number counts seconds. A script that writes nothing for so long is ended with its whole process group: by 504 " +
          "before its fields are there, and afterwards by breaking the response off.",
        example: `${timeoutDirective} 20`,
        default: "value of Timeout",
        set: ([scriptTimeout]) => ({ scriptTimeout }),
      }),
      ...(own.name === "cgi"
        ? {}
        : {
            ScriptSock: directive({
              args: [arg.filePath("file-path")],
              contexts: ["server config"],
              summary: "The socket of Apache's CGI daemon.",
              doc: "Has no effect: there is no such daemon; workers start scripts themselves.",
              example: "ScriptSock run/cgisock",
              default: "cgisock",
              set: () => undefined,
            }),
          }),
    }),
    hooks: {
      handler: {
        run: (request, held) => handle(request, held, own),
      },
    },
    // Pages may run commands where one of these modules is there.
    provides: { programs: { [own.name]: true } },
    lifecycle: { stop: endPrograms },
  });
}
