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
