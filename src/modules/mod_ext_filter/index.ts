// ExtFilterDefine lines → filters that are programs.
import { arg, defineModule, rest, type NamedFilter, type ServerView } from "../../api/index.js";
import { readDefinition } from "./definition.js";
import { inputFilter, outputFilter } from "./filters.js";
import { extFilter, type ExternalFilter } from "./settings.js";

export default defineModule({
  name: "mod_ext_filter",
  summary: "Leads responses, and bodies of requests, through programs",
  settings: extFilter.settings,
  directives: (directive) => ({
    ExtFilterDefine: directive({
      args: [arg.raw("definition")],
      contexts: ["server config", "virtual host"],
      summary: "Defines a filter that is a program",
      doc:
        "A name, and `cmd=` with the full path of the program, in quotes with its arguments. SetOutputFilter, AddOutputFilter, " +
        "FilterProvider and the like then know the name; with `mode=input` SetInputFilter does. The program gets the bytes by " +
        "standard input and the variables of CGI, and what it prints takes their place. `intype=TYPE` leads only bodies of that type " +
        "through it, `outtype=TYPE` is the type of what it prints, `PreservesContentLength` says that it changes no length, " +
        "`enableenv=NAME` and `disableenv=NAME` ask whether a variable of the request is set. `ftype=` is 10 for what changes " +
        "content (default), 20 for what packs it, 30 and more for what sees ranges of it. A program starts for each " +
        "response: 128 run at once for each HTTP worker, 512 wait, and further requests are answered with 503. It ends with its request; " +
        "one that is silent for Timeout breaks the answer off. Its output goes out as it comes, so in chunks.",
      example: 'ExtFilterDefine upper mode=output intype=text/plain cmd="/usr/bin/tr a-z A-Z"',
      set: ([text], place) => ({ filters: [readDefinition(text, place)] }),
    }),
    ExtFilterOptions: directive({
      args: [rest(arg.oneOf("option", "LogStderr", "NoLogStderr", "Onfail=abort", "Onfail=remove"))],
      contexts: ["directory"],
      summary: "What programs print as errors, and what becomes of requests whose program cannot run",
      doc:
        "`LogStderr` writes their standard error to the error log. `Onfail=remove` answers without the filter where its program " +
        "cannot be started, `Onfail=abort` with 500.",
      default: "NoLogStderr Onfail=abort",
      example: '<Directory "htdocs">\n  ExtFilterOptions LogStderr Onfail=remove\n</Directory>',
      set: ([options]) => {
        let change: { logsErrors?: boolean; onFail?: "abort" | "remove" } = {};
        for (const option of options) {
          const [, onFail] = /^Onfail=(abort|remove)$/.exec(option) ?? [];
          change =
            onFail === "abort" || onFail === "remove"
              ? { ...change, onFail }
              : { ...change, logsErrors: option === "LogStderr" };
        }
        return change;
      },
    }),
  }),
  lifecycle: {
    provides(server) {
      const outputs: Record<string, NamedFilter> = {};
      const inputs: Record<string, unknown> = {};
      for (const { name, mode, type } of definitions(server)) {
        if (mode === "output") outputs[name] ??= outputFilter(name, type);
        else inputs[name] ??= inputFilter(name);
      }
      return { outputFilter: outputs, inputFilter: inputs };
    },
    check(server) {
      for (const { virtualHost, settings } of server.everywhere(extFilter)) {
        const known = new Set<string>();
        for (const { name, origin } of settings.filters ?? []) {
          if (known.has(name))
            server.error(`ExtFilterDefine: ${name} is defined twice in ${virtualHost.serverName}`, origin);
          known.add(name);
        }
      }
    },
  },
});

function definitions(server: ServerView): readonly ExternalFilter[] {
  return [...server.everywhere(extFilter)].flatMap(({ settings }) => settings.filters ?? []);
}
