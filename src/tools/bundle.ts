// The compiled files → one file of all that a server loads: it starts in half the time of several hundred.
import { readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

/** Bundles the program in a folder of compiled files into `modhost.js` there. bin/modhost runs it. */
export async function bundle(folder: string): Promise<void> {
  await build({
    entryPoints: [resolve(folder, "main.js")],
    outfile: resolve(folder, "modhost.js"),
    ...{ bundle: true, platform: "node", format: "esm", target: "node20", packages: "external", logLevel: "warning" },
    plugins: [placesIn(folder)],
  });
}

/** Leaves api/ outside, which modules that others wrote import too, and every file's own address what it was. */
function placesIn(folder: string): Plugin {
  const api = resolve(folder, "api") + "/";
  return {
    name: "places",
    setup(builder) {
      builder.onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
        const file = resolve(dirname(importer), path);
        return file.startsWith(api) ? { path: `./${relative(folder, file)}`, external: true } : undefined;
      });
      builder.onLoad({ filter: /\.js$/ }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        const own = `new URL("./${relative(folder, path)}", import.meta.url).href`;
        return { contents: text.replaceAll("import.meta.url", own), loader: "js" };
      });
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(fileURLToPath(new URL("..", import.meta.url)));
