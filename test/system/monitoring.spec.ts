// What monitoring code uses of the modules mod_wsgi and apache: every name, and every key of what they give, in a daemon and inside the server.
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { findPython } from "../../src/process/python-interpreter.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const application = `
import json, os, threading
import apache, mod_wsgi

events = {}
outside = []

@mod_wsgi.subscribe_events
def on_event(name, **payload):
    events.setdefault(name, set()).update(payload)
    return None

@mod_wsgi.subscribe_shutdown
def on_shutdown(name, **payload):
    with open(os.path.dirname(__file__) + "/notes/" + mod_wsgi.process_group + "stopping", "w") as file:
        file.write(json.dumps([name, payload]))

def aside():
    try:
        mod_wsgi.request_data()
    except Exception as error:
        outside.append(type(error).__name__)

def kind(value):
    return "function" if callable(value) and not isinstance(value, type) else type(value).__name__

def names(module):
    return {name: kind(getattr(module, name)) for name in dir(module) + ["LogHandler"] if not name.startswith("_") and hasattr(module, name)}

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raise":
        raise KeyError("on purpose")
    if path == "/metrics":
        mod_wsgi.start_recording_metrics()
    answer = {"group": mod_wsgi.process_group, "none": mod_wsgi.request_metrics() is None}
    if path == "/names":
        thread = threading.Thread(target=aside)
        thread.start()
        thread.join()
        wrapper = mod_wsgi.FileWrapper(open("/dev/null", "rb"), 7)
        answer.update(
            mod_wsgi=names(mod_wsgi), apache=names(apache), outside=outside, callbacks=[len(mod_wsgi.event_callbacks), len(mod_wsgi.shutdown_callbacks)],
            wrapper=[wrapper.blksize, wrapper.filelike.name], same=environ["wsgi.file_wrapper"] is mod_wsgi.FileWrapper,
            active=[environ["mod_wsgi.request_id"] in mod_wsgi.active_requests, mod_wsgi.active_requests[environ["mod_wsgi.request_id"]] is mod_wsgi.request_data()],
            returned=mod_wsgi.subscribe_signals(aside) is aside)
        wrapper.close()
    elif path == "/events":
        answer.update({name: sorted(keys) for name, keys in events.items()})
    elif path == "/metrics":
        answer.update(request=sorted(mod_wsgi.request_metrics()), process=sorted(mod_wsgi.process_metrics()),
            thread=sorted(mod_wsgi.process_metrics()["threads"][0]))
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
`;

const functions = ["server_metrics", "process_metrics", "request_metrics", "start_recording_metrics", "request_data"];
const subscriptions = ["subscribe_events", "subscribe_shutdown", "subscribe_signals"];

const times = ["server", "queue", "daemon", "application", "request", "gil_wait", "input_read", "output_write"];

/** Keys of request_metrics(). */
const requestMetrics = [
  ...["pid", "start_time", "stop_time", "sample_period", "memory_rss", "memory_max_rss", "gil_wait_count"],
  ...["cpu_user_utilization", "cpu_system_utilization", "cpu_utilization", "cpu_user_time", "cpu_system_time"],
  ...["cpu_time", "request_threads_maximum", "request_threads_started", "request_threads_active"],
  ...["capacity_utilization", "request_count", "request_throughput"],
  ...["input_bytes", "input_reads", "output_bytes", "output_writes"],
  ...[1, 2, 3, 4, 5].map((hundreds) => `status_${hundreds}xx`),
  ...times.flatMap((name) => ["", "_min_us", "_max_us", "_buckets"].map((end) => `${name}_time${end}`)),
  ...["completed", "buckets", "busy_time", "cpu_time", "current_elapsed", "max_duration"].map(
    (name) => `request_threads_${name}`,
  ),
].sort();

const processMetrics = [
  ...["pid", "request_busy_time", "request_count", "memory_rss", "memory_max_rss", "cpu_user_time", "cpu_system_time"],
  ...["cpu_time", "restart_time", "current_time", "running_time", "request_threads", "active_requests", "threads"],
].sort();

/** Keys of the payload of each event. */
const payloads: Readonly<Record<string, readonly string[]>> = {
  request_started: [
    ...["request_id", "thread_id", "daemon_connects", "daemon_restarts", "server_pid", "request_start", "queue_start"],
    ...["daemon_start", "application_start", "application_object", "callable_object", "request_environ"],
    "request_data",
  ],
  response_started: ["request_id", "response_status", "response_headers", "exception_info", "request_data"],
  request_finished: [
    ...["request_id", "thread_id", "server_pid", "request_start", "queue_start", "daemon_start", "application_finish"],
    ...["application_time", "input_reads", "input_length", "input_time", "output_length", "output_writes"],
    ...["output_time", "cpu_user_time", "cpu_system_time", "cpu_time", "status", "gil_wait_time", "gil_wait_count"],
    "request_data",
  ],
  request_exception: ["request_id", "exception_info", "request_data"],
};

for (const mount of ["daemon", "inside"]) {
  describe(`the modules of monitoring code, ${mount === "daemon" ? "in a daemon" : "inside the server"}`, function () {
    this.timeout(60_000);
    let served: ServedRoot;

    before(async function () {
      if ("missing" in findPython(undefined)) return this.skip();
      served = await serveModhost(
        `
