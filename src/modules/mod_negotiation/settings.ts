// What mod_negotiation remembers.
import { defineSettings, value } from "../../api/index.js";

export const negotiation = defineSettings("mod_negotiation", {
  priority: value<readonly string[]>([]),
  force: value<readonly ("None" | "Prefer" | "Fallback")[]>(["Prefer"]),
  cacheDocuments: value<boolean>(false),
});
