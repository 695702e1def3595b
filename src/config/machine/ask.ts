/** What a program of this machine says of its own settings. */
import { fieldValue } from '../forms.ts';

export interface Said {
  readonly text: string;
  readonly code: number;
  /** The last line of what it complained of, in parentheses; empty: of nothing. */
  readonly complaint: string;
}

const timeLimitMs = 20_000;

/** @returns `null` where the program is not installed. @throws when it does not answer in time. */
export async function ask(program: string, ...args: string[]): Promise<Said | null> {
  const path = Bun.which(program);
  if (path === null) return null;
  const child = Bun.spawn([path, ...args], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: timeLimitMs,
  });
  const [text, complaints, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  const last = fieldValue(complaints.trim().split('\n').at(-1) ?? '') ?? '';
  const complaint = last === '' ? '' : ` (${last})`;
  if (child.signalCode === null) return { text, code, complaint };
  const command = [program, ...args].join(' ');
  throw new Error(`\`${command}\` did not answer within ${timeLimitMs / 1000} s${complaint}`);
}
