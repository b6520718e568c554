// The order of messages, and lines that are refused.
import { expect } from "chai";
import { faultsOf, serve } from "../support/ask.js";

describe("mod_log_debug", () => {
  it("writes all hooks of a request in order, with the place of the line at debug", async () => {
    const served = serve('<Location />\nLogMessage "%{REQUEST_URI}" hook=all\n</Location>', {
      files: { "htdocs/a.txt": "a" },
    });
    await served.ask("/a.txt");
    const messages = served.log.filter(({ module }) => module === "log_debug");
    expect(messages.map(({ level }) => level)).to.deep.equal(messages.map(() => "info"));
    const hooks = messages.map(({ message }) => /^\/a\.txt \((\w+) hook, .*httpd\.conf:\d+\)$/.exec(message)?.[1]);
    expect(hooks).to.deep.equal([
      "pre_translate_name",
      "translate_name",
      "check_access",
      "check_access_ex",
      "type_checker",
      "fixups",
      "insert_filter",
      "handler",
      "log_transaction",
    ]);
  });
  it("puts messages of inner sections behind those of outer ones", async () => {
    const served = serve("LogMessage outer\n<Location />\nLogMessage inner\n</Location>");
    await served.ask("/");
    const messages = served.log.filter(({ module }) => module === "log_debug").map(({ message }) => message);
    expect(messages.map((message) => message.split(" ")[0])).to.deep.equal(["outer", "inner"]);
  });

  for (const [line, fault] of [
    ["LogMessage x hook=nowhere", "hook must be one of"],
    ["LogMessage x sometimes", 'must begin with "hook=" or "expr="'],
    ['LogMessage "%{absent:x}"', "absent"],
    ['LogMessage x "expr=%{X"', "LogMessage"],
  ] as const) {
    it(`refuses ${line}`, () => {
      expect(faultsOf(line).errors.join()).to.include(fault);
    });
  }
});
