// All that a module may import.
export * from "./application.js";
export * from "./arguments.js";
export * from "./core.js";
export * from "./error.js";
export * from "./headers.js";
export * from "./hooks.js";
export * from "./log.js";
export * from "./module.js";
export * from "./origin.js";
export * from "./place.js";
export * from "./request.js";
export * from "./response.js";
export * from "./settings.js";
