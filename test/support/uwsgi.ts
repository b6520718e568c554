// A folder with app.py → Debian's uWSGI, listening for uwsgi, SCGI and HTTP on Unix sockets in it.
import { existsSync } from "node:fs";
import { accepts } from "./php-fpm.js";
import { runProgram, until, type Running } from "./running.js";

/** What must be installed, or undefined if all is there. */
export function missingForUwsgi(): string | undefined {
  const there = existsSync("/usr/bin/uwsgi") && existsSync("/usr/lib/uwsgi/plugins/python3_plugin.so");
  return there ? undefined : "uWSGI: apt-get install uwsgi-core uwsgi-plugin-python3";
}

/** Starts uWSGI: sockets uwsgi.sock, scgi.sock and http.sock in the folder. */
export async function startUwsgi(folder: string): Promise<Running> {
  const sockets = ["uwsgi", "scgi", "http"].map((kind) => `${folder}/${kind}.sock`);
  const [uwsgi = "", scgi = "", http = ""] = sockets;
  const running = runProgram([
    ...["/usr/bin/uwsgi", "--plugin", "python3", "--wsgi-file", `${folder}/app.py`, "--master", "--need-app"],
    ...["--processes", "1", "--threads", "4", "--uwsgi-socket", uwsgi, "--scgi-socket", scgi, "--http-socket", http],
    ...["--chmod-socket=666", "--die-on-term", "--disable-logging"],
  ]);
  for (const path of sockets) {
    await until(`uWSGI listens: ${running.output()}`, () => existsSync(path) && accepts(path));
  }
  return running;
}
