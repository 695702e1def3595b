/**
 * What has been learned, as bytes: eight of a checksum, then a table of habits as JSON, then their numbers one after another.
 * Little-endian, whatever the machine.
 */
import { z } from 'zod';
import type { CodingsRow } from '../codings.ts';
import type { Habit } from './habit.ts';
import type { Session, Trail } from './session.ts';

/** Of another format, nothing is read. */
const version = 1;
const magic = 'MLRN';
/** Magic, version, length of the table, checksum of all that comes after. */
const headBytes = 4 + 4 + 4 + 8;
/** Number of the name, odds, rank. */
const memberBytes = 12;

const table = z.object({
  names: z.array(z.string()),
  habits: z.array(
    z.object({
      serial: z.int().nonnegative(),
      size: z.int().nonnegative(),
      seen: z.int().positive(),
      weight: z.number().nonnegative(),
      lastMs: z.number(),
      starts: z.array(z.number()),
      nexts: z.array(z.tuple([z.int().nonnegative(), z.number()])),
    }),
  ),
  open: z.array(
    z.object({
      startMs: z.number(),
      lastMs: z.number(),
      names: z.array(z.string()),
      before: z.int(),
      beforeMs: z.number(),
    }),
  ),
  // What older versions have not written.
  codings: z.array(z.tuple([z.string(), z.string(), z.string(), z.string(), z.int().positive()])).default([]),
  restricted: z.array(z.string()).default([]),
});

/** What is known of names besides, and is kept with them. */
export interface Beside {
  readonly codings: readonly CodingsRow[];
  /** As of `Restricted.rows`. */
  readonly restricted: readonly string[];
}

export interface SavedHabit extends Omit<Habit, 'ids' | 'mark'> {
  readonly members: readonly string[];
}

interface SavedSession extends Pick<Session, 'startMs' | 'lastMs'>, Pick<Trail, 'before' | 'beforeMs'> {
  readonly names: readonly string[];
}

export interface Saved {
  readonly habits: readonly SavedHabit[];
  /** Sessions that had not ended. */
  readonly open: readonly SavedSession[];
  readonly beside: Beside;
}

export function savedBytes(
  habits: readonly Habit[],
  nameOf: (id: number) => string,
  open: Iterable<readonly [Trail, Session]>,
  { codings, restricted }: Beside,
): Uint8Array<ArrayBuffer> {
  const places = new Map<number, number>();
  const names: string[] = [];
  const size = habits.reduce((sum, { ids }) => sum + ids.length, 0);
  const members = new DataView(new ArrayBuffer(size * memberBytes));
  let at = 0;
  for (const { ids, odds, ranks } of habits) {
    for (const [which, id] of ids.entries()) {
      let place = places.get(id);
      if (place === undefined) {
        place = names.push(nameOf(id)) - 1;
        places.set(id, place);
      }
      members.setUint32(at, place, true);
      members.setFloat32(at + 4, odds[which]!, true);
      members.setFloat32(at + 8, ranks[which]!, true);
      at += memberBytes;
    }
  }
  const told = habits.map(({ serial, ids, seen, weight, lastMs, starts, nexts }) => ({
    ...{ serial, size: ids.length, seen, weight, lastMs, starts, nexts: [...nexts] },
  }));
  const sessions = Array.from(open, ([{ before, beforeMs }, { startMs, lastMs, names }]) => ({
    ...{ startMs, lastMs, names: [...names], before, beforeMs },
  }));
  const text = new TextEncoder().encode(
    JSON.stringify({ names, habits: told, open: sessions, codings, restricted }),
  );
  return sealed(text, new Uint8Array(members.buffer));
}

function sealed(text: Uint8Array, members: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headBytes + text.length + members.length);
  bytes.set(new TextEncoder().encode(magic));
  bytes.set(text, headBytes);
  bytes.set(members, headBytes + text.length);
  const head = new DataView(bytes.buffer);
  head.setUint32(4, version, true);
  head.setUint32(8, text.length, true);
  head.setBigUint64(12, Bun.hash.xxHash64(bytes.subarray(headBytes)), true);
  return bytes;
}

/** Fails with a sentence that says what is wrong. */
export function savedFrom(bytes: Uint8Array): Saved {
  if (bytes.length < headBytes) throw new Error('it is too short');
  if (new TextDecoder().decode(bytes.subarray(0, 4)) !== magic) throw new Error('it is something else');
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const written = head.getUint32(4, true);
  if (written !== version) throw new Error(`it is of version ${written}, not ${version}`);
  if (head.getBigUint64(12, true) !== Bun.hash.xxHash64(bytes.subarray(headBytes)))
    throw new Error('its checksum is wrong');
  const textBytes = head.getUint32(8, true);
  const text = new TextDecoder().decode(bytes.subarray(headBytes, headBytes + textBytes));
  const { names, habits, open, codings, restricted } = table.parse(JSON.parse(text));
  let at = headBytes + textBytes;
  const size = habits.reduce((sum, habit) => sum + habit.size, 0);
  if (at + size * memberBytes !== bytes.length) throw new Error('its length is wrong');
  const restored = habits.map(({ size, nexts, ...habit }) => {
    const members: string[] = [];
    const [odds, ranks] = [new Float32Array(size), new Float32Array(size)];
    for (let which = 0; which < size; which++, at += memberBytes) {
      const name = names[head.getUint32(at, true)];
      if (name === undefined) throw new Error('it has a member without a name');
      members.push(name);
      odds[which] = head.getFloat32(at + 4, true);
      ranks[which] = head.getFloat32(at + 8, true);
    }
    return { ...habit, nexts: new Map(nexts), members, odds, ranks };
  });
  return { habits: restored, open, beside: { codings, restricted } };
}
