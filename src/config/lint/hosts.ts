// Virtual hosts → those that no request reaches, or that answer for more than their author thinks.
import type { Origin } from "../../api/index.js";
import type { CompiledHost } from "../compile.js";
import { findingAt, isDirective, wordsOf, type HostLines, type Lint } from "./view.js";

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(":") + 1);
}

const duplicateHost: Lint = {
  code: "duplicate-host",
  *find({ hosts }) {
    const taken = new Map<string, Map<string, HostLines>>();
    for (const lines of hosts) {
      const { host } = lines;
      if (host.isMain) continue;
      const names = isNamed(lines) ? [host.serverName, ...host.aliases] : host.aliases;
      for (const address of lines.addresses) {
        let first = taken.get(address);
        if (!first) taken.set(address, (first = new Map<string, HostLines>()));
        for (const written of names) {
          const name = written.toLowerCase();
          const earlier = first.get(name);
          if (!earlier) first.set(name, lines);
          else if (earlier !== lines) {
            yield {
              reason: `"${name}" on ${address} is taken: requests for it go to the virtual host before this one`,
              origin: originOfName(lines, name),
              detail: { related: [{ origin: originOfName(earlier, name), text: `"${name}" stands here first` }] },
            };
          }
        }
      }
    }
  },
};

function isNamed({ nodes }: HostLines): boolean {
  return nodes.some(({ key }) => key === "servername");
}

function originOfName({ host, nodes }: HostLines, name: string): Origin {
  const line = nodes.find(
    (node) =>
      isDirective(node, "servername", "serveralias") &&
      wordsOf(node).some((word) => word.toLowerCase().replace(/^.*:\/\/|:\d+$/g, "") === name),
  );
  return line?.origin ?? host.origin;
}

const hostWithoutName: Lint = {
  code: "host-without-name",
  *find({ hosts }) {
    const members = new Map<string, HostLines[]>();
    for (const lines of hosts) {
      for (const address of lines.addresses) {
        const group = members.get(address);
        if (group?.at(-1) === lines) continue;
        if (group) group.push(lines);
        else members.set(address, [lines]);
      }
    }
    const told = new Set<CompiledHost>();
    for (const [address, group] of members) {
      // The first of an address answers for all names that nobody has: it needs none.
      for (const lines of group.slice(1)) {
        const { host } = lines;
        if (host.aliases.length > 0 || isNamed(lines) || told.has(host)) continue;
        told.add(host);
        const [first] = group;
        yield {
          reason: `this virtual host has no ServerName, and is not the first of ${address}: hardly a request reaches it`,
          origin: host.origin,
          detail: first ? { related: [{ origin: first.host.origin, text: "this one answers instead" }] } : {},
        };
      }
    }
  },
};

const unheardPort: Lint = {
  code: "unheard-port",
  *find({ server, hosts }) {
    const ports = new Set(server.listens.map(({ port }) => String(port)));
    if (ports.size === 0) return;
    const heard = new Set<string>();
    for (const { host, addresses } of hosts) {
      for (const address of addresses) {
        if (heard.has(address)) continue;
        const port = portOf(address);
        if (port === "*" || ports.has(port)) {
          heard.add(address);
          continue;
        }
        yield {
          reason: `nothing listens on port ${port}: no request reaches this virtual host there`,
          origin: host.origin,
          detail: { advice: `Listen names ${[...ports].join(", ")}; write "Listen ${port}" or change the port` },
        };
      }
    }
  },
};

const impossibleName: Lint = {
  code: "impossible-name",
  *find({ named }) {
    for (const { node } of named("servername")) {
      const [name = ""] = wordsOf(node);
      const host = name.replace(/^.*?:\/\//, "");
      if (!/[/,;\s]/.test(host)) continue;
      yield findingAt(node, `"${host}" is no host name, and no request is for it`, {
        word: 0,
        advice: "write the name alone, without a path; further names go into ServerAlias",
      });
    }
    for (const { node } of named("serveralias")) {
      // Names as they should be, without quotes, have nothing of what is looked for.
      if (/^[\w\-.* ]*$/.test(node.text)) continue;
      for (const [index, word] of wordsOf(node).entries()) {
        const wrong = /:\/\//.test(word)
          ? "a scheme"
          : /[/,;\s]/.test(word)
            ? `"${/[/,;\s]/.exec(word)?.[0]}"`
            : /:\d+$/.test(word) && !word.startsWith("[")
              ? "a port"
              : undefined;
        if (wrong === undefined) continue;
        yield findingAt(node, `"${word}" never matches: ${wrong} stands in no host name`, {
          word: index,
          advice: "write names alone, with blanks between them",
        });
      }
    }
  },
};

const repeatedName: Lint = {
  code: "repeated-name",
  *find({ named }) {
    const lines = named("servername");
    for (const [index, { node, body }] of lines.entries()) {
      // Lines of one body follow each other.
      if (lines[index + 1]?.body !== body) continue;
      const last = lines.findLast((other) => other.body === body);
      yield findingAt(node, `this ServerName has no effect: a later one of the same virtual host replaces it`, {
        advice: "further names go into ServerAlias",
        related: last ? [{ origin: last.node.origin, text: "the one in force" }] : [],
      });
    }
  },
};

/** Lints of virtual hosts. */
export const hostLints: readonly Lint[] = [duplicateHost, hostWithoutName, unheardPort, impossibleName, repeatedName];
