/** Questions between a PoP and its origin about trees, and what comes of them. */
import { afterEach, describe, expect, test } from 'bun:test';
import { exchange } from '../../../test/support/builders.ts';
import type { Doing } from '../../foresight.ts';
import type { Foresight } from '../../protocol.ts';
import type { Beginning, EcosystemForesight, Expanded, Item, Tree, Want } from './ecosystem.ts';
import { closeWorld, upstreamOf, world } from './world.contract.ts';

afterEach(closeWorld);

const indexOf = (name: string): Item => ({ kind: 'index', name, path: `${name}/`, isText: true });
const nothing: Doing = { asked: () => 0 };

interface Toy {
  readonly begins?: EcosystemForesight['begins'];
  readonly expand?: (want: Want, tree: Tree) => Promise<Expanded>;
  readonly ends?: NonNullable<EcosystemForesight['ends']>;
}

function open({ begins = () => null, expand = async () => ({ items: [], wants: [] }), ends }: Toy) {
  const up = upstreamOf({ '/left/': '1\n' });
  const made = world({ upstreams: [up], foresight: { begins, expand, ...(ends && { ends }) } });
  const foresight = made.protocol.foresight as Foresight;
  return {
    clue(target = '/left/', headers: Record<string, string> = {}) {
      const asked = exchange({ target: `/t${target}`, headers: new Headers(headers) });
      return foresight.clue(made.protocol.name(asked), asked, nothing);
    },
    foresee: made.foresee,
    clock: made.clock,
  };
}

const beginning = (wants: readonly Want[], about: Beginning['about'] = {}): Beginning => ({ wants, about });

describe('a question', () => {
  test('says what is wanted and of what machine, and is read back as it was', async () => {
    const wants = [
      { name: 'a&b=c', range: '>=1.0, <2 || é', detail: 'x,y' },
      { name: '@scope/left', range: '' },
    ];
    const about = { os: 'linux', cpu: 'x86_64 & more' };
    const seen: unknown[] = [];
    const { clue, foresee } = open({
      begins: () => beginning(wants, about),
      async expand(want, tree) {
        seen.push({ want, about: tree.about });
        return { items: [], wants: [] };
      },
    });
    const question = clue()?.question ?? '';
    expect(question).toMatch(/^[\x21-\x7e]+$/);
    await foresee(question);
    expect(seen).toEqual(wants.map((want) => ({ want, about })));
  });

  test('is the same whatever the order of the words', () => {
    const wants = [{ name: 'left', range: '1' }];
    const one = open({ begins: () => beginning(wants, { os: 'linux', cpu: 'arm' }) });
    const other = open({ begins: () => beginning(wants, { cpu: 'arm', os: 'linux' }) });
    expect(one.clue()?.question).toBe(other.clue()?.question);
  });

  test('that would be too long is about as many as it has room for, the first', async () => {
    const wants = Array.from({ length: 200 }, (_, nth) => ({ name: `package-${nth}`, range: '^1.0.0' }));
    const names: string[] = [];
    const { clue, foresee } = open({
      begins: () => beginning(wants, { os: 'linux' }),
      async expand({ name }) {
        names.push(name);
        return { items: [], wants: [] };
      },
    });
    const question = clue()?.question ?? '';
    expect(question.length).toBeLessThanOrEqual(1_500);
    await foresee(question);
    expect(names.length).toBeGreaterThan(20);
    expect(names).toEqual(wants.slice(0, names.length).map(({ name }) => name));
  });

  test('is not asked of what leads to nothing, of nothing that is wanted, or of one thing that is too long', () => {
    expect(open({}).clue()).toBeNull();
    expect(open({ begins: () => beginning([]) }).clue()).toBeNull();
    const long = [{ name: 'left', range: '1'.repeat(1_600) }];
    expect(open({ begins: () => beginning(long) }).clue()).toBeNull();
  });

  test('is not asked of what could not be read back', () => {
    const { clue } = open({ begins: () => beginning([{ name: 'two words', range: '' }]) });
    expect(clue()).toBeNull();
    const detail = [{ name: 'left', range: '', detail: 'two words' }];
    expect(open({ begins: () => beginning(detail) }).clue()).toBeNull();
  });

  test('is not asked of what no cache may answer', () => {
    const { clue } = open({ begins: () => beginning([{ name: 'left', range: '' }]) });
    expect(clue()?.question).toBe('want=left++');
    expect(clue('/-/left')).toBeNull();
  });

  test.each([
    ['nothing', ''],
    ['no wants', 'os=linux'],
    ['a want without its parts', 'want=left'],
    ['a want without a name', 'want=++1'],
    ['too many wants', Array.from({ length: 65 }, (_, nth) => `want=n${nth}++`).join('&')],
  ])('that nobody has written is refused: %s', async (_, question) => {
    const { foresee } = open({});
    await expect(foresee(question)).rejects.toMatchObject({ code: 'request-malformed' });
  });
});

