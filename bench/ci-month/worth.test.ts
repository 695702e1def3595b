import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporary } from '../../test/support/temporary.ts';
import { type Want, worthOf } from './worth.ts';

const startMs = Date.UTC(2026, 5, 1);
const minuteMs = 60_000;

function line(minute: number, target: string, bytes: number, route = 'npm'): string {
  const time = new Date(startMs + minute * minuteMs).toISOString();
  return JSON.stringify({ time, method: 'GET', target, route, bytes });
}

function want(minute: number, target: string, isMiss: boolean): Want {
  return { target, atMs: startMs + minute * minuteMs, isMiss };
}

test('what no client comes for within an hour, or before it is fetched again, was fetched in vain', () => {
  using folder = temporary('worth');
  const logPath = join(folder.path, 'origin.log');
  const lines = [
    line(0, '/missed', 10),
    line(0, '/foreseen', 20),
    line(0, '/never', 40),
    line(0, '/late', 80),
    line(0, '/twice', 160),
    line(5, '/twice', 160),
    line(0, '/.meridian/ahead/npm?x', 1_000, 'meridian-ahead'),
    line(0, '/elsewhere', 1_000, 'web'),
  ];
  writeFileSync(logPath, `${lines.join('\n')}\n`);
  const wants = [
    want(0, '/missed', true),
    want(2, '/foreseen', false),
    want(6, '/twice', false),
    want(61, '/late', false),
  ];
  expect(worthOf(logPath, 'npm', wants)).toEqual({
    ...{ requests: 6, questions: 1, bytes: 470, foreseen: 5, inVain: 3, inVainBytes: 280 },
  });
});
