/** The parameters for those who look after a node, a part of the table in `schema.ts`. */
import * as forms from './forms.ts';
import { anyText, count, decimal, group, text } from './kinds.ts';

export const admin = group(
  'For those who look after the node: `/metrics` (Prometheus, OpenMetrics), `/healthz` and `/readyz`, without any credential, and the web console, for which a token is needed.',
  {
    host: text(
      'IP address or name to listen on.',
      { expected: "an IP address or host name, such as '127.0.0.1' or '::'" },
      forms.listenHost,
    ).prefault('127.0.0.1'),
    port: count('TCP port. 0 lets the system choose one.', 0, 65_535),
  },
);

export const place = group('Where a node stands, for the map of the web console.', {
  name: anyText('Such as `Frankfurt`.', { expected: 'a text' }).optional(),
  latitude: decimal('Degrees, north of the equator.', -90, 90),
  longitude: decimal('Degrees, east of Greenwich.', -180, 180),
});
