// A shared library of Python → interpreters that run inside this process.
import type { PythonLibrary } from "./python-library.js";
import { fault } from "./python-library.js";
import { NoPythonError } from "./python-interpreter.js";

/** Python in this process. Its threads run beside the event loop; only making an interpreter holds that up, for some milliseconds. */
export interface PythonRuntime {
  /** Runs a program in the main interpreter, or in one made for it; it must return soon. Throws an Error. */
  run(program: string, where: "main" | "new"): void;
  /** Two connected Unix stream sockets, closed when another program is started. */
  socketPair(): readonly [ours: number, theirs: number];
}

const unixFamily = 1;
const streamSocket = 1;
/** SOCK_CLOEXEC; elsewhere than on Linux the flag does not exist. */
const closeOnExec = process.platform === "linux" ? 0o2000000 : 0;

/** Loads the library and starts Python; `variables` stand in the environment while it starts. Rejects with a NoPythonError. */
export async function startPython(
  { program, library }: PythonLibrary,
  variables: Readonly<Record<string, string>>,
): Promise<PythonRuntime> {
  const koffi = await loadKoffi();
  // Extension modules find Python's functions among the global symbols.
  const python = openLibrary(koffi, library);
  const decode = python.func("void *Py_DecodeLocale(const char *, void *)");
  const setProgramName = python.func("void Py_SetProgramName(void *)");
  const initialize = python.func("void Py_InitializeEx(int)");
  const newInterpreter = python.func("void *Py_NewInterpreter()");
  const runString = python.func("int PyRun_SimpleString(const char *)");
  const saveThread = python.func("void *PyEval_SaveThread()");
  const restoreThread = python.func("void PyEval_RestoreThread(void *)");
  const socketpair = python.func("int socketpair(int, int, int, _Out_ int *)");
  setProgramName(decode(program, null));
  withVariables(variables, () => void initialize(0));
  const main: unknown = saveThread();
  return {
    run: (text, where) => {
      restoreThread(main);
      try {
        if (where === "new" && newInterpreter() === null) throw new Error("Python could not make another interpreter");
        if (runString(text) !== 0) throw new Error("Python could not run the program that starts an interpreter");
      } finally {
        saveThread();
      }
    },
    socketPair: () => {
      const ends: number[] = [-1, -1];
      if (socketpair(unixFamily, streamSocket | closeOnExec, 0, ends) !== 0)
        throw new Error("no socket pair can be made");
      return [ends[0] ?? -1, ends[1] ?? -1];
    },
  };
}

/** As much of koffi as is used here: types of its own would keep a machine without it, which is optional, from building. */
interface Koffi {
  load(file: string, options: { readonly global: boolean; readonly lazy: boolean }): Library;
}

interface Library {
  /** A function by its declaration in C. */
  func(declaration: string): (...args: readonly unknown[]) => unknown;
}

const koffiPackage: string = "koffi";

/** Loads koffi, which calls the library. Rejects with a NoPythonError where it is not there. */
export async function loadKoffi(): Promise<Koffi> {
  try {
    return ((await import(koffiPackage)) as { readonly default: Koffi }).default;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ERR_MODULE_NOT_FOUND" ? "is not installed" : `cannot be loaded (${String(error)})`;
    throw new NoPythonError(
      fault(
        `the npm package koffi, with which Python runs inside the server, ${why}: npm install koffi, or give the ` +
          "application a daemon group with WSGIDaemonProcess and WSGIProcessGroup",
      ),
    );
  }
}

function openLibrary(koffi: Koffi, library: string): Library {
  try {
    return koffi.load(library, { global: true, lazy: true });
  } catch (error) {
    throw new NoPythonError(
      fault(`${library} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`),
    );
  }
}

function withVariables(variables: Readonly<Record<string, string>>, act: () => void): void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  act();
  for (const [name, value] of before) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
}
