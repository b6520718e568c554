// Which virtual host answers: address first, then name.
import { expect } from "chai";
import type { CompiledHost } from "../../src/config/compile.js";
import { addressKey, hostByName, Sites } from "../../src/server/site.js";

function host(index: number, addresses: string[], serverName: string, aliases: string[] = []): CompiledHost {
  return { index, addresses, serverName, aliases, isMain: index === 0 } as unknown as CompiledHost;
}

describe("the choice of a virtual host", () => {
  const main = host(0, [], "main.example");
  const sites = new Sites([
    main,
    host(1, ["*:80"], "first.example", ["*.wild.example"]),
    host(2, ["*:80"], "second.example", ["exact.wild.example", "w?ld.example"]),
    host(3, ["10.0.0.1:*"], "ip.example"),
    host(4, ["10.0.0.2:80"], "port.example"),
    host(5, ["[::1]:80"], "six.example"),
    host(6, ["[fe80::1]:80"], "link.example"),
    host(7, ["[fe80::1%eth1]:80"], "interface.example"),
  ]);

  const byAddress: [string, number, number][] = [
    ["10.9.9.9", 80, 1],
    ["10.9.9.9", 81, 0],
    ["10.0.0.1", 80, 3],
    ["10.0.0.1", 8080, 3],
    ["10.0.0.2", 80, 4],
    ["10.0.0.2", 81, 0],
    ["::ffff:10.0.0.2", 80, 4],
    ["::1", 80, 5],
    ["fe80::1%eth0", 80, 6],
    ["fe80::1%eth1", 80, 7],
  ];
  for (const [address, port, expected] of byAddress) {
    it(`takes host ${expected} for ${address} port ${port}`, () => {
      expect(sites.group(address, port).default.index).to.equal(expected);
    });
  }

  const byName: [string, number | undefined][] = [
    ["first.example", 1],
    ["second.example", 2],
    ["exact.wild.example", 1],
    ["a.b.wild.example", 1],
    ["wxld.example", 2],
    ["unknown.example", undefined],
  ];
  for (const [name, expected] of byName) {
    it(`takes host ${expected ?? "by default"} for ${name}`, () => {
      expect(hostByName(sites.group("10.9.9.9", 80), name)?.index).to.equal(expected);
    });
  }

  it("finds a wildcard name as trying each would, whatever its form", () => {
    const names = ["*.a.example", "www.*", "*b*", "x?.example", "*", "[x]*", "*.b.example", "a.*.c", "w*", "*.example"];
    const tried = [
      "q.a.example",
      "www.",
      "www.a.example",
      "abc",
      "xy.example",
      "[x]y",
      "a..c",
      "w",
      "",
      "z.example",
      "a.example",
    ];
    const fits = (name: string, text: string): boolean =>
      new RegExp(
        `^${name
          .replace(/[.[\]]/g, "\\$&")
          .replace(/\*/g, ".*")
          .replace(/\?/g, ".")}$`,
      ).test(text);
    for (let from = 0; from < names.length; from++) {
      const some = [...names.slice(from), ...names.slice(0, from)].slice(0, 6);
      const { wildcards } = new Sites([main, ...some.map((name, at) => host(at + 1, ["*:80"], "n", [name]))]).group(
        "1.1.1.1",
        80,
      );
      for (const text of tried) {
        const expected = some.findIndex((name) => fits(name, text));
        expect(wildcards.find(text), `${text} among ${some.join(" ")}`).to.equal(expected < 0 ? Infinity : expected);
      }
    }
  });

  it("is not slowed down by names that nearly fit", () => {
    const { wildcards } = new Sites([main, host(1, ["*:80"], "n", [`${"*a".repeat(60)}b`])]).group("1.1.1.1", 80);
    expect(wildcards.find("a".repeat(5000))).to.equal(Infinity);
  });

  it("reads addresses with and without port", () => {
    expect(["*:80", "_default_:443", "*", "1.2.3.4", "[::1]:80", "name:*"].map(addressKey)).to.deep.equal([
      "*:80",
      "*:443",
      "*:*",
      "1.2.3.4:*",
      "[::1]:80",
      "name:*",
    ]);
  });
});
