// The module mod_wsgi that applications import: what it holds, and what it tells subscribers.
import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPython } from "../../src/process/python-interpreter.js";
import { until } from "../support/daemon-groups.js";
import { bodyOf, PythonPool, requestFor } from "../support/python-pool.js";

const application = `
import json, logging, threading
import apache, mod_wsgi

events = []

def plain(value):
    if isinstance(value, dict):
        return sorted(map(str, value))
    return value if isinstance(value, (int, float, str, list)) else type(value).__name__

watching = False

@mod_wsgi.subscribe_events
def on_event(name, **payload):
    if name == "request_started":
        mod_wsgi.request_data()["noted"] = True
        if payload["request_environ"]["PATH_INFO"] == "/replaced":
            return {"application_object": replaced}
    events.append([name, {key: plain(value) for key, value in payload.items()}])

@mod_wsgi.subscribe_events
def failing(name, **payload):
    raise ValueError("a subscriber fails")

@mod_wsgi.subscribe_signals
def on_signal(name, signame, signum):
    events.append([name, {"signame": signame, "signum": signum}])

def replaced(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"replaced"]

def application(environ, start_response):
    path = environ["PATH_INFO"]
    answer = None
    if path == "/events":
        answer = events[:]
        events.clear()
    elif path == "/raise":
        raise KeyError("on purpose")
    elif path == "/record":
        mod_wsgi.start_recording_metrics()
    elif path == "/metrics":
        answer = mod_wsgi.request_metrics()
    elif path == "/process":
        answer = mod_wsgi.process_metrics()
    elif path == "/read":
        answer = environ["wsgi.input"].read().decode()
    elif path == "/module":
        answer = {
            "version": mod_wsgi.version, "process_group": mod_wsgi.process_group, "threads": mod_wsgi.threads_per_process,
            "processes": mod_wsgi.maximum_processes, "group": mod_wsgi.application_group, "server": mod_wsgi.server_metrics(),
            "active": dict(mod_wsgi.active_requests), "apache": apache.version,
            "timeout": issubclass(mod_wsgi.RequestTimeout, BaseException) and not issubclass(mod_wsgi.RequestTimeout, Exception),
            "handler": issubclass(mod_wsgi.LogHandler, logging.Handler),
        }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
`;

type Payload = Readonly<Record<string, unknown>>;

describe("the module mod_wsgi", () => {
  let pool: PythonPool;
  let script = "";

  before(function () {
    if ("missing" in findPython(undefined)) this.skip();
  });
  beforeEach(async () => {
    pool = new PythonPool({ processes: 1 });
    script = join(pool.folder, "app.wsgi");
    writeFileSync(script, application);
    await pool.start();
    client = pool.client();
  });
  afterEach(() => pool.stop());

  let client: ReturnType<PythonPool["client"]>;
  const ask = async (path: string, body?: Buffer): Promise<{ status: number; text: string }> => {
    const environ = { "mod_wsgi.request_id": `id${path}`, "mod_wsgi.server_pid": "7" };
    const { call, request } = requestFor({ script, path, environ, ...(body ? { body, method: "POST" } : {}) });
    const response = await client.run(call, request);
    return { status: response.status, text: String(await bodyOf(response)) };
  };
  const json = async <Value>(path: string): Promise<Value> => JSON.parse((await ask(path)).text) as Value;
  /** The payloads told of one request, by name. */
  const eventsOf = async (id: string): Promise<Readonly<Record<string, Payload>>> => {
    const events = await json<[string, Payload][]>("/events");
    return Object.fromEntries(events.filter(([, payload]) => payload["request_id"] === id));
  };

  it("says where the application runs", async () => {
    expect(await json("/module")).to.deep.equal({
      version: [6, 0, 5],
      process_group: "test",
      threads: 3,
      processes: 1,
      group: "",
      server: null,
      active: { "id/module": { noted: true } },
      apache: [2, 4, 71],
      timeout: true,
      handler: true,
    });
  });

  it("tells of a request, its response and its end", async () => {
    expect((await ask("/read", Buffer.from("hello"))).text).to.equal('"hello"');
    const { request_started, response_started, request_finished } = await eventsOf("id/read");
    expect(request_started).to.include({
      server_pid: "7",
      callable_object: "application",
      application_object: "function",
    });
    expect(request_started?.["request_environ"]).to.include.members(["PATH_INFO", "wsgi.input"]);
    expect(response_started).to.deep.include({
      response_status: "200 OK",
      exception_info: "NoneType",
      request_data: ["noted"],
    });
    expect(request_finished).to.include({
      status: 200,
      input_reads: 1,
      input_length: 5,
      output_length: 7,
      output_writes: 1,
    });
    const keys = [
      "application_finish",
      "application_time",
      "cpu_time",
      "daemon_start",
      "gil_wait_time",
      "queue_start",
      "thread_id",
    ];
    expect(request_finished).to.include.all.keys(keys);
  });

  it("tells of what an application raises, whose status is 500", async () => {
    expect((await ask("/raise")).status).to.equal(500);
    const { request_exception, request_finished } = await eventsOf("id/raise");
    expect(request_exception?.["exception_info"]).to.equal("tuple");
    expect(request_finished).to.include({ status: 500 });
  });

  it("lets a subscriber put another application in the place of one", async () => {
    expect((await ask("/replaced")).text).to.equal("replaced");
  });

  it("tells of signals, one after the other", async () => {
    await ask("/module");
    const found: string[] = [];
    const noted = async (signal: "SIGHUP" | "SIGUSR2"): Promise<void> => {
      pool.daemons[0]?.child.kill(signal);
      await until(() => {
        void json<[string, Payload][]>("/events").then((events) => {
          for (const [name, payload] of events) if (name === "process_signal") found.push(String(payload["signame"]));
        });
        return found.includes(signal);
      });
    };
    await noted("SIGUSR2");
    await noted("SIGHUP");
    expect(found).to.deep.equal(["SIGUSR2", "SIGHUP"]);
  });

  it("has numbers of the process, and of requests from when they are asked for", async () => {
    expect(await json("/metrics")).to.equal(null);
    await ask("/record");
    for (let i = 0; i < 3; i++) await ask("/module");
    await ask("/raise");
    const metrics = await json<Payload>("/metrics");
    expect(metrics).to.include({ request_count: 5, status_2xx: 4, status_5xx: 1, request_threads_maximum: 3 });
    expect(metrics["application_time_buckets"]).to.have.length(65);
    expect(metrics["request_threads_completed"]).to.have.length(3);
    expect(metrics["stop_time"]).to.be.above(metrics["start_time"] as number);
    expect(metrics["memory_rss"]).to.be.above(1_000_000);
    const again = await json<Payload>("/metrics");
    expect(again).to.include({ request_count: 1, status_2xx: 1, status_5xx: 0 });
    const ofProcess = await json<Payload>("/process");
    expect(ofProcess).to.include({ pid: pool.daemons[0]?.child.pid, request_threads: 3, active_requests: 1 });
    expect(ofProcess["request_count"]).to.be.at.least(7);
    expect(ofProcess["threads"]).to.have.length(3);
  });
});
