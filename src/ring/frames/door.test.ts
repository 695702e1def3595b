/** Who is asked over frames, by somebody who does not do as he should. */
import { afterEach, describe, expect, test } from 'bun:test';
import type { Socket } from 'bun';
import { eventually } from '../../../test/support/wait.ts';
import { emptyFrame, frameReader, kinds, textFrame, version } from './frame.ts';
import { asking, closeAll, door, hit, opened } from './frames.contract.ts';
import { questionFrame, roomFrame, windowBytes } from './message.ts';

afterEach(closeAll);

describe('who is asked', () => {
  /** Says these frames, and tells what comes back before the connection is closed. */
  async function say(path: string, ...frames: readonly (Buffer | null)[]): Promise<number> {
    let heard = 0;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const socket = {
      data(_: Socket, bytes: Buffer) {
        heard += bytes.length;
      },
      close: () => resolve(),
    };
    const made = await Bun.connect({ unix: path, socket });
    made.write(Buffer.concat(frames.map((frame) => frame ?? Buffer.alloc(0))));
    await closed;
    return heard;
  }
  const hello = textFrame(kinds.hello, 0, `${version} the word`);

  test('tells nothing to those who do not say who they are', async () => {
    let asked = 0;
    const { path } = door(() => {
      asked++;
      return hit('secret');
    });
    const question = questionFrame(1, asking('/a'));
    expect(await say(path, question)).toBe(0);
    for (const word of ['the word', `${version} a word`, `${version + 1} the word`])
      expect(await say(path, textFrame(kinds.hello, 0, word), question)).toBe(0);
    expect(asked).toBe(0);
  });

  test('hangs up on what is no question', async () => {
    const { path } = door(() => hit('x'));
    await say(path, Buffer.alloc(64, 0xff));
    await say(path, hello, textFrame(kinds.ask, 1, 'nothing of sense'));
    await say(path, hello, hello);
    await say(path, hello, Buffer.alloc(9, 0xff));
  });

  test('cuts off who asks and asks and takes no answer', async () => {
    let asked = 0;
    let left = 0;
    const { path } = door((_, asker) => {
      asked++;
      asker.signal().addEventListener('abort', () => left++);
      return new Promise(() => {});
    });
    const questions = Array.from({ length: 6_000 }, (_, n) => questionFrame(n, asking('/a')));
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const socket = { data() {}, drain: (made: Socket) => more(made), close: () => resolve() };
    let rest = Buffer.concat([hello, ...questions.map((frame) => frame!)]);
    function more(to: Socket): void {
      rest = rest.subarray(Math.max(0, to.write(rest)));
    }
    more(await Bun.connect({ unix: path, socket }));
    await closed;
    expect(asked).toBeLessThan(5_000);
    // Nobody goes on for a worker that has gone.
    await eventually('all to be given up', () => left === asked);
  });

  test('has no more of an answer on its way than was asked for', async () => {
    const { path } = door(() => hit('x'.repeat(1_000_000)));
    let bytes = 0;
    const read = frameReader(1_000_000, (kind, _, body) => {
      if (kind === kinds.piece) bytes += body.length;
      return true;
    });
    const made = await Bun.connect({
      unix: path,
      socket: { data: (_: Socket, chunk: Buffer) => void read(chunk) },
    });
    opened.push({ close: () => made.terminate() });
    made.write(Buffer.concat([hello, questionFrame(1, asking('/a'))!]));
    await eventually('the window to be full', () => bytes === windowBytes);
    made.write(roomFrame(1, 1_000));
    await eventually('more', () => bytes === windowBytes + 1_000);
    made.write(emptyFrame(kinds.leave, 1, 0));
    made.write(roomFrame(1, 1_000));
    made.write(questionFrame(2, asking('/a'))!);
    await eventually('another answer', () => bytes === 2 * windowBytes + 1_000);
  });
});
