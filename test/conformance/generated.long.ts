// More generated expressions and patterns than a usual run has time for → the same as from Apache.
import { expect } from "chai";
import { PatternError, translatePattern } from "../../src/api/index.js";
import { answersTo, configuration, questionsOf, writeQuestions } from "./generated-expressions.js";
import { endCompared, makeComparedRoot, missingForApache, skipWithout, startServer, type Server } from "./servers.js";

const seeds = Array.from({ length: 2 }, (_, index) => Number(process.env["SEED"] ?? 1) + index);

/** Whether a pattern is refused with a reason that docs/patterns.md gives. */
function isRefused(pattern: string): boolean {
  try {
    translatePattern(pattern);
    return false;
  } catch (error) {
    return error instanceof PatternError && /^refers (?:back )?by /.test(error.message);
  }
}

describe("many generated expressions and patterns", function () {
  this.timeout(600_000);
  const servers: Server[] = [];
  let root = "";

  before(async function () {
    skipWithout(this, missingForApache());
    root = makeComparedRoot();
    for (const kind of ["apache", "modhost"] as const) servers.push(await startServer(kind, configuration, root));
  });
  after(() => endCompared(servers, root));

  for (const seed of seeds) {
    for (const [name, questions] of Object.entries(questionsOf(seed, 150))) {
      it(`come to the same as in Apache: ${name} of seed ${seed}`, async () => {
        const [apache, modhost] = servers;
        if (!apache || !modhost) return;
        const folder = `${name} ${seed}`;
        writeQuestions(root, folder, questions);
        const [expected, found] = [
          await answersTo(apache, folder, questions),
          await answersTo(modhost, folder, questions),
        ];
        const differ = questions.flatMap(({ shown }, index) =>
          expected[index] === undefined || expected[index] === found[index] || isRefused(shown)
            ? []
            : [`${shown}\n  Apache  ${expected[index]}\n  modhost ${found[index]}`],
        );
        expect(differ.join("\n")).to.equal("");
      });
    }
  }
});
