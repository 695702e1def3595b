import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Learned, openLearned, type Trail } from './learned.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A Monday. */
const startMs = Date.UTC(2026, 5, 1, 9);
const mebibyte = 2 ** 20;

function learnedOf(saved: Uint8Array | null = null, maxBytes = 16 * mebibyte): Learned {
  return openLearned({ maxBytes, saved });
}

const nothingBeside = { codings: [], restricted: [] };

function packages(project: string, count: number, version = 1): string[] {
  return Array.from(
    { length: count },
    (_, at) => `npm /${project}-${at}/-/${project}-${at}-1.0.${version}.tgz`,
  );
}

/** One client asks for all of them within a few seconds. */
function session(learned: Learned, names: readonly string[], atMs: number, trail = learned.trail()): Trail {
  for (const [at, name] of names.entries()) learned.saw(trail, name, atMs + at * 5);
  return trail;
}

/** As npm does: fifteen at a time, in whatever order they come. */
function shuffled(names: readonly string[], seed: number): string[] {
  let state = seed + 1;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x7fff_ffff;
  };
  const place = new Map(names.map((name, at) => [name, at + random() * 15]));
  return [...names].sort((a, b) => place.get(a)! - place.get(b)!);
}

/** What would be fetched. */
function expected(learned: Learned, name: string, atMs: number, trail?: Trail): string[] {
  return learned
    .after(name, atMs, trail)
    .filter(({ likelihood }) => likelihood >= 0.6)
    .map((each) => each.name);
}

describe('what follows', () => {
  test('is known after one session, in the order of that', () => {
    const learned = learnedOf();
    const names = packages('a', 300);
    session(learned, names, startMs);
    expect(expected(learned, names[0]!, startMs + hourMs)).toEqual(names.slice(1));
  });

  test('is surer the more often it was seen', () => {
    const learned = learnedOf();
    const names = packages('a', 20);
    const sure: number[] = [];
    for (let day = 0; day < 4; day++) {
      session(learned, names, startMs + day * hourMs);
      sure.push(learned.after(names[0]!, startMs + day * hourMs + 60_000)[0]!.likelihood);
    }
    expect(sure).toEqual([...sure].sort((a, b) => a - b));
    expect(sure[0]).toBeGreaterThan(0.6);
    expect(sure[3]).toBeGreaterThan(0.85);
  });

  test('does not depend on the order within a session', () => {
    const learned = learnedOf();
    const names = packages('a', 400);
    for (let times = 0; times < 5; times++)
      session(learned, shuffled(names, times), startMs + times * hourMs);
    const [first, ...rest] = shuffled(names, 99);
    expect(new Set(expected(learned, first!, startMs + 6 * hourMs))).toEqual(new Set(rest));
  });

  test('leaves out what comes well before it', () => {
    const learned = learnedOf();
    const names = packages('a', 400);
    session(learned, names, startMs);
    const found = expected(learned, names[350]!, startMs + hourMs);
    expect(found).toContain(names[399]!);
    expect(found).not.toContain(names[100]!);
  });

  test('of something that all ask for is what they have in common', () => {
    const learned = learnedOf();
    const common = packages('common', 30);
    for (let times = 0; times < 3; times++) {
      for (let project = 0; project < 10; project++)
        session(
          learned,
          [...common, ...packages(`p${project}`, 100)],
          startMs + (times * 10 + project) * 60_000,
        );
    }
    expect(expected(learned, common[0]!, startMs + hourMs)).toEqual(common.slice(1));
    const ofOne = expected(learned, packages('p7', 100)[0]!, startMs + hourMs);
    expect(ofOne.filter((name) => name.includes('/p'))).toEqual(packages('p7', 100).slice(1));
  });

  test('is told from other habits by what the client asked for just before', () => {
    const learned = learnedOf();
    const common = packages('common', 30);
    for (let project = 0; project < 10; project++)
      session(
        learned,
        [...packages(`p${project}`, 5), ...common, ...packages(`q${project}`, 50)],
        startMs + project * 60_000,
      );
    const trail = session(learned, [...packages('p3', 5), common[0]!], startMs + hourMs);
    const found = expected(learned, common[0]!, startMs + hourMs + 100, trail);
    expect(found.filter((name) => name.includes('/q'))).toEqual(packages('q3', 50));
    expect(found).not.toContain(packages('p3', 5)[0]!);
  });

  test('is told once in a session, and what is left of it when that has gone on for long', () => {
    const learned = learnedOf();
    const names = packages('a', 200);
    session(learned, names, startMs);
    const trail = learned.trail();
    const told = names.map((name, at) => {
      learned.saw(trail, name, startMs + hourMs + at * 5);
      return learned.after(name, startMs + hourMs + at * 5, trail).map((each) => each.name);
    });
    expect(told[0]).toEqual(names.slice(1));
    const again = told.flatMap((each, at) => (each.length > 0 ? [at] : []));
    expect(again.length).toBeLessThan(10);
    for (const at of again) expect(told[at]).toEqual(names.slice(at + 1));
    expect(learned.after(names[1]!, startMs + hourMs + 2_000)).toHaveLength(199);
  });

  test('is told again when it has become likelier', () => {
    const learned = learnedOf();
    const common = packages('common', 2);
    for (let project = 0; project < 10; project++)
      session(learned, [...common, ...packages(`p${project}`, 50)], startMs + project * 60_000);
    const trail = session(learned, [common[0]!], startMs + hourMs);
    expect(expected(learned, common[0]!, startMs + hourMs, trail)).toEqual([common[1]!]);
    const [first, ...rest] = packages('p7', 50);
    learned.saw(trail, first!, startMs + hourMs + 5);
    expect(expected(learned, first!, startMs + hourMs + 5, trail)).toEqual(expect.arrayContaining(rest));
  });

  test('is nothing for a name that was never seen', () => {
    expect(learnedOf().after('npm /never', startMs)).toEqual([]);
  });

  test('goes on with what the same client does next, when he has often', () => {
    const learned = learnedOf();
    const [first, second] = [packages('image', 10), packages('a', 50)];
    for (let times = 0; times < 4; times++) {
      const trail = session(learned, first, startMs + times * hourMs);
      session(learned, second, startMs + times * hourMs + 120_000, trail);
    }
    const found = learned.after(first[0]!, startMs + 5 * hourMs).map(({ name }) => name);
    expect(found).toEqual([...first.slice(1), ...second]);
  });
});

