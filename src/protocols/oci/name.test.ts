import { expect, test } from 'bun:test';
import { exchange } from '../../../test/support/builders.ts';
import { oci } from './oci.ts';

const hosted = {
  ...{ names: ['*'], public: ['open/*'], immutableTags: [], maxBlobBytes: 1024, keepUnneededS: 3600 },
};
const protocol = oci(
  {
    ...{ sources: [{ name: 'hub.example', url: 'http://hub.example' }], mirrors: null, hosted, metadata: {} },
    ...{ ahead: { atOnce: 0, largestBytes: 0 }, replication: [] },
  },
  { route: 'oci', prefix: '', role: 'pop' },
);
const named = (target: string, method = 'GET') =>
  protocol.name(exchange({ method, target: `/v2/${target}` }));

test('where everything lives here, what begins with a source still does not, and is for everybody', () => {
  expect(named('acme/app/manifests/v1')).toMatchObject({ as: 'resource', isRestricted: true });
  expect(named('open/app/manifests/v1')).not.toHaveProperty('isRestricted');
  expect(named('hub.example/acme/app/manifests/v1')).not.toHaveProperty('isRestricted');
});

test('nor is anything pushed there', () => {
  expect(named('acme/app/manifests/v1', 'PUT').as).toBe('pass');
  expect(named('hub.example/acme/app/manifests/v1', 'PUT').as).toBe('refusal');
});
