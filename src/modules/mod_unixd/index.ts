// Who the server runs as, and the directives on its processes that every MPM shares.
import { arg, defineModule, processes, type Argument } from "../../api/index.js";

const contexts = ["server config"] as const;

interface Accepted {
  readonly args: readonly Argument<unknown>[];
  readonly summary: string;
  readonly doc: string;
  readonly example: string;
}

export default defineModule({
  name: "mod_unixd",
  symbol: "unixd_module",
  sources: ["mod_unixd.c"],
  summary: "Users, pid file and processes of the server.",
  builtIn: true,
  settings: processes.settings,
  directives: (directive) => {
    const accepted = (record: Accepted) => directive({ ...record, contexts, set: () => undefined });
    const number = arg.int("number");
    const retiring = (name: string) =>
      directive({
        args: [number],
        contexts,
        summary: "How many connections a worker takes before a new one takes its place.",
        doc:
          "The successor serves before the old worker stops to accept; what that one has begun goes on for as long as after a graceful " +
          "restart. Workers that come to the number within seconds are replaced more slowly. 0 is without limit. Applications in daemon " +
          "groups are not touched: their groups have `maximum-requests`.",
        example: `${name} 100000`,
        default: "0",
        set: ([maxConnectionsPerWorker]) => ({ maxConnectionsPerWorker }),
      });
    return {
      User: directive({
        args: [arg.word("user")],
        contexts,
        summary: "The user that serves requests, by name or `#number`.",
        doc: "Used when the server is started by root, which keeps the sockets and logs; otherwise whoever starts it serves.",
        example: "User www-data",
        set: ([user]) => ({ user }),
      }),
      Group: directive({
        args: [arg.word("group")],
        contexts,
        summary: "The group that serves requests, by name or `#number`.",
        doc: "As for `User`.",
        example: "Group www-data",
        set: ([group]) => ({ group }),
      }),
      ChrootDir: directive({
        args: [arg.word("directory")],
        contexts,
        summary: "A directory that becomes the root of the file system for the server.",
        doc: "Refused: a worker could not load anything of itself from in there. Run the server in a container.",
        example: "ChrootDir none",
        set: ([directory], place) =>
          directory.toLowerCase() === "none" ? undefined : place.fail("the root of the file system cannot be changed"),
      }),
      Suexec: directive({
        args: [arg.flag()],
        contexts,
        summary: "Whether CGI programs run as users of their own.",
        doc: "CGI programs run as the user of the server; `On` is refused, since it is not kept. Daemon groups run as the user they name.",
        example: "Suexec Off",
        set: ([on], place) => (on ? place.fail("there is no suexec here: give a daemon group its user") : undefined),
      }),
      PidFile: directive({
        args: [arg.filePath("file")],
        contexts,
        summary: "The file with the process number of the supervisor.",
        doc: "A relative path is taken from ServerRoot. The tools find the running server by it.",
        example: "PidFile run/modhost.pid",
        default: "logs/httpd.pid",
        set: ([pidFile]) => ({ pidFile }),
      }),
      DefaultRuntimeDir: directive({
        args: [arg.filePath("directory-path")],
        contexts: ["server config", "virtual host", "directory"],
        summary: "The directory for what lives as long as the server: sockets.",
        doc: "A relative path is taken from ServerRoot.",
        example: "DefaultRuntimeDir run",
        set: ([defaultRuntimeDir]) => ({ defaultRuntimeDir }),
      }),
      ScoreBoardFile: accepted({
        args: [arg.word("file")],
        summary: "Where Apache's processes keep their counts.",
        doc: "Has no effect: counts are kept by the supervisor.",
        example: "ScoreBoardFile run/scoreboard",
      }),
      CoreDumpDirectory: accepted({
        args: [arg.word("directory")],
        summary: "Where the system puts the memory of a process that crashed.",
        doc: "Has no effect: the system writes it where `kernel.core_pattern` says.",
        example: "CoreDumpDirectory /tmp",
      }),
      MaxConnectionsPerChild: retiring("MaxConnectionsPerChild"),
      MaxRequestsPerChild: retiring("MaxRequestsPerChild"),
      MaxMemFree: accepted({
        args: [number],
        summary: "How much freed memory a process of Apache keeps.",
        doc: "Has no effect: memory is the garbage collector's; `NODE_OPTIONS=--max-old-space-size` in envvars bounds it.",
        example: "MaxMemFree 2048",
      }),
      ThreadStackSize: accepted({
        args: [number],
        summary: "The stack of each thread.",
        doc: "Has no effect: requests are served without threads of their own.",
        example: "ThreadStackSize 8388608",
      }),
    };
  },
});
