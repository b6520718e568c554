// Who imports whom in src, which library lives where, and that nothing goes in circles.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src");

/** Folder → the folders it may import from, beside itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  api: [],
  config: ["api"],
  reference: ["api"],
  log: ["api"],
  modules: ["api"],
  server: ["api", "config"],
  process: ["api", "config", "server", "log"],
  tools: ["api", "config", "reference", "modules/index.ts"],
};

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => join(source, file));

const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s(?:[^;'"]*?\sfrom\s)?["']([^"']+)["']|import\("([^"]+)"\)/g,
  );
  return [...found].map(([, from, dynamic]) => from ?? dynamic ?? "").filter((name) => name !== "");
}

function target(file: string, name: string): string | undefined {
  return name.startsWith(".") ? resolve(dirname(file), name).replace(/\.js$/, ".ts") : undefined;
}

const folderOf = (file: string): string => relative(source, file).split("/")[0] ?? "";

describe("the source", () => {
  for (const [folder, others] of Object.entries(allowed)) {
    it(`lets ${folder} import only ${["itself", ...others].join(", ")}`, () => {
      const wrong = files
        .filter((file) => folderOf(file) === folder)
        .flatMap((file) =>
          (imports.get(file) ?? []).flatMap((name) => {
            const to = target(file, name);
            if (to === undefined) return [];
            const path = relative(source, to);
            const fine =
              folderOf(to) === folder || others.some((other) => path === other || path.startsWith(`${other}/`));
            return fine ? [] : [`${relative(source, file)} imports ${path}`];
          }),
        );
      expect(wrong).to.deep.equal([]);
    });
  }

  it("lets a module import itself and api, never another module", () => {
    const moduleOf = (file: string): string => relative(join(source, "modules"), file).split("/")[0] ?? "";
    const wrong = files
      .filter((file) => folderOf(file) === "modules" && relative(source, file).split("/").length > 2)
      .flatMap((file) =>
        (imports.get(file) ?? []).flatMap((name) => {
          const to = target(file, name);
          if (to === undefined || folderOf(to) === "api" || moduleOf(to) === moduleOf(file)) return [];
          return [`${relative(source, file)} imports ${relative(source, to)}`];
        }),
      );
    expect(wrong).to.deep.equal([]);
  });

  it("keeps each library in one folder", () => {
    const homes = new Map<string, Set<string>>();
    for (const [file, names] of imports) {
      for (const name of names) {
        if (name.startsWith(".") || name.startsWith("node:") || builtinModules.includes(name)) continue;
        const library = name
          .split("/")
          .slice(0, name.startsWith("@") ? 2 : 1)
          .join("/");
        const parts = relative(source, file).split("/");
        const home = parts[0] === "modules" ? parts.slice(0, 2).join("/") : (parts[0] ?? "");
        homes.set(library, (homes.get(library) ?? new Set()).add(home));
      }
    }
    const spread = [...homes]
      .filter(([, folders]) => folders.size > 1)
      .map(([name, folders]) => `${name}: ${[...folders].join(", ")}`);
    expect(spread).to.deep.equal([]);
  });

  it("has no import circle", () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        circles.push([...path.slice(path.indexOf(file)), file].map((each) => relative(source, each)).join(" → "));
        return;
      }
      if (done.has(file)) return;
      for (const name of valueImports(file)) {
        const to = target(file, name);
        if (to !== undefined && imports.has(to)) visit(to, [...path, file]);
      }
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles).to.deep.equal([]);
  });

  it("has no folder named utils, helpers or common", () => {
    expect(files.filter((file) => /\/(utils?|helpers?|common)(\/|\.ts$)/.test(file))).to.deep.equal([]);
  });

  it("says in its first line what each file turns into what", () => {
    const silent = files.filter((file) => !readFileSync(file, "utf8").startsWith("// "));
    expect(silent.map((file) => relative(source, file))).to.deep.equal([]);
  });
});

/** Imports that remain at run time; types may refer to each other. */
function valueImports(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(/(?:^|\n)(?:import|export)\s(?!type\s)([^;'"]*?)\sfrom\s["']([^"']+)["']/g);
  return [...found]
    .filter(([, names = ""]) => !/^\{(?:\s*type\s[^,}]+,?)*\s*\}$/.test(names))
    .map(([, , from]) => from ?? "");
}
