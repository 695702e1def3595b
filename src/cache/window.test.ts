import { expect, test } from 'bun:test';
import { noteReceived } from '../http/received.ts';
import { window } from './window.ts';

const nobody = () => false;

/** Memory as a connection hands it over. */
function received(sizeBytes = 200_000): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes).fill(7);
  noteReceived(bytes);
  return bytes;
}

function aWindow() {
  return window({ limitBytes: 10_000_000, usedBytes: 0 });
}

test('memory of a connection is given back with the last bytes of it', () => {
  const held = aWindow();
  const [first, second] = [received(), received()];
  held.push(first.subarray(0, 150_000));
  held.push(first.subarray(150_000));
  held.push(second);
  held.trim(150_000, 0, nobody);
  expect(first.length).toBe(200_000);
  held.trim(200_000, 0, nobody);
  expect(first.length).toBe(0);
  expect(second.length).toBe(200_000);
});

test('but not while more of it may come', () => {
  const held = aWindow();
  const first = received();
  held.push(first.subarray(0, 150_000));
  held.trim(150_000, 0, nobody);
  held.push(first.subarray(150_000));
  expect(held.piece(150_000)).toEqual(new Uint8Array(50_000).fill(7));
});

test('nor when it is only hidden behind small pieces that were copied', () => {
  const held = aWindow();
  const first = received();
  held.push(first.subarray(0, 100_000));
  held.push(first.subarray(100_000, 100_010));
  held.push(first.subarray(100_010, 100_020));
  held.push(first.subarray(100_020));
  held.push(received());
  held.trim(100_000, 0, nobody);
  expect(held.piece(100_020)).toEqual(new Uint8Array(99_980).fill(7));
});

test('nor ever, once somebody may have had some of it while it was let go of', () => {
  const held = aWindow();
  const first = received();
  const isRead = (from: number) => from === 0;
  held.push(first.subarray(0, 100_000));
  held.push(first.subarray(100_000));
  held.push(received());
  held.trim(100_000, 0, isRead);
  held.trim(200_000, 0, isRead);
  expect(first.length).toBe(200_000);
});

test('memory of any other origin is left alone', () => {
  const held = aWindow();
  const own = new Uint8Array(200_000);
  held.push(own);
  held.push(own);
  held.push(received());
  held.trim(400_000, 0, nobody);
  expect(own.length).toBe(200_000);
});
