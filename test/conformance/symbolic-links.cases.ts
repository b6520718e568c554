// Options FollowSymLinks and SymLinksIfOwnerMatch on the way to a file.
import type { Case, FileSpec, Suite } from "./harness.js";

const configuration = `
DocumentRoot "@ROOT@/htdocs"
<Directory "/">
  # Else Apache looks for .htaccess files although it would refuse every line of them.
  AllowOverride None
</Directory>
<Directory "@ROOT@/htdocs/none">
  Options None
</Directory>
<Directory "@ROOT@/htdocs/minus">
  Options -FollowSymLinks
</Directory>
<Directory "@ROOT@/htdocs/owner">
  Options SymLinksIfOwnerMatch
</Directory>
<Directory "@ROOT@/htdocs/none/inner">
  Options FollowSymLinks
</Directory>
<Directory "@ROOT@/htdocs/all">
  Options All
</Directory>
<Directory "@ROOT@/htdocs/indexes">
  Options Indexes
</Directory>
<Directory "@ROOT@/htdocs/guarded">
  AllowOverride All
</Directory>
<Directory "@ROOT@/htdocs/owner/deep/inner">
  Options FollowSymLinks
</Directory>
Alias /aliased "@ROOT@/htdocs/none/folder"
Alias /aliased-through "@ROOT@/htdocs/none/folder/closed"
<Directory "@ROOT@/htdocs/target/closed">
  Require all denied
</Directory>
`;

const folders = ["follow", "none", "minus", "owner", "none/inner", "all", "indexes"];

const targets: readonly string[] = [
  ...folders.flatMap((folder) => [
    `/${folder}/file.txt`,
    `/${folder}/link.txt`,
    `/${folder}/folder/a.txt`,
    `/${folder}/folder`,
    `/${folder}/foreign`,
  ]),
  "/follow/broken",
  "/none/broken",
  "/follow/folder/closed/a.txt",
  "/follow/up/follow/file.txt",
  "/follow/loop",
  "/follow/file.txt/../link.txt",
  // Links in the middle of a path, to each other, in rings, and out of the documents.
  ...["follow", "none", "owner"].flatMap((folder) => [
    `/${folder}/first/a.txt`,
    `/${folder}/first/closed/a.txt`,
    `/${folder}/deep/inner/out/a.txt`,
    `/${folder}/deep/inner/out/../file.txt`,
    `/${folder}/ring-a/x.txt`,
    `/${folder}/ring-a`,
    `/${folder}/self/self/self/file.txt`,
    `/${folder}/outside/secret.txt`,
    `/${folder}/outside`,
    `/${folder}/absent/a.txt`,
    `/${folder}/link.txt/more`,
    `/${folder}/link.txt/`,
    `/${folder}/folder//a.txt`,
    `/${folder}/%66older/a.txt`,
    `/${folder}/folder/./a.txt`,
    `/${folder}/FOLDER/a.txt`,
  ]),
  // What .htaccess files say of links, behind links, and when they are links themselves.
  "/guarded/none/link.txt",
  "/guarded/none/folder/a.txt",
  "/guarded/follow/link.txt",
  "/guarded/to-none/link.txt",
  "/guarded/to-none/file.txt",
  "/guarded/linked/a.txt",
  "/guarded/broken/a.txt",
  "/aliased/a.txt",
  "/aliased/closed/a.txt",
  "/aliased-through/a.txt",
  "/unreadable/a.txt",
  "/unsearchable/a.txt",
  "/unsearchable/missing.txt",
  "/unsearchable/",
];

export const suite: Suite = {
  name: "symbolic links",
  configuration,
  files: {
    "htdocs/target/a.txt": "target\n",
    "htdocs/target/index.html": "target index\n",
    "htdocs/target/closed/a.txt": "closed\n",
    ...Object.fromEntries(
      folders.flatMap((folder): [string, FileSpec][] => [
        [`htdocs/${folder}/file.txt`, "file\n"],
        [`htdocs/${folder}/link.txt`, { link: "file.txt" }],
        [`htdocs/${folder}/folder`, { link: "@ROOT@/htdocs/target" }],
        [`htdocs/${folder}/foreign`, { link: "file.txt", uid: 65_534 }],
      ]),
    ),
    ...Object.fromEntries(
      ["follow", "none", "owner"].flatMap((folder): [string, FileSpec][] => [
        [`htdocs/${folder}/first`, { link: "second" }],
        [`htdocs/${folder}/second`, { link: "../target" }],
        [`htdocs/${folder}/deep/file.txt`, "deep\n"],
        [`htdocs/${folder}/deep/inner/a.txt`, "inner\n"],
        [`htdocs/${folder}/deep/inner/out`, { link: "../../../target" }],
        [`htdocs/${folder}/ring-a`, { link: "ring-b" }],
        [`htdocs/${folder}/ring-b`, { link: "ring-a" }],
        [`htdocs/${folder}/self`, { link: "." }],
        [`htdocs/${folder}/outside`, { link: "@ROOT@/secrets" }],
        [`htdocs/${folder}/absent`, { link: "@ROOT@/nowhere" }],
      ]),
    ),
    "secrets/secret.txt": "secret\n",
    "htdocs/guarded/none/.htaccess": "Options None\n",
    "htdocs/guarded/none/file.txt": "file\n",
    "htdocs/guarded/none/link.txt": { link: "file.txt" },
    "htdocs/guarded/none/folder": { link: "../../target" },
    "htdocs/guarded/follow/.htaccess": "Options +FollowSymLinks\n",
    "htdocs/guarded/follow/file.txt": "file\n",
    "htdocs/guarded/follow/link.txt": { link: "file.txt" },
    "htdocs/guarded/to-none": { link: "none" },
    "htdocs/guarded/linked/.htaccess": { link: "../denies" },
    "htdocs/guarded/linked/a.txt": "linked\n",
    "htdocs/guarded/denies": "Require all denied\n",
    "htdocs/guarded/broken/.htaccess": { link: "nowhere" },
    "htdocs/guarded/broken/a.txt": "broken\n",
    "htdocs/follow/broken": { link: "nowhere" },
    "htdocs/none/broken": { link: "nowhere" },
    "htdocs/follow/up": { link: ".." },
    "htdocs/follow/loop": { link: "loop" },
    "htdocs/unreadable": { folder: true, mode: 0o711 },
    "htdocs/unreadable/a.txt": "unreadable\n",
    "htdocs/unsearchable/a.txt": "unsearchable\n",
    "htdocs/unsearchable": { folder: true, mode: 0o744 },
  },
  cases: targets.map((target): Case => ({ name: `answer ${target}`, target })),
};
