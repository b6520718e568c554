// A URL, a number of clients and of seconds → how many server-sent events they read, as JSON on the standard output.
import { connect } from "node:net";

const [, , url = "", clients = "", seconds = ""] = process.argv;
const { hostname, port, pathname } = new URL(url);
let events = 0;
let refused = 0;
let isCounting = false;

for (let index = 0; index < Number(clients); index++) {
  const socket = connect(Number(port), hostname, () => {
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nAccept: text/event-stream\r\n\r\n`);
  });
  let hasHead = false;
  socket.setEncoding("latin1");
  socket.on("error", () => undefined);
  socket.on("data", (text: string) => {
    if (!hasHead) {
      hasHead = true;
      if (!text.startsWith("HTTP/1.1 200")) refused++;
    }
    if (isCounting) events += text.split("data:").length - 1;
  });
}

// The first second is for connecting.
setTimeout(() => {
  isCounting = true;
  setTimeout(
    () => {
      process.stdout.write(JSON.stringify({ events, refused }));
      process.exit(0);
    },
    Number(seconds) * 1000,
  );
}, 1000);