describe('a habit', () => {
  test('has a new version in the place of the old one at once', () => {
    const learned = learnedOf();
    const names = packages('a', 100);
    for (let times = 0; times < 6; times++) session(learned, names, startMs + times * hourMs);
    const renewed = names.with(40, names[40]!.replace('-1.0.1.tgz', '-1.2.0.tgz'));
    session(learned, renewed, startMs + 7 * hourMs);
    expect(expected(learned, names[0]!, startMs + 8 * hourMs)).toEqual(renewed.slice(1));
  });

  test('loses what is asked for no more', () => {
    const learned = learnedOf();
    const names = packages('a', 100);
    for (let times = 0; times < 6; times++) session(learned, names, startMs + times * hourMs);
    for (let times = 6; times < 9; times++) session(learned, names.slice(0, 90), startMs + times * hourMs);
    expect(expected(learned, names[0]!, startMs + 9 * hourMs)).toEqual(names.slice(1, 90));
  });

  test('is not spoiled by what others ask for behind the same address meanwhile', () => {
    const learned = learnedOf();
    const [a, b] = [packages('a', 100), packages('b', 140)];
    for (let times = 0; times < 3; times++) {
      session(learned, a, startMs + times * hourMs);
      session(learned, b, startMs + times * hourMs + 60_000);
    }
    const both = a.flatMap((name, at) => [name, b[at]!]).concat(b.slice(100));
    for (let times = 3; times < 8; times++) session(learned, both, startMs + times * hourMs);
    expect(new Set(expected(learned, a[0]!, startMs + 9 * hourMs))).toEqual(new Set(a.slice(1)));
    expect(new Set(expected(learned, b[0]!, startMs + 9 * hourMs))).toEqual(new Set(b.slice(1)));
  });

  test('comes apart where two were taken for one', () => {
    const learned = learnedOf();
    const [a, b] = [packages('a', 100), packages('b', 100)];
    session(
      learned,
      a.flatMap((name, at) => [name, b[at]!]),
      startMs,
    );
    for (let times = 1; times < 6; times++) {
      session(learned, a, startMs + times * hourMs);
      session(learned, b, startMs + times * hourMs + 60_000);
    }
    expect(expected(learned, a[0]!, startMs + 9 * hourMs)).toEqual(a.slice(1));
    expect(expected(learned, b[0]!, startMs + 9 * hourMs)).toEqual(b.slice(1));
  });

  test('fades when it is met with no more', () => {
    const learned = learnedOf();
    const names = packages('a', 10);
    session(learned, names, startMs);
    expect(expected(learned, names[0]!, startMs + hourMs)).toHaveLength(9);
    expect(expected(learned, names[0]!, startMs + 30 * dayMs)).toHaveLength(0);
  });
});

