// RLimit lines → what the system lets programs use that run for requests.
import { arg, optional, type ProcessLimit } from "../../api/index.js";
import { everywhere, type CoreMaker } from "./contexts.js";

const amount = (name: string) =>
  arg.custom(name, "number|max", (text, place): number | "max" =>
    text.toLowerCase() === "max"
      ? "max"
      : /^\d{1,15}$/.test(text)
        ? Number(text)
        : place.refuse("must be a number or max"),
  );

export const processLimitDirectives = (directive: CoreMaker) => {
  const limit = (name: string, words: { readonly summary: string; readonly unit: string; readonly example: string }) =>
    directive({
      args: [amount("soft"), optional(amount("hard"))],
      contexts: everywhere,
      override: "All",
      summary: words.summary,
      doc:
        `${words.unit} For CGI programs and what they start, not for the server and its daemon groups. The second value is ` +
        "the hard limit, up to which a program may raise its own; `max` is as much as the server itself may have.",
      example: words.example,
      set: ([soft, hard]): { processLimits: Readonly<Record<string, ProcessLimit>> } => ({
        processLimits: { [name]: { soft, hard } },
      }),
    });
  return {
    RLimitCPU: limit("cpu", {
      summary: "Seconds of processor time of a CGI program.",
      unit: "In seconds for each process.",
      example: "RLimitCPU 60 120",
    }),
    RLimitMEM: limit("memory", {
      summary: "Memory of a CGI program.",
      unit: "In bytes of address space for each process.",
      example: "RLimitMEM 268435456",
    }),
    RLimitNPROC: limit("processes", {
      summary: "Processes of CGI programs.",
      unit: "It counts all processes of the user the server runs as.",
      example: "RLimitNPROC 100 200",
    }),
  };
};
