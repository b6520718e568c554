// Directives about the Python interpreter itself → how it is started and what applications may do in it.
import { arg, type Context, type DirectiveMaker, type Directives } from "../../api/index.js";
import type { WsgiSettings, wsgi } from "./settings.js";

const server: readonly Context[] = ["server config"];

/** WSGIPythonOptimize and its like. */
export function interpreterDirectives(
  directive: DirectiveMaker<typeof wsgi.settings>,
): Directives<typeof wsgi.settings> {
  const restriction = (name: "restrictStdin" | "restrictStdout", stream: "stdin" | "stdout", otherwise: string) =>
    directive({
      args: [arg.flag()],
      contexts: server,
      summary: `Refuses applications the use of sys.${stream}`,
      doc: `On, each use of it raises IOError. Off, ${otherwise}.`,
      default: "Off",
      example: `WSGIRestrict${stream === "stdin" ? "Stdin" : "Stdout"} On`,
      set: ([value]) => ({ [name]: value }),
    });
  return {
    WSGIPythonOptimize: directive({
      args: [arg.word("level")],
      contexts: server,
      summary: "Sets the level of optimisation of Python",
      doc: "1 leaves assertions out, 2 documentation strings too; as -O and -OO of Python.",
      default: "0",
      example: "WSGIPythonOptimize 1",
      set: ([level], place) =>
        /^\d+$/.test(level)
          ? { pythonOptimize: Math.min(2, Number(level)) }
          : place.fail(`expected a whole number, found "${level}"`),
    }),
    WSGIPythonWarnings: directive({
      args: [arg.word("filter")],
      contexts: server,
      summary: "Adds a filter of Python's warnings",
      doc: "As -W of Python; the line may be repeated.",
      example: "WSGIPythonWarnings ignore::DeprecationWarning",
      set: ([filter]) => ({ pythonWarnings: [filter] }),
    }),
    WSGIPythonHashSeed: directive({
      args: [arg.word("seed")],
      contexts: server,
      summary: "Sets the seed of Python's hashes",
      doc: "`random`, which is also the default, or a number up to 4294967295 that makes the order of sets repeat itself.",
      default: "random",
      example: "WSGIPythonHashSeed random",
      set: ([seed], place) =>
        seed === "random" || (/^\d{1,10}$/.test(seed) && Number(seed) <= 4_294_967_295)
          ? { pythonHashSeed: seed }
          : place.fail(`expected random or a number from 0 to 4294967295, found "${seed}"`),
    }),
    WSGIDontWriteBytecode: directive({
      args: [arg.flag()],
      contexts: server,
      summary: "Has Python write no .pyc files",
      doc: "As -B of Python.",
      default: "Off",
      example: "WSGIDontWriteBytecode On",
      set: ([dontWriteBytecode]) => ({ dontWriteBytecode }),
    }),
    WSGIDestroyInterpreter: directive({
      args: [arg.flag()],
      contexts: server,
      summary: "Has Python end in order when its process ends",
      doc: "Off, functions registered with atexit are not called; the subscribers of shutdown events are in any case.",
      default: "On",
      example: "WSGIDestroyInterpreter Off",
      set: ([destroyInterpreter]) => ({ destroyInterpreter }),
    }),
    WSGIPythonEggs: directive({
      args: [arg.word("folder")],
      contexts: server,
      summary: "Says where eggs are unpacked inside the server",
      doc: "As PYTHON_EGG_CACHE; daemon groups have the option `python-eggs=`.",
      example: "WSGIPythonEggs /var/cache/eggs",
      set: ([pythonEggs]) => ({ pythonEggs }),
    }),
    WSGISwitchInterval: directive({
      args: [arg.word("seconds")],
      contexts: server,
      summary: "Sets after how long Python gives another thread its turn",
      doc: "A daemon group may have its own, `switch-interval=`.",
      default: "0.005",
      example: "WSGISwitchInterval 0.01",
      set: ([seconds], place) =>
        Number(seconds) > 0
          ? { switchInterval: Number(seconds) }
          : place.fail(`expected a number of seconds above 0, found "${seconds}"`),
    }),
    WSGIRestrictStdin: restriction("restrictStdin", "stdin", "there is nothing to read on it"),
    WSGIRestrictStdout: restriction("restrictStdout", "stdout", "what is printed is in the error log"),
    WSGIRestrictSignal: directive({
      args: [arg.flag()],
      contexts: server,
      summary: "Keeps applications from handling signals",
      doc:
        "On, signal.signal() does nothing but log; SIGHUP and SIGUSR2 reach applications through mod_wsgi.subscribe_signals. Off, " +
        "daemons leave it as Python has it: an application that takes SIGTERM, SIGUSR1, SIGXCPU or signal 60 for itself keeps the " +
        "server from what it uses them for. Inside the server it is always On.",
      default: "On",
      example: "WSGIRestrictSignal On",
      set: ([restrictSignal]) => ({ restrictSignal }),
    }),
  };
}

/** Options of the command that starts a daemon's Python. */
export function pythonOptions({ pythonOptimize, pythonWarnings, dontWriteBytecode }: WsgiSettings): string[] {
  return [
    ...(pythonOptimize > 0 ? [`-${"O".repeat(pythonOptimize)}`] : []),
    ...(dontWriteBytecode ? ["-B"] : []),
    ...pythonWarnings.map((filter) => `-W${filter}`),
  ];
}

/** The same as variables, for Python that is started inside the server. */
export function pythonVariables(settings: WsgiSettings): Record<string, string> {
  const { pythonOptimize, pythonWarnings, pythonHashSeed, dontWriteBytecode } = settings;
  return {
    ...(pythonOptimize > 0 ? { PYTHONOPTIMIZE: String(pythonOptimize) } : {}),
    ...(dontWriteBytecode ? { PYTHONDONTWRITEBYTECODE: "1" } : {}),
    ...(pythonWarnings.length > 0 ? { PYTHONWARNINGS: pythonWarnings.join(",") } : {}),
    ...(pythonHashSeed === undefined ? {} : { PYTHONHASHSEED: pythonHashSeed }),
  };
}

/** What applications are refused. */
export function restrictions({ restrictStdin, restrictStdout, restrictSignal }: WsgiSettings): string[] {
  return [
    ...(restrictStdin ? ["stdin"] : []),
    ...(restrictStdout ? ["stdout"] : []),
    ...(restrictSignal === false ? [] : ["signal"]),
  ];
}
