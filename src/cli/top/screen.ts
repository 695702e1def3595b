/**
 * The whole terminal, for a command that shows something again and again; as it was before, once that is over.
 */

export interface Screen {
  readonly columns: number;
  /** Settles when whoever looks at it has had enough: `q`, Escape or Ctrl-C. */
  readonly left: Promise<void>;
  hasLeft(): boolean;
  show(text: string): void;
  close(): void;
}

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';
const home = '\x1b[H';
const restOfLine = '\x1b[K';
const restOfScreen = '\x1b[J';

const leaving: ReadonlySet<string> = new Set(['q', '\x1b', '\x03']);

export function screen(): Screen {
  const { stdin, stdout } = process;
  const { promise: left, resolve } = Promise.withResolvers<void>();
  let isLeft = false;
  const go = () => {
    isLeft = true;
    resolve();
  };
  const pressed = (key: Buffer) => {
    if (leaving.has(key.toString())) go();
  };
  stdout.write(enter);
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.on('data', pressed);
  }
  process.once('SIGINT', go);
  process.once('SIGTERM', go);
  return {
    left,
    hasLeft: () => isLeft,
    get columns() {
      return stdout.columns || 80; // a terminal may not know its size, and say 0
    },
    show(text) {
      const lines = text.split('\n').slice(0, (stdout.rows || 24) - 1);
      stdout.write(home + lines.map((line) => `${line}${restOfLine}\n`).join('') + restOfScreen);
    },
    close() {
      if (stdin.isTTY) {
        stdin.off('data', pressed);
        stdin.setRawMode(false);
        stdin.pause();
      }
      stdout.write(leave);
    },
  };
}