describe('a session', () => {
  test('ends when the client pauses, and is known from then on', () => {
    const learned = learnedOf();
    const names = packages('a', 10);
    session(learned, names, startMs);
    expect(learned.after(names[0]!, startMs + 1_000)).toEqual([]);
    expect(learned.after(names[0]!, startMs + 30_000)).toHaveLength(9);
  });

  test('ends when the client begins anew', () => {
    const learned = learnedOf();
    const names = packages('a', 10);
    const trail = session(learned, names, startMs);
    session(learned, names.slice(0, 3), startMs + 5_000, trail);
    expect(expected(learned, names[2]!, startMs + 5_100, trail)).toEqual(names.slice(3));
  });

  test('of one name is no habit', () => {
    const learned = learnedOf();
    for (let times = 0; times < 100; times++) session(learned, ['web /health'], startMs + times * hourMs);
    learned.after('web /health', startMs + 1_000 * hourMs);
    expect(learned.stats).toEqual({ names: 0, links: 0, bytes: 0 });
  });
});

describe('what is due', () => {
  test('is what begins every night', () => {
    const learned = learnedOf();
    const names = packages('a', 20);
    const night = Date.UTC(2026, 5, 2, 2, 30);
    for (let day = 0; day < 3; day++) session(learned, names, night + day * dayMs + day * 7_000);
    const next = night + 3 * dayMs;
    expect(learned.due(next - 5 * 60_000, 10 * 60_000).map(({ name }) => name)).toEqual(names);
    expect(learned.due(next - 3 * hourMs, 10 * 60_000)).toEqual([]);
  });

  test('is what begins every hour, and not what begins at any time', () => {
    const learned = learnedOf();
    const [hourly, often] = [packages('a', 20), packages('b', 20)];
    for (let hour = 0; hour < 6; hour++) {
      session(learned, hourly, startMs + hour * hourMs);
      for (let minute = 1; minute < 60; minute += 7)
        session(learned, often, startMs + hour * hourMs + minute * 60_000);
    }
    expect(learned.due(startMs + 6 * hourMs - 60_000, 120_000).map(({ name }) => name)).toEqual(hourly);
  });

  test('is on a Monday what began on the weekdays before, and nothing on a Saturday', () => {
    const learned = learnedOf();
    const names = packages('a', 20);
    for (let day = 0; day < 5; day++) session(learned, names, startMs + day * dayMs);
    expect(learned.due(startMs + 5 * dayMs - 60_000, 300_000)).toEqual([]);
    expect(learned.due(startMs + 7 * dayMs - 60_000, 300_000)).toHaveLength(20);
  });

  test('is what begins once a week', () => {
    const learned = learnedOf();
    for (let week = 0; week < 3; week++) session(learned, packages('a', 20), startMs + week * 7 * dayMs);
    expect(learned.due(startMs + 21 * dayMs - 60_000, 300_000)).toHaveLength(20);
    expect(learned.due(startMs + 22 * dayMs - 60_000, 300_000)).toEqual([]);
  });
});

describe('its memory', () => {
  test('is bounded, and a flood of names that come once washes out nothing that came back', () => {
    const maxBytes = 2 * mebibyte;
    const learned = learnedOf(null, maxBytes);
    const known = packages('known', 300);
    for (let times = 0; times < 2; times++) session(learned, known, startMs + times * hourMs);
    let most = 0;
    for (let flood = 0; flood < 500; flood++) {
      session(learned, packages(`flood${flood}`, 500), startMs + 3 * hourMs + flood * 1_000);
      most = Math.max(most, learned.stats.bytes);
    }
    expect(most).toBeLessThanOrEqual(maxBytes);
    expect(expected(learned, known[0]!, startMs + 4 * hourMs)).toEqual(known.slice(1));
  });

  test('gives up what is of least use', () => {
    const learned = learnedOf(null, mebibyte);
    const [daily, old] = [packages('daily', 100), packages('old', 100)];
    for (let times = 0; times < 2; times++) session(learned, old, startMs + times * hourMs);
    for (let day = 0; day < 40; day++) {
      session(learned, daily, startMs + day * dayMs);
      for (let times = 0; times < 2; times++)
        session(learned, packages(`day${day}`, 400), startMs + day * dayMs + (1 + times) * hourMs);
    }
    expect(expected(learned, daily[0]!, startMs + 40 * dayMs)).toEqual(daily.slice(1));
    expect(learned.after(old[0]!, startMs + 40 * dayMs)).toEqual([]);
  });

  test('takes nothing for what is gone', () => {
    const learned = learnedOf();
    for (let times = 0; times < 50; times++)
      session(learned, packages(`a${times % 20}`, 500), startMs + times * hourMs);
    expect(learnedOf(learned.save(nothingBeside), 1).stats).toEqual({ names: 0, links: 0, bytes: 0 });
  });
});

