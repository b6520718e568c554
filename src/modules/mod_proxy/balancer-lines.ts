// The lines of a configuration → what each virtual host says of balancers.
import type { ServerView, VirtualHost } from "../../api/index.js";
import type { AllParameters } from "./parameters.js";
import { definition, type MemberLine, type SetLine } from "./settings.js";

/** What the lines of a virtual host say of balancers. */
export interface Lines {
  readonly members: MemberLine[];
  readonly sets: SetLine[];
  readonly passes: { readonly name: string; readonly path: string; readonly parameters: AllParameters }[];
}

/** What each virtual host says. */
export function linesByHost(server: ServerView): Map<VirtualHost, Lines> {
  const all = new Map<VirtualHost, Lines>();
  for (const { virtualHost, settings } of server.everywhere(definition)) {
    let lines = all.get(virtualHost);
    if (!lines) all.set(virtualHost, (lines = { members: [], sets: [], passes: [] }));
    lines.members.push(...(settings.members ?? []));
    lines.sets.push(...(settings.sets ?? []).filter(({ url }) => url.startsWith("balancer://")));
    for (const rule of [...(settings.rules ?? []), ...(settings.sectionRule ? [settings.sectionRule] : [])]) {
      const { destination } = rule;
      const path = "prefix" in rule ? rule.prefix : "";
      const address =
        destination?.kind === "back end"
          ? destination.target.address
          : destination?.kind === "filled path"
            ? destination.address
            : undefined;
      if (!destination || address?.scheme !== "balancer") continue;
      lines.passes.push({ name: balancerName(address.authority), path, parameters: destination.parameters });
    }
  }
  return all;
}

/** "balancer://name" of an authority. */
export function balancerName(authority: string): string {
  return `balancer://${authority.toLowerCase()}`;
}
