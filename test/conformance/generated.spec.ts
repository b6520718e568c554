// Generated expressions and patterns, the same ones each time → the same answers from modhost as from Apache.
import { expect } from "chai";
import { answersTo, configuration, questionsOf, writeQuestions } from "./generated-expressions.js";
import { endCompared, makeComparedRoot, missingForApache, skipWithout, startServer, type Server } from "./servers.js";

describe("generated expressions and patterns", function () {
  this.timeout(120_000);
  const questions = questionsOf(20_240_501, 80);
  const servers: Server[] = [];
  let root = "";

  before(async function () {
    skipWithout(this, missingForApache());
    root = makeComparedRoot();
    for (const [name, each] of Object.entries(questions)) writeQuestions(root, name, each);
    for (const kind of ["apache", "modhost"] as const) servers.push(await startServer(kind, configuration, root));
  });
  after(() => endCompared(servers, root));

  for (const [name, each] of Object.entries(questions)) {
    it(`come to the same as in Apache: ${name}`, async () => {
      const [apache, modhost] = servers;
      if (!apache || !modhost) return;
      const [expected, found] = [await answersTo(apache, name, each), await answersTo(modhost, name, each)];
      const differ = each.flatMap(({ shown }, index) =>
        // Its parser crashes on some faulty expressions in .htaccess files.
        expected[index] === undefined || expected[index] === found[index]
          ? []
          : [`${shown}\n  Apache  ${expected[index]}\n  modhost ${found[index]}`],
      );
      expect(differ.join("\n")).to.equal("");
    });
  }
});
