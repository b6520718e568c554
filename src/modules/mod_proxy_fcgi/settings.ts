// What mod_proxy_fcgi remembers.
import {
  defineSettings,
  list,
  value,
  type Condition,
  type SettingsOf,
  type StringExpression,
} from "../../api/index.js";

/** A line of ProxyFCGISetEnvIf; without a value it takes the variable away. */
export interface VariableRule {
  readonly condition: Condition;
  readonly name: string;
  readonly value: StringExpression | undefined;
}

export const definition = defineSettings("mod_proxy_fcgi", {
  backend: value<"FPM" | "GENERIC">("FPM"),
  rules: list<VariableRule>("outer first"),
});

export type FcgiSettings = SettingsOf<typeof definition.settings>;
