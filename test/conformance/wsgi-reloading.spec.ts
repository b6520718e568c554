// Scripts that change on disk → what the next requests get: the same steps under a real Apache and under modhost.
import { expect } from "chai";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { missingForApache, skipWithout, startServer, type Kind, type Server } from "./servers.js";

/** Shows which text of it runs, and how many requests that run of the text has had. HELPER is a module beside it. */
const script = (version: string): string => `
import os, sys
if os.path.dirname(__file__) not in sys.path:
    sys.path.insert(0, os.path.dirname(__file__))
import HELPER as helper
requests = 0
def application(environ, start_response):
    global requests
    requests += 1
    body = "%s, request %d, helper %s %r" % (
        ${JSON.stringify(version)}, requests, helper.version, environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()]
handle_request = application
def allow_access(environ, host):
    return ${version === "closed" ? "False" : "True"}
`;
const helper = (version: string): string => `version = ${JSON.stringify(version)}\n`;
const hooked = `${script("hooked")}
def reload_required(path):
    return os.path.exists(path + ".flag")
`;

/** What is done to the files of one server, and asked of it. */
interface Scene {
  /** The folder of the scripts. */
  readonly folder: string;
  /** Writes a file there, with its time in seconds after a certain moment. */
  readonly write: (name: string, text: string, time: number) => void;
  /** Puts its time there. */
  readonly touch: (name: string, time: number) => void;
  /** Asks, and notes what is answered. */
  readonly ask: (path?: string, body?: string) => Promise<void>;
}

/** One course of events; `differs`: why it is another here, by mode. */
interface Course {
  readonly what: string;
  readonly differs?: Partial<Record<Mode, string>>;
  readonly play: (scene: Scene) => Promise<void>;
}
type Mode = "daemon" | "embedded";

const goesOn = "what was loaded goes on where new code does not load";