StartServers 1
ServerLimit 1
WSGIDaemonProcess site threads=2
WSGIScriptAlias /daemon @ROOT@/app.wsgi process-group=site application-group=%{GLOBAL}
WSGIScriptAlias /inside @ROOT@/app.wsgi process-group=%{GLOBAL} application-group=%{GLOBAL}
<Directory @ROOT@>
    Require all granted
</Directory>
`,
        { modules: ["wsgi"], files: { "app.wsgi": application, "notes/x": "" } },
      );
      chmodSync(join(served.root, "notes"), 0o777);
      const response = await fetch(served.url(`/${mount}/`));
      await response.text();
      // Without koffi, or without a shared library of Python.
      if (mount === "inside" && response.status === 503) return this.skip();
    });
    after(() => served?.end());

    const at = async (path: string): Promise<Record<string, unknown>> => {
      const response = await fetch(served.url(`/${mount}${path}`));
      return (await response.json()) as Record<string, unknown>;
    };

    it("have every name, of its kind", async () => {
      const found = await at("/names");
      const expected = {
        ...{ version: "tuple", process_group: "str", application_group: "str" },
        ...{ maximum_processes: "int", threads_per_process: "int", FileWrapper: "type", RequestTimeout: "type" },
        ...{ LogHandler: "type", event_callbacks: "list", shutdown_callbacks: "list", signal_callbacks: "list" },
        ...Object.fromEntries([...functions, ...subscriptions].map((name) => [name, "function"])),
      };
      expect(found["mod_wsgi"]).to.include(expected);
      expect(found["apache"]).to.include({
        ...{ version: "tuple", maximum_processes: "int", threads_per_process: "int" },
        ...{ description: "str", mpm_name: "str", build_date: "str" },
      });
      expect(found).to.deep.include({
        ...{ group: mount === "daemon" ? "site" : "", outside: ["RuntimeError"], callbacks: [1, 1] },
        ...{ wrapper: [7, "/dev/null"], same: true, active: [true, true], returned: true },
      });
    });

    it("tell every key of each event", async () => {
      expect((await fetch(served.url(`/${mount}/raise`))).status).to.equal(500);
      const found = await at("/events");
      for (const [name, keys] of Object.entries(payloads)) expect(found[name], name).to.deep.equal([...keys].sort());
    });

    it("give every key of their numbers, from when they are asked for", async () => {
      expect((await at("/"))["none"]).to.equal(true);
      const found = await at("/metrics");
      expect(found["request"]).to.deep.equal(requestMetrics);
      expect(found["process"]).to.deep.equal(processMetrics);
      expect(found["thread"]).to.deep.equal(["request_count", "thread_id"]);
      expect(found["none"]).to.equal(false);
    });

    it("tell that the process stops, and why", async () => {
      served.running.child.kill("SIGTERM");
      const file = join(served.root, mount === "daemon" ? "notes/sitestopping" : "notes/stopping");
      let text = "";
      await until("the subscriber has been told", () => {
        try {
          text = readFileSync(file, "utf8");
        } catch {
          // Not yet.
        }
        return text !== "";
      });
      const [name, payload] = JSON.parse(text) as [string, Record<string, unknown>];
      expect(name).to.equal("process_stopping");
      expect(payload).to.have.keys(["shutdown_reason"]);
      expect(payload["shutdown_reason"]).to.equal(mount === "daemon" ? "shutdown_signal" : "");
    });
  });
}
