// Dates of cookies, and lines that are refused.
import { expect } from "chai";
import { cookieText } from "../../src/modules/mod_usertrack/cookie.js";
import { secondsOf } from "../../src/modules/mod_usertrack/expiry.js";
import { faultsOf } from "../support/ask.js";

describe("mod_usertrack", () => {
  it("writes Netscape's date", () => {
    const now = Date.UTC(2026, 10, 21, 9, 19, 50);
    expect(cookieText({ expires: 86_400 }, "v", now)).to.equal("Apache=v; path=/; expires=Sun, 22-Nov-26 09:19:50 GMT");
  });

  for (const [text, seconds] of [
    ["60", 60],
    ["plus 1 day", 86_400],
    ["1 year 1 month 1 week 1 day 1 hour 1 minute 1 second", (365 + 30 + 7 + 1) * 86_400 + 3661],
    ["2 h", 7200],
  ] as const) {
    it(`reads the period "${text}"`, () => {
      expect(secondsOf(text)).to.equal(seconds);
    });
  }

  for (const [line, fault] of [
    ["CookieExpires soon", 'must have a number instead of "soon"'],
    ['CookieExpires "3 moons and"', "must have a number"],
    ['CookieExpires "3"', ""],
    ['CookieExpires "3 x"', "must have years"],
    ['CookieExpires "plus 3"', "must have a unit"],
    ["CookieExpires 99999999999", "must be at most 100 years"],
    ["CookieDomain example.test", "must begin with a dot"],
    ["CookieDomain .example", "must have a dot inside"],
    ['CookieDomain ".a.b; x=y"', "no blanks, commas or semicolons"],
    ['CookieName "a=b"', "must be the name of a cookie"],
    ["CookieStyle Other", "must be one of"],
    ["CookieSameSite Sometimes", "must be one of"],
    ["CookieTracking maybe", "must be On or Off"],
  ] as const) {
    it(`${fault === "" ? "takes" : "refuses"} ${line}`, () => {
      expect(faultsOf(line).errors.join()).to.include(fault);
      if (fault === "") expect(faultsOf(line).errors).to.deep.equal([]);
    });
  }
});
