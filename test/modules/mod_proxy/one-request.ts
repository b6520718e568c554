// Passes requests on once and prints the answer's body: run where deprecations are errors.
import { ok, pair, closeAll, request } from "./front.js";

const front = await pair(ok);
const answers = [await front.send(request("GET /")), await front.send(`${request("POST /", "Content-Length: 2")}hi`)];
closeAll();
console.log(answers.every((answer) => answer.endsWith("\r\n\r\nok")) ? "ok" : answers.join("\n"));
process.exit(0);