describe('what is foreseen', () => {
  const question = 'want=left++';

  test('is at addresses of the route, with all that is known of it', async () => {
    const { foresee } = open({
      expand: async () => ({
        items: [{ item: indexOf('left'), accept: 'text/plain', bytes: 2, likelihood: 0.5 }],
        wants: [],
      }),
      ends: () => [{ item: indexOf('right') }],
    });
    expect(await foresee(question)).toEqual({
      foreseen: [
        { target: '/t/left/', accept: 'text/plain', bytes: 2, likelihood: 0.5 },
        { target: '/t/right/' },
      ],
      isWhole: true,
    });
  });

  test('is read from indexes through the cache, and what is not there is nothing', async () => {
    const read: (string | null)[] = [];
    const { foresee } = open({
      async expand({ name }, tree) {
        const bytes = await tree.read(indexOf(name));
        read.push(bytes && Buffer.from(bytes).toString());
        return { items: [], wants: [] };
      },
    });
    await foresee('want=left++&want=none++');
    expect(read.toSorted()).toEqual(['1\n', null]);
  });

  test('of a tree whose end cannot be told, is what was known before', async () => {
    const { foresee } = open({
      expand: async () => ({ items: [{ item: indexOf('left') }], wants: [] }),
      ends: () => {
        throw new TypeError('nobody thought of this');
      },
    });
    expect(await foresee(question)).toEqual({ foreseen: [{ target: '/t/left/' }], isWhole: false });
  });

  test('of a tree that takes too long, is what is known by then', async () => {
    const rests: boolean[] = [];
    const { foresee, clock } = open({
      async expand(_, tree) {
        rests.push(await tree.rest());
        clock.advance(3_999);
        rests.push(await tree.rest());
        return { items: [{ item: indexOf('left') }], wants: [] };
      },
      async ends(tree) {
        rests.push(await tree.rest());
        clock.advance(1_000);
        rests.push(await tree.rest());
        return [{ item: indexOf('right') }];
      },
    });
    const { foreseen, isWhole } = await foresee(question);
    expect(foreseen).toEqual([{ target: '/t/left/' }, { target: '/t/right/' }]);
    expect(isWhole).toBe(false);
    expect(rests).toEqual([true, true, true, false]);
  });

  test('is told of nobody who waits no more', async () => {
    const left = new AbortController();
    const rests: boolean[] = [];
    const { foresee } = open({
      async expand(_, tree) {
        rests.push(await tree.rest());
        left.abort();
        return { items: [{ item: indexOf('left') }], wants: [{ name: 'right', range: '' }] };
      },
      async ends(tree) {
        rests.push(await tree.rest());
        return [];
      },
    });
    expect(await foresee(question, left.signal)).toEqual({ foreseen: [], isWhole: false });
    expect(rests).toEqual([true, false]);
  });
});
