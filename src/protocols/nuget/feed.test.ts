/** Where a service index says that its resources are: words of a stranger, which are followed as redirects are. */
import { afterEach, expect, test } from 'bun:test';
import { closeWorld, upstreamOf, world } from '../registry/world.contract.ts';
import { anywhereOf, below } from './feed.ts';

afterEach(closeWorld);

const path = '/left/left-1.0.bin';
const sourceAt = (url: string) => ({ name: 'feed', url, remote: { url, authorization: 'Basic ours' } });

test.each(['http://127.0.0.1:1/flat', 'http://169.254.169.254/latest', 'http://[::1]:1', 'file:///etc'])(
  'a feed on the internet does not send to %s, within the network of the origin',
  async (place) => {
    const source = below(sourceAt('http://192.0.2.1/v3'), place);
    for (const file of [
      { source },
      { source: anywhereOf(source, `${place}/catalogue`), url: `${place}/catalogue` },
    ]) {
      const { get, sent } = world({ upstreams: [{ url: 'http://192.0.2.1/v3' }], file });
      await expect(get(path)).rejects.toMatchObject({ code: 'upstream-invalid' });
      expect(sent).toEqual([]);
    }
  },
);

test('another host is asked without credentials, the feed’s own with them', async () => {
  const [own, other] = [upstreamOf({ [`/flat${path}`]: 'own' }), upstreamOf({ [`/flat${path}`]: 'other' })];
  const heard = [];
  for (const { url } of [own, other]) {
    const { get, sent } = world({
      upstreams: [own],
      file: { source: below(sourceAt(`${own.url}/v3`), `${url}/flat`) },
    });
    heard.push((await get(path)).text, sent[0]?.authorization);
  }
  expect(heard).toEqual(['own', 'Basic ours', 'other', null]);
});
