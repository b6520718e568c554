// Lines as people write them by mistake → what is said of them, and nothing of sound ones.
import { expect } from "chai";
import { lineAdvice } from "../../src/config/line-advice.js";

describe("the advice on a refused line", () => {
  const rows: readonly [line: string, advice: RegExp | undefined][] = [
    ["DocumentRoot “/srv/shop”", /^“ is no quotation mark here/],
    ["AuthName ‘Our place’", /^‘ is no quotation mark/],
    ["AuthName «Our place»", /^« is no quotation mark/],
    ["ServerName\u00a0shop.example", /\(U\+00A0\)/],
    ["\u00a0\u00a0DocumentRoot /srv", /\(U\+00A0\)/],
    ["Alias\u200b /a /b", /\(U\+200B\)/],
    ["< VirtualHost *:80>", /right behind </],
    ["ServerName=shop.example", /no "=" stands/],
    ["DocumentRoot = /srv/shop", /no "=" stands/],
    ["server {", /<Name \.\.\.>/],
    ["}", /<Name \.\.\.>/],
    ['{ "listen": 80 }', /<Name \.\.\.>/],
    ["Alias '/a /srv/a", /begins with '\/a \/srv\/a has no end/],
    ['DocumentRoot "/srv/my shop', /begins with "\/srv\/my shop has no end/],
    ['Header set X "a\\" b', /has no end/],
    ["ServerName shop.example # ours", /comment stands on a line of its own/],
    ["<<<<<<< HEAD", /a merge left/],
    ["=======", /a merge left/],
    [">>>>>>> theirs", /a merge left/],
    ["<!DOCTYPE html>", /a page or a program/],
    ["<?php phpinfo();", /a page or a program/],
    ["listen 80;", /no ";" stands at the end/],
    ['Header set X "it\'s" # x', /comment/],
    ["SetEnvIf User-Agent it's x", undefined],
    ['Header set X "say \\"hi\\""', undefined],
    ["Header set X 'a \"b\" c'", undefined],
    ["<If \"%{HTTP_HOST} == 'a'\">", undefined],
    ["RewriteRule ^ https://%{HTTP_HOST}#top [R]", undefined],
    ["Require all grantd", undefined],
    ["SetEnv A=b c", undefined],
    ["", undefined],
  ];
  for (const [line, advice] of rows) {
    it(`${advice === undefined ? "is none" : "tells"} of ${JSON.stringify(line)}`, () => {
      const found = lineAdvice(line);
      if (advice === undefined) expect(found).to.equal(undefined);
      else expect(found).to.match(advice);
    });
  }

  it("is found in one look, however long the line", () => {
    for (const unit of ["“", '"', "'a ", '\\"', " # ", "= ", '" \\'])
      expect(() => lineAdvice(unit.repeat(500_000))).not.to.throw();
  });
});