describe('what is saved', () => {
  test('is known again when it is opened, with sessions that went on', () => {
    const learned = learnedOf();
    const [a, b] = [packages('a', 50), packages('b', 50)];
    for (let times = 0; times < 3; times++) {
      const trail = session(learned, a, startMs + times * dayMs);
      session(learned, b, startMs + times * dayMs + 60_000, trail);
    }
    const again = learnedOf(learned.save(nothingBeside));
    const nowMs = startMs + 3 * dayMs;
    expect(again.after(a[0]!, nowMs)).toHaveLength(99);
    expect(again.after(a[0]!, nowMs)).toEqual(learned.after(a[0]!, nowMs));
    expect(again.due(nowMs, hourMs)).toEqual(learned.due(nowMs, hourMs));
    const open = learnedOf();
    session(open, a, startMs);
    expect(expected(learnedOf(open.save(nothingBeside)), a[0]!, startMs + hourMs)).toEqual(a.slice(1));
  });

  test('comes with what is known besides', () => {
    const beside = {
      codings: [['pypi', 'metadata', 'pip/23.2.1', 'identity', 3] as const],
      restricted: ['3w5e11264sgsf'],
    };
    expect(learnedOf(learnedOf().save(beside)).beside).toEqual(beside);
    expect(learnedOf().beside).toEqual(nothingBeside);
  });

  test('says what is wrong with it', () => {
    const learned = learnedOf();
    for (let times = 0; times < 2; times++) session(learned, packages('a', 50), startMs + times * hourMs);
    learned.due(startMs + dayMs, 1);
    const saved = learned.save(nothingBeside);
    const changed = (at: number, to: number) => saved.with(at, to);
    expect(() => learnedOf(saved.subarray(0, 10))).toThrow('too short');
    expect(() => learnedOf(changed(0, 0))).toThrow('something else');
    expect(() => learnedOf(changed(4, 9))).toThrow('version 9');
    expect(() => learnedOf(changed(saved.length - 1, saved.at(-1)! ^ 1))).toThrow('checksum');
    expect(() => learnedOf(saved.subarray(0, -1))).toThrow('checksum');
  });

  test('fits into less memory than it came from', () => {
    const learned = learnedOf();
    for (let times = 0; times < 20; times++)
      session(learned, packages(`a${times}`, 500), startMs + times * hourMs);
    const small = learnedOf(learned.save(nothingBeside), mebibyte);
    expect(small.stats.bytes).toBeLessThanOrEqual(mebibyte);
    expect(small.stats.names).toBeGreaterThan(0);
  });
});

test('whatever is asked for, likelihoods are between 0 and 1, nothing is told twice, and all of it is the same another time', () => {
  const step = fc.tuple(fc.nat(3), fc.nat(40), fc.nat(90_000));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const run = () => {
        const learned = learnedOf(null, 64 * 1024);
        const trails = Array.from({ length: 4 }, learned.trail);
        let nowMs = startMs;
        const told = steps.map(([who, which, afterMs]) => {
          // Mostly at once, at times after a pause.
          nowMs += afterMs > 80_000 ? afterMs : afterMs / 1_000;
          learned.saw(trails[who]!, `web /${which}`, nowMs);
          return learned.after(`web /${which}`, nowMs, trails[who]);
        });
        expect(learned.stats.bytes).toBeLessThanOrEqual(64 * 1024);
        return [...told, learned.due(nowMs, dayMs)];
      };
      const told = run();
      for (const rows of told) {
        expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
        expect(rows.every(({ likelihood }) => likelihood > 0 && likelihood <= 1)).toBe(true);
      }
      expect(run()).toEqual(told);
    }),
    { numRuns: 50 },
  );
});
