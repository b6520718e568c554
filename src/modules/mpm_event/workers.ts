// The directives on workers and connections that all MPMs have, with what they mean here.
import { arg, processes, type Argument, type Directive, type DirectiveMaker } from "../../api/index.js";

type ProcessSettings = typeof processes.settings;

const contexts = ["server config"] as const;

interface Accepted {
  readonly args: readonly Argument<unknown>[];
  readonly summary: string;
  readonly doc: string;
  readonly example: string;
}

const amount =
  "Has no effect: a worker serves all its connections from one thread, so there are none to start or spare.";
const socket = "Has no effect: the system's own setting holds.";

/** The directives of all MPMs; `perWorker` is how many connections one of MaxRequestWorkers stands for. */
export function workerDirectives(directive: DirectiveMaker<ProcessSettings>, perWorker: number) {
  const accepted = (record: Accepted): Directive<ProcessSettings> =>
    directive({ ...record, contexts, set: () => undefined });
  const number = arg.int("number");
  const most = (name: string) =>
    directive({
      args: [arg.int("number", { min: 1 })],
      contexts,
      summary: "Bounds the connections served at the same time, over all workers together.",
      doc:
        (perWorker === 1
          ? "Each counts one connection. "
          : `Each stands for ${perWorker} connections, as Apache's event MPM lets idle and waiting ones go beyond the number. `) +
        "What comes beyond waits to be accepted. Connections cost little: there is no need to keep the number small.",
      example: `${name} 150`,
      default: "4096 connections",
      set: ([workers]) => ({ maxRequestWorkers: workers * perWorker }),
    });
  return {
    StartServers: directive({
      args: [number],
      contexts,
      summary: "The least number of HTTP workers.",
      doc:
        "A worker is a process that serves any number of connections at once, so there is one for each processor core, " +
        "or for two where there are daemon groups, which need cores too; this asks for more than that, `ServerLimit` " +
        "for fewer. None are started or ended with the load.",
      example: "StartServers 2",
      set: ([startServers]) => ({ startServers }),
    }),
    ServerLimit: directive({
      args: [arg.int("number", { min: 1 })],
      contexts,
      summary: "The largest number of HTTP workers.",
      doc: "`ServerLimit 1` makes a server of one worker, whatever the number of processor cores.",
      example: "ServerLimit 4",
      set: ([serverLimit]) => ({ serverLimit }),
    }),
    MaxRequestWorkers: most("MaxRequestWorkers"),
    MaxClients: most("MaxClients"),
    GracefulShutdownTimeout: directive({
      args: [arg.duration("seconds")],
      contexts,
      summary: "How long requests may go on after a graceful stop or restart.",
      doc: "What runs still is then broken off. 0 is without limit.",
      example: "GracefulShutdownTimeout 30",
      default: "0",
      set: ([gracefulShutdownTimeout]) => ({ gracefulShutdownTimeout }),
    }),
    ListenBacklog: directive({
      args: [arg.int("number", { min: 1 })],
      contexts,
      summary: "How many connections may wait to be accepted.",
      doc: "The system may have a lower bound of its own.",
      example: "ListenBacklog 1024",
      default: "511",
      set: ([listenBacklog]) => ({ listenBacklog }),
    }),
    ListenCoresBucketsRatio: accepted({
      args: [number],
      summary: "How many listening sockets there are for processor cores.",
      doc: "Has no effect: workers share one socket for each address.",
      example: "ListenCoresBucketsRatio 0",
    }),
    ListenTCPDeferAccept: accepted({
      args: [number],
      summary: "How long the system holds back connections without data.",
      doc: "Has no effect: connections are accepted at once.",
      example: "ListenTCPDeferAccept 30",
    }),
    SendBufferSize: accepted({
      args: [number],
      summary: "The size of sockets' send buffers.",
      doc: socket,
      example: "SendBufferSize 0",
    }),
    ReceiveBufferSize: accepted({
      args: [number],
      summary: "The size of sockets' receive buffers.",
      doc: socket,
      example: "ReceiveBufferSize 0",
    }),
  };
}

/** The directives of the MPMs with threads. */
export function threadDirectives(directive: DirectiveMaker<ProcessSettings>) {
  const accepted = (summary: string, example: string): Directive<ProcessSettings> =>
    directive({ args: [arg.int("number")], contexts, summary, doc: amount, example, set: () => undefined });
  return {
    ThreadsPerChild: accepted("Threads of each process.", "ThreadsPerChild 25"),
    ThreadLimit: accepted("Upper bound of ThreadsPerChild.", "ThreadLimit 64"),
    MinSpareThreads: accepted("Fewest idle threads.", "MinSpareThreads 75"),
    MaxSpareThreads: accepted("Most idle threads.", "MaxSpareThreads 250"),
  };
}

/** The directives of prefork. */
export function spareDirectives(directive: DirectiveMaker<ProcessSettings>) {
  const accepted = (summary: string, example: string): Directive<ProcessSettings> =>
    directive({ args: [arg.int("number")], contexts, summary, doc: amount, example, set: () => undefined });
  return {
    MinSpareServers: accepted("Fewest idle processes.", "MinSpareServers 5"),
    MaxSpareServers: accepted("Most idle processes.", "MaxSpareServers 10"),
  };
}
