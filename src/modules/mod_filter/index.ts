// AddOutputFilterByType, FilterDeclare, FilterProvider and FilterChain → filters chosen by the type of the response.
import {
  arg,
  defineModule,
  defineSettings,
  optional,
  rest,
  unknownFilter,
  type Context,
  type FilterChain,
  type NamedFilter,
  type SettingsOf,
} from "../../api/index.js";
import { chain, changeChain, declared, linkOf, type ChainStep, type Declared } from "./chain.js";

const anywhere: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];

const definition = defineSettings("mod_filter", { declared, chain });
type FilterSettings = SettingsOf<typeof definition.settings>;

const links = new WeakMap<FilterSettings, readonly NamedFilter[]>();

const chainOf: FilterChain = (request) => {
  const settings = request.settings(definition);
  let made = links.get(settings);
  if (!made) {
    const filters = request.providers("outputFilter") as ReadonlyMap<string, NamedFilter>;
    made = settings.chain.flatMap((name) => {
      const one = settings.declared[name];
      return one ? [linkOf(one, filters)] : [];
    });
    links.set(settings, made);
  }
  return made;
};

/** A chain of one section can only be built where lines add up: removing and putting first are done here. */
function applySteps(steps: readonly ChainStep[]): readonly string[] {
  const names: string[] = [];
  for (const each of steps) {
    if (each.step === "reset") names.splice(0, names.length, "");
    else if (each.step === "add") names.push(each.name.toLowerCase());
    else if (each.step === "first") names.unshift(each.name.toLowerCase());
    else if (names.includes(each.name.toLowerCase())) names.splice(names.indexOf(each.name.toLowerCase()), 1);
  }
  return names;
}

export default defineModule({
  name: "mod_filter",
  summary: "Chooses filters by the type of the response.",
  settings: definition.settings,
  directives: (directive) => ({
    AddOutputFilterByType: directive({
      args: [arg.word("filters"), rest(arg.word("type"))],
      contexts: anywhere,
      override: "FileInfo",
      summary: "Filters that responses of some media types go through.",
      doc: "Several filters stand with semicolons between them. Types are compared as written, without parameters.",
      example: "AddOutputFilterByType DEFLATE text/html text/css application/javascript",
      set: ([filters, types]) => {
        const names = filters.split(";").filter((name) => name !== "");
        const byType = names.map((name): [string, Declared] => [
          `bytype:${name.toLowerCase()}`,
          { type: undefined, providers: [{ filter: name.toUpperCase(), when: types }] },
        ]);
        return { declared: Object.fromEntries(byType), chain: byType.map(([name]) => name) };
      },
    }),
    FilterDeclare: directive({
      args: [
        arg.word("name"),
        optional(arg.oneOf("type", "RESOURCE", "CONTENT_SET", "PROTOCOL", "TRANSCODE", "CONNECTION", "NETWORK")),
      ],
      contexts: anywhere,
      override: "Options",
      summary: "Gives a name to a filter that FilterProvider lines make up.",
      doc: "The type says where in the order it stands: RESOURCE filters come before those of CONTENT_SET; the others are refused.",
      example: "FilterDeclare pack CONTENT_SET",
      default: "RESOURCE",
      set: ([name, type], place) => {
        if (type !== undefined && type !== "RESOURCE" && type !== "CONTENT_SET") {
          return place.fail(`type ${type} is not supported: filters here see whole responses`);
        }
        return {
          declared: {
            [name.toLowerCase()]: { type: type === "CONTENT_SET" ? "content set" : "resource", providers: [] },
          },
        };
      },
    }),
    FilterProvider: directive({
      args: [arg.word("name"), arg.word("provider"), arg.condition("expression")],
      contexts: anywhere,
      override: "Options",
      summary: "Lets a declared filter be another one where a condition holds.",
      doc:
        "The condition is an expression as in `<If>`, asked when the response comes by: `%{CONTENT_TYPE}` and `resp(...)` are " +
        "those of the response. Of several providers that fit the last declared is taken. What would have to be waited for " +
        "(`-F`, `-U`) does not hold.",
      example:
        'FilterDeclare pack CONTENT_SET\nFilterProvider pack DEFLATE "%{CONTENT_TYPE} =~ m#^text/#"\nFilterChain pack',
      set: ([name, provider, when]) => ({
        declared: { [name.toLowerCase()]: { type: undefined, providers: [{ filter: provider.toUpperCase(), when }] } },
      }),
    }),
    FilterChain: directive({
      args: [rest(arg.word("filter"))],
      contexts: anywhere,
      override: "Options",
      summary: "The declared filters responses go through, in order.",
      doc: "`+name` (or just the name) goes to the end, `@name` to the front, `-name` is taken out, `=name` stands alone, `!` forgets all.",
      example: "FilterDeclare pack\nFilterProvider pack DEFLATE \"%{CONTENT_TYPE} = 'text/css'\"\nFilterChain pack",
      set: ([words]) => ({ chain: applySteps(changeChain(words)) }),
    }),
    FilterTrace: directive({
      args: [arg.word("name"), arg.int("level", { min: 0, max: 1 })],
      contexts: ["server config", "virtual host", "directory"],
      summary: "Logs what passes through a filter.",
      doc: "Has no effect here: it shows how Apache holds data in memory.",
      example: "FilterTrace pack 0",
      set: () => undefined,
    }),
    FilterProtocol: directive({
      args: [arg.word("name"), arg.word("provider-or-flags"), optional(arg.word("flags"))],
      contexts: anywhere,
      override: "Options",
      summary: "Says what a filter does to the response's fields.",
      doc: "Has no effect here: each filter of this server sets the fields itself.",
      example: "FilterProtocol pack change=yes",
      set: () => undefined,
    }),
  }),
  provides: { outputFilterChain: { mod_filter: chainOf } },
  lifecycle: {
    check(server) {
      const known = server.providers("outputFilter");
      for (const { settings, origin } of server.everywhere(definition)) {
        for (const { providers } of Object.values(settings.declared ?? {})) {
          const fault = providers.map(({ filter }) => unknownFilter(filter, known)).find(Boolean);
          if (fault !== undefined) server.error(fault, origin("declared"));
        }
      }
    },
  },
});