const courses: readonly Course[] = [
  {
    what: "nothing has changed",
    play: async ({ ask }) => {
      for (let i = 0; i < 3; i++) await ask();
    },
  },
  {
    what: "it was touched",
    play: async ({ ask, touch }) => {
      await ask();
      await ask();
      touch("app.wsgi", 10);
      await ask();
      await ask();
    },
  },
  {
    what: "its time went backwards",
    play: async ({ ask, touch }) => {
      await ask();
      touch("app.wsgi", -1000);
      await ask();
      await ask();
    },
  },
  {
    what: "its time differs by a millisecond",
    play: async ({ ask, touch }) => {
      await ask();
      touch("app.wsgi", 0.001);
      await ask();
    },
  },
  {
    what: "it was edited, and edited again",
    play: async ({ ask, write }) => {
      await ask();
      for (const [version, time] of [
        ["second", 10],
        ["third", 20],
      ] as const) {
        write("app.wsgi", script(version), time);
        await ask();
        await ask();
      }
    },
  },
  {
    what: "it was edited and put back, time and all",
    play: async ({ ask, write }) => {
      await ask();
      write("app.wsgi", script("second"), 10);
      write("app.wsgi", script("first"), 0);
      await ask();
    },
  },
  {
    what: "other text, the same time",
    play: async ({ ask, write }) => {
      await ask();
      write("app.wsgi", script("unseen"), 0);
      await ask();
    },
  },
  {
    what: "a request with a body meets the change",
    play: async ({ ask, write }) => {
      await ask();
      write("app.wsgi", script("second"), 10);
      await ask("/app", "the body");
    },
  },
  ...["def application(:\n", "raise ValueError('on purpose')\n", "import sys\nsys.exit(1)\n"].map((broken): Course => ({
    what: `it was broken: ${broken.trim().replaceAll("\n", "; ")}`,
    differs: { daemon: goesOn, embedded: goesOn },
    play: async ({ ask, write }) => {
      await ask();
      write("app.wsgi", broken, 10);
      await ask();
      await ask();
      write("app.wsgi", script("mended"), 20);
      await ask();
    },
  })),
  {
    what: "it was broken and mended, nobody asking meanwhile",
    play: async ({ ask, write }) => {
      await ask();
      write("app.wsgi", "def application(:\n", 10);
      write("app.wsgi", script("mended"), 20);
      await ask();
    },
  },
  {
    what: "what it says no more is asked for: the application is gone from it",
    play: async ({ ask, write }) => {
      await ask();
      write("app.wsgi", "number = 5\n", 10);
      await ask();
      write("app.wsgi", script("again"), 20);
      await ask();
    },
  },
  {
    what: "it did not load at first, and was mended",
    play: async ({ ask, write }) => {
      write("app.wsgi", "raise ValueError('on purpose')\n", 5);
      await ask();
      await ask();
      write("app.wsgi", script("mended"), 10);
      await ask();
      await ask();
    },
  },
  {
    what: "it was deleted, and restored as it was",
    play: async ({ ask, write, folder }) => {
      await ask();
      unlinkSync(join(folder, "app.wsgi"));
      await ask();
      write("app.wsgi", script("first"), 0);
      await ask();
    },
  },
  {
    what: "it was deleted, and another one put there",
    play: async ({ ask, write, folder }) => {
      await ask();
      unlinkSync(join(folder, "app.wsgi"));
      await ask();
      await ask();
      write("app.wsgi", script("another"), 10);
      await ask();
    },
  },
  {
    what: "it was replaced by rename, as deployments do",
    play: async ({ ask, write, folder }) => {
      await ask();
      write("new.wsgi", script("renamed"), 10);
      renameSync(join(folder, "new.wsgi"), join(folder, "app.wsgi"));
      await ask();
      await ask();
    },
  },
  {
    what: "a link to it points elsewhere",
    play: async ({ ask, write, folder }) => {
      write("one.wsgi", script("one"), 1);
      write("two.wsgi", script("two"), 2);
      unlinkSync(join(folder, "app.wsgi"));
      symlinkSync("one.wsgi", join(folder, "app.wsgi"));
      await ask();
      symlinkSync("two.wsgi", join(folder, "next"));
      renameSync(join(folder, "next"), join(folder, "app.wsgi"));
      await ask();
      await ask();
    },
  },
  {
    what: "a link to it points to a file of the same time",
    play: async ({ ask, write, folder }) => {
      write("one.wsgi", script("one"), 1);
      write("two.wsgi", script("two"), 1);
      unlinkSync(join(folder, "app.wsgi"));
      symlinkSync("one.wsgi", join(folder, "app.wsgi"));
      await ask();
      symlinkSync("two.wsgi", join(folder, "next"));
      renameSync(join(folder, "next"), join(folder, "app.wsgi"));
      await ask();
    },
  },
  {
    what: "a module it imports has changed",
    play: async ({ ask, write }) => {
      await ask();
      write("HELPER.py", helper("second"), 10);
      await ask();
    },
  },
  {
    what: "a module it imports has changed, and it was touched",
    play: async ({ ask, write, touch }) => {
      await ask();
      write("HELPER.py", helper("second helper"), 10);
      touch("app.wsgi", 10);
      await ask();
    },
  },
  {
    what: "it has a reload_required of its own, which says no",
    play: async ({ ask, write }) => {
      write("app.wsgi", hooked, 1);
      await ask();
      await ask();
    },
  },
  {
    what: "its reload_required says yes",
    play: async ({ ask, write, folder }) => {
      write("app.wsgi", hooked, 1);
      await ask();
      await ask();
      writeFileSync(join(folder, "app.wsgi.flag"), "");
      await ask();
      unlinkSync(join(folder, "app.wsgi.flag"));
      await ask();
    },
  },
  {
    what: "its reload_required fails",
    play: async ({ ask, write }) => {
      write("app.wsgi", `${script("first")}\ndef reload_required(path):\n    raise ValueError("on purpose")\n`, 1);
      await ask();
      await ask();
    },
  },
  {
    what: "WSGIScriptReloading is Off: touched, edited, deleted, restored",
    play: async ({ ask, write, touch, folder }) => {
      await ask("/still");
      touch("still.wsgi", 10);
      await ask("/still");
      write("still.wsgi", script("edited"), 20);
      await ask("/still");
      unlinkSync(join(folder, "still.wsgi"));
      await ask("/still");
      write("still.wsgi", script("restored"), 30);
      await ask("/still");
    },
  },
  {
    what: "the script of a handler was edited",
    play: async ({ ask, write }) => {
      await ask("/handled");
      write("handler.py", script("second handler"), 10);
      await ask("/handled");
      await ask("/handled");
    },
  },
  {
    what: "a script that decides about access was edited",
    play: async ({ ask, write }) => {
      await ask("/guarded");
      write("access.py", script("closed"), 10);
      await ask("/guarded");
      write("access.py", script("open again"), 20);
      await ask("/guarded");
    },
  },
  {
    what: "one script of two was touched",
    play: async ({ ask, touch }) => {
      await ask("/app");
      await ask("/other");
      touch("app.wsgi", 10);
      await ask("/app");
      await ask("/other");
    },
  },
];

const everyScript = ["app.wsgi", "still.wsgi", "other.wsgi", "guarded.wsgi", "handler.py", "access.py"];

