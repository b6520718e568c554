// A module of one's own: while a file exists, a part of the site answers 503 (see docs/own-modules.md).
import { stat } from "node:fs/promises";

export const apiVersion = 1;

/** Called with everything that the package "modhost" exports. */
export default ({ defineModule, value, arg, refuse }) =>
    defineModule({
        name: "mod_maintenance",
        summary: "Answers 503 while a file exists.",
        settings: { file: value(undefined), retryAfter: value(300) },
        directives: (directive) => ({
            MaintenanceFile: directive({
                args: [arg.filePath("file")],
                contexts: ["server config", "virtual host", "directory"],
                summary: "While this file exists, requests are answered with 503.",
                doc: "Relative to ServerRoot.",
                example: "MaintenanceFile run/maintenance",
                set: ([file]) => ({ file }),
            }),
            MaintenanceRetryAfter: directive({
                args: [arg.int("seconds", { min: 1, max: 86400 })],
                contexts: ["server config", "virtual host", "directory", ".htaccess"],
                override: "Limit",
                summary: "What the Retry-After field of such answers says.",
                doc: "In seconds.",
                example: "MaintenanceRetryAfter 600",
                set: ([retryAfter]) => ({ retryAfter }),
            }),
        }),
        hooks: {
            accessChecker: {
                when: ({ file }) => file !== undefined,
                run: async (request, { file, retryAfter }) => {
                    const exists = await stat(file).then(() => true, () => false);
                    if (!exists) return undefined;
                    request.log("info", "maintenance", `refused while ${file} exists`);
                    request.alwaysHeaders.set("Retry-After", String(retryAfter));
                    return refuse(503);
                },
            },
        },
    });
