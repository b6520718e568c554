// LogMessage lines → messages in the error log when a request comes by.
import {
  arg,
  defineModule,
  defineSettings,
  list,
  optional,
  type Condition,
  type ExpressionContext,
  type Hook,
  type Place,
  type Request,
  type SettingsOf,
  type StringExpression,
} from "../../api/index.js";

/** The hooks a message may be for, by the names LogMessage knows. */
const hookNames = [
  "log_transaction",
  "quick_handler",
  "handler",
  "pre_translate_name",
  "translate_name",
  "map_to_storage",
  "fixups",
  "type_checker",
  "check_access",
  "check_access_ex",
  "check_authn",
  "check_authz",
  "insert_filter",
] as const;
type HookName = (typeof hookNames)[number];

/** A LogMessage line. */
interface Message {
  readonly text: StringExpression;
  readonly hook: HookName | "all";
  readonly condition: Condition | undefined;
  /** "file:line". */
  readonly place: string;
}

const definition = defineSettings("mod_log_debug", { messages: list<Message>("outer first") });
type MessageSettings = SettingsOf<typeof definition.settings>;

/** Writes the messages for a hook; waits only where a condition does. */
function say(
  request: Request,
  { messages }: MessageSettings,
  hook: HookName,
  context?: ExpressionContext,
): Promise<undefined> | undefined {
  let waiting: Promise<undefined> | undefined;
  for (const message of messages) {
    if (message.hook !== hook && message.hook !== "all") continue;
    const write = (holds: boolean | undefined): undefined => {
      if (holds) note(request, message, hook, context);
    };
    const holds = message.condition ? message.condition.test(request, context) : true;
    if (holds instanceof Promise || waiting)
      waiting = (waiting ?? Promise.resolve(undefined)).then(() => holds).then(write);
    else write(holds);
  }
  return waiting;
}

function note(request: Request, { text, place }: Message, hook: HookName, context?: ExpressionContext): void {
  const message = text.evaluate(request, context);
  if (message === undefined) return;
  const isLong = request.virtualHost.errorLog.takes("debug", "log_debug");
  request.log("info", "log_debug", isLong ? `${message} (${hook} hook, ${place})` : message);
}

const hook = (...names: readonly HookName[]): Hook<MessageSettings> => ({
  rank: "first",
  when: ({ messages }) => messages.some(({ hook: name }) => name === "all" || names.includes(name)),
  run: (request, settings) => {
    let waiting: Promise<undefined> | undefined;
    for (const name of names) {
      if (waiting) waiting = waiting.then(() => say(request, settings, name));
      else waiting = say(request, settings, name);
    }
    return waiting;
  },
});

/** Internal redirects do not come by again. */
const quickHandler: Hook<MessageSettings> = {
  ...hook("quick_handler"),
  run: (request, settings) => (request.previous ? undefined : say(request, settings, "quick_handler")),
};

export default defineModule({
  name: "mod_log_debug",
  summary: "Writes messages of your own to the error log while requests are worked on.",
  settings: definition.settings,
  directives: (directive) => ({
    LogMessage: directive({
      args: [
        arg.stringExpression("message", { vary: false }),
        optional(arg.word("hook-or-expr")),
        optional(arg.word("hook-or-expr")),
      ],
      contexts: ["server config", "virtual host", "directory"],
      summary: "Writes a message to the error log for each request the section applies to.",
      doc:
        "The message may hold `%{...}`; it is written at level info. `hook=NAME` says when, one of " +
        `${hookNames.map((name) => `\`${name}\``).join(", ")}, or \`all\`; without it the message is written when the ` +
        "answer has been sent (log_transaction). `expr=EXPRESSION` lets only requests through for which that is true. With " +
        "`LogLevel debug` the hook and the place of the line are shown too. Messages of sections come behind those of the " +
        "sections around them. Before the path is mapped to a file only lines outside of sections apply, and those of `<Location>`; at quick_handler " +
        "and map_to_storage none of `<Location>` either.",
      example:
        'LogMessage "%{REQUEST_URI} was asked for" hook=translate_name\n' +
        "<Location /foo/>\n  LogMessage \"timed out\" \"expr=%{REQUEST_STATUS} -in {'408', '504'}\"\n</Location>",
      set: ([text, ...more], place) => ({ messages: [messageOf(text, more, place)] }),
    }),
  }),
  hooks: {
    postReadRequest: quickHandler,
    translateName: hook("pre_translate_name", "translate_name"),
    mapToStorage: hook("map_to_storage"),
    accessChecker: hook("check_access", "check_access_ex"),
    checkUser: hook("check_authn"),
    authChecker: hook("check_authz"),
    typeChecker: hook("type_checker"),
    fixups: hook("fixups"),
    handler: hook("insert_filter", "handler"),
    logTransaction: {
      rank: "first",
      when: ({ messages }) => messages.some(({ hook: name }) => name === "all" || name === "log_transaction"),
      run: (record, settings) => {
        const { original, status } = record;
        // The fields are gathered only for a message that asks for them.
        const response = {
          status,
          get headers() {
            return record.headers;
          },
        };
        void say(original, settings, "log_transaction", { response });
      },
    },
  },
});

function messageOf(text: StringExpression, words: readonly (string | undefined)[], place: Place): Message {
  let hook: Message["hook"] = "log_transaction";
  let condition: Condition | undefined;
  for (const word of words) {
    if (word === undefined) continue;
    const [, kind = "", rest = ""] = /^(hook|expr)=(.*)$/is.exec(word) ?? [];
    if (kind.toLowerCase() === "hook") hook = hookOf(rest, place);
    else if (kind.toLowerCase() === "expr") condition = place.condition(rest, { vary: false });
    else return place.fail(`hook-or-expr must begin with "hook=" or "expr=", found "${word}"`);
  }
  return { text, hook, condition, place: `${place.origin.file}:${place.origin.line}` };
}

function hookOf(name: string, place: Place): Message["hook"] {
  if (name === "*" || name.toLowerCase() === "all") return "all";
  const known = hookNames.find((each) => each === name.toLowerCase());
  return known ?? place.fail(`hook must be one of ${hookNames.join(", ")} or all, found "${name}"`);
}