/** Courses are played beside each other, each in one of so many daemon groups. */
const lanes = 6;

const configuration = (mode: Mode): string => `
LoadModule wsgi_module @MODULES@/mod_wsgi.so
WSGISocketPrefix "@RUN@/wsgi"
${Array.from({ length: lanes }, (_lane, lane) => `WSGIDaemonProcess lane-${lane} processes=1 threads=3`).join("\n")}
WSGIDontWriteBytecode On
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAliasMatch "^/(\\d+)/(app|still|other|guarded)" "@ROOT@/scripts/$1/$2.wsgi"
DocumentRoot "@ROOT@/htdocs"
<LocationMatch "^/\\d+/still">
  WSGIScriptReloading Off
</LocationMatch>
<Directory "@ROOT@">
  Require all granted
</Directory>
${courses
  .map(
    (_course, number) => `WSGIHandlerScript mine-${number} "@ROOT@/scripts/${number}/handler.py"
${mode === "daemon" ? `<Location "/${number}">\n  WSGIProcessGroup lane-${number % lanes}\n</Location>` : ""}
<Location "/${number}/handled">
  SetHandler mine-${number}
</Location>
<Location "/${number}/guarded">
  WSGIAccessScript "@ROOT@/scripts/${number}/access.py" application-group=%{GLOBAL}
</Location>`,
  )
  .join("\n")}
`;

/** Seconds since the epoch: scripts are this old. */
const moment = 1_714_564_800;

/** A server and the folder of its files. */
interface Stage {
  readonly root: string;
  readonly server: Server;
}

/** Makes the files of a course as it finds them, below a root of its own for each server. */
function sceneIn(folder: string): Pick<Scene, "folder" | "write" | "touch"> {
  const touch = (name: string, time: number): void => utimesSync(join(folder, name), moment + time, moment + time);
  const number = basename(folder);
  const write = (name: string, text: string, time: number): void => {
    const path = name.replace("HELPER", `helper_${number}`);
    writeFileSync(join(folder, path), text.replace("HELPER", `helper_${number}`));
    touch(path, time);
  };
  mkdirSync(folder, { recursive: true });
  for (const name of everyScript) write(name, script("first"), 0);
  write("HELPER.py", helper("first"), 0);
  return { folder, write, touch };
}

/** What one server answers in a course. */
async function playOn({ root, server }: Stage, number: number): Promise<string> {
  const said: string[] = [];
  const ask = async (path = "/app", body?: string): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${server.ports[0]}/${number}${path}`, {
      ...(body === undefined ? {} : { method: "POST", body }),
    });
    const text = await response.text();
    said.push(`${path}: ${response.status}${response.status === 200 ? ` ${text}` : ""}`);
  };
  await courses[number]?.play({ ...sceneIn(join(root, "scripts", String(number))), ask });
  return said.join("\n");
}

for (const mode of ["daemon", "embedded"] as const) {
  describe(`a script that changes, ${mode} mode, as Apache`, function () {
    this.timeout(180_000);
    const stages: Partial<Record<Kind, Stage>> = {};
    /** What both answered, by number. */
    const played: (readonly string[])[] = [];

    before(async function () {
      skipWithout(this, missingForApache());
      for (const kind of ["apache", "modhost"] as const) {
        const root = mkdtempSync(join(tmpdir(), "reloading-"));
        chmodSync(root, 0o755);
        for (const folder of ["scripts", "htdocs", "conf"]) mkdirSync(join(root, folder));
        writeFileSync(join(root, "conf/mime.types"), "");
        stages[kind] = { root, server: await startServer(kind, configuration(mode), root) };
      }
      const { apache, modhost } = stages;
      if (!apache || !modhost) throw new TypeError("both have been started");
      const play = async (lane: number): Promise<void> => {
        for (let number = lane; number < courses.length; number += lanes) {
          played[number] = await Promise.all([playOn(apache, number), playOn(modhost, number)]);
        }
      };
      await Promise.all(Array.from({ length: lanes }, (_lane, lane) => play(lane)));
    });
    after(async () => {
      for (const { root, server } of Object.values(stages)) {
        const left = await server.stop();
        rmSync(root, { recursive: true, force: true });
        expect(left, "processes left running").to.deep.equal([]);
      }
    });

    for (const [number, course] of courses.entries()) {
      const differs = course.differs?.[mode];
      it(course.what + (differs === undefined ? "" : ` (differs: ${differs})`), () => {
        const [expected, found] = played[number] ?? [];
        if (differs === undefined) expect(found).to.equal(expected);
        else expect(found, "listed as different, and equal").to.not.equal(expected);
      });
    }
  });
}
