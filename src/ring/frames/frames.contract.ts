/** Both ends of a connection between two workers, and what tests say over it. */
import { join } from 'node:path';
import type { Socket } from 'bun';
import { virtualClock } from '../../../test/support/clock.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { eventually } from '../../../test/support/wait.ts';
import type { EndOfWaiting, Waiting } from '../peers.ts';
import { bodyOfBlob } from './body.ts';
import { type Behalf, type Caller, type Got, openCaller } from './caller.ts';
import { type Asker, openFrameDoor } from './door.ts';
import { kinds, textFrame } from './frame.ts';
import type { Given } from './given.ts';
import { type Asking, headFrameBytes, writeHead } from './message.ts';

const folder = temporary('frames');
export const opened: { close(): void }[] = [];

/** After each test. */
export function closeAll(): void {
  for (const each of opened.splice(0)) each.close();
}

let sockets = 0;
export const newPath = () => join(folder.path, `${sockets++}.hits`);
export const turn = () => new Promise((resolve) => setImmediate(resolve));

export const asking = (target: string): Asking => ({
  ...{ method: 'GET', target, base: 'http://lhr.example', client: '192.0.2.1', id: 'a-1', memoryOnly: false },
  fields: '\naccept\ntext/plain',
});
/** What was fresh in memory. */
export const hit = (text: string): Given => {
  const body = new Blob([text]);
  const head = { ...{ status: 200, timing: 'lhr;dur=0', sizeBytes: body.size }, as: 'hit' } as const;
  return { head: { ...head, head: Buffer.from('\nage\n3') }, body: bodyOfBlob(body) };
};
/** Of so many bytes, different at each place and for each name. */
export const long = (name: string, size: number) =>
  `${name} `.repeat(Math.ceil(size / (name.length + 1))).slice(0, size);

type Answered = (target: string, asker: Asker) => Given | Promise<Response>;

export function door(answer: Answered, path = newPath()) {
  const failures: unknown[] = [];
  const opening = openFrameDoor({
    path,
    clock: virtualClock(),
    admits: (hello) => hello === 'the word',
    answer: ({ target }, asker) => answer(target, asker),
    failed(error) {
      failures.push(error);
      return new Response('failed', { status: 500 });
    },
  });
  opened.push({ close: () => void opening.drain(0) });
  return { path, failures, drain: (graceMs: number) => opening.drain(graceMs) };
}

/** An owner that does nothing by itself. */
export function rawDoor(heard: (socket: Socket, bytes: Buffer) => void = () => {}) {
  const path = newPath();
  const made: Socket[] = [];
  const listener = Bun.listen({
    unix: path,
    socket: { open: (socket: Socket) => void made.push(socket), data: heard },
  });
  opened.push({ close: () => listener.stop(true) });
  return { path, made };
}

export function caller(path: string, hello = 'the word') {
  const clock = virtualClock();
  const late: (Waiting & { answered: boolean | null })[] = [];
  const made = openCaller({
    ...{ path, hello: () => hello, clock },
    timeouts: () => ({ firstByteMs: 30_000, betweenBytesMs: 10_000 }),
    late({ sinceMs, dead }): EndOfWaiting {
      const one = { sinceMs, dead, answered: null as boolean | null };
      late.push(one);
      return (isAnswered) => {
        one.answered ??= isAnswered;
      };
    },
  });
  opened.push(made);
  const asked = (target: string, behalf: Behalf = { signal: new AbortController().signal }) =>
    made.ask(asking(target), behalf);
  return { clock, late, caller: made, ask: asked };
}

/** Asks until there is a connection. */
export async function connected(to: Caller): Promise<void> {
  const { signal } = new AbortController();
  await eventually('a connection', () => {
    const asked = to.ask(asking('/first'), { signal });
    asked?.catch(() => {}); // some of those who are asked never answer
    return asked !== null;
  });
}

export async function textOf(answer: Promise<Got | null> | null): Promise<string> {
  const got = await answer;
  if (got === null) return 'null';
  let text = '';
  for await (const piece of got.body ?? []) text += Buffer.from(piece).toString();
  return text;
}

/** The head of an answer as a frame. */
export function headFrame(id: number, { head }: Given): Buffer {
  const frame = Buffer.alloc(headFrameBytes(head));
  writeHead(frame, 0, id, head);
  return frame;
}

/** A hit, in frames. */
export function hitFrames(id: number, text: string): Buffer {
  return Buffer.concat([headFrame(id, hit(text)), textFrame(kinds.piece, id, text)]);
}

/** A response whose body comes in these pieces, as they are asked for. */
export function streamed(
  pieces: Iterable<string> | AsyncIterable<string>,
  headers: Record<string, string> = {},
): Response {
  async function* bytes() {
    for await (const piece of pieces) yield Buffer.from(piece);
  }
  const all = bytes();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await all.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await all.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers });
}
