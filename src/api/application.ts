// What mod_wsgi asks of the processes: run this script for this request; and what a daemon group is.
import type { Request } from "./request.js";
import type { Response } from "./response.js";
import type { Origin } from "./origin.js";

/** One run of an application. */
export interface ApplicationCall {
  /** Absolute path of the script. */
  readonly script: string;
  /** Name of the callable in it. */
  readonly callable: string;
  /** Daemon group, or "" for embedded. */
  readonly processGroup: string;
  /** Application group, "" for the main one. */
  readonly applicationGroup: string;
  /**
   * The part of the environ that stays the same from request to request of one mount (SERVER_SOFTWARE, SCRIPT_NAME,
   * DOCUMENT_ROOT, mod_wsgi.process_group ...). The environ an application sees is this overlaid by `environ`. Frozen,
   * and the same object for as long as its content is the same: whoever hands environs on to another process sends it
   * once per connection and names it afterwards. There are few of them: one for each mount, local address and scheme;
   * after a reload, new ones.
   */
  readonly constant?: Readonly<Record<string, string>>;
  /**
   * The part that belongs to this request: CGI variables, request fields, SetEnv variables and mod_wsgi.* strings;
   * latin1 strings. "wsgi.url_scheme" stands here; "mod_wsgi.request_start" is a decimal number of seconds since the
   * epoch, which applications see as a float. The other wsgi.* keys, the version tuples, and what only the process knows
   * (mod_wsgi.thread_id, .queue_start, .daemon_start, .application_start) are added where the application runs.
   */
  readonly environ: Readonly<Record<string, string>>;
  /** Whether a changed script is to be loaded anew. */
  readonly scriptReloading: boolean;
  /** Whether the run does not count where inactivity-timeout is measured. */
  readonly ignoresActivity?: boolean;
  /** The calling convention of a Python callable, where it is not to be seen from the callable itself. */
  readonly interface?: "wsgi" | "asgi";
  /** What WebSockets of an application of Python may do; the defaults if absent. */
  readonly webSocket?: WebSocketLimits;
  /** Set for a question: which function of the script is called, see ScriptQuestion. */
  readonly role?: ScriptRole;
  /** As of a ScriptQuestion. */
  readonly variable?: ScriptQuestion["variable"];
  /** WSGIErrorOverride and friends are the caller's: this is a plain run. */
}

/** What a WebSocket may do. Times in milliseconds, 0 meaning off. */
export interface WebSocketLimits {
  /** Bytes of the largest message a client may send. */
  readonly mostMessage: number;
  /** A client is asked that often whether it is there, and cut when it has not answered in that time. */
  readonly pingInterval: number;
  readonly pingTimeout: number;
}

/**
 * What a script beside the applications is asked for: `access` allow_access(environ, host), `password`
 * check_password(environ, user, password), `realm` get_realm_hash(environ, user, realm), `groups`
 * groups_for_user(environ, user), `dispatch` process_group, application_group and callable_object(environ).
 */
export type ScriptRole = "access" | "password" | "realm" | "groups" | "dispatch";

/** A question to such a script, which always runs in the worker. */
export interface ScriptQuestion {
  /** Absolute path of the script. */
  readonly script: string;
  readonly applicationGroup: string;
  readonly role: ScriptRole;
  /** Latin1 strings, as of an ApplicationCall. */
  readonly environ: Readonly<Record<string, string>>;
  /** What the function is called with behind the environ; latin1 strings. */
  readonly words: readonly string[];
  /** mod_ssl.var_lookup(): the value of a variable of the request by its name, "" without; latin1 strings. */
  readonly variable: (name: string) => string;
}

/** What each role is answered with; see mod_wsgi's documentation of those functions. */
export interface ScriptAnswers {
  readonly access: boolean | null;
  /** A string is the name the user is to have. */
  readonly password: boolean | string | null;
  readonly realm: string | null;
  readonly groups: readonly string[];
  /** Those the script has no opinion of are missing. */
  readonly dispatch: {
    readonly process_group?: string;
    readonly application_group?: string;
    readonly callable_object?: string;
  };
}

/** Runs applications. */
export interface Applications {
  /** Asks a script; undefined when it gave no answer, for a reason that is logged already: whoever asked refuses. */
  ask<Role extends ScriptRole>(
    question: ScriptQuestion & { readonly role: Role },
    request: Request,
  ): Promise<ScriptAnswers[Role] | undefined>;
  /** Answers with the application's response, or with a refusal (500, 503, 504) already logged. */
  run(call: ApplicationCall, request: Request): Response | Promise<Response>;
}

/** An application that processes can load before the first request asks for it. */
export interface Preload {
  readonly script: string;
  readonly callable: string;
  readonly applicationGroup: string;
}

/** What `<WSGIInterpreterOptions>` says for some interpreters of a process group. */
export interface InterpreterLayer {
  /** undefined: for all of them. */
  readonly applicationGroup: string | undefined;
  readonly pythonPath: readonly string[];
  /** Whether applications may not use it; what is missing is as without the layer. */
  readonly restricted: Readonly<Partial<Record<"stdin" | "stdout" | "signal", boolean>>>;
  /** Seconds, 0 as without the layer. */
  readonly switchInterval: number;
}

