// The process groups of programs that run → a shell beside this process that ends them where it is killed itself.
import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";

/**
 * Reads "+ PID" and "- PID". Its input ends when this process does, however that comes: the groups that are left then
 * have nobody else to end them.
 */
const text = `left=" "
while read -r sign pid; do
  case $sign in
    +) left="$left$pid " ;;
    -) case $left in *" $pid "*) left="\${left%% $pid *} \${left#* $pid }" ;; esac ;;
  esac
done
for pid in $left; do kill -s KILL -- "-$pid"; done`;

const groups = new Set<number>();
let guard: ChildProcess | undefined;

/** Before a program starts: it could outlive this process while the shell is still to be started. */
export function beginGuard(): void {
  guard ??= begin();
}

/** Has the group of a process ended with this one. */
export function guardGroup(pid: number): void {
  groups.add(pid);
  tell("+", pid);
}

/** The group has ended, or was left alone on purpose. */
export function releaseGroup(pid: number): void {
  if (groups.delete(pid)) tell("-", pid);
}

/** In a session of its own, so that no signal to the group of this process reaches it. */
function begin(): ChildProcess | undefined {
  const started = spawn("/bin/sh", ["-c", text], {
    cwd: "/",
    env: {},
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const gone = (): void => {
    if (guard === started) guard = undefined;
  };
  // Without it a worker that is killed leaves its programs to themselves, as Apache's does.
  started.once("error", gone).once("exit", gone);
  started.stdin.on("error", gone);
  started.unref();
  (started.stdin as Socket).unref();
  for (const pid of groups) started.stdin.write(`+ ${pid}\n`);
  return started;
}

function tell(sign: "+" | "-", pid: number): void {
  guard?.stdin?.write(`${sign} ${pid}\n`);
}
