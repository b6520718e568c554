// The filters DATA and BUFFER, and the handler reflector.
import { daemonGroup } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const configuration = `${daemonGroup}
LoadModule data_module @MODULES@/mod_data.so
LoadModule buffer_module @MODULES@/mod_buffer.so
LoadModule reflector_module @MODULES@/mod_reflector.so
LoadModule deflate_module @MODULES@/mod_deflate.so
LoadModule filter_module @MODULES@/mod_filter.so
LoadModule file_cache_module @MODULES@/mod_file_cache.so
CacheFile "@ROOT@/htdocs/cached.txt"
MMapFile "@ROOT@/htdocs/mapped.txt" "@ROOT@/htdocs/cached.txt"
DocumentRoot "@ROOT@/htdocs"
AddDefaultCharset utf-8
<Location /data>
  SetOutputFilter DATA
</Location>
<Location /data-packed>
  SetOutputFilter DATA;DEFLATE
</Location>
<Location /buffer>
  SetOutputFilter BUFFER
  BufferSize 100
</Location>
<Location /both>
  SetOutputFilter DATA;BUFFER
</Location>
ErrorDocument 404 /error.txt
WSGIScriptAlias /data/app "@ROOT@/app.wsgi"
WSGIScriptAlias /buffer/app "@ROOT@/app.wsgi"
<Location /reflect>
  SetHandler reflector
  ReflectorHeader X-One
  ReflectorHeader X-Two X-Out
  ReflectorHeader Last-Modified
  ReflectorHeader X-Missing
</Location>
<Location /reflect/inner>
  ReflectorHeader X-Three
  ReflectorHeader X-One X-Other
</Location>
<Location /reflect/packed>
  SetOutputFilter DEFLATE
</Location>
<Location /reflect/unpacked>
  SetInputFilter BUFFER
  BufferSize 3
</Location>
`;

const modified = "Last-Modified: Wed, 01 May 2024 12:00:00 GMT";
const post = (body: string, headers: readonly string[] = []): Partial<Case> => ({
  method: "POST",
  body,
  headers: [modified, ...headers],
});

const cached = "they are served as any file is, with Accept-Ranges";

const rows: readonly (readonly [name: string, target: string, more?: Partial<Case>])[] = [
  ["DATA encodes a text", "/data/a.txt"],
  ["DATA encodes one byte more", "/data/ab.txt"],
  ["DATA encodes two bytes more", "/data/abc.txt"],
  ["DATA encodes nothing", "/data/empty.txt"],
  ["DATA encodes an image", "/data/image.png"],
  ["DATA encodes what has no type", "/data/untyped"],
  ["DATA encodes a long file", "/data/long.txt"],
  ["DATA encodes an application's answer", "/data/app"],
  ["DATA answers HEAD", "/data/a.txt", { method: "HEAD" }],
  ["DATA leaves 304 alone", "/data/a.txt", { headers: ["If-None-Match: *"] }],
  ["DATA leaves an error document alone", "/data/missing"],
  [
    "DATA is cut to ranges",
    "/data/a.txt",
    { headers: ["Range: bytes=5-14"], differs: "ranges are cut from all that has a length" },
  ],
  ["DATA is packed", "/data-packed/long.txt", { headers: ["Accept-Encoding: gzip"] }],
  ["DATA goes into BUFFER", "/both/a.txt"],
  ["BUFFER passes a file", "/buffer/a.txt"],
  ["BUFFER passes a long file", "/buffer/long.txt"],
  ["BUFFER passes a range", "/buffer/long.txt", { headers: ["Range: bytes=5-14"] }],
  ["BUFFER passes HEAD", "/buffer/a.txt", { method: "HEAD" }],
  ["BUFFER passes an application's answer", "/buffer/app"],
  ["the reflector sends back", "/reflect", post("hello")],
  ["the reflector sends a type back", "/reflect", post("<p>", ["Content-Type: text/html; charset=x"])],
  ["the reflector sends fields back", "/reflect", post("x", ["X-One: 1", "X-Two: 2", "X-Three: 3"])],
  ["the reflector sends repeated fields back", "/reflect", post("x", ["X-One: 1", "X-One: 2"])],
  ["the reflector knows fields of outer sections", "/reflect/inner", post("x", ["X-One: 1", "X-Two: 2", "X-Three: 3"])],
  ["the reflector sends nothing back", "/reflect", post("")],
  [
    "the reflector sends chunks back",
    "/reflect",
    { ...post("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", ["Transfer-Encoding: chunked"]) },
  ],
  ["the reflector packs", "/reflect/packed", post("again and ".repeat(50), ["Accept-Encoding: gzip"])],
  ["the reflector takes from BUFFER", "/reflect/unpacked", post("0123456789")],
  ["the reflector answers OPTIONS", "/reflect", { method: "OPTIONS" }],
  ["the reflector refuses GET", "/reflect"],
  ["the reflector refuses PUT", "/reflect", { method: "PUT", body: "x" }],
  ["CacheFile serves", "/cached.txt", { differs: cached }],
  ["MMapFile serves", "/mapped.txt", { differs: cached }],
];

export const suite: Suite = {
  name: "data URLs, buffers and reflections",
  configuration,
  files: {
    "app.wsgi":
      "def application(environ, start_response):\n" +
      "    start_response('200 OK', [('Content-Type', 'text/plain')])\n    return [b'one', b'two', b'three' * 40]\n",
    "htdocs/data/a.txt": "text\n\n",
    "htdocs/data/ab.txt": "text\n\n1",
    "htdocs/data/abc.txt": "text\n\n12",
    "htdocs/data/empty.txt": "",
    "htdocs/data/image.png": "\x89PNG\r\n\x1a\n\0\xff",
    "htdocs/data/untyped": "what\n",
    "htdocs/data/long.txt": "0123456789".repeat(20_000),
    "htdocs/data-packed/long.txt": "0123456789".repeat(200),
    "htdocs/buffer/a.txt": "text\n",
    "htdocs/buffer/long.txt": "0123456789".repeat(20_000),
    "htdocs/both/a.txt": "text\n",
    "htdocs/cached.txt": "cached\n",
    "htdocs/mapped.txt": "mapped\n",
    "htdocs/error.txt": "error\n",
  },
  cases: rows.map(([name, target, more]): Case => ({ name, target, ...more })),
};
