/**
 * A node, or a worker of one, as a child process.
 */
import type { Network } from '../config/network.ts';
import { programOf } from '../config/program.ts';
import type { Seat } from '../node/seat.ts';
import { passLines } from './lines.ts';
import { asNodeMessage, type Task, type WorkerMessage } from './supervision.ts';

export interface Ready {
  readonly urls: readonly string[];
  /** Address of its control API. */
  readonly control: string;
}

export interface Child {
  readonly pid: number;
  /** Fails with the reason when it ends without having served. */
  readonly ready: Promise<Ready>;
  /** Its exit code; `null` when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Tells it to drain. */
  stop(): void;
  kill(): void;
  /** Says something to a worker. Without effect on one that has ended. */
  tell(message: WorkerMessage): void;
}

export interface ChildOptions {
  readonly name: string;
  readonly network: Network;
  /** Of a worker. */
  readonly seat?: Seat | undefined;
  /** More words for its command line. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes each whole line that it writes. */
  readonly onLine: (stream: 'out' | 'err', line: string) => void;
}

export function startChild({ name, network, seat, words, env, onLine }: ChildOptions): Child {
  const ready = Promise.withResolvers<Ready>();
  const { command, env: own } = programOf('main');
  const task: Task = { network, seat };
  const child = Bun.spawn([...command, 'serve', '--as', name, ...words], {
    env: { ...env, ...own },
    stdin: new Blob([JSON.stringify(task)]),
    stdout: 'pipe',
    stderr: 'pipe',
    serialization: 'json',
    ipc(raw) {
      const message = asNodeMessage(raw);
      if (message === undefined) return;
      if ('ready' in message) ready.resolve(message.ready);
      else ready.reject(new Error(message.failed));
    },
  });
  const passed = [
    passLines(child.stdout, (line) => onLine('out', line)),
    passLines(child.stderr, (line) => onLine('err', line)),
  ];
  const exited = Promise.all([child.exited, ...passed]).then(() => child.exitCode);
  void exited.then((code) =>
    ready.reject(new Error(`it ended with ${code === null ? 'a signal' : `code ${code}`} before it served`)),
  );
  return {
    pid: child.pid,
    ready: ready.promise,
    exited,
    stop: () => child.kill('SIGTERM'),
    kill: () => child.kill('SIGKILL'),
    tell(message) {
      if (child.exitCode === null && child.signalCode === null) child.send(message);
    },
  };
}
