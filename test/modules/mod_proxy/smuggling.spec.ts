import { expect } from "chai";
import { attempts, requestsIn } from "../../conformance/smuggling-table.js";
import { until } from "../../support/running.js";
import { closeAll, pair, type Accepted } from "./front.js";

/** Answers each request that is whole. */
function answering(): (connection: Accepted) => void {
  const answered = new WeakMap<Accepted, number>();
  return (connection) => {
    const { lines } = requestsIn(connection.received);
    for (let count = answered.get(connection) ?? 0; count < lines.length; count++) {
      connection.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
    answered.set(connection, lines.length);
  };
}

describe("a back end behind mod_proxy sees no other requests than the client sent, with", () => {
  afterEach(closeAll);

  it("two that the client sent", async () => {
    const { open, backEnd } = await pair(answering(), "ProxyPass / http://127.0.0.1:@PORT@/");
    const talk = open();
    talk.socket.end(attempts[0]?.raw ?? "", "latin1");
    await until("the server ends the connection", () => talk.hasEnded());
    expect(requestsIn(backEnd.received()).lines).to.deep.equal(["POST /one", "GET /two"]);
  });

  for (const { name, raw, may } of attempts) {
    it(name, async () => {
      const { open, backEnd } = await pair(answering(), "ProxyPass / http://127.0.0.1:@PORT@/");
      const talk = open();
      talk.socket.end(raw, "latin1");
      await until("the server ends the connection", () => talk.hasEnded());
      const seen = backEnd.connections.flatMap(({ received }) => [...requestsIn(received).lines]);
      expect(may, `the client got ${talk.received()}, the back end ${backEnd.received()}`).to.include.members(seen);
      expect(new Set(seen).size, "none twice").to.equal(seen.length);
      // Nothing follows what is not whole.
      const broken = backEnd.connections.filter(({ received }) => requestsIn(received).rest !== "");
      await until("broken requests are given up", () => broken.every(({ hasClosed }) => hasClosed));
    });
  }
});
