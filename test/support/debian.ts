// What a test needs of Debian → nothing, a skip that says what to install, or in CI a failure.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** The interpreter Debian's packages are made for. */
export const debianPython = "/usr/bin/python3";

/** Skips the tests of a suite where a Python package of Debian is missing; fails under CI=true. */
export function needPython(context: Mocha.Context, packageName = "python3", module = "sys"): void {
  const found = existsSync(debianPython) && spawnSync(debianPython, ["-c", `import ${module}`]).status === 0;
  if (found) return;
  const remedy = `${packageName} is missing: apt-get install ${packageName}`;
  if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; ${remedy}`);
  console.log(`      skipped, ${remedy}`);
  context.skip();
}
