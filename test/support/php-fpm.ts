// A folder → Debian's PHP-FPM, listening on a Unix socket in it.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { runProgram, until, type Running } from "./running.js";

/** The program, where it is installed: its name holds the version. */
function program(): string | undefined {
  const name = readdirSync("/usr/sbin").find((each) => /^php-fpm[\d.]+$/.test(each));
  return name === undefined ? undefined : `/usr/sbin/${name}`;
}

/** What must be installed, or undefined if all is there. */
export function missingForPhp(): string | undefined {
  return program() === undefined ? "PHP-FPM: apt-get install php-fpm" : undefined;
}

/** Starts PHP-FPM with a socket `php.sock` in the folder, which others must be able to enter. */
export async function startPhpFpm(folder: string, children = 3): Promise<Running> {
  const socket = `${folder}/php.sock`;
  const file = `${folder}/php-fpm.conf`;
  const isRoot = process.getuid?.() === 0;
  const lines = [
    "[global]",
    `error_log = ${folder}/php-fpm.log`,
    "daemonize = no",
    "[www]",
    ...(isRoot ? ["user = www-data", "group = www-data"] : []),
    `listen = ${socket}`,
    "listen.mode = 0666",
    "pm = static",
    `pm.max_children = ${children}`,
    "catch_workers_output = yes",
    "php_admin_value[opcache.enable] = 0",
    "security.limit_extensions = .php",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const running = runProgram([program() ?? "php-fpm", "-F", "-n", "-y", file]);
  await until(`PHP-FPM listens: ${running.output()}`, () => existsSync(socket) && accepts(socket));
  return running;
}

/** Whether somebody listens there. */
export function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (open: boolean) => (): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", settle(true)).once("error", settle(false));
  });
}
