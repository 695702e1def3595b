/**
 * Answers on their way out over one connection: each says its head, and then pieces of its body, by turns with the others, and no more of
 * it than who asked has room for.
 */
import { beginFrame, bodyAt, kinds } from './frame.ts';
import type { Given } from './given.ts';
import { headFrameBytes, mostPieceBytes, windowBytes, writeHead } from './message.ts';
import type { Fill } from './outbox.ts';

export interface Outgoing {
  /** Its turn comes. `over` is called when all has been said, or it has been dropped. */
  add(id: number, given: Given, over: () => void): void;
  /** Who asked takes so many bytes more of it. */
  room(id: number, bytes: number): void;
  /** Who asked wants no more of it. */
  drop(id: number): void;
  readonly fill: Fill;
}

interface Going {
  readonly id: number;
  readonly given: Given;
  readonly over: () => void;
  readonly changed: () => void;
  isBegun: boolean;
  sentBytes: number;
  roomBytes: number;
  /** It is among those whose turn comes. */
  isInTurn: boolean;
}

/** A piece is not made shorter than that to fit into a write: it goes with the next one. */
const worthwhileBytes = 8 * 1024;

/** @param changed there is something to say where there was nothing. */
export function outgoing(changed: () => void): Outgoing {
  const all = new Map<number, Going>();
  const turns: Going[] = [];

  function wake(one: Going): void {
    if (one.isInTurn || all.get(one.id) !== one) return;
    one.isInTurn = true;
    turns.push(one);
  }

  function end(one: Going): void {
    all.delete(one.id);
    one.over();
  }

  /** @returns where it ends. */
  function say(one: Going, into: Buffer, from: number): number {
    const { id, given, changed } = one;
    const { sizeBytes } = given.body;
    let at = from;
    if (!one.isBegun) at = writeHead(into, at, id, given.head);
    one.isBegun = true;
    for (;;) {
      const isAll = one.sentBytes === sizeBytes;
      const most = Math.min(mostPieceBytes, one.roomBytes, into.length - at - bodyAt);
      if (!isAll && most <= 0) {
        if (one.roomBytes > 0) wake(one);
        return at;
      }
      const piece = given.body.next(isAll ? 1 : most, changed);
      if (piece === 'none') return at;
      if (piece === 'end' && isAll) {
        end(one);
        return at;
      }
      if (typeof piece === 'string' || isAll) {
        end(one);
        return beginFrame(into, at, piece === 'end' && sizeBytes === null ? kinds.end : kinds.broken, id, 0);
      }
      at = beginFrame(into, at, kinds.piece, id, piece.length);
      into.set(piece, at);
      at += piece.length;
      one.sentBytes += piece.length;
      one.roomBytes -= piece.length;
      if (one.sentBytes === sizeBytes) continue;
      if (one.roomBytes > 0) wake(one);
      return at;
    }
  }

  return {
    add(id, given, over) {
      const one: Going = {
        ...{ id, given, over, isBegun: false, sentBytes: 0, roomBytes: windowBytes, isInTurn: false },
        changed() {
          wake(one);
          changed();
        },
      };
      all.set(id, one);
      wake(one);
    },
    room(id, bytes) {
      const one = all.get(id);
      if (one === undefined) return; // it has just ended
      one.roomBytes += bytes;
      wake(one);
    },
    drop(id) {
      const one = all.get(id);
      if (one === undefined) return;
      one.given.body.stop();
      end(one);
    },
    fill(into, from) {
      let at = from;
      for (;;) {
        const [one] = turns;
        if (one === undefined) return at;
        const needed = one.isBegun ? 0 : headFrameBytes(one.given.head);
        if (into.length - at < needed + bodyAt + worthwhileBytes) return at;
        turns.shift();
        one.isInTurn = false;
        if (all.get(one.id) === one) at = say(one, into, at);
      }
    },
  };
}