/** Python that runs inside the HTTP workers. */
export interface EmbeddedPythonSpec {
  readonly pythonHome: string | undefined;
  readonly pythonPath: readonly string[];
  /** Whether there may be several workers (wsgi.multiprocess). */
  readonly multiprocess: boolean;
  /** Variables for the start of the interpreter alone: PYTHONOPTIMIZE and the like. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whether applications may ask what all workers do. */
  readonly serverMetrics?: boolean;
  /** As of a DaemonGroupSpec. */
  readonly restricted?: readonly string[];
  readonly switchInterval?: number;
  readonly pythonEggs?: string | undefined;
  readonly endsInterpreter?: boolean;
  /** A line that certainly runs Python here. */
  readonly neededBy?: { readonly directive: string; readonly origin: Origin } | undefined;
  /** The more specific ones later. */
  readonly interpreters?: readonly InterpreterLayer[];
  /** Scripts to load when a worker starts. */
  readonly preloads: readonly Preload[];
}

/** A WSGIDaemonProcess line. Times in milliseconds, 0 meaning off. */
export interface DaemonGroupSpec {
  readonly name: string;
  readonly origin: Origin;
  /** Index of the virtual host it was declared in; 0 for the main server. */
  readonly virtualHost: number;
  readonly processes: number;
  /** Whether processes= was written (wsgi.multiprocess). */
  readonly multiprocess: boolean;
  readonly threads: number;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly umask: number | undefined;
  readonly home: string | undefined;
  /** The folder its processes are shut in; absolute. Other paths but those of scripts are as seen from inside. */
  readonly chroot?: string | undefined;
  /** Whose the scripts must be that it runs; at most one of both. */
  readonly scriptUser?: string | undefined;
  readonly scriptGroup?: string | undefined;
  readonly lang: string | undefined;
  readonly locale: string | undefined;
  readonly pythonHome: string | undefined;
  /** The interpreter itself, in place of the one of pythonHome; absolute. */
  readonly pythonExecutable?: string | undefined;
  /** A file of NAME=value lines for the environment, absolute. */
  readonly envFile?: string | undefined;
  /** A script that each process runs before it loads applications and takes requests, absolute. */
  readonly preload?: string | undefined;
  readonly pythonPath: readonly string[];
  /** Options of the interpreter: -O and the like. */
  readonly pythonOptions?: readonly string[];
  readonly pythonHashSeed?: string | undefined;
  /** What applications may not use: "stdin", "stdout", "signal"; undefined: signals. */
  readonly restricted?: readonly string[];
  /** Whether Python's functions for the end of a process are called; yes, unless it is false. */
  readonly endsInterpreter?: boolean;
  readonly displayName: string | undefined;
  readonly maximumRequests: number;
  readonly requestTimeout: number;
  readonly queueTimeout: number;
  readonly shutdownTimeout: number;
  readonly gracefulTimeout: number;
  readonly startupTimeout: number;
  readonly connectTimeout: number;
  readonly socketTimeout: number;
  readonly listenBacklog: number;
  readonly socketUser: string | undefined;
  /** A process is replaced after this time, and after this time without a request. */
  readonly restartInterval: number;
  readonly inactivityTimeout: number;
  /** Time after which a process that shows no sign of life is replaced. */
  readonly deadlockTimeout: number;
  /** Time a request beyond request-timeout gets to end when it was interrupted; 0: it is not interrupted. */
  readonly interruptTimeout: number;
  /** As graceful-timeout, for a process that was sent SIGUSR1; 0: graceful-timeout. */
  readonly evictionTimeout: number;
  /** Seconds of processor time, 0 without limit. */
  readonly cpuTimeLimit: number;
  /** Bytes, 0 without limit: of data, and of all memory. */
  readonly memoryLimit: number;
  readonly virtualMemoryLimit: number;
  /** Bytes of a thread's stack, 0 for the system's default. */
  readonly stackSize: number;
  /** As of nice(1). */
  readonly cpuPriority: number;
  /** Seconds after which Python gives another thread its turn, 0 for Python's default. */
  readonly switchInterval: number;
  readonly pythonEggs: string | undefined;
  /** Names or "#number"; undefined: those of the user. */
  readonly supplementaryGroups: readonly string[] | undefined;
  /** Bytes of the sockets' buffers, 0 for the system's default. */
  readonly sendBufferSize: number;
  readonly receiveBufferSize: number;
  /** Whether applications may ask what all workers do (mod_wsgi.server_metrics). */
  readonly serverMetrics?: boolean;
  /** Milliseconds in which a client must take something of a response; 0: the server's Timeout. */
  readonly responseSocketTimeout?: number;
  /** Bytes that one field of a response may have, 0 without limit. */
  readonly headerBufferSize: number;
  /** A request body of at most so many bytes is taken in before a thread is asked for; 0: none is. */
  readonly requestBufferSize: number;
  /** Bytes of a response that are taken from the application before the client has taken them. */
  readonly responseBufferSize: number;
  /** Prefix of socket paths, from WSGISocketPrefix, absolute; undefined for the default. */
  readonly socketPrefix: string | undefined;
  /** Applications to load at start. */
  readonly preloads: readonly Preload[];
  /** The more specific ones later. */
  readonly interpreters?: readonly InterpreterLayer[];
}
