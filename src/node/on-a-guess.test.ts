import { expect, test } from 'bun:test';
import type { Answer } from '../entry.ts';
import { onAGuess } from './on-a-guess.ts';

const mebibyte = 2 ** 20;

function answerOf(pieces: readonly number[], isAnnounced: boolean) {
  const state = { pulled: 0, cancelled: false };
  const total = pieces.reduce((sum, each) => sum + each, 0);
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const length = pieces[state.pulled++];
        if (length === undefined) controller.close();
        else controller.enqueue(new Uint8Array(length));
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const headers = new Headers(isAnnounced ? { 'content-length': String(total) } : {});
  const answer: Answer = { status: 200, headers, body };
  return { answer, state };
}

const nothing = () => {};
const guess = {
  ...{ mostBytes: 2 * mebibyte, isAwaited: () => true, turn: () => null },
  ...{ announced: nothing, arrived: nothing },
};
const lengthOf = async ({ body }: Answer) => (await new Response(body as ReadableStream).bytes()).length;

test('what says that it is too long is given up before any of it comes', () => {
  const { answer, state } = answerOf([mebibyte, mebibyte, 1], true);
  expect(() => onAGuess(answer, guess)).toThrow('longer than what is fetched on a guess');
  expect(state).toEqual({ pulled: 0, cancelled: true });
});

test('what does not say so is given up once it is, unless a client has come for it', async () => {
  const pieces = [mebibyte, mebibyte, mebibyte, mebibyte];
  const { answer, state } = answerOf(pieces, false);
  await expect(lengthOf(onAGuess(answer, guess))).rejects.toThrow('longer than what is fetched on a guess');
  expect(state).toEqual({ pulled: 3, cancelled: true });
  const joined = answerOf(pieces, true);
  expect(await lengthOf(onAGuess(joined.answer, { ...guess, isAwaited: () => false }))).toBe(4 * mebibyte);
});

test('short bodies, and those that are here already, come as they are', () => {
  const { answer } = answerOf([1_000], true);
  expect(onAGuess(answer, guess)).toBe(answer);
  const bytes: Answer = { status: 200, headers: new Headers(), body: new Uint8Array(4 * mebibyte) };
  expect(onAGuess(bytes, guess)).toBe(bytes);
});

test('a long one waits for its turn after each piece, and comes whole', async () => {
  const { answer } = answerOf([mebibyte, mebibyte], true);
  let turns = 0;
  const turn = async () => void turns++;
  expect(await lengthOf(onAGuess(answer, { ...guess, turn }))).toBe(2 * mebibyte);
  expect(turns).toBe(2);
});

test('how long it is and how much of it has come is told', async () => {
  const { answer } = answerOf([mebibyte, mebibyte / 2], true);
  const said: string[] = [];
  const announced = (bytes: number) => void said.push(`of ${bytes}`);
  const arrived = (bytes: number) => void said.push(String(bytes));
  await lengthOf(onAGuess(answer, { ...guess, announced, arrived }));
  expect(said).toEqual([`of ${1.5 * mebibyte}`, String(mebibyte), String(mebibyte / 2)]);
});

test('what goes wrong with it is heard of', async () => {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error('the line is cut')),
  });
  const through = onAGuess({ status: 200, headers: new Headers(), body }, guess);
  await expect(lengthOf(through)).rejects.toThrow('the line is cut');
});
