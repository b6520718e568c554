// Files whose names say no type, by what is in them: Debian's rules, and rules of our own for every operator.
import { gzipSync } from "node:zlib";
import type { Case, Suite } from "./harness.js";

const filler = "\0".repeat(120);
const tar = ((): string => {
  const head = Buffer.alloc(512);
  head.write("name.txt", 0);
  head.write("0000644\0", 100);
  head.write("ustar  \0", 257);
  head.write("        ", 148);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return head.toString("latin1") + filler;
})();
const gzip = (text: string): string => gzipSync(Buffer.from(text, "latin1")).toString("latin1");

/** Contents by Debian's rules. */
const known: Readonly<Record<string, string>> = {
  gif: `GIF89a${filler}`,
  png: `\x89PNG\r\n\x1a\n${filler}`,
  jpeg: `\xff\xd8\xff\xe0\0\x10JFIF${filler}`,
  "short-jpeg": "\xff\xd8\xff\xe0",
  pdf: `%PDF-1.4\n${filler}`,
  postscript: `%!PS-Adobe-3.0\n${filler}`,
  wave: `RIFF\0\0\0\0WAVEfmt ${filler}`,
  avi: `RIFF\0\0\0\0AVI LIST${filler}`,
  midi: `MThd${filler}`,
  aiff: `FORM\0\0\0\0AIFF${filler}`,
  sound: `.snd\0\0\0\x18\0\0\0\x10\0\0\0\x01${filler}`,
  class: `\xca\xfe\xba\xbe${filler}`,
  svg: `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.0//EN">${filler}`,
  xml: `<?xml version="1.0"?>\n<root/>${filler}`,
  html: `<!DOCTYPE HTML>\n<HTML><HEAD>${filler}`,
  "lower-html": `<html>\n<head>\n${filler}`,
  rtf: `{\\rtf1 text}${filler}`,
  tiff: `II*\0${filler}`,
  bitmap: `BM${filler}`,
  zip: `PK\x03\x04${filler}`,
  compressed: `\x1f\x9d${filler}`,
  bzip2: `BZh91AY${filler}`,
  tar,
  mail: `Received: from a by b\n\nThe text\n${filler}`,
  news: `Newsgroups: a.b\n\ntext\n${filler}`,
  english: `Here stands the text of a page that says nothing special, in some words.\n`,
  program: `#include <stdio.h>\nint main(void) { return 0; }\n${" ".repeat(60)}`,
  troff: `.SH NAME\n${" ".repeat(90)}`,
  fortran: `c     a comment\n${" ".repeat(90)}`,
  empty: "",
  short: "GIF8",
  nothing: "qwrt zxcv\n",
  binary: `\x01\x02\x03\x04${filler}`,
  "packed-html": gzip(`<html>\n<head>\n${" ".repeat(200)}`),
  "packed-gif": gzip(`GIF89a${filler}`),
  "packed-nothing": gzip("qwrt zxcv\n".repeat(20)),
  "packed-broken": `\x1f\x8b\x08\0broken${filler}`,
  "typed.txt": `GIF89a${filler}`,
};

/** Rules, and the content of the file they are for. */
const own: readonly (readonly [name: string, rules: string, content: string])[] = [
  ["escapes", "0 string ES\\040\\x41\\tB application/escapes", "ES A\tB"],
  ["bytes", "0 string BY\n>2 byte 7 application/seven\n>2 byte >8 application/more", "BY\x07"],
  ["more", "0 string BZ\n>2 byte >8 application/more", "BZ\x09"],
  ["signed", "0 string SI\n>2 byte <0 application/negative", "SI\xf0"],
  ["unsigned", "0 string UN\n>2 ubyte >128 application/large", "UN\xf0"],
  ["masks", "0 string MA\n>2 byte&0xf0 0x40 application/masked", "MA\x4f"],
  ["and", "0 string AN\n>2 byte &0x05 application/and", "AN\x0f"],
  ["xor", "0 string XO\n>2 byte ^0x05 application/xor", "XO\x08"],
  ["not", "0 string NO\n>2 byte !5 application/not", "NO\x06"],
  ["any", "0 string AY\n>2 byte x application/any", "AY\x06"],
  ["big", "0 string BI\n>2 beshort 0x0102 application/big", "BI\x01\x02"],
  ["little", "0 string LI\n>2 leshort 0x0201 application/little", "LI\x01\x02"],
  ["long", "0 string LO\n>2 belong 0x01020304 application/long", "LO\x01\x02\x03\x04"],
  ["octal", "0 string OC\n>2 byte 012 application/octal", "OC\n"],
  ["encoding", "0 string EN application/packed x-packer", "EN"],
  ["levels", "0 string LE\n>2 byte 1 application/one\n>>3 byte 2 x-two\n>2 byte 9 x-nine", "LE\x01\x02"],
  ["skipped", "0 string SK application/skipped\n>2 byte 1\n>>3 byte 2 x-two", "SK\x05\x02"],
  ["joined", "0 string JO application/\n>2 byte 1 \\bjoined", "JO\x01"],
  ["parted", "0 string PA application/\n>2 byte 1 parted", "PA\x01"],
  ["indirect", "0 string IN\n>(2.b) string here application/indirect", "IN\x06\0\0\0here"],
  ["added", "0 string AD\n>(2.b+2) string here application/added", "AD\x04\0\0\0here"],
  ["upper", "0 string UP Application/UPPER", "UP"],
  ["no-type", "0 string NT words only", "NT"],
  ["silent", "0 string ST\n>2 byte 9 application/never", "ST\x01"],
  ["order", "0 string OR application/first\n0 string OR application/second", "OR"],
  ["wrong", "0 wrong WR application/wrong\n0 string WR application/right", "WR"],
  ["stringgreater", "0 string SG\n>2 string >a application/greater", "SGb"],
];

const configuration = `LoadModule mime_magic_module @MODULES@/mod_mime_magic.so
DocumentRoot "@ROOT@/htdocs"
MimeMagicFile /etc/apache2/magic
<VirtualHost *:@PORT@>
  ServerName debian.test
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName own.test
  MimeMagicFile "@ROOT@/conf/magic"
</VirtualHost>
`;

const names = [...Object.keys(known), "gif@12", "typed.txt@12"];

export const suite: Suite = {
  name: "types by content",
  configuration,
  files: Object.fromEntries([
    ["conf/magic", `# rules\n${own.map(([, rules]) => rules).join("\n")}\n`],
    ...names.map((name) => [`htdocs/${name}`, known[name] ?? `GIF89a${filler}`]),
    ...own.map(([name, , content]) => [`htdocs/own/${name}`, content + filler]),
  ]) as Record<string, string>,
  cases: [
    ...names.map((name): Case => ({
      name: `tell ${name}`,
      target: `/${name}`,
      host: "debian.test",
      method: name === "empty" ? "GET" : "HEAD",
    })),
    ...own.map(([name]): Case => ({
      name: `follow rules: ${name}`,
      target: `/own/${name}`,
      host: "own.test",
      method: "HEAD",
      ...(name === "levels" ? { differs: "Apache puts the encoding into the type too" } : {}),
    })),
  ],
};
