// Lines about filters → the chain a response goes through, each link choosing its filter by what the response is.
import {
  mergeVary,
  type Condition,
  type NamedFilter,
  type Request,
  type Response,
  type Setting,
  appended,
} from "../../api/index.js";

/** A filter that a link may choose, and for which types, or where which condition holds. */
export interface Provider {
  readonly filter: string;
  readonly when: readonly string[] | Condition;
}

/** A declared filter: of several providers that fit the last declared wins. */
export interface Declared {
  readonly type: NamedFilter["type"] | undefined;
  readonly providers: readonly Provider[];
}

/** A change of the chain; "reset" forgets what is there. */
export type ChainStep =
  { readonly step: "add" | "first" | "remove"; readonly name: string } | { readonly step: "reset" };

export const declared: Setting<Readonly<Record<string, Declared>>> = {
  initial: {},
  add: (earlier, later) => {
    const all: Record<string, Declared> = { ...earlier };
    for (const [name, one] of Object.entries(later)) {
      const known = all[name];
      // A FilterDeclare starts anew, further providers add up.
      const startsAnew = one.type !== undefined && one.providers.length === 0;
      all[name] =
        known && !startsAnew
          ? { type: known.type ?? one.type, providers: [...one.providers, ...known.providers] }
          : one;
    }
    return all;
  },
  nest: (outer, inner) => ({ ...outer, ...inner }),
};

/** The chain as names; "" in front says that outer names are forgotten. */
export const chain: Setting<readonly string[]> = {
  initial: [],
  add: appended,
  nest: (outer, inner) => (inner[0] === "" ? inner : [...outer, ...inner]),
};

/** Applies FilterChain words to a chain, in order. */
export function changeChain(words: readonly string[]): readonly ChainStep[] {
  return words.flatMap((word): ChainStep[] => {
    const name = word.slice(1);
    switch (word[0]) {
      case "+":
        return [{ step: "add", name }];
      case "@":
        return [{ step: "first", name }];
      case "-":
        return [{ step: "remove", name }];
      case "!":
        return [{ step: "reset" }];
      case "=":
        return [{ step: "reset" }, { step: "add", name }];
      default:
        return [{ step: "add", name: word }];
    }
  });
}

/** The link of a chain: looks at the response when it comes by, and passes it to the first provider that fits. */
export function linkOf({ type, providers }: Declared, filters: ReadonlyMap<string, NamedFilter>): NamedFilter {
  const first = filters.get(providers[0]?.filter ?? "");
  return {
    type: type ?? first?.type ?? "resource",
    begin: (request) => {
      for (const { filter } of providers) filters.get(filter)?.begin?.(request);
    },
    run: (request: Request, response: Response) => {
      if (response.status !== 200 && !request.environment.has("filter-errordocs")) return response;
      const fitting = providers.find(({ when }) => fits(when, request, response));
      return (fitting && filters.get(fitting.filter)?.run(request, response)) ?? response;
    },
  };
}

function fits(when: Provider["when"], request: Request, response: Response): boolean {
  if (!("test" in when)) {
    const contentType = response.headers.get("content-type");
    return contentType !== undefined && when.includes(contentType.replace(/[; \t].*$/s, ""));
  }
  const before = request.answerHeaders.get("vary");
  const verdict = when.test(request, { response });
  // The fields of the answer have been put together already.
  const after = request.answerHeaders.get("vary");
  if (after !== undefined && after !== before)
    for (const name of after.split(/,\s*/)) mergeVary(response.headers, name);
  if (!(verdict instanceof Promise)) return verdict === true;
  // The response is on its way: nothing can be looked up for it.
  verdict.catch(() => undefined);
  request.log("error", "filter", `a look-up (-F, -U) cannot choose a filter: ${when.text}`);
  return false;
}
