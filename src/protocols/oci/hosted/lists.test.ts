/** Lists that are long, read from documents that are put there without a push of each. */
import { afterEach, expect, test } from 'bun:test';
import { documentLimits } from '../../../store.ts';
import { digestOf } from '../digest.ts';
import { alice, bytesOf, closeHomes, openTestHome, type TestHome } from './home.contract.ts';
import { type Referrer, referrersPrefix, repositoryKey } from './record.ts';

afterEach(closeHomes);

const at = { route: 'oci', name: 'open/a' };
const subject = digestOf(bytesOf('an image'));

async function withReferrers(all: readonly Referrer[]): Promise<TestHome> {
  const home = await openTestHome();
  const { metadata } = home.stores;
  await metadata.transact((transaction) => transaction.put(repositoryKey(at), { createdMs: 0 }));
  for (let from = 0; from < all.length; from += documentLimits.page)
    await metadata.transact(async (transaction) => {
      for (const each of all.slice(from, from + documentLimits.page))
        await transaction.put([...referrersPrefix(at, subject), each.digest], each);
    });
  return home;
}

const about = (nth: number, artifactType: string, annotations = {}): Referrer => ({
  ...{ mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 1, artifactType, annotations },
  digest: `sha256:${String(nth).padStart(64, '0')}`,
});

interface Page {
  readonly manifests: readonly Referrer[];
}

async function pagesOf(home: TestHome, query: string) {
  const pages: { readonly found: readonly Referrer[]; readonly bytes: number }[] = [];
  for (let target: string | null = `/v2/open/a/referrers/${subject}${query}`; target !== null; ) {
    const { headers, bytes }: Awaited<ReturnType<TestHome['as']>> = await home.as(alice, 'GET', target);
    const { manifests }: Page = JSON.parse(new TextDecoder().decode(bytes));
    pages.push({ found: manifests, bytes: bytes.byteLength });
    target = /<([^>]+)>/.exec(headers.get('link') ?? '')?.[1] ?? null;
  }
  return pages;
}

test('one that is wanted behind many that are not is found, by as many pages as it takes to look at no more than so many for each', async () => {
  const others = Array.from({ length: 6000 }, (_, nth) => about(nth, 'application/other'));
  const home = await withReferrers([...others, about(9999, 'application/wanted')]);
  const pages = await pagesOf(home, '?artifactType=application/wanted');
  expect(pages.map(({ found }) => found.length)).toEqual([0, 1]);
});

test('a page is no longer than a manifest may be, in bytes', async () => {
  const long = { note: '€'.repeat(100_000) };
  const home = await withReferrers(
    Array.from({ length: 20 }, (_, nth) => about(nth, 'application/note', long)),
  );
  const pages = await pagesOf(home, '');
  expect(pages.reduce((sum, { found }) => sum + found.length, 0)).toBe(20);
  for (const { bytes } of pages) expect(bytes).toBeLessThan(4.1 * 2 ** 20);
});
